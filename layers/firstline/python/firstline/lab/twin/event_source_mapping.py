"""Queues and the handlers they feed, as Lambda's event source mapping does it, in virtual time.

One message a batch. A handler that reports its message as failed leaves it in the queue: it is
seen again after the queue's visibility timeout, and is a dead letter after ten receives.
"""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

RECEIVES_MAX = 10
VISIBILITY = {"signals": timedelta(seconds=180), "wakes": timedelta(seconds=360)}
"""How long a message is hidden while a function works on it, and after it failed."""

type Handler = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class EventSource:
    """A queue: who handles its messages, and how long a failed one stays hidden."""

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
    """All messages under way."""

    def __init__(self) -> None:
        self.dead: list[Message] = []
        self._heap: list[Message] = []
        self._sent = 0

    @property
    def next_at(self) -> datetime | None:
        """When the next message is to be delivered."""
        return self._heap[0].at if self._heap else None

    def send(self, source: EventSource, body: str, at: datetime) -> None:
        """Put a message into the queue, to be seen from *at* on."""
        self._sent += 1
        heapq.heappush(self._heap, Message(at, self._sent, source, body))

    def deliver(self, now: datetime) -> bool:
        """Hand over one message that is visible at *now*; False when none is."""
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
    """The record that Lambda gives a function for a message of SQS."""
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
