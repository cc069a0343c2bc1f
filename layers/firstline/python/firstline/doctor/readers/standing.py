"""Standing: what the app stack's resources are in truth, each asked for by its own name."""

from boto3.session import Session

from firstline.doctor.facts import Gone, Read, Source, Subscriptions
from firstline.doctor.readers.reading import client, pages, read

NOT_HERE: Gone = "not here"


class StandingReader:
    """Reads what carries signals, and who reads topics."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def rules(self) -> Read[dict[str, bool]]:
        """Whether each rule of the default bus is on.

        All are read: CloudFormation cuts a long stack's name in those of its rules.
        """
        events = client(self._session, "events")
        return read(
            "events:ListRules",
            lambda: {
                str(each["Name"]): each["State"] != "DISABLED"
                for each in pages(events, "list_rules", "Rules")
            },
        )

    def targets(self, rule: str) -> Read[tuple[str, ...]]:
        """The ARNs that *rule* leads to; none where there is no such rule."""
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

    def sources(self) -> Read[dict[str, Source]]:
        """Every event source of a function, by its UUID."""
        functions = client(self._session, "lambda")
        return read(
            "lambda:ListEventSourceMappings",
            lambda: {
                str(each["UUID"]): Source(each["State"], _function(each["FunctionArn"]))
                for each in pages(functions, "list_event_source_mappings", "EventSourceMappings")
            },
        )

    def function(self, name: str) -> Read[str]:
        """The state of the function *name*, with its reason where it has one."""
        functions = client(self._session, "lambda")

        def ask() -> str:
            found = functions.get_function_configuration(FunctionName=name)
            reason = found.get("StateReasonCode")
            return f"{found['State']} ({reason})" if reason else str(found["State"])

        action = "lambda:GetFunctionConfiguration"
        return read(action, ask, "ResourceNotFoundException", none=str(NOT_HERE))

    def waiting(self, queue: str) -> Read[int | Gone]:
        """About how many messages wait in the queue with this address."""
        queues = client(self._session, "sqs")
        wanted = "ApproximateNumberOfMessages"

        def ask() -> int | Gone:
            found = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=[wanted])
            return int(found["Attributes"][wanted])

        return read(
            "sqs:GetQueueAttributes",
            ask,
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
            none=NOT_HERE,
        )

    def readers(self, topic: str) -> Read[Subscriptions | Gone]:
        """How many read *topic*."""
        topics = client(self._session, "sns")

        def ask() -> Subscriptions | Gone:
            found = pages(topics, "list_subscriptions_by_topic", "Subscriptions", TopicArn=topic)
            confirmed = sum(each["SubscriptionArn"].startswith("arn:") for each in found)
            return Subscriptions(confirmed, len(found) - confirmed)

        return read("sns:ListSubscriptionsByTopic", ask, "NotFound", none=NOT_HERE)


def _function(arn: str) -> str:
    """The name in a function's ARN, whose version or alias may follow."""
    return arn.split(":")[6]
