"""Unannounced: a P1's alarm that is in ALARM, and of which no event opened an incident.

CloudWatch sends an event where an alarm turns, and only there. By events alone no page follows
where an alarm was in ALARM before firstline was deployed, its event was lost, or its mute window
ends while it is still in ALARM. So each sweep asks which of the P1s' alarms are in ALARM, and takes
in what has no incident as if its event had just come.

One that was handed over stays in ALARM: it is left alone until it turns again, or a mute window of
it ends (`incidents.accounted`). Nothing is opened while somebody mutes or suppresses it.
"""

import contextlib
import copy
from datetime import datetime

import msgspec

from firstline.config.profile import seconds
from firstline.controller import paged
from firstline.controller.open_incident import take_in
from firstline.controller.ports.store import Loaded, Store
from firstline.controller.record_external_event import arrived
from firstline.controller.system import System
from firstline.diagnosis.evidence import FiringAlarm, TargetHealth, Unknown
from firstline.diagnosis.external_events import MUTE_DURATION_MAX
from firstline.diagnosis.probe_outcome import is_answering
from firstline.errors import DependencyUnavailable, FirstlineError, Unreadable
from firstline.ids import CorrelationKey, IncidentId, SignalKey, incident_id
from firstline.notifications import pages as paging
from firstline.signal import Disposition, Mark, Severity, Signal
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.cloudwatch import from_firing_alarm

EVENT_GRACE = seconds(60)
"""How late the event of an alarm may be that opens the incident by itself."""


class Asked(msgspec.Struct, frozen=True):
    """How many alarms were taken in without an event, and whether one could not be dealt with."""

    taken_in: int = 0
    unread: bool = False


def ask(system: System, until: datetime) -> Asked:
    """Take in each P1's alarm that is in ALARM and has no incident; what fails waits a minute.

    After *until* no alarm is begun with. It raises nothing: a sweep has other work to do.
    """
    arns, clock = watched(system), system.ports.clock
    if not arns:
        return Asked()
    if clock.now() > until:
        return Asked(unread=True)
    try:
        firing = system.ports.fleet.firing(arns)
    except FirstlineError:
        return Asked(unread=True)
    taken_in, unread = 0, False
    for alarm in firing:
        if clock.now() > until:
            return Asked(taken_in, unread=True)
        try:
            taken_in += _take_in(alarm, system)
        except FirstlineError:
            unread = True
    return Asked(taken_in, unread)


def watched(system: System) -> tuple[str, ...]:
    """The ARNs of all alarms that a rule makes a P1 of, the stack's own and external ones."""
    profile, home = system.profile, system.settings.home
    here = f"arn:aws:cloudwatch:{home.region}:{home.account}:alarm"
    external = {f"{here}:{each.name}": each.known_as for each in profile.alarms.external}
    named = {**system.settings.alarms, **external}
    return tuple(arn for arn, name in named.items() if profile.severity_of(name) is Severity.P1)


def _take_in(alarm: FiringAlarm, system: System) -> bool:
    """Whether *alarm* opened an incident, or joined one."""
    home, now = system.settings.home, system.ports.clock.now()
    signal = with_profile_name(
        from_firing_alarm(alarm, home), system.profile, system.settings.alarms
    )
    found = classify(signal, system.profile, home)
    grave = found.disposition is Disposition.INCIDENT and found.severity is Severity.P1
    if not grave or alarm.suppressed or now - signal.at < EVENT_GRACE:
        return False
    missing = _missing(signal, found.cause, system)
    if missing is None or _muted(signal, system) or _without_data_only(signal, system):
        return False
    return take_in(arrived(missing, found, system), system).incident is not None


def _missing(signal: Signal, cause: CorrelationKey, system: System) -> Signal | None:
    """*signal* as it is to be taken in; None where its alarm has an incident, or had one.

    The open incident is read first: one that ends in between leaves what it accounts for.
    """
    store = system.ports.store
    if (opened := store.open_incident(cause)) is not None and _known(opened, signal, system):
        return None
    accounted = store.accounted(cause)
    until = accounted.until_for(signal.arn) if accounted is not None else None
    if until is not None and signal.at <= until and not _unmuted(signal, until, system):
        return None
    return _unopened(signal, store)


def _known(opened: IncidentId, signal: Signal, system: System) -> bool:
    """Whether *opened* knows the alarm; of what cannot be read, whether a P1 of it was paged."""
    try:
        return _knows(system.ports.store.load(opened), signal)
    except Unreadable:
        return paged.sent_at(paging.key_of_rise(opened, Severity.P1), system) is not None


def _knows(loaded: Loaded | None, signal: Signal) -> bool:
    """Whether the incident waits for the alarm as the P1 that it is, or is about to.

    One of more alarms than are kept is left to a person anyway.
    """
    if loaded is None:
        return False
    held, waiting = loaded.incident, {each.signal.arn for each in loaded.inbox}
    waits = signal.arn in held.alarms or held.alarms_beyond > 0
    return (waits and held.severity is Severity.P1) or signal.arn in waiting


def _unopened(signal: Signal, store: Store) -> Signal | None:
    """*signal* under a key that opened nothing yet; None where its transition opened an incident.

    The event of one that was muted then is in the ledger under the transition's own key. Entries
    are read first: an event that opens an incident meanwhile leaves both.
    """
    for key in (signal.key, SignalKey(f"{signal.key}|{Mark.UNANNOUNCED}")):
        if not store.entries(incident_id(key)):
            return copy.replace(signal, key=key)
        if store.load(incident_id(key)) is not None:
            return None
    return None


def _unmuted(signal: Signal, since: datetime, system: System) -> bool:
    """Whether a mute window of the alarm, of which an event came, has ended after *since*."""
    known = system.ports.store.limits(system.profile.fleet.group).circumstances
    return known.mute_ended(signal.arn, since, system.ports.clock.now())


def _muted(signal: Signal, system: System) -> bool:
    """Whether a mute rule holds now; where CloudWatch cannot be asked, by the events that came.

    Where these cannot be read either, the alarm counts as not muted, and its page goes out.
    """
    ports, now = system.ports, system.ports.clock.now()
    try:
        return ports.fleet.muted(signal.arn)
    except DependencyUnavailable:
        pass
    with contextlib.suppress(FirstlineError):
        known = ports.store.limits(system.profile.fleet.group).circumstances
        return known.muted(signal.arn, now - MUTE_DURATION_MAX, now) is not None
    return False


def _without_data_only(signal: Signal, system: System) -> bool:
    """Whether the alarm is in ALARM for lack of data alone, and a look finds a host that serves.

    Such an alarm may be new, or its metric may have stopped. Where a look finds no host that
    serves, or finds nothing out, it counts as any other.
    """
    return Mark.NO_DATA in signal.marks and _serves(system)


def _serves(system: System) -> bool:
    """Whether users are served, by the probe, or else by the load balancer."""
    fleet = system.ports.fleet
    with contextlib.suppress(DependencyUnavailable):
        shown = fleet.answering()
        outcome = None if isinstance(shown, Unknown) else shown.outcome
        answers = None if outcome is None else is_answering(outcome)
        if answers is not None:
            return answers
    with contextlib.suppress(DependencyUnavailable):
        health = fleet.target_health()
        return isinstance(health, TargetHealth) and "healthy" in health.states.values()
    return False
