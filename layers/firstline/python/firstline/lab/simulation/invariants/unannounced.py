"""Unannounced alarms: a P1's alarm in ALARM has one incident, also without an event."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, SignalKey, incident_id
from firstline.incidents.handled_alarms import handled_alarms
from firstline.incidents.incident import Incident
from firstline.lab.simulation.invariants.fixes import SKEW
from firstline.lab.simulation.run_result import RunResult
from firstline.lab.twin.fleet.alarms import Alarm
from firstline.ledger.entries import SignalReceived
from firstline.signal import Mark, Severity

WITHIN = timedelta(seconds=200)
"""The event's grace, the next sweep, its length, and clock skew."""
EVERY = timedelta(minutes=1)
FORWARDED_WITHIN = timedelta(minutes=2)
"""A signal that waits while its incident ends opens another, by the next reconcile."""


def every_p1_has_an_incident(result: RunResult) -> Iterator[str]:
    """I39: a P1's alarm in ALARM, not muted or suppressed, has an incident within minutes.

    An incident since it turned counts, or since the end of a mute window that an event announced.
    """
    for alarm in _alarms(result):
        at = result.world.start + WITHIN
        while at <= result.world.now:
            if _seen(result, alarm, at) and not _has_one(result, alarm, at):
                name = alarm.arn.rpartition(":")[2]
                yield f"{name} is in ALARM at {at.time()} without an incident"
                break
            at += EVERY


def _alarms(result: RunResult) -> Iterator[Alarm]:
    """Yield the profile's alarms that are a P1's."""
    for arn, alarm in result.world.alarms.items():
        if result.run.profile.severity_of(arn.rpartition(":")[2]) is Severity.P1:
            yield alarm


def _seen(result: RunResult, alarm: Alarm, at: datetime) -> bool:
    """True if it was visibly in ALARM for so long, and sweeps could open an incident of it."""
    since = at - WITHIN
    fires = alarm.state_at(at) is AlarmState.ALARM and alarm.since(at) <= since
    muted = any(
        each.arn == alarm.arn and each.starts <= at and each.ends >= since
        for each in result.world.mutes
    )
    return (
        fires and not muted and not result.actions_disabled(at) and not result.had_faults(since, at)
    )


def _has_one(result: RunResult, alarm: Alarm, at: datetime) -> bool:
    """True if an incident includes it, or one with its key ended since it turned."""
    mutes = (each for each in result.world.mutes if each.arn == alarm.arn and each.announced)
    since = max([alarm.since(at), *(each.ends for each in mutes if each.ends <= at)])
    return any(
        _is_of(result, incident, alarm, since, at) for incident in result.incidents
    ) or _paged(result)


def _paged(result: RunResult) -> bool:
    """True if a P1 that nothing can read was paged: a person has the rest of it."""
    triggers = (each.key.split(":") for each in result.received if each.action == "trigger")
    return any(key[1:] == ["p1"] and key[0] not in result.by_id for key in triggers)


def _is_of(
    result: RunResult, incident: Incident, alarm: Alarm, since: datetime, at: datetime
) -> bool:
    if incident.opened_at > at or incident.severity is not Severity.P1:
        return False
    if incident.ended_at is None or incident.ended_at > at:
        waiting = result.run.backend.store.tables.inboxes.get(incident.id, {}).values()
        return alarm.arn in incident.alarms or any(each.signal.arn == alarm.arn for each in waiting)
    return incident.ended_at + SKEW >= since


def nothing_is_reopened(result: RunResult) -> Iterator[str]:
    """I39: no sweep reopens what an episode accounts for, until it turns or a mute ends."""
    for incident in _opened(result):
        for before in result.incidents:
            kept = handled_alarms(before)
            if (
                kept is None
                or before.ended_at is None
                or before.correlation_key != incident.correlation_key
            ):
                continue
            until = kept.until_for(incident.alarm_arn)
            over = before.ended_at + FORWARDED_WITHIN <= incident.opened_at
            if over and incident.signalled_at <= until and not _unmuted(result, incident, until):
                yield f"{incident.id} was opened again for what {before.id} had"


def _unmuted(result: RunResult, incident: Incident, until: datetime) -> bool:
    windows = (
        each for each in result.world.mutes if each.arn == incident.alarm_arn and each.announced
    )
    return any(until < each.ends <= incident.opened_at + EVERY for each in windows)


def muted_alarms_open_nothing(result: RunResult) -> Iterator[str]:
    """I39: no sweep opens an incident of a muted alarm."""
    for incident in _opened(result):
        at = incident.opened_at
        windows = (each for each in result.world.mutes if each.arn == incident.alarm_arn)
        muted = any(each.starts <= at - EVERY and at + EVERY < each.ends for each in windows)
        if muted and not result.had_faults(at - EVERY, at + EVERY):
            yield f"{incident.id} was opened while its alarm is muted"


def _opened(result: RunResult) -> Iterator[Incident]:
    """Yield the incidents that a sweep opened."""
    for entry in result.events(SignalReceived):
        if Mark.UNANNOUNCED in entry.event.marks and entry.incident in result.by_id:
            yield result.by_id[entry.incident]


def keys(result: RunResult) -> Iterator[IncidentId]:
    """Yield the keys under which a sweep may page what the store rejects."""
    for alarm in _alarms(result):
        for at in (alarm.began, *(at for at, _ in alarm.turned)):
            key = f"{alarm.arn}|-|ALARM|{at.isoformat()}"
            yield incident_id(SignalKey(key))
            yield incident_id(SignalKey(f"{key}|{Mark.UNANNOUNCED}"))
