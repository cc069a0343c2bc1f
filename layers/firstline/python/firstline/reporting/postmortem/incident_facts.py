"""The beginning, lead, owner and end of an incident, from its entries."""

from datetime import datetime

import msgspec

from firstline.ledger.entries import IncidentEscalated, SignalReceived
from firstline.reporting.events import events, timed
from firstline.reporting.incident_summary import OPEN, SIGNAL_OUTCOMES, Ending, endings, final_lead
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.record import Record
from firstline.signal import Disposition


class IncidentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts; ``began_at`` is the opening signal's own instant, ``ended_at`` the last step's.

    ``outcome`` is a status of the lifecycle, ``open`` without an ending step, or such as
    ``ignored`` for a signal that opened no incident. ``recovered_at`` is None without a
    recovery; ``owned_since`` is the start of a person's ownership.
    """

    severity: str
    condition: str
    rule: str
    subject: str
    why: str
    opened: bool
    began_at: datetime
    ended_at: datetime
    recovered_at: datetime | None
    outcome: str
    owner: str
    owned_since: datetime | None


def incident_facts(record: Record, fixed: tuple[Fix, ...]) -> IncidentFacts:
    """The facts of *record*; its first entry is that of the opening signal."""
    opening = next(events(record, SignalReceived), SignalReceived())
    severity, condition = final_lead(record, opening)
    handed_over = tuple(timed(record, IncidentEscalated))
    owned_since, taken = handed_over[-1] if handed_over else (None, IncidentEscalated())
    opened = opening.disposition == Disposition.INCIDENT
    unended = Ending(
        OPEN if opened else SIGNAL_OUTCOMES.get(opening.disposition, "ignored"), record[-1].at
    )
    # no decision follows an escalation or a close
    ending = next(endings(record, helped=any(each.repaired for each in fixed)), unended)
    return IncidentFacts(
        severity=severity or "none",
        condition=condition or "none",
        rule=opening.rule or "",
        subject=opening.subject,
        why=opening.why,
        opened=opened,
        began_at=min(opening.signalled_at or record[0].at, record[0].at),
        ended_at=ending.at or record[-1].at,
        recovered_at=ending.recovered_at,
        outcome=ending.outcome,
        owner=taken.owner or opening.owner or "nobody",
        owned_since=owned_since,
    )
