"""Threads that race for one item on the real adapter: the second one starts again.

moto's conditions are not thread-safe: each request holds a lock, as DynamoDB orders them.
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

from firstline.controller.ports.store import Change, LeaseWrite
from firstline.errors import CommitConflict
from firstline.remediation import limits
from firstline.remediation.limits import Lease
from tests.adapters.backends import Door
from tests.adapters.records import ID, incident

WORKERS, TIMES = 6, 5


def race(act: Callable[[], bool]) -> int:
    """The number of times that *act* came first, in several threads that retry until they did."""

    def until_first(_: int) -> int:
        return sum(1 for _ in range(TIMES) if any(iter(act, None)))

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(until_first, range(WORKERS)))


def test_no_writing_of_an_incident_is_lost(door: Door) -> None:
    """Each counts one wake on what it read: as many are counted as were written."""
    store, lock = door.ports.store, Lock()
    store.commit(Change(incident=incident()))

    def count() -> bool:
        with lock:
            loaded = store.load(ID)
        assert loaded is not None
        more = copy.replace(loaded.incident, wakes=loaded.incident.wakes + 1)
        try:
            with lock:
                store.commit(Change(incident=more))
        except CommitConflict:
            return False
        return True

    assert race(count) == WORKERS * TIMES
    loaded = store.load(ID)
    assert loaded is not None
    assert (loaded.incident.wakes, loaded.incident.version) == (30, 31)


def test_a_fence_is_given_once(door: Door) -> None:
    """I10: of all that read one lease, one takes it."""
    store, lock = door.ports.store, Lock()
    fences: list[int] = []

    def take() -> bool:
        with lock:
            held = store.limits("vaults").lease
        taken = Lease(group="vaults", fence=held.fence + 1, holder=ID)
        try:
            with lock:
                store.commit(Change(lease=LeaseWrite(limits.release_lease(taken), held.fence)))
        except CommitConflict:
            return False
        fences.append(taken.fence)
        return True

    assert race(take) == WORKERS * TIMES
    assert sorted(fences) == list(range(1, WORKERS * TIMES + 1))
