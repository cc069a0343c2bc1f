"""The summary in plain words: what a person who was asleep reads first."""

from collections.abc import Iterator

from firstline.incidents.incident import Status
from firstline.ledger.entries import HandedOver
from firstline.reporting.events import events
from firstline.reporting.incident_summary import OPEN
from firstline.reporting.postmortem.fixes import Fix
from firstline.reporting.postmortem.record import Record
from firstline.reporting.postmortem.report import Cause
from firstline.reporting.postmortem.standing import Standing
from firstline.reporting.postmortem.words import clock, grouped, named, took
from firstline.reporting.tally import tally


def title(stands: Standing) -> str:
    """One line: severity, condition, outcome, duration."""
    lasted = took((stands.recovered_at or stands.ended_at) - stands.began_at)
    if not stands.opened:
        return f"{stands.subject or 'a signal'}: {stands.outcome}"
    told = stands.outcome.replace("-", " ")
    return f"{stands.severity} {stands.condition}: {told} after {lasted}"


def summary(
    record: Record, stands: Standing, fixed: tuple[Fix, ...], likely: Cause
) -> Iterator[str]:
    """A few sentences, in the order of time."""
    yield f"At {clock(stands.began_at)} {stands.subject or 'a signal'} was received: {stands.why}."
    if not stands.opened:
        yield f"It opened no incident: it was {stands.outcome}."
        return
    yield f"Likely cause: {likely.likely}."
    yield _done(fixed)
    yield from _ended(record, stands)


def _done(fixed: tuple[Fix, ...]) -> str:
    sent = [each for each in fixed if each.sent]
    if not sent:
        return "firstline changed nothing."
    actions = grouped((each.action, each.target) for each in sent)
    told = ", then ".join(f"{action} on {named(targets)}" for action, targets in actions.items())
    return f"firstline did {told}; {tally(sent)}."


def _ended(record: Record, stands: Standing) -> Iterator[str]:
    lasted = took((stands.recovered_at or stands.ended_at) - stands.began_at)
    match stands.outcome:
        case Status.RESOLVED:
            yield f"After {lasted} every alarm was OK and every host in scope verified: it is over."
        case Status.OBSERVED:
            yield f"After {lasted} it was over without a fix of firstline's."
        case Status.HANDED_OVER:
            why = ", ".join(each.why for each in events(record, HandedOver))
            yield f"After {lasted} a person was given it: {why}."
        case _:
            yield f"It is still {OPEN}."
