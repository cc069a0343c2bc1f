"""The summary of one incident, from its entries. Fields that older entries lack are left out."""

import copy
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from firstline.ids import Digest, IncidentId
from firstline.incidents.incident import Status
from firstline.ledger import entries
from firstline.ledger.export import ENDING_STEPS, DecodedEntry
from firstline.notifications.delivery import is_alert
from firstline.reporting.events import events, timed
from firstline.reporting.judged_fix import JudgedFix
from firstline.signal import Disposition

OPEN = "open"
"""The outcome of an incident without an ending decision."""
SIGNAL_OUTCOMES: dict[str, str] = {
    Disposition.REJECTED: "rejected",
    Disposition.CONTEXT: "recorded",
    Disposition.RECOVERY: "ignored",
    Disposition.IGNORED: "ignored",
}
"""The outcome of a signal that opened no incident, by its disposition."""


class FixSummary(JudgedFix, frozen=True, kw_only=True):
    """A fix in a summary, dated by its intent."""

    at: datetime
    approved: bool


class DenialSummary(msgspec.Struct, frozen=True):
    """A guard's denial of a fix on a target, once, whatever its number."""

    guard: str
    action: str
    target: str


class DemotionSummary(msgspec.Struct, frozen=True):
    """A demotion of an action, after so many failed fixes in a row."""

    action: str
    failed: int
    at: datetime


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One incident, or the one entry of a signal that opened none.

    ``outcome`` is ``open``, ``resolved``, ``escalated`` or ``self-recovered``; for a signal
    that opened none ``recorded``, ``ignored`` or ``rejected``. ``alarm`` is the subject of the
    opening signal, ``signals`` counts the signals, and ``flaps`` the recoveries that did not
    last. ``recovered_at`` is before the end where the recovery was watched. ``missed`` are the
    severities with a late response. ``whole`` is false where entries are missing from its
    beginning or its middle.
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
    recovered_at: datetime | None
    outcome: str
    hosts: tuple[str, ...]
    fixes: tuple[FixSummary, ...]
    denials: tuple[DenialSummary, ...]
    proposed: tuple[str, ...]
    missed: tuple[str, ...]
    demoted: tuple[DemotionSummary, ...]
    policy: Digest

    @property
    def opened(self) -> bool:
        """True for an incident; one whose beginning is missing counts as such."""
        return self.disposition in {Disposition.INCIDENT, ""}


def summarise(chain: Iterable[DecodedEntry]) -> Summary:
    """The summary of one chain, which has an entry; raises `InvalidInput`."""
    record = tuple(chain)
    first, *_ = [each.checked() for each in record]
    opening = first if isinstance(first, entries.SignalReceived) else entries.SignalReceived()
    joins = tuple(events(record, entries.SignalsJoined))
    joined = [signal for each in joins for signal in each.joined]
    recoveries = sum(1 for each in joined if each.disposition == Disposition.RECOVERY)
    severity, condition = final_lead(record, opening)
    responses = events(record, entries.ResponseMeasured)
    demotions = timed(record, entries.ActionDemoted)
    fixes = tuple(_fixes(record).values())
    ending = _ending(record, opening, fixes)
    return Summary(
        incident=record[0].entry.incident,
        entries=len(record),
        whole=all(each.entry.sequence == number for number, each in enumerate(record, start=1)),
        disposition=opening.disposition,
        severity=severity,
        condition=condition,
        alarm=opening.subject,
        signals=len(tuple(events(record, entries.SignalReceived))) + len(joined),
        flaps=max(recoveries - 1, 0),
        signalled_at=opening.signalled_at,
        opened_at=record[0].at,
        last_at=record[-1].at,
        paged_at=_paged_at(record),
        ended_at=ending.at,
        recovered_at=ending.recovered_at,
        outcome=ending.outcome,
        hosts=tuple(dict.fromkeys(_hosts(record))),
        fixes=fixes,
        denials=tuple(dict.fromkeys(_denials(record))),
        proposed=tuple(dict.fromkeys(each.action for each in events(record, entries.PlanProposed))),
        missed=tuple(dict.fromkeys(each.severity for each in responses if not each.met)),
        demoted=tuple(DemotionSummary(each.action, each.failed, at) for at, each in demotions),
        policy=record[-1].policy,
    )


