"""Wakes: the delayed SQS queue that feeds reconcile."""

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from firstline.adapters.aws.errors import require_key, unavailable
from firstline.controller.ports.messaging import Wake
from firstline.errors import InvalidInput

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

DELAY_MAX = timedelta(minutes=15)
"""The longest delay that SQS keeps (SendMessage, ``DelaySeconds``)."""


class SqsWakes:
    """Wakes as messages of one queue."""

    def __init__(self, client: "SQSClient", queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def queue(self, wake: Wake, delay: timedelta) -> None:
        """Send *wake* once, to arrive after *delay*; raises `DependencyUnavailable`.

        A delay beyond 15 minutes is not sent: the sweep finds it by its ``next_wake_at``.
        """
        if delay > DELAY_MAX:
            return
        seconds = max(math.ceil(delay.total_seconds()), 0)
        with unavailable("wakes"):
            sent = self._client.send_message(
                QueueUrl=self._queue_url,
                MessageBody=msgspec.json.encode(wake).decode(),
                DelaySeconds=seconds,
            )
            require_key(sent, "MessageId")


def decode_wake(body: str) -> Wake:
    """The wake in a message's *body*; raises `InvalidInput`."""
    try:
        return msgspec.json.decode(body, type=Wake)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"a message on the wakes queue is no wake: {error}") from error
