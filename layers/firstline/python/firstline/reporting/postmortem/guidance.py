"""Guidance: the next steps, at the top of a report."""

from firstline.incidents.incident import Status
from firstline.ledger.entries import DecisionMade, IncidentEscalated
from firstline.reporting.events import events
from firstline.reporting.incident_summary import OPEN
from firstline.reporting.postmortem.formatting import format_instant, split_parts
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Advice, Guidance, advice

OVER = "The incident is closed; no immediate action is required. To prevent a recurrence:"


def guidance(
    record: Record, facts: IncidentFacts, follow_ups: tuple[Advice, ...]
) -> Guidance | None:
    """The next steps of an escalated incident, or the follow-ups of one that is over.

    None for a signal that opened no incident.
    """
    match facts.outcome:
        case Status.ESCALATED:
            return _escalated(record, facts)
        case Status.RESOLVED | Status.SELF_RECOVERED if facts.opened:
            return Guidance(text=OVER, steps=follow_ups)
        case _ if facts.outcome == OPEN:
            return _open(record)
        case _:
            return None


def _escalated(record: Record, facts: IncidentFacts) -> Guidance:
    (last,) = [*events(record, IncidentEscalated)][-1:] or [IncidentEscalated()]
    owner = last.owner or "on-call"
    since = f" since {format_instant(facts.owned_since)}" if facts.owned_since else ""
    why = f": {last.why}" if last.why else ""
    text = f"Escalated to {owner}{since}{why}. firstline takes no further action."
    return Guidance(text=text, steps=tuple(map(advice, split_parts(last.next))))


def _open(record: Record) -> Guidance:
    reasons = [each.why for each in events(record, DecisionMade)]
    why = f": {reasons[-1]}" if reasons else ""
    return Guidance(text=f"firstline is handling the incident{why}.", steps=())
