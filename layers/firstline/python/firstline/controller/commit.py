"""Commit: a change that only found the store busy is tried again, for a second at most.

What a run committed can be kept, for what is measured of it afterwards.
"""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from firstline.controller.ports import Ports
from firstline.controller.ports.people import Clock
from firstline.controller.ports.store import Change, Store
from firstline.controller.system import System
from firstline.errors import Busy, CommitConflict, Contested, DependencyUnavailable
from firstline.ids import digest

TRIES_MAX = 50
"""More than fit into `BUSY_MAX`, for a clock that stands still."""
BUSY_MAX = timedelta(seconds=1)
"""As long as a store that does not answer: a page waits no longer for one that is busy."""
TURNS_MAX = 5
BEGINS_WITHIN = timedelta(seconds=10)
"""No turn begins later after the first: one whose reads hang takes most of a function's minute."""
SHORTEST, JITTER = timedelta(milliseconds=20), timedelta(milliseconds=80)
"""Between two turns: as long as a transaction takes, and not as long as the other worker waits."""


def commit(ports: Ports, change: Change) -> None:
    """Write *change*.

    Raises `CommitConflict` for what somebody else wrote, `Busy` and `DependencyUnavailable`.

    A transaction that met another one on the same items was cancelled whole: nothing of it was
    written, so that trying again is safe, and is not what an outage is.
    """
    began = ports.clock.now()
    for number in range(TRIES_MAX):
        try:
            return ports.store.commit(change)
        except CommitConflict as conflict:
            if conflict.contested is not Contested.BUSY:
                raise
        if ports.clock.now() - began >= BUSY_MAX:
            break
        ports.clock.sleep(pause(f"{change.actions}|{number}", ports.clock.now()))
    raise Busy(f"the store was busy for {BUSY_MAX.total_seconds():g} s: try again")


def contend[T](turn: Callable[[], T], what: str, clock: Clock) -> T:
    """What *turn* gives, begun again where another writer was first or the store was busy.

    Raises `DependencyUnavailable` after five turns, or 10 s.
    """
    began, turns = clock.now(), 0
    while turns < TURNS_MAX:
        turns += 1
        try:
            return turn()
        except (CommitConflict, Busy):
            clock.sleep(pause(f"{what}|{turns}", clock.now()))
        if clock.now() - began > BEGINS_WITHIN:
            break
    raise DependencyUnavailable(f"{what} is contested {turns} times in a row: try again")


def pause(of: str, now: datetime) -> timedelta:
    """A while that differs between workers, since their clocks do."""
    return SHORTEST + JITTER * (int(digest(f"{of}|{now.isoformat()}".encode())[:4], 16) / 0xFFFF)


class Committed:
    """A store that keeps each change that it committed; all else is the store's own."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.changes: list[Change] = []

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._store, name)
        return found

    def commit(self, change: Change) -> None:
        """Commit, and keep what was committed."""
        self._store.commit(change)
        self.changes.append(change)


def keeping(system: System) -> tuple[System, list[Change]]:
    """*system* with a store that keeps its changes, and the list that they are added to."""
    kept = Committed(system.ports.store)
    ports = copy.replace(system.ports, store=cast("Store", kept))
    return copy.replace(system, ports=ports), kept.changes
