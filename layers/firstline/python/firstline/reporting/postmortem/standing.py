"""How an incident began, who led and owned it, and how it ended, as its entries say."""

from datetime import datetime

import msgspec

from firstline.ledger.entries import HandedOver, SignalReceived
from firstline.reporting.events import events, timed
from firstline.reporting.incident_summary import NOTED, OPEN, Ending, endings, leading
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.record import Record
from firstline.signal import Disposition


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``began_at`` is the opening signal's own instant, ``ended_at`` the last step's.

    ``outcome`` is a status of the lifecycle, ``open`` while no step ended it, or ``ignored`` and
    the like for a signal that opened nothing. It ``recovered_at``, if it did; ``owned_since`` is
    when a person took over.
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


def standing(record: Record, fixed: tuple[Fix, ...]) -> Standing:
    """What *record* says; its first entry is that of the opening signal."""
    opening = next(events(record, SignalReceived), SignalReceived())
    severity, condition = leading(record, opening)
    handed_over = tuple(timed(record, HandedOver))
    owned_since, taken = handed_over[-1] if handed_over else (None, HandedOver())
    opened = opening.disposition == Disposition.INCIDENT
    unended = Ending(OPEN if opened else NOTED.get(opening.disposition, "ignored"), record[-1].at)
    # after a hand-over or a close nothing is decided
    ending = next(endings(record, helped=any(each.repaired for each in fixed)), unended)
    return Standing(
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
