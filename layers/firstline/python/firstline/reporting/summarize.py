"""Summarise: from the entries of a chain to the summary of its incident.

Entries are read one at a time and not kept, so that a ledger of any length can be gone through.
What an older entry does not say is left out.
"""

import copy
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

import msgspec

from firstline.ids import IncidentId
from firstline.ledger.entries import (
    ActionDemoted,
    DecisionMade,
    FixIntended,
    FixReported,
    FixVerified,
    LookIntended,
    PageDelivered,
    PlanAnswered,
    PlannedFix,
    PlanProposed,
    ResponseMeasured,
    SignalReceived,
    SignalsJoined,
)
from firstline.ledger.export import Recorded
from firstline.remediation.kill_switch import CHAIN
from firstline.reporting.incident_summary import OPEN, Demoted, Denied, Summary, Tried
from firstline.signal import Disposition

ENDINGS = {"hand-over": "handed-over", "close": "resolved"}
"""What the steps that end an incident make of it; what no fix of ours helped is only observed."""


def chains(records: Iterable[Recorded]) -> Iterator[tuple[IncidentId, Iterator[Recorded]]]:
    """The entries of each chain, which stand together in *records*; one is read before the next."""
    return groupby(records, key=lambda each: each.entry.incident)


def summaries(records: Iterable[Recorded]) -> Iterator[Summary]:
    """The summary of each incident of *records*; `Malformed` for an entry of another form."""
    for id_, chain in chains(records):
        if id_ != CHAIN:
            yield summarise(chain)


def summarise(chain: Iterable[Recorded]) -> Summary:
    """The summary of one chain, which has an entry; raises `Malformed`."""
    entries = iter(chain)
    first = next(entries)
    reading = _Reading(first=first, last=first, whole=first.entry.sequence == 1)
    _take(reading, first)
    for each in entries:
        reading.whole = reading.whole and each.entry.sequence == reading.last.entry.sequence + 1
        _take(reading, each)
    return _summary(reading)


class _Reading(msgspec.Struct, kw_only=True):
    """One chain as far as it was read."""

    first: Recorded
    last: Recorded
    whole: bool
    entries: int = 0
    opening: SignalReceived = SignalReceived()
    signals: int = 0
    recoveries: int = 0
    leads: tuple[str | None, str | None] = (None, None)
    paged_at: datetime | None = None
    ended: tuple[str, datetime] | None = None
    hosts: dict[str, None] = {}
    fixes: dict[str, Tried] = {}
    denials: dict[Denied, None] = {}
    proposed: dict[str, None] = {}
    approved: set[str] = set()
    missed: dict[str, None] = {}
    demoted: tuple[Demoted, ...] = ()


def _take(reading: _Reading, entry: Recorded) -> None:
    """What *entry* adds; a kind that has no case adds nothing."""
    reading.last, reading.entries = entry, reading.entries + 1
    match entry.checked():
        case SignalReceived() | SignalsJoined() as event:
            _signals(reading, event, first=entry is reading.first)
        case PageDelivered(channel="pager", action="trigger", outcome="accepted"):
            reading.paged_at = reading.paged_at or entry.at
        case DecisionMade() as event:
            _decision(reading, event, entry.at)
        case LookIntended(targets=targets):
            _touch(reading, targets)
        case FixIntended() as event:
            _fix(reading, event, entry.at)
        case FixReported() as event:
            _outcome(reading, event.token, event.outcome, helped=None)
        case FixVerified() as event:
            _outcome(reading, event.token, event.outcome, helped=event.helped)
        case ResponseMeasured(met=False, severity=severity):
            reading.missed[severity] = None
        case _:
            _by_people(reading, entry)


def _by_people(reading: _Reading, entry: Recorded) -> None:
    match entry.event:
        case PlanProposed(action=action):
            reading.proposed[action] = None
        case PlanAnswered(granted=True, counts=True, plan=plan):
            reading.approved.add(plan)
        case ActionDemoted(action=action, failed=failed):
            reading.demoted = (*reading.demoted, Demoted(action, failed, entry.at))
        case _:
            pass


def _signals(reading: _Reading, event: SignalReceived | SignalsJoined, *, first: bool) -> None:
    if isinstance(event, SignalReceived):
        if first:
            reading.opening, reading.leads = event, (event.severity, event.condition)
        reading.signals += 1
        return
    if event.leads is not None:
        reading.leads = (event.leads.severity, event.leads.condition)
    reading.signals += len(event.joined)
    reading.recoveries += sum(
        1 for each in event.joined if each.disposition == Disposition.RECOVERY
    )


def _decision(reading: _Reading, event: DecisionMade, at: datetime) -> None:
    plan = event.plan or PlannedFix()
    denied = (Denied(guard, plan.action, plan.target) for guard, _ in event.denials)
    reading.denials |= dict.fromkeys(denied)
    if event.step_type in ENDINGS:
        reading.ended = (ENDINGS[event.step_type], at)


def _fix(reading: _Reading, event: FixIntended, at: datetime) -> None:
    _touch(reading, event.hosts or event.targets)
    reading.fixes[event.token] = Tried(
        action=event.action,
        target=", ".join(event.targets),
        at=at,
        approved=event.plan in reading.approved,
    )


def _touch(reading: _Reading, targets: Sequence[str]) -> None:
    reading.hosts |= dict.fromkeys(each for each in targets if each.startswith("i-"))


def _outcome(reading: _Reading, token: str, outcome: str | None, *, helped: bool | None) -> None:
    """What the tool reported of a fix, or what looking at it came to."""
    fix = reading.fixes.get(token)
    if fix is not None:
        helped = fix.helped if helped is None else helped
        reading.fixes[token] = copy.replace(fix, outcome=outcome or fix.outcome, helped=helped)


def _summary(reading: _Reading) -> Summary:
    opening = reading.opening
    severity, condition = reading.leads
    outcome, ended_at = _ending(reading)
    return Summary(
        incident=reading.first.entry.incident,
        entries=reading.entries,
        whole=reading.whole,
        disposition=opening.disposition,
        severity=severity,
        condition=condition,
        alarm=opening.subject,
        signals=reading.signals,
        flaps=max(reading.recoveries - 1, 0),
        signalled_at=opening.signalled_at,
        opened_at=reading.first.at,
        last_at=reading.last.at,
        paged_at=reading.paged_at,
        ended_at=ended_at,
        outcome=outcome,
        hosts=tuple(reading.hosts),
        fixes=tuple(reading.fixes.values()),
        denials=tuple(reading.denials),
        proposed=tuple(reading.proposed),
        missed=tuple(reading.missed),
        demoted=reading.demoted,
        policy=reading.last.policy,
    )


def _ending(reading: _Reading) -> tuple[str, datetime | None]:
    """The outcome, and when it ended; a signal that opened nothing ends where it is noted."""
    if reading.ended is not None:
        outcome, at = reading.ended
        helped = any(each.helped for each in reading.fixes.values())
        return ("observed" if outcome == "resolved" and not helped else outcome), at
    if reading.opening.disposition == Disposition.REJECTED:
        return "rejected", reading.first.at
    if reading.opening.disposition == Disposition.CONTEXT:
        return "observed", reading.first.at
    if reading.opening.disposition in {Disposition.RECOVERY, Disposition.IGNORED}:
        return "ignored", reading.first.at
    return OPEN, None
