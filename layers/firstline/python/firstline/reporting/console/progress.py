"""Progress: what goes on in an open incident, why, and what comes next and when."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from firstline.incidents.incident import Incident
from firstline.ledger.entries import DecisionMade, HandedOver
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting.events import events
from firstline.reporting.incident_summary import Tried
from firstline.reporting.postmortem.words import parts

_NEXT = {
    "look": "reads what the hosts answer",
    "fix": "reads what the fix came to",
    "ask": "looks again, and sooner if a person answers",
}
"""What the next wake is for, by the last step; after any other it looks again."""
AGAIN = "looks again"


class Coming(NamedTuple):
    """What comes next, when, and the reason that the last decision gave."""

    next: str
    at: datetime | None
    why: str


def coming(last: DecodedEntry | None, at: datetime | None) -> Coming:
    """After the decision *last*; *at* is the next wake, where it is known."""
    event = last.event if last is not None else None
    if not isinstance(event, DecisionMade):
        return Coming(AGAIN if at else "", at, "")
    return Coming(_NEXT.get(event.step_type, AGAIN), at or _planned(event), redact(event.why))


def last_decision(records: Sequence[DecodedEntry]) -> DecodedEntry | None:
    """The last of *records* that is a decision."""
    found = (each for each in reversed(records) if isinstance(each.event, DecisionMade))
    return next(found, None)


def steps(records: Iterable[DecodedEntry]) -> tuple[str, ...]:
    """What the last escalation among *records* gave a person to do next."""
    following = [each.next for each in events(records, HandedOver)]
    return tuple(map(redact, parts(following[-1]))) if following else ()


def doing(held: Incident) -> str:
    """What goes on: a fix, a look, or watching; and how many hosts are verified by now."""
    verified = sum(1 for each in held.targets if each.verified)
    hosts = f"{verified} of {len(held.targets)} hosts verified" if held.targets else ""
    return "; ".join(each for each in (_step(held), hosts) if each)


def tried(fixes: Sequence[Tried]) -> str:
    """What an exported chain shows of it: the last fix, and whether it was judged."""
    if not fixes:
        return "watches"
    last = fixes[-1]
    done = f": {last.undoing}" if last.undoing else " helped"
    verdicts = {True: done, False: " did not help", None: " has no verdict yet"}
    return f"{redact(last.action)} on {redact(last.target)}{verdicts[last.helped]}"


def _step(held: Incident) -> str:
    if held.current is not None:
        phase = "is being verified" if held.current.answered_at else "was sent"
        return f"{held.current.action} on {held.current.target} {phase}"
    if held.look is not None:
        return "looks at hosts"
    return "watches" if held.recovered_at is None else "recovered, watches whether it comes back"


def _planned(event: DecisionMade) -> datetime | None:
    """When a wait or a look ends, as its step says."""
    planned = event.step.get("until", event.step.get("read_at"))
    try:
        return msgspec.convert(planned, datetime | None)
    except msgspec.ValidationError:
        return None
