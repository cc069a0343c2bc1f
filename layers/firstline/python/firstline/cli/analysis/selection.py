"""Selection of the incidents of a ledger by a command's options.

Only one chain is in memory at a time, so a ledger may have any length.
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

OUTCOMES = (OPEN, "resolved", "escalated", "self-recovered", "recorded", "ignored", "rejected")
"""Every outcome of a summary."""


class IncidentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter of incidents; an empty field matches all.

    ``since`` and ``until`` match an incident with any time between its first and last entry in
    them.
    """

    since: datetime | None = None
    until: datetime | None = None
    severities: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    outcomes: frozenset[str] = frozenset()

    def matches(self, summary: Summary) -> bool:
        """True if *summary* passes every field."""
        return (
            (self.since is None or summary.last_at >= self.since)
            and (self.until is None or summary.opened_at < self.until)
            and (not self.severities or summary.severity in self.severities)
            and (not self.conditions or summary.condition in self.conditions)
            and (not self.hosts or not self.hosts.isdisjoint(summary.hosts))
            and (not self.outcomes or summary.outcome in self.outcomes)
        )


def chains(records: Iterable[DecodedEntry]) -> Iterator[tuple[IncidentId, Iterator[DecodedEntry]]]:
    """Yield the entries of each chain; read one before the next. *records* are in chain order."""
    return groupby(records, key=lambda each: each.entry.incident)


def summaries(records: Iterable[DecodedEntry]) -> Iterator[Summary]:
    """Yield the summary of each incident; raises `InvalidInput` for an entry of unknown form."""
    for id_, chain in chains(records):
        if id_ != CHAIN:
            yield summarise(chain)


def chains_in_window(
    entries: Iterable[Entry], since: datetime | None, until: datetime | None
) -> Iterator[Entry]:
    """Yield the whole chains that have an entry from *since* on and before *until*.

    *entries* are in chain order. A chain that cannot be read is included, for the verifier to
    report.
    """
    if since is None and until is None:
        yield from entries
        return
    for _, chain in groupby(entries, key=lambda each: each.incident):
        entries_of_chain = tuple(chain)
        if any(_in_window(each, since, until) for each in entries_of_chain):
            yield from entries_of_chain


def _in_window(entry: Entry, since: datetime | None, until: datetime | None) -> bool:
    try:
        at = decode_entry(entry).at
    except InvalidInput:
        return True
    return (since is None or since <= at) and (until is None or at < until)
