"""Missed alarms: P1 alarms in ALARM for which no event opened an incident.

CloudWatch sends an event only on a transition. So no event comes if an alarm was in ALARM before
firstline was deployed, if its event was lost, or if its mute window ends while it is still in
ALARM. Each sweep therefore polls the P1 alarms, and handles one without an incident as if its event
had just come.

An escalated alarm stays in ALARM: it is left alone until its next transition, or the end of a mute
window (`incidents.handled_alarms`). Nothing opens while it is muted or suppressed.

The signal has the key of the missing event, so a late event, a second sweep and a retry are one
with it. The event has one minute to come first. A failed poll stops no other work: it is logged,
counted (`AlarmPollsFailed`), and alarmed on after five minutes. If a sweep cannot read the due
incidents, its heartbeat stops, and the composite alarms page for the P1 alarms.
"""

import contextlib
import copy
from datetime import datetime

import msgspec

from firstline.config.profile import seconds
from firstline.controller import sent_pages
from firstline.controller.open_incident import open_or_join
from firstline.controller.ports.store import LoadedIncident, Store
from firstline.controller.record_external_event import new_arrival
from firstline.controller.system import System
from firstline.diagnosis.evidence import FiringAlarm, TargetHealth, Unknown
from firstline.diagnosis.external_events import MUTE_DURATION_MAX
from firstline.diagnosis.probe_outcome import is_answering
from firstline.errors import DependencyUnavailable, FirstlineError, Unreadable
from firstline.ids import CorrelationKey, IncidentId, SignalKey, incident_id
from firstline.notifications import pages
from firstline.signal import Disposition, Mark, Severity, Signal
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.cloudwatch import from_firing_alarm

EVENT_GRACE = seconds(60)
"""The delay within which the alarm's own event may still open the incident."""


class PollResult(msgspec.Struct, frozen=True):
    """The number of alarms opened without an event; ``unread`` if one could not be processed."""

    opened: int = 0
    unread: bool = False


def open_missed_alarms(system: System, until: datetime) -> PollResult:
    """Open an incident for each P1 alarm in ALARM that has none; failures wait a minute.

    After *until* it starts no other alarm. It never raises: the sweep has other work.
    """
    arns, clock = p1_alarm_arns(system), system.ports.clock
    if not arns:
        return PollResult()
    if clock.now() > until:
        return PollResult(unread=True)
    try:
        firing = system.ports.fleet.firing(arns)
    except FirstlineError:
        return PollResult(unread=True)
    opened, unread = 0, False
    for alarm in firing:
        if clock.now() > until:
            return PollResult(opened, unread=True)
        try:
            opened += _open_missed(alarm, system)
        except FirstlineError:
            unread = True
    return PollResult(opened, unread)


def p1_alarm_arns(system: System) -> tuple[str, ...]:
    """The ARNs of all alarms that a rule maps to P1, the stack's own and external ones."""
    profile, home = system.profile, system.settings.home
    here = f"arn:aws:cloudwatch:{home.region}:{home.account}:alarm"
    external = {f"{here}:{each.name}": each.known_as for each in profile.alarms.external}
    named = {**system.settings.alarms, **external}
    return tuple(arn for arn, name in named.items() if profile.severity_of(name) is Severity.P1)


def _open_missed(alarm: FiringAlarm, system: System) -> bool:
    """Process *alarm*; return True if it opened an incident, or joined one."""
    home, now = system.settings.home, system.ports.clock.now()
    signal = with_profile_name(
        from_firing_alarm(alarm, home), system.profile, system.settings.alarms
    )
    classification = classify(signal, system.profile, home)
    is_p1 = (
        classification.disposition is Disposition.INCIDENT
        and classification.severity is Severity.P1
    )
    if not is_p1 or alarm.suppressed or now - signal.at < EVENT_GRACE:
        return False
    missing = _as_missed(signal, classification.correlation_key, system)
    if missing is None or _is_muted(signal, system) or _lacks_data_only(signal, system):
        return False
    return open_or_join(new_arrival(missing, classification, system), system).incident is not None


