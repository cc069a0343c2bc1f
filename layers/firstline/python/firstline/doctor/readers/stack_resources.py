"""Reads the actual resources of the app stack, each by its physical name."""

from boto3.session import Session

from firstline.doctor.facts import EventSourceMapping, Fact, Missing, Subscriptions
from firstline.doctor.readers.requests import client, pages, read

MISSING: Missing = "not here"


class StackResourcesReader:
    """Reads the resources that carry signals, and topics' subscriptions."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rules(self) -> Fact[dict[str, bool]]:
        """Return whether each rule of the default bus is enabled.

        All rules are read: CloudFormation shortens a long stack's name in its rules' names.
        """
        events = client(self._session, "events")
        return read(
            "events:ListRules",
            lambda: {
                str(each["Name"]): each["State"] != "DISABLED"
                for each in pages(events, "list_rules", "Rules")
            },
        )

    def targets(self, rule: str) -> Fact[tuple[str, ...]]:
        """Return the target ARNs of *rule*; empty if there is no such rule."""
        events = client(self._session, "events")
        return read(
            "events:ListTargetsByRule",
            lambda: tuple(
                str(each["Arn"])
                for each in pages(events, "list_targets_by_rule", "Targets", Rule=rule)
            ),
            "ResourceNotFoundException",
            none=(),
        )

    def sources(self) -> Fact[dict[str, EventSourceMapping]]:
        """Return every event source mapping, by UUID."""
        functions = client(self._session, "lambda")
        return read(
            "lambda:ListEventSourceMappings",
            lambda: {
                str(each["UUID"]): EventSourceMapping(each["State"], _function(each["FunctionArn"]))
                for each in pages(functions, "list_event_source_mappings", "EventSourceMappings")
            },
        )

    def function(self, name: str) -> Fact[str]:
        """Return a function's state, with its reason if it has one."""
        functions = client(self._session, "lambda")

        def ask() -> str:
            found = functions.get_function_configuration(FunctionName=name)
            reason = found.get("StateReasonCode")
            return f"{found['State']} ({reason})" if reason else str(found["State"])

        action = "lambda:GetFunctionConfiguration"
        return read(action, ask, "ResourceNotFoundException", none=str(MISSING))

    def waiting_messages(self, queue: str) -> Fact[int | Missing]:
        """Return the approximate number of messages in the queue with this URL."""
        queues = client(self._session, "sqs")
        wanted = "ApproximateNumberOfMessages"

        def ask() -> int | Missing:
            found = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=[wanted])
            return int(found["Attributes"][wanted])

        return read(
            "sqs:GetQueueAttributes",
            ask,
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
            none=MISSING,
        )

    def subscriptions(self, topic: str) -> Fact[Subscriptions | Missing]:
        """Return the numbers of subscriptions of *topic*."""
        topics = client(self._session, "sns")

        def ask() -> Subscriptions | Missing:
            found = pages(topics, "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
            confirmed = sum(each["SubscriptionArn"].startswith("arn:") for each in found)
            return Subscriptions(confirmed, len(found) - confirmed)

        return read("sns:ListSubscriptionsByTopic", ask, "NotFound", none=MISSING)


def _function(arn: str) -> str:
    """Return the name in a function's ARN, which may end with a version or an alias."""
    return arn.split(":")[6]
