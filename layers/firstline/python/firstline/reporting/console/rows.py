"""Rows of the console: of an incident as it is stored, or of a chain that was exported."""

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
from firstline.reporting.console import asks, hosts, progress
from firstline.reporting.console.escalation import Standing
from firstline.reporting.console.hosts import Judging
from firstline.reporting.console.view import Row, Stop
from firstline.reporting.events import events
from firstline.reporting.incident_summary import OPEN, summarise
from firstline.reporting.links import Places
from firstline.signal import Disposition

OWNERS = {OPEN: "firstline", Status.HANDED_OVER.value: "a person (on-call)"}
"""Who has an incident, by how it stands; no owner when it is over."""
UNREADABLE = "cannot be read"
"""What stands in place of the condition of such an incident."""


class Lens(msgspec.Struct, frozen=True, kw_only=True):
    """What every row is made with: the instant, the policy's judgement, and where pages are."""

    now: datetime
    judging: Judging = Judging()
    places: Places = Places()


def of_incident(held: Incident, tail: Sequence[DecodedEntry], lens: Lens) -> Row:
    """The incident as it is stored now; *tail* are the last entries of its chain."""
    outcome = held.status.value if held.ended else OPEN
    last = progress.last_decision(tail)
    coming = progress.coming(last, held.next_wake_at)
    return Row(
        id=held.id,
        severity=held.severity.value,
        condition=held.condition.value,
        alarm=redact(held.alarm),
        opened_at=held.opened_at,
        ended_at=held.ended_at,
        outcome=outcome,
        owner=OWNERS.get(outcome, ""),
        owned_since=held.ended_at or held.opened_at,
        approvers=asks.approvers_of_incident(held),
        hosts=hosts.of_decision(last, held.hosts, lens.judging),
        doing="" if held.ended else progress.doing(held),
        why=coming.why,
        next="" if held.ended else coming.next,
        next_at=None if held.ended else coming.at,
        steps=progress.steps(tail),
        asks=() if held.ended else asks.of_incident(held, lens.now, lens.places.where),
        links=links.of_incident(lens.places, held.id, held.alarm_arn, ended=held.ended),
    )


def of_chain(records: Sequence[DecodedEntry], lens: Lens) -> Row:
    """What the entries of a chain tell; raises `InvalidInput` for one of another form."""
    summary = summarise(records)
    is_open = summary.outcome == OPEN
    coming = progress.coming(progress.last_decision(records), None)
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
        approvers=asks.approvers_of_chain(records),
        hosts=hosts.of_chain(records, lens.judging),
        doing=progress.tried(summary.fixes) if is_open else "",
        why=coming.why,
        next=coming.next if is_open else "",
        next_at=coming.at if is_open else None,
        steps=progress.steps(records),
        asks=asks.of_chain(records, lens.now, lens.places.where) if is_open else (),
        links=links.of_incident(lens.places, summary.incident, next(arns, ""), ended=not is_open),
    )


def of_unreadable(error: Unreadable) -> Row:
    """An open incident whose stored form this code cannot read: what stands beside it."""
    return Row(
        id=IncidentId(error.incident),
        severity=redact(error.severity),
        condition=UNREADABLE,
        alarm="",
        opened_at=error.opened_at,
        ended_at=None,
        outcome=OPEN,
        owner=OWNERS[Status.HANDED_OVER.value],
        unreadable=f"This code cannot read it: {redact(error.why)}. {UNREADABLE_STEPS}",
    )


def of_odd_chain(records: Sequence[DecodedEntry], why: str) -> Row:
    """A chain of another form: its first entry's instant, and why the rest cannot be read."""
    return Row(
        id=records[0].entry.incident,
        severity="",
        condition=UNREADABLE,
        alarm="",
        opened_at=records[0].at,
        ended_at=None,
        outcome=OPEN,
        owner="",
        unreadable=f"This code cannot read it: {redact(why)}. Look with the code that wrote it.",
    )


def standing(row: Row, stands: Standing | None) -> Row:
    """*row* with how its escalated incident stands; None for one that is not escalated."""
    if stands is None:
        return row
    return copy.replace(row, escalated=stands.is_open, alarms=stands.alarms)


def alarms_of_chain(records: Iterable[DecodedEntry]) -> tuple[str, ...]:
    """The ARNs of the alarms whose trouble the chain is of, redacted as it has them."""
    received = (each.event for each in records)
    joined = (each for each in received if isinstance(each, SignalReceived | SignalsJoined))
    signals = (signal for each in joined for signal in each.signals)
    troubles = (each for each in signals if each.disposition == Disposition.INCIDENT)
    return tuple(dict.fromkeys(each.arn for each in troubles if each.arn))


def stops(switch: KillSwitch, now: datetime) -> tuple[Stop, ...]:
    """The pauses that stand."""
    return tuple(
        stop(each.scope, each.why, each.by, each.until)
        for each in switch.pauses
        if now < each.until
    )


def stop(scope: str, why: str, by: str, until: datetime) -> Stop:
    """A pause, in words that may leave the account."""
    return Stop(scope=redact(scope), why=redact(why), by=redact(by), until=until)


def age(row: Row, now: datetime) -> timedelta | None:
    """How long it has been open, or was; None where its beginning is not known.

    An escalated one is open.
    """
    if row.opened_at is None:
        return None
    end = now if row.escalated else row.ended_at or now
    return max(end - row.opened_at, timedelta(0))