def _as_missed(signal: Signal, key: CorrelationKey, system: System) -> Signal | None:
    """*signal* as it is to be processed; None if its alarm has or had an incident.

    The open incident is read first: one that ends in between leaves its handled alarms.
    """
    store = system.ports.store
    if (open_id := store.open_incident(key)) is not None and _is_known(open_id, signal, system):
        return None
    accounted = store.accounted(key)
    until = accounted.until_for(signal.arn) if accounted is not None else None
    if until is not None and signal.at <= until and not _mute_ended(signal, until, system):
        return None
    return _with_free_key(signal, store)


def _is_known(open_id: IncidentId, signal: Signal, system: System) -> bool:
    """True if *open_id* knows the alarm; for an unreadable one, if a P1 of it was paged."""
    try:
        return _is_handled(system.ports.store.load(open_id), signal)
    except Unreadable:
        return sent_pages.sent_at(pages.rise_key(open_id, Severity.P1), system) is not None


def _is_handled(loaded: LoadedIncident | None, signal: Signal) -> bool:
    """True if the incident waits for the alarm as a P1, or has it in its inbox.

    Above the limit of alarms per incident, a person handles the rest.
    """
    if loaded is None:
        return False
    incident, waiting = loaded.incident, {each.signal.arn for each in loaded.inbox}
    waits = signal.arn in incident.alarms or incident.alarms_beyond > 0
    return (waits and incident.severity is Severity.P1) or signal.arn in waiting


def _with_free_key(signal: Signal, store: Store) -> Signal | None:
    """*signal* under a key that opened nothing yet; None if its transition opened an incident.

    An event during a mute is in the ledger under the transition's own key. Entries are read first:
    an event that opens an incident meanwhile leaves both.

    A first evaluation is recorded in the same way and opens nothing.
    """
    for key in (signal.key, SignalKey(f"{signal.key}|{Mark.UNANNOUNCED}")):
        if not store.entries(incident_id(key)):
            return copy.replace(signal, key=key)
        if store.load(incident_id(key)) is not None:
            return None
    return None


def _mute_ended(signal: Signal, since: datetime, system: System) -> bool:
    """True if a mute window of the alarm, known by an event, ended after *since*."""
    events = system.ports.store.limits(system.profile.fleet.group).circumstances
    return events.mute_ended(signal.arn, since, system.ports.clock.now())


def _is_muted(signal: Signal, system: System) -> bool:
    """True if a mute rule is active now, by CloudWatch, or else by past events.

    If neither can be read, the alarm counts as not muted, and is paged.

    CloudWatch is asked first (ListAlarmMuteRules), because a window may be older than firstline,
    and no event follows the deletion of a rule.
    """
    ports, now = system.ports, system.ports.clock.now()
    try:
        return ports.fleet.muted(signal.arn)
    except DependencyUnavailable:
        pass
    with contextlib.suppress(FirstlineError):
        events = ports.store.limits(system.profile.fleet.group).circumstances
        return events.muted(signal.arn, now - MUTE_DURATION_MAX, now) is not None
    return False


def _lacks_data_only(signal: Signal, system: System) -> bool:
    """True if the alarm is in ALARM only for lack of data, and a host is serving.

    Such an alarm may be new, or its metric may have stopped. Without proof that a host is serving
    it counts as any other.

    The probe is read first, then the load balancer. If neither is known, the alarm pages.
    """
    return Mark.NO_DATA in signal.marks and _is_serving(system)


def _is_serving(system: System) -> bool:
    fleet = system.ports.fleet
    with contextlib.suppress(DependencyUnavailable):
        answering = fleet.answering()
        outcome = None if isinstance(answering, Unknown) else answering.outcome
        answers = None if outcome is None else is_answering(outcome)
        if answers is not None:
            return answers
    with contextlib.suppress(DependencyUnavailable):
        health = fleet.target_health()
        return isinstance(health, TargetHealth) and "healthy" in health.states.values()
    return False
