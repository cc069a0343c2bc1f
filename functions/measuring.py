"""Measuring: what a handler's run committed and called, as metrics, after all of it is done."""

import copy
from typing import cast

from firstline.adapters import wiring
from firstline.controller import metrics as measures
from firstline.controller.ports.store import Change, Store
from firstline.controller.system import System
from firstline.monitoring.metric import Metric
from functions.emission import emit
from functions.log import logger


class _Kept:
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


class Measuring:
    """``system`` is the given one, watched; `tell` emits what came of it, and never raises.

    What is measured is told when the work is done: no page waits for it, and a fault in it must
    not make a message look undone that is done.
    """

    def __init__(self, system: System) -> None:
        self._kept = _Kept(system.ports.store)
        ports = copy.replace(system.ports, store=cast("Store", self._kept))
        self.system = copy.replace(system, ports=ports)
        wiring.calls().take()

    def tell(self, *more: Metric) -> None:
        """Emit the metrics of the run, and *more*."""
        changes = self._kept.changes
        incidents = sorted({each.incident.id for each in changes if each.incident})
        try:
            found = (each for change in changes for each in measures.of_change(change))
            metrics = (*more, *found, *wiring.calls().take())
            emit(self.system.profile.fleet.name, metrics, incidents)
        except Exception:
            log = logger()
            log.exception("not measured")
