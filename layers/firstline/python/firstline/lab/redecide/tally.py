"""Tally: an incident while either side has it open, and which pages each of them sent."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from firstline.ids import IncidentId
from firstline.lab.redecide.flips import Flip
from firstline.lab.redecide.policy_run import Side


class Tally(msgspec.Struct):
    """``where`` it began, the keys that either side triggered, and why they first parted."""

    where: str
    pages: tuple[set[str], set[str]]
    why: str = ""


class Tallies:
    """All that are open on either side."""

    def __init__(self, old: Side, new: Side) -> None:
        self._sides = (old, new)
        self._open: dict[IncidentId, Tally] = {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._open

    def __getitem__(self, id_: IncidentId) -> Tally:
        return self._open[id_]

    def take(self, where: str, why: str = "") -> None:
        """What either side opened and paged in the last moment.

        Of an incident that a side left, nothing that either pages any more is compared.
        """
        for number, side in enumerate(self._sides):
            for id_ in side.opened():
                self._open.setdefault(id_, Tally(where, (set(), set()), why))
            for action, key in side.deeds.pages:
                id_ = IncidentId(key.partition(":")[0])
                if action == "trigger" and not self.left(id_):
                    self._open[id_].pages[number].add(key)
            side.deeds.pages.clear()

    def left(self, id_: IncidentId) -> bool:
        """Whether a side did there what nobody did then, or did not what was done."""
        return any(id_ in side.left for side in self._sides)

    def close(self, id_: IncidentId, at: datetime) -> Iterator[Flip]:
        """It is open no more: the pages that one side sent and the other did not."""
        tally = self._open.pop(id_, None)
        if tally is None:
            return
        before, after = tally.pages
        for key in sorted(before - after):
            yield Flip("page-lost", tally.where, id_, at, key, None, tally.why)
        for key in sorted(after - before):
            yield Flip("page-gained", tally.where, id_, at, None, key, tally.why)
