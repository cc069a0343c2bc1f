"""Commit: a change that only found the store busy is tried again at once."""

from firstline.controller.ports.store import Change, Store
from firstline.errors import Conflict, Contested, Unavailable

TRIES = 3


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
