"""Approval requests: the plans that await an answer, each with its two commands."""

from collections.abc import Iterable
from datetime import datetime

from firstline import command_lines
from firstline.ids import IncidentId
from firstline.incidents.approvals import Proposal
from firstline.incidents.incident import Incident
from firstline.ledger.entries import FixIntended, PlanAnswered, PlanProposed
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting.console.view import ApprovalRequest
from firstline.reporting.events import events


def of_incident(incident: Incident, now: datetime, where: str) -> tuple[ApprovalRequest, ...]:
    """Proposals of a stored incident that are unanswered and not expired.

    *where* are the options that select the deployment on the command line.
    """
    return tuple(
        _ask(incident.id, each, each.until, where)
        for each in incident.proposals
        if _waits(each, now)
    )


def of_chain(
    records: Iterable[DecodedEntry], now: datetime, where: str
) -> tuple[ApprovalRequest, ...]:
    """Plans that a chain proposed, and neither answered nor carried out since."""
    waiting: dict[str, ApprovalRequest] = {}
    for each in records:
        match each.event:
            case PlanProposed(approvable=True, until=datetime() as until) as event:
                waiting[event.plan] = _ask(each.entry.incident, event, until, where)
            case PlanAnswered(plan=plan) | FixIntended(plan=plan):
                waiting.pop(plan, None)
            case _:
                pass
    return tuple(each for each in waiting.values() if now < each.until)


def approvers_of_incident(incident: Incident) -> tuple[str, ...]:
    """The people who approved a fix of a stored incident."""
    answers = (each.approval for each in incident.proposals if each.approval is not None)
    return _names(each.by for each in answers if each.granted)


def approvers_of_chain(records: Iterable[DecodedEntry]) -> tuple[str, ...]:
    """The people who approved a fix, by the entries of a chain."""
    return _names(each.by for each in events(records, PlanAnswered) if each.granted and each.counts)


def _names(people: Iterable[str]) -> tuple[str, ...]:
    """People by the last part of their ARNs, each once."""
    return tuple(dict.fromkeys(redact(each.rsplit("/", 1)[-1]) for each in people))


def _waits(proposal: Proposal, now: datetime) -> bool:
    return proposal.answerable and proposal.approval is None and now < proposal.until


def _ask(
    id_: IncidentId, proposal: Proposal | PlanProposed, until: datetime, where: str
) -> ApprovalRequest:
    short = proposal.plan[:12]
    return ApprovalRequest(
        what=redact(f"{proposal.action} on {proposal.target}"),
        until=until,
        approve=command_lines.approve(id_, short, where),
        deny=command_lines.deny(id_, short, where),
    )
