"""Drift: what stands now of what the template says of that which carries signals."""

from typing import Any

from boto3.session import Session

from firstline.doctor import meant as kinds
from firstline.doctor import parts
from firstline.doctor.facts import Meant, Read, Unread
from firstline.doctor.meant import meant
from firstline.doctor.readers.reading import client, pages, read
from firstline.doctor.readers.templates import TEMPLATE, Made
from firstline.doctor.told import GONE, NONE, reserved, scheduled, told
from firstline.errors import InvalidInput


class DriftReader:
    """Reads how the parts of a stack are that its template tells of."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def drift(self, made: Read[Made]) -> Read[dict[Meant, Read[str]]]:
        """Each thing that the template says, which was *made* into a stack, and what stands."""
        if isinstance(made, Unread):
            return made
        try:
            wanted = meant(*made)
        except InvalidInput as error:
            return Unread(TEMPLATE, str(error))
        patterns = self.patterns()
        return {each: self._now(each, patterns) for each in wanted}

    def _now(self, meant: Meant, patterns: Read[dict[str, str]]) -> Read[str]:
        match meant.kind:
            case kinds.QUEUE_POLICY:
                return self.queue_policy(meant.name)
            case kinds.TOPIC_POLICY:
                return self.topic_policy(meant.name)
            case kinds.SCHEDULE:
                return self.schedule(meant.name)
            case parts.FUNCTION:
                return self.concurrency(meant.name)
            case _:
                return _pattern(meant.name, patterns)

    def patterns(self) -> Read[dict[str, str]]:
        """The event pattern of each rule of the default bus that has one, as it is told."""
        events = client(self._session, "events")
        return read(
            "events:ListRules",
            lambda: {
                str(each["Name"]): str(each["EventPattern"])
                for each in pages(events, "list_rules", "Rules")
                if "EventPattern" in each
            },
        )

    def queue_policy(self, queue: str) -> Read[str]:
        """The policy of the queue with this address."""
        queues = client(self._session, "sqs")
        return read(
            "sqs:GetQueueAttributes",
            lambda: _policy(queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])),
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
            none=GONE,
        )

    def topic_policy(self, topic: str) -> Read[str]:
        """The policy of the topic with this ARN."""
        topics = client(self._session, "sns")
        return read(
            "sns:GetTopicAttributes",
            lambda: _policy(topics.get_topic_attributes(TopicArn=topic)),
            "NotFound",
            none=GONE,
        )

    def schedule(self, name: str) -> Read[str]:
        """What the schedule *name* of the default group does, and when."""
        schedules = client(self._session, "scheduler")
        return read(
            "scheduler:GetSchedule",
            lambda: scheduled(schedules.get_schedule(Name=name)),
            "ResourceNotFoundException",
            none=GONE,
        )

    def concurrency(self, function: str) -> Read[str]:
        """What is reserved of the concurrency of *function*, which may be all that it has."""
        functions = client(self._session, "lambda")
        return read(
            "lambda:GetFunctionConcurrency",
            lambda: reserved(functions.get_function_concurrency(FunctionName=function)),
            "ResourceNotFoundException",
            none=GONE,
        )


def _pattern(rule: str, patterns: Read[dict[str, str]]) -> Read[str]:
    """Only ours is looked into: others may have any, and it is no matter of ours."""
    if isinstance(patterns, Unread):
        return patterns
    return told(patterns[rule]) if rule in patterns else GONE


def _policy(answer: dict[str, Any]) -> str:
    """The one among its attributes; without it, SQS shows no attributes at all."""
    return told(answer.get("Attributes", {}).get("Policy") or NONE)
