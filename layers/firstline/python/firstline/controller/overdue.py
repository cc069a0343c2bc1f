"""Overdue: every incident that is due, oldest first, read in batches for as long as is asked.

Those that cannot be read stay the oldest for good: a sweep that read one batch alone would never
come to the others.
"""

from collections.abc import Iterator
from datetime import datetime

from firstline.controller.ports.store import DUE_MAX, Due, Store

BATCHES_MAX = 40
"""A thousand incidents: more than a sweep has time for."""


class Overdue:
    """Iterates over what is due by an instant; ``waiting`` are those read and not yet given."""

    def __init__(self, store: Store, by: datetime) -> None:
        self._store = store
        self._by = by
        self.waiting: tuple[Due, ...] = ()

    def __iter__(self) -> Iterator[Due]:
        after = None
        for _ in range(BATCHES_MAX):
            self.waiting = batch = self._store.due(self._by, after)
            while self.waiting:
                after, *rest = self.waiting
                self.waiting = tuple(rest)
                yield after
            if len(batch) < DUE_MAX:
                return
