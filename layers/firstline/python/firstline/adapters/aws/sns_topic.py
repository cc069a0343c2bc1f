"""The team's topic over SNS."""

from typing import TYPE_CHECKING

from firstline.adapters.aws.errors import FAILURES, reason
from firstline.notifications.delivery import Accepted, Delivery, NotYet

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class SnsTopic:
    """The `Topic` port over one topic."""

    def __init__(self, client: "SNSClient", topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def publish(self, subject: str, message: str) -> Delivery:
        """Publish it once; after a failure it stays pending, and may be sent twice."""
        try:
            answer = self._client.publish(
                TopicArn=self._topic_arn, Subject=subject, Message=message
            )
        except FAILURES as error:
            return NotYet(reason(error))
        # an answer that is cut proves nothing
        return Accepted() if answer.get("MessageId") else NotYet("the answer names no message")
