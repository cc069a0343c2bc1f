"""Overdue: every due incident, oldest first, read in batches.

Unreadable incidents stay the oldest, so a sweep of one batch would never reach the others.
"""

from collections.abc import Iterator
from datetime import datetime

from firstline.controller.ports.store import DUE_MAX, DueIncident, Store

BATCHES_MAX = 40
"""A thousand incidents: more than a sweep has time for."""


class OverdueIncidents:
    """Iterates over the incidents due by an instant; ``waiting`` are read and not yet returned."""

    def __init__(self, store: Store, by: datetime) -> None:
        self._store = store
        self._by = by
        self.waiting: tuple[DueIncident, ...] = ()

    def __iter__(self) -> Iterator[DueIncident]:
        after = None
        for _ in range(BATCHES_MAX):
            self.waiting = batch = self._store.due(self._by, after)
            while self.waiting:
                after, *rest = self.waiting
                self.waiting = tuple(rest)
                yield after
            if len(batch) < DUE_MAX:
                return
