"""Rows of the console: of an incident as it is stored, or of a chain that was exported."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from firstline import command_lines
from firstline.ids import IncidentId
from firstline.incidents.approvals import Proposal
from firstline.incidents.incident import Incident
from firstline.ledger.entries import FixIntended, PlanAnswered, PlanProposed
from firstline.ledger.export import Recorded
from firstline.redaction import redact
from firstline.remediation.kill_switch import Switch
from firstline.reporting.console.view import Ask, Row, Stop
from firstline.reporting.incident_summary import OPEN, Summary, summarise

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
        stop(each.scope, each.why, each.by, each.until)
        for each in switch.pauses
        if now < each.until
    )


def stop(scope: str, why: str, by: str, until: datetime) -> Stop:
    """A pause, in words that may leave the account."""
    return Stop(scope=redact(scope), why=redact(why), by=redact(by), until=until)


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
    if held.look is not None:
        return "looks at hosts"
    return "watches" if held.recovered_at is None else "recovered, watches whether it comes back"


def _tried(told: Summary) -> str:
    last = told.fixes[-1] if told.fixes else None
    return f"last tried: {last.action} on {last.target}" if last else ""


def _asked(records: Iterable[Recorded], now: datetime) -> Iterator[Ask]:
    """Plans that were proposed, and neither answered nor done since."""
    waiting: dict[str, Ask] = {}
    for each in records:
        match each.event:
            case PlanProposed(approvable=True, until=datetime() as until) as event:
                ask = _ask(each.entry.incident, event.action, event.target, event.plan, until)
                waiting[event.plan] = ask
            case PlanAnswered(plan=plan) | FixIntended(plan=plan):
                waiting.pop(plan, None)
            case _:
                pass
    return (each for each in waiting.values() if now < each.until)


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
