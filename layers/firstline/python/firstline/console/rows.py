"""Rows of the console: of an incident as it is stored, or of a chain that was exported."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from firstline import command_lines
from firstline.approvals import Proposal
from firstline.console.view import Ask, Row, Stop
from firstline.export import Recorded
from firstline.ids import IncidentId
from firstline.incident import Incident
from firstline.ledger import Kind
from firstline.pauses import Switch
from firstline.redaction import redact
from firstline.summarise import summarise
from firstline.summary import OPEN, Summary

OWNERS = {OPEN: "firstline", "handed-over": "on-call"}
"""Whose an incident is by how it stands; nobody's when it is over."""


def of_incident(held: Incident, now: datetime) -> Row:
    """The incident as it is stored now."""
    outcome = held.status.value if held.ended else OPEN
    asks = (
        _ask(held.id, each.action, each.target, each.plan, each.until)
        for each in held.proposals
        if _waits(each, now)
    )
    return Row(
        id=held.id,
        severity=held.severity.value,
        condition=held.condition.value,
        alarm=redact(held.alarm),
        opened_at=held.opened_at,
        ended_at=held.ended_at,
        outcome=outcome,
        owner=OWNERS.get(outcome, ""),
        doing="" if held.ended else _doing(held),
        asks=tuple(asks),
    )


def of_chain(records: Sequence[Recorded], now: datetime) -> Row:
    """What the entries of a chain tell; raises `Malformed` for one of another form."""
    told = summarise(records)
    return Row(
        id=told.incident,
        severity=redact(told.severity or ""),
        condition=redact(told.condition or ""),
        alarm=redact(told.alarm),
        opened_at=told.opened_at,
        ended_at=told.ended_at,
        outcome=told.outcome,
        owner=OWNERS.get(told.outcome, ""),
        doing=_tried(told) if told.outcome == OPEN else "",
        asks=tuple(_asked(records, now)) if told.outcome == OPEN else (),
    )


def stops(switch: Switch, now: datetime) -> tuple[Stop, ...]:
    """The pauses that stand."""
    return tuple(
        Stop(scope=each.scope, why=redact(each.why), by=redact(each.by), until=each.until)
        for each in switch.pauses
        if now < each.until
    )


def stops_told(records: Iterable[Recorded], now: datetime) -> tuple[Stop, ...]:
    """The pauses that stand by the entries of the kill switch's own chain."""
    standing: dict[str, Stop] = {}
    for each in records:
        scope = str(each.data.get("scope"))
        standing.pop(scope, None)
        if each.data.get("change") == "paused":
            standing[scope] = _stop(scope, each.data)
    return tuple(each for each in standing.values() if now < each.until)


def _stop(scope: str, data: dict[str, Any]) -> Stop:
    until = datetime.fromisoformat(data["until"])
    return Stop(scope=redact(scope), why=redact(data["why"]), by=redact(data["by"]), until=until)


def _waits(proposal: Proposal, now: datetime) -> bool:
    return proposal.answerable and proposal.approval is None and now < proposal.until


def _doing(held: Incident) -> str:
    """What goes on: a fix, a look, or watching; and how many hosts are verified by now."""
    verified = sum(1 for each in held.targets if each.verified)
    hosts = f"{verified} of {len(held.targets)} hosts verified" if held.targets else ""
    return "; ".join(each for each in (_step(held), hosts) if each)


def _step(held: Incident) -> str:
    if held.current is not None:
        phase = "is being verified" if held.current.answered_at else "was sent"
        return f"{held.current.action} on {held.current.target} {phase}"
    return "looks at hosts" if held.look is not None else "watches"


def _tried(told: Summary) -> str:
    last = told.fixes[-1] if told.fixes else None
    return f"last tried: {last.action} on {last.target}" if last else ""


def _asked(records: Iterable[Recorded], now: datetime) -> Iterator[Ask]:
    """Plans that were proposed, and neither answered nor done since."""
    waiting: dict[str, Recorded] = {}
    for each in records:
        plan = str(each.data.get("plan"))
        if each.kind == Kind.PROPOSAL and each.data.get("approvable"):
            waiting[plan] = each
        elif each.kind in {Kind.APPROVAL, Kind.INTENT}:
            waiting.pop(plan, None)
    for plan, each in waiting.items():
        until = datetime.fromisoformat(each.data["until"])
        if now < until:
            data = each.data
            yield _ask(each.entry.incident, data["action"], data["target"], plan, until)


def _ask(id_: IncidentId, action: str, target: str, plan: str, until: datetime) -> Ask:
    short = plan[:12]
    return Ask(
        what=redact(f"{action} on {target}"),
        until=until,
        approve=command_lines.approve(id_, short),
        deny=command_lines.deny(id_, short),
    )


def age(row: Row, now: datetime) -> timedelta:
    """How long it has been open, or was."""
    return max((row.ended_at or now) - row.opened_at, timedelta(0))
