"""Commit a change, and retry for at most a second while the store is busy.

The changes of a run can be recorded for its metrics.
"""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import cast

from firstline.controller.ports import Ports
from firstline.controller.ports.messaging import Clock
from firstline.controller.ports.store import Change, Store
from firstline.controller.system import System
from firstline.errors import Busy, CommitConflict, Contested, DependencyUnavailable
from firstline.ids import digest

TRIES_MAX = 50
"""More than fit into `BUSY_DURATION_MAX`, for a clock that stands still."""
BUSY_DURATION_MAX = timedelta(seconds=1)
"""The limit of retries on a busy store, equal to the timeout of one that does not answer."""
ATTEMPTS_MAX = 5
ATTEMPTS_DURATION_MAX = timedelta(seconds=10)
"""No attempt starts later than this after the first, since one that hangs takes most of a minute.
"""
BACKOFF_MIN, BACKOFF_JITTER = timedelta(milliseconds=20), timedelta(milliseconds=80)
"""The pause between two attempts: about the duration of a transaction, and random."""


def commit(ports: Ports, change: Change) -> None:
    """Write *change*.

    Raises `CommitConflict` for another writer's change, `Busy` and `DependencyUnavailable`.
    DynamoDB cancels the whole transaction when it meets another one on the same items, so a retry
    is safe.
    """
    started_at = ports.clock.now()
    for number in range(TRIES_MAX):
        try:
            return ports.store.commit(change)
        except CommitConflict as conflict:
            if conflict.contested is not Contested.BUSY:
                raise
        if ports.clock.now() - started_at >= BUSY_DURATION_MAX:
            break
        ports.clock.sleep(backoff(f"{change.actions}|{number}", ports.clock.now()))
    raise Busy(f"the store was busy for {BUSY_DURATION_MAX.total_seconds():g} s: try again")


def retry_on_conflict[T](attempt: Callable[[], T], subject: str, clock: Clock) -> T:
    """Return the result of *attempt*, retried on a conflict or a busy store.

    Raises `DependencyUnavailable` after five attempts, or 10 s.
    """
    started_at, attempts = clock.now(), 0
    while attempts < ATTEMPTS_MAX:
        attempts += 1
        try:
            return attempt()
        except (CommitConflict, Busy):
            clock.sleep(backoff(f"{subject}|{attempts}", clock.now()))
        if clock.now() - started_at > ATTEMPTS_DURATION_MAX:
            break
    raise DependencyUnavailable(f"{subject} is contested {attempts} times in a row: try again")


def backoff(seed: str, now: datetime) -> timedelta:
    """A pause that differs between workers, since their clocks differ."""
    return BACKOFF_MIN + BACKOFF_JITTER * (
        int(digest(f"{seed}|{now.isoformat()}".encode())[:4], 16) / 0xFFFF
    )


class RecordingStore:
    """A store that records each change that it commits, and delegates everything else."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.changes: list[Change] = []

    def __getattr__(self, name: str) -> object:
        attribute: object = getattr(self._store, name)
        return attribute

    def commit(self, change: Change) -> None:
        """Commit *change*, and record it."""
        self._store.commit(change)
        self.changes.append(change)


def with_recorded_changes(system: System) -> tuple[System, list[Change]]:
    """*system* with a recording store, and the list of its changes."""
    store = RecordingStore(system.ports.store)
    ports = copy.replace(system.ports, store=cast("Store", store))
    return copy.replace(system, ports=ports), store.changes
