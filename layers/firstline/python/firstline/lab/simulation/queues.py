"""The queues of signals and wakes, which deliver late, twice and out of order.

A message whose worker failed stays hidden and is redelivered; after ten receives it is a dead
letter.
"""

import heapq
import itertools
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.controller.ports.messaging import Wake
from firstline.lab.simulation.choices import Choices
from firstline.lab.twin.event_source_mapping import VISIBILITY

DELAYS = (timedelta(0), timedelta(seconds=1), timedelta(seconds=7), timedelta(seconds=40))
DELAY_PROBABILITY = REDELIVERY_PROBABILITY = 0.05
RECEIVES_MAX = 10
VISIBILITY_TIMEOUTS = {"ingest": VISIBILITY["signals"], "reconcile": VISIBILITY["wakes"]}
"""The visibility timeout after a delivery, also where the worker died."""


class Message(NamedTuple):
    """A message: when it is due, its kind, and its receive count; ``number`` breaks ties."""

    at: datetime
    number: int
    kind: str
    payload: bytes | Wake
    receive_count: int


class Queues:
    """Both queues.

    ``first_received`` has the instant of each event's first delivery, ``dead_letters`` the messages
    that failed too often, ``delays`` the instants at which late messages were due and came.
    """

    def __init__(self, choices: Choices, faults_end_at: datetime) -> None:
        self.first_received: dict[bytes, datetime] = {}
        self.dead_letters: list[tuple[datetime, Message]] = []
        self.delays: list[tuple[datetime, datetime]] = []
        self._choices = choices
        self._faults_end_at = faults_end_at
        self._messages: list[Message] = []
        self._numbers = itertools.count()

    def send(
        self, at: datetime, kind: str, payload: bytes | Wake, *, may_be_lost: bool = False
    ) -> bool:
        """Enqueue a message, possibly with a delay; return False if it is lost."""
        faulty, ways = at < self._faults_end_at, len(DELAYS) + may_be_lost
        way = self._choices.pick(ways, DELAY_PROBABILITY) if faulty else 0
        if way == len(DELAYS):
            return False
        if late := DELAYS[way]:
            self.delays.append((at, at + late))
        self._put(at + late, kind, payload, 0)
        return True

    def take(self, now: datetime) -> Message | None:
        """Return the next message that is due."""
        if not self._messages or self._messages[0].at > now:
            return None
        message = heapq.heappop(self._messages)
        if isinstance(message.payload, bytes):
            self.first_received.setdefault(message.payload, now)
        return message

    def complete(
        self, message: Message, started_at: datetime, now: datetime, *, failed: bool
    ) -> None:
        """Finish a delivery: a failure is redelivered, and occasionally a success too."""
        _, _, kind, payload, receive_count = message
        if failed and receive_count + 1 >= RECEIVES_MAX:
            self.dead_letters.append((now, message))
        elif failed:
            self._put(started_at + VISIBILITY_TIMEOUTS[kind], kind, payload, receive_count + 1)
        elif now < self._faults_end_at and self._choices.pick(2, REDELIVERY_PROBABILITY):
            self._put(now + VISIBILITY_TIMEOUTS[kind], kind, payload, receive_count + 1)

    @property
    def next_at(self) -> datetime | None:
        """Return when the next message is due."""
        return self._messages[0].at if self._messages else None

    def _put(self, at: datetime, kind: str, payload: bytes | Wake, receive_count: int) -> None:
        heapq.heappush(
            self._messages, Message(at, next(self._numbers), kind, payload, receive_count)
        )
