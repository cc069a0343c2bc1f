"""Asks: the plans that wait for a person's answer, each with its two commands."""

from collections.abc import Iterable
from datetime import datetime

from firstline import command_lines
from firstline.ids import IncidentId
from firstline.incidents.approvals import Proposal
from firstline.incidents.incident import Incident
from firstline.ledger.entries import FixIntended, PlanAnswered, PlanProposed
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting.console.view import Ask
from firstline.reporting.events import events


def of_incident(held: Incident, now: datetime, where: str) -> tuple[Ask, ...]:
    """Proposals of a stored incident without an answer, whose time is not over.

    *where* are the options by which a command finds the deployment.
    """
    return tuple(
        _ask(held.id, each, each.until, where) for each in held.proposals if _waits(each, now)
    )


def of_chain(records: Iterable[DecodedEntry], now: datetime, where: str) -> tuple[Ask, ...]:
    """Plans that a chain proposes, and neither answers nor carries out since."""
    waiting: dict[str, Ask] = {}
    for each in records:
        match each.event:
            case PlanProposed(approvable=True, until=datetime() as until) as event:
                waiting[event.plan] = _ask(each.entry.incident, event, until, where)
            case PlanAnswered(plan=plan) | FixIntended(plan=plan):
                waiting.pop(plan, None)
            case _:
                pass
    return tuple(each for each in waiting.values() if now < each.until)


def approvers_of_incident(held: Incident) -> tuple[str, ...]:
    """Who allowed a fix of a stored incident."""
    answers = (each.approval for each in held.proposals if each.approval is not None)
    return _names(each.by for each in answers if each.granted)


def approvers_of_chain(records: Iterable[DecodedEntry]) -> tuple[str, ...]:
    """Who allowed a fix, by the entries of a chain."""
    return _names(each.by for each in events(records, PlanAnswered) if each.granted and each.counts)


def _names(people: Iterable[str]) -> tuple[str, ...]:
    """People by the last part of their ARNs, each once."""
    return tuple(dict.fromkeys(redact(each.rsplit("/", 1)[-1]) for each in people))


def _waits(proposal: Proposal, now: datetime) -> bool:
    return proposal.answerable and proposal.approval is None and now < proposal.until


def _ask(id_: IncidentId, asked: Proposal | PlanProposed, until: datetime, where: str) -> Ask:
    short = asked.plan[:12]
    return Ask(
        what=redact(f"{asked.action} on {asked.target}"),
        until=until,
        approve=command_lines.approve(id_, short, where),
        deny=command_lines.deny(id_, short, where),
    )
