"""A replay as JSON documents, made from its ledgers and pages."""

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
    """Return one line for each ledger; one line for a replay that recorded nothing."""
    if not replayed.ledgers:
        return (_line_without_records(replayed),)
    return tuple(_line(ledger, replayed) for ledger in replayed.ledgers)


def _line(ledger: IncidentLedger, replayed: ReplayResult) -> ReplayLine:
    incident = ledger.incident
    records = [decode_entry(each) for each in ledger.entries]
    disposition = _disposition(records[0])
    pages = [each for each in replayed.pages if each.key.split(":")[0] == ledger.id]
    return ReplayLine(
        incident=incident.id if incident else None,
        severity=incident.severity if incident else None,
        condition=incident.condition if incident else None,
        disposition=disposition,
        outcome=incident.status if incident else SIGNAL_OUTCOMES.get(disposition, "ignored"),
        pages=tuple(_page(each, replayed.start) for each in pages),
        updates=tuple(_updates(ledger.id, replayed)),
        actions=tuple(actions(records, replayed.start)),
        denials=tuple(denials(records)),
        entries=len(ledger.entries),
        ledger_head=ledger.entries[-1].hash,
        virtual_seconds=seconds_since(replayed.end, replayed.start),
    )


def _disposition(first: DecodedEntry) -> str:
    event = first.event
    return event.disposition if isinstance(event, SignalReceived) else ""


def _line_without_records(replayed: ReplayResult) -> ReplayLine:
    """Return the line of a replay whose store accepted no write: only pages were sent."""
    return ReplayLine(
        incident=None,
        severity=None,
        condition=None,
        disposition=Disposition.INCIDENT if replayed.pages else None,
        outcome="escalated" if replayed.pages else None,
        pages=tuple(_page(each, replayed.start) for each in replayed.pages),
        updates=(),
        actions=(),
        denials=(),
        entries=0,
        ledger_head=None,
        virtual_seconds=seconds_since(replayed.end, replayed.start),
    )


def _updates(incident: IncidentId, replayed: ReplayResult) -> Iterator[UpdateLine]:
    """Yield the change events of decisions; those of a demotion or a drill are left out."""
    for each in replayed.updates:
        payload: Any = each.body["payload"]
        details = payload["custom_details"]
        if details["incident"] == incident and "known" in details:
            yield UpdateLine(
                at_seconds=seconds_since(each.at, replayed.start), summary=payload["summary"]
            )


def _page(page: Received, start: datetime) -> PageLine:
    payload: Any = page.body.get("payload", {})
    return PageLine(
        event_action=page.action,
        dedup_key=page.key,
        severity=payload.get("severity"),
        at_seconds=seconds_since(page.at, start),
        body=page.body,
        notified=page.notified,
    )


def actions(records: Sequence[DecodedEntry], start: datetime) -> Iterator[ActionLine]:
    """Yield each target of each intent, with the last outcome that has the intent's token."""
    events = [each.event for each in records]
    outcomes = {it.token: it for it in events if isinstance(it, _OUTCOMES)}
    for each in records:
        event = each.event
        if not isinstance(event, LookIntended | FixIntended):
            continue
        for target in event.targets:
            yield ActionLine(
                action=event.action,
                kind="look" if isinstance(event, LookIntended) else "fix",
                target=target,
                outcome=_outcome(outcomes.get(event.token), target),
                at_seconds=seconds_since(each.at, start),
            )


def _outcome(event: ActionReported | HostsInspected | None, target: str) -> str | None:
    """Return the outcome word; a look is ``done`` if the host reported, else ``unknown``."""
    if isinstance(event, HostsInspected):
        return "done" if isinstance(event.hosts[InstanceId(target)], HostReport) else "unknown"
    return event.outcome if event is not None else None


def denials(records: Sequence[DecodedEntry]) -> Iterator[DenialLine]:
    """Yield each guard's denial of each plan, once."""
    events = (each.event for each in records)
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


def seconds_since(at: datetime, start: datetime) -> int:
    return round((at - start).total_seconds())
