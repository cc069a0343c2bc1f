"""The ledger's port for readers that need whole chains: one incident's, or all."""

from collections.abc import Iterator
from typing import Protocol

from firstline.ids import IncidentId
from firstline.ledger.chain import Entry


class Ledger(Protocol):
    """Entries as they were written, one at a time; only one page is in memory.

    Both raise `DependencyUnavailable` during iteration if a page cannot be read, and
    `InvariantViolation` for an item that is not an entry.
    """

    def entries(self, incident: IncidentId) -> Iterator[Entry]:
        """The incident's chain, in order."""

    def everything(self) -> Iterator[Entry]:
        """Every chain, each in order and without gaps; incidents come in no order."""
