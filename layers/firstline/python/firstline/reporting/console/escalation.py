"""Escalated incidents: each stays open for people until its alarms are known to be OK.

firstline does nothing more for them, and their recovery is recorded outside their own chains. So
what is asked is how their alarms stand now.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from firstline.diagnosis.evidence import AlarmFact, Alarms, DeletedAlarm, Unknown, is_ok
from firstline.ids import IncidentId
from firstline.redaction import redact
from firstline.reporting.postmortem.words import grouped, named

SILENT_SHOWN = timedelta(days=7)
"""As long an incident is open for people whose end no alarm reports."""
NO_ALARM = "no alarm reports its end"
_UNREAD = Unknown("it was not read")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What counts of an incident: the ARNs of its alarms, and whether there are others ``beyond``.

    ``escalated_at`` is when a person was given it; None for one that was not.
    """

    id: IncidentId
    opened_at: datetime
    escalated_at: datetime | None
    alarms: tuple[str, ...]
    beyond: bool = False


class Standing(msgspec.Struct, frozen=True):
    """Whether an escalated incident is still open for people, and how its alarms stand."""

    is_open: bool
    alarms: str


def watched(cases: Iterable[Case]) -> tuple[str, ...]:
    """The alarms whose present states matter, each once."""
    escalated = (each for each in cases if each.escalated_at is not None)
    return tuple(dict.fromkeys(arn for each in escalated for arn in each.alarms))


def standings(cases: Sequence[Case], read: Alarms, now: datetime) -> dict[IncidentId, Standing]:
    """How each escalated one of *cases* stands, where *read* are the alarms' states now.

    An alarm that a later incident has was OK in between, and counts for that incident alone.
    """
    return {
        each.id: _standing(each, each.escalated_at, _mine(each, cases, read), now)
        for each in cases
        if each.escalated_at is not None
    }


def _mine(one: Case, cases: Sequence[Case], read: Alarms) -> Alarms:
    """The states of the alarms that no later incident has."""
    at = one.escalated_at
    later = (each for each in cases if at is not None and each.opened_at >= at)
    theirs = {arn for each in later for arn in each.alarms}
    return {arn: read.get(arn, _UNREAD) for arn in one.alarms if arn not in theirs}


def _standing(one: Case, escalated_at: datetime, facts: Alarms, now: datetime) -> Standing:
    if not one.alarms and not one.beyond:
        return Standing(now - escalated_at <= SILENT_SHOWN, NO_ALARM)
    not_ok = {arn: fact for arn, fact in facts.items() if not is_ok(fact)}
    if not not_ok and not one.beyond:
        text = "OK now" if facts else "a later incident has its alarms"
        return Standing(is_open=False, alarms=text)
    silent = all(isinstance(each, DeletedAlarm) for each in not_ok.values()) and not one.beyond
    is_open = not silent or now - escalated_at <= SILENT_SHOWN
    return Standing(is_open, "; ".join(_reasons(not_ok, beyond=one.beyond)))


def _reasons(not_ok: Alarms, *, beyond: bool) -> Iterator[str]:
    """What keeps it open, by the state of the alarms."""
    names = ((_state(fact), redact(arn.split(":alarm:")[-1])) for arn, fact in not_ok.items())
    yield from (f"{named(those)}: {state}" for state, those in grouped(names).items())
    if beyond:
        yield "others that are not kept: unknown"


def _state(fact: AlarmFact) -> str:
    match fact:
        case Unknown(why):
            return f"unknown ({redact(why)})"
        case DeletedAlarm():
            return "deleted"
        case _:
            return fact.state.value
