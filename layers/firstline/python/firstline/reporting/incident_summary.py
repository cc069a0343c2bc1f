"""Summary: what one incident came to, as its entries tell it (``reporting/summarize.py``)."""

from datetime import datetime

import msgspec

from firstline.ids import Digest, IncidentId
from firstline.signal import Disposition

OPEN = "open"
"""The outcome of an incident that no decision has ended yet."""
OUTCOMES = (OPEN, "resolved", "handed-over", "observed", "ignored", "rejected")
"""All that a summary may say of how it ended."""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A fix from its intent to its verdict; ``helped`` is None where nobody judged it (yet)."""

    action: str
    target: str
    at: datetime
    approved: bool
    outcome: str | None = None
    helped: bool | None = None


class Denied(msgspec.Struct, frozen=True):
    """A guard's no to a fix of a target, however often it was said."""

    guard: str
    action: str
    target: str


class Demoted(msgspec.Struct, frozen=True):
    """An action that asks a person from now on, after so many failed fixes in a row."""

    action: str
    failed: int
    at: datetime


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One incident, or the one entry of a signal that opened none.

    ``outcome`` is ``open``, ``resolved``, ``handed-over`` or ``observed``; of what opened nothing
    ``observed``, ``ignored`` or ``rejected``. ``alarm`` is the subject of the signal that opened
    it, ``signals`` are how many there were, and ``flaps`` how often they told a recovery that did
    not last. ``missed`` are the severities whose response came too late. It is not ``whole`` where
    entries are missing from its beginning or its midst.
    """

    incident: IncidentId
    entries: int
    whole: bool
    disposition: str
    severity: str | None
    condition: str | None
    alarm: str
    signals: int
    flaps: int
    signalled_at: datetime | None
    opened_at: datetime
    last_at: datetime
    paged_at: datetime | None
    ended_at: datetime | None
    outcome: str
    hosts: tuple[str, ...]
    fixes: tuple[Tried, ...]
    denials: tuple[Denied, ...]
    proposed: tuple[str, ...]
    missed: tuple[str, ...]
    demoted: tuple[Demoted, ...]
    policy: Digest

    @property
    def opened(self) -> bool:
        """Whether it is an incident; one whose beginning is missing counts as such."""
        return self.disposition in {Disposition.INCIDENT, ""}


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