def final_lead(
    record: Iterable[DecodedEntry], opening: entries.SignalReceived
) -> tuple[str | None, str | None]:
    """The severity and the condition at the end, starting from those of *opening*."""
    severity, condition = opening.severity, opening.condition
    for each in record:
        match each.event:
            case entries.SignalsJoined(leads=lead) if lead is not None:
                severity, condition = lead.severity, lead.condition
            case entries.DecisionMade(raised_to=raised) if raised is not None:
                severity = raised
            case _:
                pass
    return severity, condition


class Ending(NamedTuple):
    """The outcome of an incident, its end, and its recovery, if any."""

    outcome: str
    at: datetime | None
    recovered_at: datetime | None = None


def endings(record: Iterable[DecodedEntry], *, helped: bool) -> Iterator[Ending]:
    """The ending of each decision that ends the incident; resolved if a fix *helped*.

    An action that takes back a fix of firstline does not count as helped.
    """
    closed = Status.RESOLVED if helped else Status.SELF_RECOVERED
    for at, event in timed(record, entries.DecisionMade):
        if event.step_type == "escalate":
            yield Ending(Status.ESCALATED.value, at)
        elif event.step_type in ENDING_STEPS:
            yield Ending(closed.value, at, event.recovered_at or at)


def _ending(
    record: tuple[DecodedEntry, ...], opening: entries.SignalReceived, fixes: tuple[FixSummary, ...]
) -> Ending:
    """The outcome and the end; a signal that opened no incident ends at its entry."""
    ended = tuple(endings(record, helped=any(each.repaired for each in fixes)))
    if ended:
        return ended[-1]
    outcome = SIGNAL_OUTCOMES.get(opening.disposition)
    return Ending(outcome, record[0].at) if outcome else Ending(OPEN, None)


def _paged_at(record: tuple[DecodedEntry, ...]) -> datetime | None:
    pages = timed(record, entries.PageDelivered)
    return next((at for at, it in pages if is_alert(it) and it.outcome == "accepted"), None)


def _hosts(record: tuple[DecodedEntry, ...]) -> Iterator[str]:
    """The hosts of looks and fixes."""
    for each in record:
        match each.event:
            case entries.LookIntended(targets=targets):
                pass
            case entries.FixIntended() as event:
                targets = event.hosts or event.targets
            case _:
                targets = ()
        yield from (target for target in targets if target.startswith("i-"))


def _denials(record: tuple[DecodedEntry, ...]) -> Iterator[DenialSummary]:
    for event in events(record, entries.DecisionMade):
        plan = event.plan or entries.PlannedFix()
        yield from (DenialSummary(guard, plan.action, plan.target) for guard, _ in event.denials)


def _fixes(record: tuple[DecodedEntry, ...]) -> dict[str, FixSummary]:
    """Each fix by its token, with its latest outcome and verdict."""
    approved: set[str] = set()
    fixes: dict[str, FixSummary] = {}
    for each in record:
        match each.event:
            case entries.PlanAnswered(granted=True, counts=True, plan=plan):
                approved.add(plan)
            case entries.FixIntended() as event:
                fixes[event.token] = FixSummary(
                    action=event.action,
                    target=", ".join(event.targets),
                    at=each.at,
                    approved=event.plan in approved,
                )
            case entries.FixReported() | entries.FixVerified() as event if event.token in fixes:
                fix = fixes[event.token]
                helped = event.helped if isinstance(event, entries.FixVerified) else fix.helped
                outcome = event.outcome or fix.outcome
                fixes[event.token] = copy.replace(fix, outcome=outcome, helped=helped)
            case _:
                pass
    return fixes
