"""Tally: what is counted of incidents that are gone through one at a time (``review.py``)."""

from collections import Counter

import msgspec

from firstline.reporting.incident_summary import Summary
from firstline.signal import Severity

PAGED = frozenset(each.value for each in Severity if each.pages)
ALONE, WITH_A_PERSON, BY_ITSELF = "alone", "with a person", "observed"
"""How an incident ended well: by fixes of ours, by some that a person allowed, or by none."""


class Tally(msgspec.Struct, kw_only=True):
    """What was counted so far; ``took`` in seconds, of all that did."""

    counts: Counter[str] = msgspec.field(default_factory=Counter)
    severities: Counter[str] = msgspec.field(default_factory=Counter)
    conditions: Counter[str] = msgspec.field(default_factory=Counter)
    endings: Counter[str] = msgspec.field(default_factory=Counter)
    missed: Counter[str] = msgspec.field(default_factory=Counter)
    took: dict[str, list[int]] = {}
    actions: dict[str, Counter[str]] = {}
    guards: dict[str, Counter[str]] = {}
    alarms: dict[str, Counter[str]] = {}


def count(tally: Tally, told: Summary) -> None:
    """Add one incident to *tally*."""
    ending = _ending(told)
    tally.counts["incidents"] += 1
    tally.counts["partial"] += not told.whole
    tally.counts["unpaged"] += told.severity in PAGED and told.paged_at is None
    tally.severities[told.severity or "none"] += 1
    tally.conditions[told.condition or "none"] += 1
    tally.endings[ending] += 1
    tally.missed.update(told.missed)
    _durations(tally, told)
    for fix in told.fixes:
        verdict = {True: "helped", False: "failed", None: "unjudged"}[fix.helped]
        record = tally.actions.setdefault(fix.action, Counter())
        record.update(tried=1, approved=int(fix.approved))
        record[verdict] += 1
    for guard, times in Counter(each.guard for each in told.denials).items():
        tally.guards.setdefault(guard, Counter()).update(fixes=times, incidents=1)
    tally.alarms.setdefault(told.alarm, Counter()).update(
        incidents=1, observed=int(ending == BY_ITSELF), flaps=told.flaps
    )


def _ending(told: Summary) -> str:
    if told.outcome != "resolved":
        return told.outcome
    return WITH_A_PERSON if any(each.approved for each in told.fixes) else ALONE


def _durations(tally: Tally, told: Summary) -> None:
    """From the signal's own instant, as responses are measured."""
    began = told.signalled_at or told.opened_at
    recovered = told.ended_at if told.outcome in {"resolved", BY_ITSELF} else None
    fixed = min((each.at for each in told.fixes), default=None)
    for what, at in (("page", told.paged_at), ("fix", fixed), ("recover", recovered)):
        if at is not None:
            tally.took.setdefault(what, []).append(max(int((at - began).total_seconds()), 0))
