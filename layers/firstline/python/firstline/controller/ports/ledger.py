"""The ledger as those read it who account for it: the whole of it, or one incident's."""

from collections.abc import Iterator
from typing import Protocol

from firstline.ids import IncidentId
from firstline.ledger.chain import Entry


class Ledger(Protocol):
    """Entries as they were written, one at a time: a page is held, and never the whole.

    Both raise `DependencyUnavailable` in the midst where a page cannot be read, and
    `InvariantViolation` for an item that is no entry.
    """

    def entries(self, incident: IncidentId) -> Iterator[Entry]:
        """The incident's chain, in order."""

    def everything(self) -> Iterator[Entry]:
        """Every chain, each in order and its entries together; in no order of incidents."""
