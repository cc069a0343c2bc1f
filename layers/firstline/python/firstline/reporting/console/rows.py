"""Rows of the console, from a stored incident or an exported chain."""

import copy
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from firstline.errors import Unreadable
from firstline.ids import IncidentId
from firstline.incidents.incident import Incident, Status
from firstline.ledger.entries import SignalReceived, SignalsJoined
from firstline.ledger.export import DecodedEntry
from firstline.notifications.unreadable_page import UNREADABLE_STEPS
from firstline.redaction import redact
from firstline.remediation.kill_switch import KillSwitch
from firstline.reporting import links
from firstline.reporting.console import approval_requests, hosts, progress
from firstline.reporting.console.escalation import EscalationState
from firstline.reporting.console.hosts import EvidencePolicy
from firstline.reporting.console.view import ActivePause, Row
from firstline.reporting.events import events
from firstline.reporting.incident_summary import OPEN, summarise
from firstline.reporting.links import Places
from firstline.signal import Disposition

OWNERS = {OPEN: "firstline", Status.ESCALATED.value: "on-call"}
"""The owner of an incident by its outcome; one that is over has none."""
UNREADABLE = "cannot be read"
"""Shown in place of the condition of an unreadable incident."""


class RowContext(msgspec.Struct, frozen=True, kw_only=True):
    """Shared inputs of all rows: the instant, the evidence policy, and the locations of pages."""

    now: datetime
    judging: EvidencePolicy = EvidencePolicy()
    places: Places = Places()


def of_incident(incident: Incident, tail: Sequence[DecodedEntry], lens: RowContext) -> Row:
    """The row of a stored incident; *tail* are the last entries of its chain."""
    outcome = incident.status.value if incident.ended else OPEN
    last = progress.last_decision(tail)
    upcoming = progress.next_step(last, incident.next_wake_at)
    return Row(
        id=incident.id,
        severity=incident.severity.value,
        condition=incident.condition.value,
        alarm=redact(incident.alarm),
        opened_at=incident.opened_at,
        ended_at=incident.ended_at,
        outcome=outcome,
        owner=OWNERS.get(outcome, ""),
        owned_since=incident.ended_at or incident.opened_at,
        approvers=approval_requests.approvers_of_incident(incident),
        hosts=hosts.of_decision(last, incident.hosts, lens.judging),
        doing="" if incident.ended else progress.current_action(incident),
        why=upcoming.why,
        next="" if incident.ended else upcoming.next,
        next_at=None if incident.ended else upcoming.at,
        steps=progress.escalation_steps(tail),
        asks=()
        if incident.ended
        else approval_requests.of_incident(incident, lens.now, lens.places.where),
        links=links.of_incident(lens.places, incident.id, incident.alarm_arn, ended=incident.ended),
    )


def of_chain(records: Sequence[DecodedEntry], lens: RowContext) -> Row:
    """The row of a chain; raises `InvalidInput` for one of another form."""
    summary = summarise(records)
    is_open = summary.outcome == OPEN
    upcoming = progress.next_step(progress.last_decision(records), None)
    arns = (each.arn for each in events(records, SignalReceived) if each.arn)
    return Row(
        id=summary.incident,
        severity=redact(summary.severity or ""),
        condition=redact(summary.condition or ""),
        alarm=redact(summary.alarm),
        opened_at=summary.opened_at,
        ended_at=summary.ended_at,
        outcome=summary.outcome,
        owner=OWNERS.get(summary.outcome, ""),
        owned_since=summary.ended_at or summary.opened_at,
        approvers=approval_requests.approvers_of_chain(records),
        hosts=hosts.of_chain(records, lens.judging),
        doing=progress.last_fix(summary.fixes) if is_open else "",
        why=upcoming.why,
        next=upcoming.next if is_open else "",
        next_at=upcoming.at if is_open else None,
        steps=progress.escalation_steps(records),
        asks=approval_requests.of_chain(records, lens.now, lens.places.where) if is_open else (),
        links=links.of_incident(lens.places, summary.incident, next(arns, ""), ended=not is_open),
    )


def of_unreadable(error: Unreadable) -> Row:
    """An open incident whose stored form this code cannot parse: its few known facts."""
    return Row(
        id=IncidentId(error.incident),
        severity=redact(error.severity),
        condition=UNREADABLE,
        alarm="",
        opened_at=error.opened_at,
        ended_at=None,
        outcome=OPEN,
        owner=OWNERS[Status.ESCALATED.value],
        unreadable=(
            f"This version cannot read the incident: {redact(error.why)}. {UNREADABLE_STEPS}"
        ),
    )


def of_odd_chain(records: Sequence[DecodedEntry], why: str) -> Row:
    """A chain of another form: its first entry's instant, and why it cannot be read."""
    return Row(
        id=records[0].entry.incident,
        severity="",
        condition=UNREADABLE,
        alarm="",
        opened_at=records[0].at,
        ended_at=None,
        outcome=OPEN,
        owner="",
        unreadable=(
            f"This version cannot read the incident: {redact(why)}. Read it with the version "
            "that wrote it."
        ),
    )


def with_escalation(row: Row, state: EscalationState | None) -> Row:
    """*row* with its escalation state; None for one that is not escalated."""
    if state is None:
        return row
    return copy.replace(row, escalated=state.is_open, alarms=state.alarms)


def alarms_of_chain(records: Iterable[DecodedEntry]) -> tuple[str, ...]:
    """The ARNs of the alarms in a chain's signals of trouble, redacted as the chain has them."""
    received = (each.event for each in records)
    joined = (each for each in received if isinstance(each, SignalReceived | SignalsJoined))
    signals = (signal for each in joined for signal in each.signals)
    troubles = (each for each in signals if each.disposition == Disposition.INCIDENT)
    return tuple(dict.fromkeys(each.arn for each in troubles if each.arn))


def active_pauses(switch: KillSwitch, now: datetime) -> tuple[ActivePause, ...]:
    """The pauses that are active at *now*."""
    return tuple(
        redacted_pause(each.scope, each.why, each.by, each.until)
        for each in switch.pauses
        if now < each.until
    )


def redacted_pause(scope: str, why: str, by: str, until: datetime) -> ActivePause:
    """A pause, with redacted texts."""
    return ActivePause(scope=redact(scope), why=redact(why), by=redact(by), until=until)


def age(row: Row, now: datetime) -> timedelta | None:
    """The time for which it has been open, or was; None if its beginning is unknown.

    An escalated one is open.
    """
    if row.opened_at is None:
        return None
    end = now if row.escalated else row.ended_at or now
    return max(end - row.opened_at, timedelta(0))
