"""Guidance: the next steps, at the top of a report."""

from firstline.incidents.incident import Status
from firstline.ledger.entries import DecisionMade, HandedOver
from firstline.reporting.events import events
from firstline.reporting.incident_summary import OPEN
from firstline.reporting.postmortem.formatting import format_instant, split_parts
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Advice, Guidance, advice

OVER = "It is over, and nothing has to be done at once. What may keep it from coming again:"


def guidance(
    record: Record, stands: IncidentFacts, follow_ups: tuple[Advice, ...]
) -> Guidance | None:
    """The next steps of an escalated incident, or the follow-ups of one that is over.

    None for a signal that opened no incident.
    """
    match stands.outcome:
        case Status.HANDED_OVER:
            return _escalated(record, stands)
        case Status.RESOLVED | Status.OBSERVED if stands.opened:
            return Guidance(text=OVER, steps=follow_ups)
        case _ if stands.outcome == OPEN:
            return _open(record)
        case _:
            return None


def _escalated(record: Record, stands: IncidentFacts) -> Guidance:
    (last,) = [*events(record, HandedOver)][-1:] or [HandedOver()]
    owner = f" ({last.owner})" if last.owner else ""
    since = f" since {format_instant(stands.owned_since)}" if stands.owned_since else ""
    why = f": {last.why}" if last.why else ""
    text = f"A person{owner} has it{since}{why}. firstline does nothing more for it."
    return Guidance(text=text, steps=tuple(map(advice, split_parts(last.next))))


def _open(record: Record) -> Guidance:
    reasons = [each.why for each in events(record, DecisionMade)]
    why = f": {reasons[-1]}" if reasons else ""
    return Guidance(text=f"firstline works on it{why}.", steps=())
