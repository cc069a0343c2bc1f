"""EventBridge: events of AWS itself on the default bus, through the deployed rules.

Patterns are matched by moto; its delivery loses the account on the way, so it is done here.
"""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from moto.events.models import EventPattern

from tests.end_to_end.cloud import ACCOUNT, REGION, Cloud


class Bus:
    """The default bus."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def put(
        self, source: str, detail_type: str, detail: dict[str, Any], arn: str, at: datetime
    ) -> list[str]:
        """Deliver one event about *arn* to every target whose rule fits; their ARNs."""
        event = {
            "version": "0",
            "id": str(uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": ACCOUNT,
            "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [arn],
            "detail": detail,
        }
        rules = self._cloud.client("events")
        fitting = [each["Name"] for each in rules.list_rules()["Rules"] if _fits(each, event)]
        targets = [
            target["Arn"]
            for name in fitting
            for target in rules.list_targets_by_rule(Rule=name)["Targets"]
        ]
        for target in targets:
            self._deliver(target, json.dumps(event))
        return targets

    def _deliver(self, target: str, body: str) -> None:
        service, name = target.split(":")[2], target.rpartition(":")[2]
        match service:
            case "sqs":
                queues = self._cloud.client("sqs")
                url = queues.get_queue_url(QueueName=name)["QueueUrl"]
                queues.send_message(QueueUrl=url, MessageBody=body)
            case "sns":
                self._cloud.client("sns").publish(TopicArn=target, Message=body)
            case "events":
                pass  # the bus keeps it in an archive, by a rule of its own
            case _:
                raise NotImplementedError(target)


def _fits(rule: dict[str, Any], event: Any) -> bool:  # noqa: ANN401 - moto's own type
    pattern = rule["EventPattern"]
    return rule["State"] == "ENABLED" and bool(
        EventPattern(pattern, json.loads(pattern)).matches_event(event)
    )
