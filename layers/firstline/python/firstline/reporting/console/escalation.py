"""Escalated incidents: each stays open for people until its alarms are known to be OK.

firstline does nothing more for them, and no entry records that an alarm is OK again. So the console
reads the alarms' states by one DescribeAlarms. It keeps the incident on top, red, until each alarm
is known to be OK; an unreadable state is unknown. An alarm of a later incident was OK in between.
Without an alarm that reports the end (none, or deleted) the incident stays for seven days.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from firstline.diagnosis.evidence import AlarmFact, Alarms, DeletedAlarm, Unknown, is_ok
from firstline.ids import IncidentId
from firstline.redaction import redact
from firstline.reporting.postmortem.formatting import group, list_names

OPEN_WITHOUT_ALARM_MAX = timedelta(days=7)
"""How long an escalated incident stays open if no alarm reports its end."""
NO_ALARM = "no alarm reports its end"
_UNREAD = Unknown("it was not read")


class AlarmedIncident(msgspec.Struct, frozen=True, kw_only=True):
    """The ARNs of an incident's alarms; ``beyond`` is true if it has more than are kept.

    ``escalated_at`` is None for an incident that was not escalated.
    """

    id: IncidentId
    opened_at: datetime
    escalated_at: datetime | None
    alarms: tuple[str, ...]
    beyond: bool = False


class EscalationState(msgspec.Struct, frozen=True):
    """True if an escalated incident is still open for people, and the state of its alarms."""

    is_open: bool
    alarms: str


def alarms_to_read(cases: Iterable[AlarmedIncident]) -> tuple[str, ...]:
    """The alarms whose present states are needed, each once."""
    escalated = (each for each in cases if each.escalated_at is not None)
    return tuple(dict.fromkeys(arn for each in escalated for arn in each.alarms))


def escalation_states(
    cases: Sequence[AlarmedIncident], read: Alarms, now: datetime
) -> dict[IncidentId, EscalationState]:
    """The state of each escalated one of *cases*, from the alarms' present states *read*.

    An alarm that a later incident also has was OK in between, and counts for that incident
    alone.
    """
    return {
        each.id: _standing(each, each.escalated_at, _mine(each, cases, read), now)
        for each in cases
        if each.escalated_at is not None
    }


def _mine(one: AlarmedIncident, cases: Sequence[AlarmedIncident], read: Alarms) -> Alarms:
    """The states of the alarms that no later incident has."""
    at = one.escalated_at
    later = (each for each in cases if at is not None and each.opened_at >= at)
    theirs = {arn for each in later for arn in each.alarms}
    return {arn: read.get(arn, _UNREAD) for arn in one.alarms if arn not in theirs}


def _standing(
    one: AlarmedIncident, escalated_at: datetime, facts: Alarms, now: datetime
) -> EscalationState:
    if not one.alarms and not one.beyond:
        return EscalationState(now - escalated_at <= OPEN_WITHOUT_ALARM_MAX, NO_ALARM)
    not_ok = {arn: fact for arn, fact in facts.items() if not is_ok(fact)}
    if not not_ok and not one.beyond:
        text = "OK now" if facts else "a later incident has its alarms"
        return EscalationState(is_open=False, alarms=text)
    silent = all(isinstance(each, DeletedAlarm) for each in not_ok.values()) and not one.beyond
    is_open = not silent or now - escalated_at <= OPEN_WITHOUT_ALARM_MAX
    return EscalationState(is_open, "; ".join(_reasons(not_ok, beyond=one.beyond)))


def _reasons(not_ok: Alarms, *, beyond: bool) -> Iterator[str]:
    """The reasons why it is open, by the state of the alarms."""
    names = ((_state(fact), redact(arn.split(":alarm:")[-1])) for arn, fact in not_ok.items())
    yield from (f"{list_names(those)}: {state}" for state, those in group(names).items())
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
