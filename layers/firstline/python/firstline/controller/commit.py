"""Commit: a change that only found the store busy is tried again at once."""

from collections.abc import Callable
from datetime import datetime, timedelta

from firstline.controller.ports.people import Clock
from firstline.controller.ports.store import Change, Store
from firstline.errors import Conflict, Contested, Unavailable
from firstline.ids import digest

TRIES = 3
TURNS_MAX = 5
SHORTEST, JITTER = timedelta(milliseconds=20), timedelta(milliseconds=80)
"""Between two turns: as long as a transaction takes, and not as long as the other worker waits."""


def commit(store: Store, change: Change) -> None:
    """Write *change*; raises `Conflict` for what somebody else wrote, and `Unavailable`.

    A transaction that met another one on the same items was cancelled whole: nothing of it was
    written, so that trying again is safe, and is not what an outage is.
    """
    for _ in range(TRIES):
        try:
            return store.commit(change)
        except Conflict as conflict:
            if conflict.contested is not Contested.BUSY:
                raise
    raise Unavailable(f"the store was busy {TRIES} times in a row")


def contend[T](turn: Callable[[], T], what: str, clock: Clock) -> T:
    """What *turn* gives, begun again where another writer was first; `Unavailable` after five."""
    for number in range(TURNS_MAX):
        try:
            return turn()
        except Conflict:
            clock.sleep(pause(f"{what}|{number}", clock.now()))
    raise Unavailable(f"{what} is contested {TURNS_MAX} times in a row: try again")


def pause(of: str, now: datetime) -> timedelta:
    """A while that differs between workers, since their clocks do."""
    return SHORTEST + JITTER * (int(digest(f"{of}|{now.isoformat()}".encode())[:4], 16) / 0xFFFF)
