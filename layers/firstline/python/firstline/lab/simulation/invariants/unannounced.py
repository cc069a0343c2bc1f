"""Unannounced: a P1's alarm that is in ALARM has an incident, also where no event came; but one."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, SignalKey, incident_id
from firstline.incidents.handled_alarms import handled_alarms
from firstline.incidents.incident import Incident
from firstline.lab.simulation.invariants.acting import SKEW
from firstline.lab.simulation.left import Left
from firstline.lab.twin.fleet.alarms import Alarm
from firstline.ledger.entries import SignalReceived
from firstline.signal import Mark, Severity

WITHIN = timedelta(seconds=200)
"""The grace of its event, the next sweep, how long that may take, and a clock that is wrong."""
EVERY = timedelta(minutes=1)
FORWARDED_WITHIN = timedelta(minutes=2)
"""A signal that waits for an incident while that ends opens another, by the next reconcile."""


def every_p1_has_an_incident(left: Left) -> Iterator[str]:
    """I39: a P1's alarm in ALARM, neither muted nor suppressed, has an incident within minutes.

    Or it had one since it turned, and since a mute window ended of which an event came.
    """
    for alarm in _alarms(left):
        at = left.world.start + WITHIN
        while at <= left.world.now:
            if _seen(left, alarm, at) and not _has_one(left, alarm, at):
                name = alarm.arn.rpartition(":")[2]
                yield f"{name} is in ALARM at {at.time()} without an incident"
                break
            at += EVERY


def _alarms(left: Left) -> Iterator[Alarm]:
    """Those of the profile that are a P1's."""
    for arn, alarm in left.world.alarms.items():
        if left.run.profile.severity_of(arn.rpartition(":")[2]) is Severity.P1:
            yield alarm


def _seen(left: Left, alarm: Alarm, at: datetime) -> bool:
    """Whether it could be seen in ALARM for so long, and sweeps could open an incident of it."""
    since = at - WITHIN
    fires = alarm.state_at(at) is AlarmState.ALARM and alarm.since(at) <= since
    muted = any(
        each.arn == alarm.arn and each.starts <= at and each.ends >= since
        for each in left.world.mutes
    )
    return fires and not muted and not left.disabled(at) and not left.troubled(since, at)


def _has_one(left: Left, alarm: Alarm, at: datetime) -> bool:
    """Whether an incident knows of it, or one of its cause ended since it turned."""
    mutes = (each for each in left.world.mutes if each.arn == alarm.arn and each.announced)
    since = max([alarm.since(at), *(each.ends for each in mutes if each.ends <= at)])
    return any(_is_of(left, held, alarm, since, at) for held in left.held) or _paged(left)


def _paged(left: Left) -> bool:
    """Whether a P1 of what nothing can read was paged: all else of it is a person's."""
    triggers = (each.key.split(":") for each in left.received if each.action == "trigger")
    return any(key[1:] == ["p1"] and key[0] not in left.by_id for key in triggers)


def _is_of(left: Left, held: Incident, alarm: Alarm, since: datetime, at: datetime) -> bool:
    if held.opened_at > at or held.severity is not Severity.P1:
        return False
    if held.ended_at is None or held.ended_at > at:
        waiting = left.run.door.store.tables.inboxes.get(held.id, {}).values()
        return alarm.arn in held.alarms or any(each.signal.arn == alarm.arn for each in waiting)
    return held.ended_at + SKEW >= since


def nothing_is_opened_again(left: Left) -> Iterator[str]:
    """I39: no sweep opens what an episode accounts for, until it turns or a mute of it ends."""
    for held in _opened(left):
        for before in left.held:
            kept = handled_alarms(before)
            if kept is None or before.ended_at is None or before.cause != held.cause:
                continue
            until = kept.until_for(held.alarm_arn)
            over = before.ended_at + FORWARDED_WITHIN <= held.opened_at
            if over and held.signalled_at <= until and not _unmuted(left, held, until):
                yield f"{held.id} was opened again for what {before.id} had"


def _unmuted(left: Left, held: Incident, until: datetime) -> bool:
    windows = (each for each in left.world.mutes if each.arn == held.alarm_arn and each.announced)
    return any(until < each.ends <= held.opened_at + EVERY for each in windows)


def nothing_muted_is_opened(left: Left) -> Iterator[str]:
    """I39: no sweep opens an incident of an alarm that is muted."""
    for held in _opened(left):
        at = held.opened_at
        windows = (each for each in left.world.mutes if each.arn == held.alarm_arn)
        muted = any(each.starts <= at - EVERY and at + EVERY < each.ends for each in windows)
        if muted and not left.troubled(at - EVERY, at + EVERY):
            yield f"{held.id} was opened while its alarm is muted"


def _opened(left: Left) -> Iterator[Incident]:
    """The incidents that a sweep opened, and no event."""
    for entry in left.of(SignalReceived):
        if Mark.UNANNOUNCED in entry.event.marks and entry.incident in left.by_id:
            yield left.by_id[entry.incident]


def keys(left: Left) -> Iterator[IncidentId]:
    """The keys under which a sweep may page what the store does not take."""
    for alarm in _alarms(left):
        for at in (alarm.began, *(at for at, _ in alarm.turned)):
            key = f"{alarm.arn}|-|ALARM|{at.isoformat()}"
            yield incident_id(SignalKey(key))
            yield incident_id(SignalKey(f"{key}|{Mark.UNANNOUNCED}"))
