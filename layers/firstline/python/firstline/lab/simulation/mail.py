"""Mail: the queues of signals and wakes, which deliver late, twice and out of order.

A message that failed stays hidden for a while and comes again; after so many times it is dead.
"""

import heapq
import itertools
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.controller.ports.messaging import Wake
from firstline.lab.simulation.choices import Choices
from firstline.lab.twin.lambdas import VISIBILITY

LATE = (timedelta(0), timedelta(seconds=1), timedelta(seconds=7), timedelta(seconds=40))
LATE_RARELY = TWICE_RARELY = 0.05
RECEIVES_MAX = 10
HIDDEN = {"ingest": VISIBILITY["signals"], "reconcile": VISIBILITY["wakes"]}
"""How long a message that failed stays hidden; that of a worker that died, too."""


class Message(NamedTuple):
    """What is delivered to whom, when, and how often it was before; the number makes an order."""

    at: datetime
    number: int
    kind: str
    payload: bytes | Wake
    receives: int


class Mail:
    """Both queues. ``received`` holds when each event was first delivered, ``dead`` what died.

    ``delays`` are when messages were due that came late, and when they came.
    """

    def __init__(self, choices: Choices, heals_at: datetime) -> None:
        self.received: dict[bytes, datetime] = {}
        self.dead: list[tuple[datetime, Message]] = []
        self.delays: list[tuple[datetime, datetime]] = []
        self._choices = choices
        self._heals_at = heals_at
        self._messages: list[Message] = []
        self._numbers = itertools.count()

    def send(
        self, at: datetime, kind: str, payload: bytes | Wake, *, may_be_lost: bool = False
    ) -> bool:
        """Put it into its queue, where it may come late; False where it is lost instead."""
        faulty, ways = at < self._heals_at, len(LATE) + may_be_lost
        way = self._choices.pick(ways, LATE_RARELY) if faulty else 0
        if way == len(LATE):
            return False
        if late := LATE[way]:
            self.delays.append((at, at + late))
        self._put(at + late, kind, payload, 0)
        return True

    def take(self, now: datetime) -> Message | None:
        """The next message that is due."""
        if not self._messages or self._messages[0].at > now:
            return None
        message = heapq.heappop(self._messages)
        if isinstance(message.payload, bytes):
            self.received.setdefault(message.payload, now)
        return message

    def ended(self, message: Message, began: datetime, now: datetime, *, failed: bool) -> None:
        """Its worker is over: what failed comes again, and now and then what did not."""
        _, _, kind, payload, receives = message
        if failed and receives + 1 >= RECEIVES_MAX:
            self.dead.append((now, message))
        elif failed:
            self._put(began + HIDDEN[kind], kind, payload, receives + 1)
        elif now < self._heals_at and self._choices.pick(2, TWICE_RARELY):
            self._put(now + HIDDEN[kind], kind, payload, receives + 1)

    @property
    def next_at(self) -> datetime | None:
        """When the next message is due."""
        return self._messages[0].at if self._messages else None

    def _put(self, at: datetime, kind: str, payload: bytes | Wake, receives: int) -> None:
        heapq.heappush(self._messages, Message(at, next(self._numbers), kind, payload, receives))
