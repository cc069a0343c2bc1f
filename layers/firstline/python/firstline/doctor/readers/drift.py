"""Reads the actual configuration of the resources that carry signals."""

from typing import Any

from boto3.session import Session

from firstline.doctor import expected_config as kinds
from firstline.doctor import stack_parts
from firstline.doctor.actual_config import (
    MISSING,
    REMOVED,
    concurrency_config,
    parse_config,
    schedule_config,
)
from firstline.doctor.expected_config import expected_configs
from firstline.doctor.facts import ExpectedConfig, Fact, ReadFailure
from firstline.doctor.readers.requests import client, pages, read
from firstline.doctor.readers.templates import TEMPLATE, DeployedTemplate
from firstline.errors import InvalidInput


class DriftReader:
    """Reads the configuration of resources that the template describes."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def drift(self, deployed: Fact[DeployedTemplate]) -> Fact[dict[ExpectedConfig, Fact[str]]]:
        """Return the actual configuration for each expected one in *deployed*."""
        if isinstance(deployed, ReadFailure):
            return deployed
        try:
            wanted = expected_configs(*deployed)
        except InvalidInput as error:
            return ReadFailure(TEMPLATE, str(error))
        patterns = self.patterns()
        return {each: self._actual(each, patterns) for each in wanted}

    def _actual(self, expected: ExpectedConfig, patterns: Fact[dict[str, str]]) -> Fact[str]:
        match expected.kind:
            case kinds.QUEUE_POLICY:
                return self.queue_policy(expected.name)
            case kinds.TOPIC_POLICY:
                return self.topic_policy(expected.name)
            case kinds.SCHEDULE:
                return self.schedule(expected.name)
            case stack_parts.FUNCTION:
                return self.concurrency(expected.name)
            case _:
                return _pattern(expected.name, patterns)

    def patterns(self) -> Fact[dict[str, str]]:
        """Return the event pattern of each rule of the default bus that has one."""
        events = client(self._session, "events")
        return read(
            "events:ListRules",
            lambda: {
                str(each["Name"]): str(each["EventPattern"])
                for each in pages(events, "list_rules", "Rules")
                if "EventPattern" in each
            },
        )

    def queue_policy(self, queue: str) -> Fact[str]:
        """Return the policy of the queue with this URL."""
        queues = client(self._session, "sqs")
        return read(
            "sqs:GetQueueAttributes",
            lambda: _policy(queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])),
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
            none=MISSING,
        )

    def topic_policy(self, topic: str) -> Fact[str]:
        """Return the policy of the topic with this ARN."""
        topics = client(self._session, "sns")
        return read(
            "sns:GetTopicAttributes",
            lambda: _policy(topics.get_topic_attributes(TopicArn=topic)),
            "NotFound",
            none=MISSING,
        )

    def schedule(self, name: str) -> Fact[str]:
        """Return the checked settings of a schedule in the default group."""
        schedules = client(self._session, "scheduler")
        return read(
            "scheduler:GetSchedule",
            lambda: schedule_config(schedules.get_schedule(Name=name)),
            "ResourceNotFoundException",
            none=MISSING,
        )

    def concurrency(self, function: str) -> Fact[str]:
        """Return the reserved concurrency of *function*."""
        functions = client(self._session, "lambda")
        return read(
            "lambda:GetFunctionConcurrency",
            lambda: concurrency_config(functions.get_function_concurrency(FunctionName=function)),
            "ResourceNotFoundException",
            none=MISSING,
        )


def _pattern(rule: str, patterns: Fact[dict[str, str]]) -> Fact[str]:
    """Return the pattern of *rule*; rules of others are not parsed."""
    if isinstance(patterns, ReadFailure):
        return patterns
    return parse_config(patterns[rule]) if rule in patterns else MISSING


def _policy(answer: dict[str, Any]) -> str:
    """Return the policy; SQS omits all attributes if there is none."""
    return parse_config(answer.get("Attributes", {}).get("Policy") or REMOVED)
