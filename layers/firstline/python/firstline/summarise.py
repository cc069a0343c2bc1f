"""Summarise: from the entries of a chain to the summary of its incident.

Entries are read one at a time and not kept, so that a ledger of any length can be gone through.
What an older entry does not say is left out.
"""

import copy
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import groupby

import msgspec

from firstline.errors import Malformed
from firstline.export import Recorded
from firstline.ids import IncidentId
from firstline.ledger import Kind
from firstline.pauses import CHAIN
from firstline.signals import Disposition
from firstline.summary import OPEN, Demoted, Denied, Summary, Tried

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


class _Signal(msgspec.Struct, frozen=True):
    disposition: str = ""
    severity: str | None = None
    condition: str | None = None
    subject: str = ""
    signalled_at: datetime | None = None
    joined: tuple[dict[str, object], ...] = ()
    leads: dict[str, str] = {}


class _Answer(msgspec.Struct, frozen=True):
    guard: str = ""
    denial: dict[str, object] | None = None


class _Decision(msgspec.Struct, frozen=True):
    step: dict[str, object] = {}
    plan: dict[str, object] | None = None
    guards: tuple[_Answer, ...] = ()


class _Did(msgspec.Struct, frozen=True):
    """What intents, outcomes, verdicts, proposals and demotions say of an action."""

    action: str = ""
    token: str = ""
    fence: int | None = None
    targets: tuple[str, ...] = ()
    hosts: tuple[str, ...] | dict[str, object] | str = ()
    plan: str = ""
    outcome: str | None = None
    helped: bool | None = None
    failed: int = 0


class _Word(msgspec.Struct, frozen=True):
    """What pages, responses and approvals say."""

    channel: str = "pager"
    action: str = ""
    outcome: str = ""
    severity: str = ""
    met: bool = True
    plan: str = ""
    granted: bool = False
    counts: bool = True


class _Reading(msgspec.Struct, kw_only=True):
    """One chain as far as it was read."""

    first: Recorded
    last: Recorded
    whole: bool
    entries: int = 0
    opening: _Signal = _Signal()
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
    reading.last, reading.entries = entry, reading.entries + 1
    taken = _TAKEN.get(entry.kind)
    if taken is None:
        return
    try:
        taken(reading, entry)
    except msgspec.ValidationError as error:
        where = f"line {entry.line}" if entry.line else f"entry {entry.entry.sequence}"
        message = f"{where} of {entry.entry.incident} is no {entry.kind}: {error}"
        raise Malformed(message) from error


def _signal(reading: _Reading, entry: Recorded) -> None:
    told = msgspec.convert(entry.data, _Signal)
    if entry is reading.first:
        reading.opening, reading.leads = told, (told.severity, told.condition)
    if told.leads:
        reading.leads = (told.leads.get("severity"), told.leads.get("condition"))
    reading.signals += len(told.joined) or 1
    over = [each for each in told.joined if each.get("disposition") == Disposition.RECOVERY]
    reading.recoveries += len(over)


def _page(reading: _Reading, entry: Recorded) -> None:
    told = msgspec.convert(entry.data, _Word)
    if (told.channel, told.action, told.outcome) == ("pager", "trigger", "accepted"):
        reading.paged_at = reading.paged_at or entry.at


def _decision(reading: _Reading, entry: Recorded) -> None:
    told = msgspec.convert(entry.data, _Decision)
    plan, step = told.plan or {}, str(told.step.get("type"))
    for each in told.guards:
        if each.denial is not None:
            no = Denied(each.guard, str(plan.get("action")), str(plan.get("target")))
            reading.denials[no] = None
    if step in ENDINGS:
        reading.ended = (ENDINGS[step], entry.at)


def _intent(reading: _Reading, entry: Recorded) -> None:
    told = msgspec.convert(entry.data, _Did)
    hosts = told.hosts if isinstance(told.hosts, tuple) else ()
    named = hosts or tuple(each for each in told.targets if each.startswith("i-"))
    reading.hosts |= dict.fromkeys(named)
    if told.fence is not None:
        reading.fixes[told.token] = Tried(
            action=told.action,
            target=", ".join(told.targets),
            at=entry.at,
            approved=told.plan in reading.approved,
        )


def _outcome(reading: _Reading, entry: Recorded) -> None:
    """What the tool said of a fix, or what looking at it came to."""
    told = msgspec.convert(entry.data, _Did)
    fix = reading.fixes.get(told.token)
    if fix is not None:
        helped = fix.helped if told.helped is None else told.helped
        outcome = told.outcome or fix.outcome
        reading.fixes[told.token] = copy.replace(fix, outcome=outcome, helped=helped)


def _response(reading: _Reading, entry: Recorded) -> None:
    told = msgspec.convert(entry.data, _Word)
    if not told.met:
        reading.missed[told.severity] = None


def _proposal(reading: _Reading, entry: Recorded) -> None:
    reading.proposed[msgspec.convert(entry.data, _Did).action] = None


def _approval(reading: _Reading, entry: Recorded) -> None:
    told = msgspec.convert(entry.data, _Word)
    if told.granted and told.counts:
        reading.approved.add(told.plan)


def _demotion(reading: _Reading, entry: Recorded) -> None:
    told = msgspec.convert(entry.data, _Did)
    reading.demoted = (*reading.demoted, Demoted(told.action, told.failed, entry.at))


_TAKEN: dict[str, Callable[[_Reading, Recorded], None]] = {
    Kind.SIGNAL: _signal,
    Kind.PAGE: _page,
    Kind.DECISION: _decision,
    Kind.INTENT: _intent,
    Kind.OUTCOME: _outcome,
    Kind.VERIFICATION: _outcome,
    Kind.RESPONSE: _response,
    Kind.PROPOSAL: _proposal,
    Kind.APPROVAL: _approval,
    Kind.DEMOTION: _demotion,
}
"""What is taken from each kind of entry; the others say nothing that a summary tells."""


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
