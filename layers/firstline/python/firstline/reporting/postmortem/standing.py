"""How an incident began, who led and owned it, and how it ended, as its entries say."""

from datetime import datetime

import msgspec

from firstline.incidents.incident import Status
from firstline.ledger.entries import DecisionMade, HandedOver, SignalReceived, SignalsJoined
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.record import Record
from firstline.signal import Disposition

OPEN = "open"
_NOTED = {Disposition.REJECTED: "rejected", Disposition.CONTEXT: str(Status.OBSERVED)}


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """``began_at`` is the opening signal's own instant, ``ended_at`` the last step's.

    ``outcome`` is a status of the lifecycle, ``open`` while no step ended it, or ``ignored`` and
    the like for a signal that opened nothing. ``owned_since`` is when a person took over.
    """

    severity: str
    condition: str
    rule: str
    subject: str
    why: str
    opened: bool
    began_at: datetime
    ended_at: datetime
    outcome: str
    owner: str
    owned_since: datetime | None


def standing(record: Record, fixed: tuple[Fix, ...]) -> Standing:
    """What *record* says; its first entry is that of the opening signal."""
    first = record[0]
    signals = [
        each.event for each in record if isinstance(each.event, SignalReceived | SignalsJoined)
    ]
    opening = next((each for each in signals if isinstance(each, SignalReceived)), SignalReceived())
    leads = [each.leads for each in signals if isinstance(each, SignalsJoined) and each.leads]
    taken = [each for each in record if isinstance(each.event, HandedOver)]
    owner = taken[-1].event.owner if taken and isinstance(taken[-1].event, HandedOver) else ""
    end = _end(record)
    opened = opening.disposition == Disposition.INCIDENT
    return Standing(
        severity=leads[-1].severity if leads else opening.severity or "none",
        condition=leads[-1].condition if leads else opening.condition or "none",
        rule=opening.rule or "",
        subject=opening.subject,
        why=opening.why,
        opened=opened,
        began_at=min(opening.signalled_at or first.at, first.at),
        ended_at=end[1] if end else record[-1].at,
        outcome=_outcome(end[0], fixed) if end else _unended(opening, opened=opened),
        owner=owner or opening.owner or "nobody",
        owned_since=taken[-1].at if taken else None,
    )


def _end(record: Record) -> tuple[str, datetime] | None:
    """The step that ended it, and when; after a hand-over or a close nothing is decided."""
    steps = (
        (each.event.step_type, each.at)
        for each in record
        if isinstance(each.event, DecisionMade) and each.ends
    )
    return next(steps, None)


def _outcome(step: str, fixed: tuple[Fix, ...]) -> str:
    if step == "hand-over":
        return str(Status.HANDED_OVER)
    mended = any(each.helped for each in fixed)
    return str(Status.RESOLVED if mended else Status.OBSERVED)


def _unended(opening: SignalReceived, *, opened: bool) -> str:
    if opened:
        return OPEN
    return next((told for noted, told in _NOTED.items() if noted == opening.disposition), "ignored")
