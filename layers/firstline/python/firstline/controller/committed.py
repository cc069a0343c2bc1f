"""Committed: what a run wrote, change by change, for what is measured of it afterwards."""

import copy
from typing import cast

from firstline.controller.ports.store import Change, Store
from firstline.controller.system import System


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
