"""Selection: which incidents of a ledger a command is asked for.

One chain is held at a time, so that a ledger of any length can be gone through.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

import msgspec

from firstline.errors import InvalidInput
from firstline.ids import IncidentId
from firstline.ledger.chain import Entry
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.incident_summary import OPEN, Summary, summarise

OUTCOMES = (OPEN, "resolved", "handed-over", "observed", "ignored", "rejected")
"""All that a summary may say of how it ended."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which incidents are asked for; what is empty asks for nothing. Times are of any entry."""

    since: datetime | None = None
    until: datetime | None = None
    severities: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()

    def fits(self, told: Summary) -> bool:
        """Whether *told* is one of them."""
        return (
            (self.since is None or told.last_at >= self.since)
            and (self.until is None or told.opened_at < self.until)
            and (not self.severities or told.severity in self.severities)
            and (not self.conditions or told.condition in self.conditions)
            and (not self.hosts or not self.hosts.isdisjoint(told.hosts))
            and (not self.outcomes or told.outcome in self.outcomes)
        )


def chains(records: Iterable[DecodedEntry]) -> Iterator[tuple[IncidentId, Iterator[DecodedEntry]]]:
    """The entries of each chain, which stand together in *records*; one is read before the next."""
    return groupby(records, key=lambda each: each.entry.incident)


def summaries(records: Iterable[DecodedEntry]) -> Iterator[Summary]:
    """The summary of each incident of *records*; `InvalidInput` for an entry of another form."""
    for id_, chain in chains(records):
        if id_ != CHAIN:
            yield summarise(chain)


def within(
    entries: Iterable[Entry], since: datetime | None, until: datetime | None
) -> Iterator[Entry]:
    """The chains, whole, that have an entry from *since* on and before *until*.

    An incident's entries stand together in *entries*; one chain is held at a time. A chain that
    cannot be read is given too: it is for the verifier to judge.
    """
    if since is None and until is None:
        yield from entries
        return
    for _, chain in groupby(entries, key=lambda each: each.incident):
        held = tuple(chain)
        if any(_falls(each, since, until) for each in held):
            yield from held


def _falls(entry: Entry, since: datetime | None, until: datetime | None) -> bool:
    try:
        at = decode_entry(entry).at
    except InvalidInput:
        return True
    return (since is None or since <= at) and (until is None or at < until)
