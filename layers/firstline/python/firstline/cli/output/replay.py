"""Account for a replay: its ledgers and pages as the lines of `firstline.cli.output.lines`."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from firstline.cli.output.lines import ActionLine, DenialLine, PageLine, ReplayLine, UpdateLine
from firstline.diagnosis.evidence import HostReport
from firstline.ids import IncidentId, InstanceId
from firstline.lab.twin.pager.alerts import Received
from firstline.lab.twin.replay_result import IncidentLedger, ReplayResult
from firstline.ledger.entries import (
    ActionReported,
    DecisionMade,
    FixIntended,
    FixReported,
    HostsInspected,
    LookIntended,
    LookReported,
    SignalReceived,
)
from firstline.ledger.export import DecodedEntry, decode_entry
from firstline.reporting.incident_summary import SIGNAL_OUTCOMES
from firstline.signal import Disposition

_OUTCOMES = (LookReported, FixReported, HostsInspected)


def lines(replayed: ReplayResult) -> tuple[ReplayLine, ...]:
    """One line for each ledger; one for a replay of which nothing was recorded."""
    if not replayed.ledgers:
        return (_unrecorded(replayed),)
    return tuple(_line(chapter, replayed) for chapter in replayed.ledgers)


def _line(chapter: IncidentLedger, replayed: ReplayResult) -> ReplayLine:
    incident = chapter.incident
    read = [decode_entry(each) for each in chapter.entries]
    disposition = _disposition(read[0])
    pages = [each for each in replayed.pages if each.key.split(":")[0] == chapter.id]
    return ReplayLine(
        incident=incident.id if incident else None,
        severity=incident.severity if incident else None,
        condition=incident.condition if incident else None,
        disposition=disposition,
        outcome=incident.status if incident else SIGNAL_OUTCOMES.get(disposition, "ignored"),
        pages=tuple(_page(each, replayed.start) for each in pages),
        updates=tuple(_updates(chapter.id, replayed)),
        actions=tuple(actions(read, replayed.start)),
        denials=tuple(denials(read)),
        entries=len(chapter.entries),
        ledger_head=chapter.entries[-1].hash,
        virtual_seconds=since(replayed.end, replayed.start),
    )


def _disposition(first: DecodedEntry) -> str:
    event = first.event
    return event.disposition if isinstance(event, SignalReceived) else ""


def _unrecorded(replayed: ReplayResult) -> ReplayLine:
    """The store never took anything: what was paged is with a person, and nothing else is."""
    return ReplayLine(
        incident=None,
        severity=None,
        condition=None,
        disposition=Disposition.INCIDENT if replayed.pages else None,
        outcome="handed-over" if replayed.pages else None,
        pages=tuple(_page(each, replayed.start) for each in replayed.pages),
        updates=(),
        actions=(),
        denials=(),
        entries=0,
        ledger_head=None,
        virtual_seconds=since(replayed.end, replayed.start),
    )


def _updates(incident: IncidentId, replayed: ReplayResult) -> Iterator[UpdateLine]:
    """The change events of its decisions; those of a demotion and a drill say nothing of it."""
    for each in replayed.updates:
        payload: Any = each.body["payload"]
        details = payload["custom_details"]
        if details["incident"] == incident and "known" in details:
            yield UpdateLine(at_seconds=since(each.at, replayed.start), summary=payload["summary"])


def _page(page: Received, start: datetime) -> PageLine:
    payload: Any = page.body.get("payload", {})
    return PageLine(
        event_action=page.action,
        dedup_key=page.key,
        severity=payload.get("severity"),
        at_seconds=since(page.at, start),
        body=page.body,
        notified=page.notified,
    )


def actions(read: Sequence[DecodedEntry], start: datetime) -> Iterator[ActionLine]:
    """Each intent's targets, with the last outcome that bears the intent's token."""
    events = [each.event for each in read]
    outcomes = {it.token: it for it in events if isinstance(it, _OUTCOMES)}
    for each in read:
        event = each.event
        if not isinstance(event, LookIntended | FixIntended):
            continue
        for target in event.targets:
            yield ActionLine(
                action=event.action,
                kind="look" if isinstance(event, LookIntended) else "fix",
                target=target,
                outcome=_outcome(outcomes.get(event.token), target),
                at_seconds=since(each.at, start),
            )


def _outcome(event: ActionReported | HostsInspected | None, target: str) -> str | None:
    """``done``, ``failed``, ``unknown`` or ``not-sent``; a look is done where a host reported."""
    if isinstance(event, HostsInspected):
        return "done" if isinstance(event.hosts[InstanceId(target)], HostReport) else "unknown"
    return event.outcome if event is not None else None


def denials(read: Sequence[DecodedEntry]) -> Iterator[DenialLine]:
    """Each guard's denial of each plan, once."""
    events = (each.event for each in read)
    lines = (
        DenialLine(
            guard=guard,
            reason=denial.reason or "",
            action=it.plan.action,
            target=it.plan.target,
            why=denial.why,
        )
        for it in events
        if isinstance(it, DecisionMade) and it.plan is not None
        for guard, denial in it.denials
    )
    return iter(dict.fromkeys(lines))


def since(at: datetime, start: datetime) -> int:
    return round((at - start).total_seconds())
