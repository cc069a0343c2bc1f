"""The incidents that either policy has open, and the pages that each policy sent of them."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from firstline.ids import IncidentId
from firstline.lab.redecide.policy_diff import Flip
from firstline.lab.redecide.policy_run import PolicyRun


class OpenIncident(msgspec.Struct):
    """``where`` it began, the keys that either policy triggered, and the first difference."""

    where: str
    pages: tuple[set[str], set[str]]
    why: str = ""


class OpenIncidents:
    """Every incident that is open under either policy."""

    def __init__(self, old: PolicyRun, new: PolicyRun) -> None:
        self._sides = (old, new)
        self._open: dict[IncidentId, OpenIncident] = {}

    def __contains__(self, id_: object) -> bool:
        return id_ in self._open

    def __getitem__(self, id_: IncidentId) -> OpenIncident:
        return self._open[id_]

    def update(self, where: str, why: str = "") -> None:
        """Add what either policy opened and paged in the last step.

        The pages of an incident that diverged under either policy are not compared.
        """
        for number, side in enumerate(self._sides):
            for id_ in side.incident_ids():
                self._open.setdefault(id_, OpenIncident(where, (set(), set()), why))
            for action, key in side.outcomes.pages:
                id_ = IncidentId(key.partition(":")[0])
                if action == "trigger" and not self.diverged(id_):
                    self._open[id_].pages[number].add(key)
            side.outcomes.pages.clear()

    def diverged(self, id_: IncidentId) -> bool:
        """True if a policy fixed where the record did not, or did not where it did."""
        return any(id_ in side.diverged for side in self._sides)

    def close(self, id_: IncidentId, at: datetime) -> Iterator[Flip]:
        """Close the incident, and yield the pages that only one policy sent."""
        incident = self._open.pop(id_, None)
        if incident is None:
            return
        before, after = incident.pages
        for key in sorted(before - after):
            yield Flip("page-lost", incident.where, id_, at, key, None, incident.why)
        for key in sorted(after - before):
            yield Flip("page-gained", incident.where, id_, at, None, key, incident.why)
