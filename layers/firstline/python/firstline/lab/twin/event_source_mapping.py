"""Queues and their handlers, as Lambda's event source mapping runs them, in virtual time.

One message is a batch. A failed message stays in the queue: it is visible again after the
visibility timeout, and is a dead letter after ten receives.

moto knows real time only. `lab/twin/aws.py` therefore keeps a message's delay as an attribute, and
this module delivers at the virtual instant.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

RECEIVES_MAX = 10
VISIBILITY = {"signals": timedelta(seconds=180), "wakes": timedelta(seconds=360)}
"""The visibility timeout of a message."""

type Handler = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class EventSource:
    """A queue: its handler and its visibility timeout."""

    name: str
    handler: Handler
    visibility: timedelta


@dataclass(order=True)
class Message:
    """One message; the earlier comes first, and of two at one time the one sent first."""

    at: datetime
    number: int
    source: EventSource = field(compare=False)
    body: str = field(compare=False)
    receives: int = field(compare=False, default=0)


class Deliveries:
    """All messages in flight."""

    def __init__(self) -> None:
        self.dead: list[Message] = []
        self._heap: list[Message] = []
        self._sent = 0

    @property
    def next_at(self) -> datetime | None:
        """Return when the next message is due."""
        return self._heap[0].at if self._heap else None

    def send(self, source: EventSource, body: str, at: datetime) -> None:
        """Enqueue a message that is visible from *at* on."""
        self._sent += 1
        heapq.heappush(self._heap, Message(at, self._sent, source, body))

    def deliver(self, now: datetime) -> bool:
        """Deliver one message that is visible at *now*; False if there is none."""
        if not self._heap or self._heap[0].at > now:
            return False
        message = heapq.heappop(self._heap)
        message.receives += 1
        answer = message.source.handler({"Records": [_record(message)]})
        if answer["batchItemFailures"]:
            self._return(message, now)
        return True

    def _return(self, message: Message, now: datetime) -> None:
        if message.receives >= RECEIVES_MAX:
            self.dead.append(message)
            return
        message.at = now + message.source.visibility
        heapq.heappush(self._heap, message)


def _record(message: Message) -> dict[str, Any]:
    """Return the record that Lambda passes to a function for an SQS message."""
    return {
        "messageId": f"message-{message.number}",
        "receiptHandle": f"receipt-{message.number}-{message.receives}",
        "body": message.body,
        "attributes": {"ApproximateReceiveCount": str(message.receives)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:111122223333:{message.source.name}",
        "awsRegion": "us-east-1",
    }
