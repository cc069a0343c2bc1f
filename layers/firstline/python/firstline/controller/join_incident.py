"""Join: put a signal into the inbox of an open incident, or record it if none is open."""

import contextlib
import copy

import msgspec

from firstline.config.profile import seconds
from firstline.controller import severity_rise
from firstline.controller.commit import commit
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import AlarmTransition, Change, InboxSignal, OpeningsWrite
from firstline.controller.record_external_event import Arrival, commit_with_external_events
from firstline.controller.system import System
from firstline.diagnosis.evidence import is_ok
from firstline.errors import CommitConflict, Contested, DependencyUnavailable, InvariantViolation
from firstline.ids import IncidentId
from firstline.signal import Disposition, Signal, SignalKind
from firstline.signals import correlation, episodes


class Receipt(msgspec.Struct, frozen=True):
    """The result of an event."""

    disposition: Disposition
    why: str
    incident: IncidentId | None = None


def wake_open_incident(arrival: Arrival, system: System) -> Receipt:
    """Put an OK, or a change of the alarm itself, into the inbox of the open incident.

    Without an open incident it is only recorded.

    A change of the alarm itself wakes the incident, because a deleted alarm sends no OK.
    """
    store, storm = system.ports.store, correlation.storm_key(system.profile.fleet.name)
    incident = store.open_incident(arrival.classification.correlation_key) or store.open_incident(
        storm
    )
    if incident is None:
        return record_ignored(arrival, system)
    return join(arrival, incident, system)


def record_ignored(arrival: Arrival, system: System) -> Receipt:
    """Write one entry for a signal that opens nothing.

    The entry has the id that the signal would have opened. Every decision is recorded, and no
    fleet-wide item is touched.
    """
    signal, classification = arrival.signal, arrival.classification
    now, by = system.ports.clock.now(), system.provenance()
    entry = episodes.ignored_signal_entry(signal, classification, system.profile, now, by)
    latest = (
        alarm_transition(signal) if classification.disposition is Disposition.RECOVERY else None
    )
    change = Change(entries=(entry,), processed=signal.key, transition=latest)
    with contextlib.suppress(CommitConflict):  # a second delivery
        _commit_with_hints(change, arrival, system)
    return Receipt(classification.disposition, classification.why)


def join(
    arrival: Arrival, incident: IncidentId, system: System, openings: OpeningsWrite | None = None
) -> Receipt:
    """Put the signal into the inbox of *incident*, wake it, and page a rise in severity first.

    The idempotency key is written last, so a crash before it causes redelivery. The inbox has the
    signal under its own key, so a second delivery changes nothing.
    """
    signal, classification, first, _ = arrival
    inbox_signal = InboxSignal(incident, signal, classification.severity)
    change = Change(
        inbox_signal=inbox_signal, transition=alarm_transition(signal), openings=openings
    )
    try:
        _commit_with_hints(change, arrival, system)
    except (DependencyUnavailable, InvariantViolation):
        severity_rise.page_severity_rise(arrival, incident, system)
        raise
    paged = severity_rise.page_severity_rise(arrival, incident, system)
    system.ports.wakes.queue(Wake(incident), seconds(0))
    if not paged:
        raise DependencyUnavailable(
            f"the page of {signal.subject} was not accepted: deliver it again"
        )
    if first:
        with contextlib.suppress(CommitConflict):  # a second delivery at the same time
            commit(system.ports, Change(processed=signal.key))
    return Receipt(classification.disposition, classification.why, incident)


def ok_alarms(arns: tuple[str, ...], system: System) -> frozenset[str]:
    """Those of *arns* that are OK now, by one request; an unreadable alarm is not OK (I14)."""
    try:
        alarms = system.ports.fleet.alarms(arns)
    except DependencyUnavailable:
        return frozenset()
    return frozenset(arn for arn, alarm in alarms.items() if is_ok(alarm))


def alarm_transition(signal: Signal) -> AlarmTransition | None:
    """The transition to store, so that an earlier one that comes later counts as late."""
    return AlarmTransition(signal.arn, signal.at) if signal.kind is SignalKind.ALARM else None


def _commit_with_hints(change: Change, arrival: Arrival, system: System) -> None:
    """Commit; retry without the hints if another worker wrote later ones."""
    try:
        commit_with_external_events(change, arrival, system)
    except CommitConflict as conflict:
        if conflict.contested not in (Contested.HEARD, Contested.OPENINGS):
            raise
        unhinted = copy.replace(change, transition=None, openings=None)
        commit_with_external_events(unhinted, arrival, system)
