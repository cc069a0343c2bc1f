"""The summary in plain words: the first text for a reader."""

from collections.abc import Iterator

from firstline.incidents.incident import Status
from firstline.ledger.entries import IncidentEscalated
from firstline.reporting.events import events
from firstline.reporting.incident_summary import OPEN
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.formatting import (
    format_duration,
    format_instant,
    group,
    list_names,
)
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Cause
from firstline.reporting.tally import tally


def title(facts: IncidentFacts) -> str:
    """One line: severity, condition, outcome, duration."""
    lasted = format_duration((facts.recovered_at or facts.ended_at) - facts.began_at)
    if not facts.opened:
        return f"{facts.subject or 'a signal'}: {facts.outcome}"
    outcome = facts.outcome
    return f"{facts.severity} {facts.condition}: {outcome} after {lasted}"


def summary(
    record: Record, facts: IncidentFacts, fixed: tuple[Fix, ...], likely: Cause
) -> Iterator[str]:
    """A few sentences, in the order of time."""
    began = format_instant(facts.began_at)
    yield f"At {began} {facts.subject or 'a signal'} was received: {facts.why}."
    if not facts.opened:
        yield f"It opened no incident: it was {facts.outcome}."
        return
    yield f"Likely cause: {likely.likely}."
    yield _done(fixed)
    yield from _ended(record, facts)


def _done(fixed: tuple[Fix, ...]) -> str:
    sent = [each for each in fixed if each.sent]
    if not sent:
        return "firstline changed nothing."
    actions = group((each.action, each.target) for each in sent)
    done = ", then ".join(
        f"{action} on {list_names(targets)}" for action, targets in actions.items()
    )
    return f"firstline did {done}; {tally(sent)}."


def _ended(record: Record, facts: IncidentFacts) -> Iterator[str]:
    lasted = format_duration((facts.recovered_at or facts.ended_at) - facts.began_at)
    match facts.outcome:
        case Status.RESOLVED:
            yield (
                f"After {lasted} every alarm was OK and every host in scope verified: the "
                "incident closed."
            )
        case Status.SELF_RECOVERED:
            yield f"After {lasted} the incident closed without a fix by firstline."
        case Status.ESCALATED:
            why = ", ".join(each.why for each in events(record, IncidentEscalated))
            yield f"After {lasted} it was escalated to on-call: {why}."
        case _:
            yield f"It is still {OPEN}."
