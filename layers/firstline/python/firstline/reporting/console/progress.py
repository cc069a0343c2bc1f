"""Progress of an open incident: the current action, the reason, and the next step."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from firstline.incidents.incident import Incident
from firstline.ledger.entries import DecisionMade, IncidentEscalated
from firstline.ledger.export import DecodedEntry
from firstline.redaction import redact
from firstline.reporting.events import events
from firstline.reporting.incident_summary import FixSummary
from firstline.reporting.postmortem.formatting import split_parts

_NEXT = {
    "look": "reads the hosts' answers",
    "fix": "reads the result of the fix",
    "request-approval": "reconciles again, or earlier on an operator's answer",
}
"""The purpose of the next wake, by the last step; after any other it looks again."""
LOOKS_AGAIN = "reconciles again"


class NextStep(NamedTuple):
    """The next step, its time, and the reason of the last decision."""

    next: str
    at: datetime | None
    why: str


def next_step(last: DecodedEntry | None, at: datetime | None) -> NextStep:
    """The step after the decision *last*; *at* is the next wake, if known."""
    event = last.event if last is not None else None
    if not isinstance(event, DecisionMade):
        return NextStep(LOOKS_AGAIN if at else "", at, "")
    return NextStep(
        _NEXT.get(event.step_type, LOOKS_AGAIN), at or _planned(event), redact(event.why)
    )


def last_decision(records: Sequence[DecodedEntry]) -> DecodedEntry | None:
    """The last of *records* that is a decision."""
    decisions = (each for each in reversed(records) if isinstance(each.event, DecisionMade))
    return next(decisions, None)


def escalation_steps(records: Iterable[DecodedEntry]) -> tuple[str, ...]:
    """A person's next steps from the last escalation among *records*."""
    texts = [each.next for each in events(records, IncidentEscalated)]
    return tuple(map(redact, split_parts(texts[-1]))) if texts else ()


def current_action(incident: Incident) -> str:
    """The current action: a fix, a look, or watching; and the number of verified hosts."""
    verified = sum(1 for each in incident.targets if each.verified)
    hosts = f"{verified} of {len(incident.targets)} hosts verified" if incident.targets else ""
    return "; ".join(each for each in (_step(incident), hosts) if each)


def last_fix(fixes: Sequence[FixSummary]) -> str:
    """The last fix of an exported chain, and its verdict."""
    if not fixes:
        return "watches"
    last = fixes[-1]
    done = f": {last.undoing}" if last.undoing else " helped"
    verdicts = {True: done, False: " did not help", None: " has no verdict yet"}
    return f"{redact(last.action)} on {redact(last.target)}{verdicts[last.helped]}"


def _step(incident: Incident) -> str:
    if incident.current is not None:
        phase = "is being verified" if incident.current.answered_at else "was sent"
        return f"{incident.current.action} on {incident.current.target} {phase}"
    if incident.look is not None:
        return "inspects hosts"
    return "watches" if incident.recovered_at is None else "recovered, watches for a relapse"


def _planned(event: DecisionMade) -> datetime | None:
    """The end of a wait or a look, from its step."""
    planned = event.step.get("until", event.step.get("read_at"))
    try:
        return msgspec.convert(planned, datetime | None)
    except msgspec.ValidationError:
        return None
