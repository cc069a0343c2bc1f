"""Joining: a signal goes into the inbox of an open incident, or is noted where none is open."""

import contextlib
import copy

import msgspec

from firstline.config.profile import seconds
from firstline.controller import rising
from firstline.controller.commit import commit
from firstline.controller.ports.people import Wake
from firstline.controller.ports.store import Change, Heard, Joined, OpeningsWrite
from firstline.controller.record_external_event import Arrival, commit_with_circumstances
from firstline.controller.system import System
from firstline.diagnosis.evidence import is_ok
from firstline.errors import CommitConflict, Contested, DependencyUnavailable, InvariantViolation
from firstline.ids import IncidentId
from firstline.signal import Disposition, Signal, SignalKind
from firstline.signals import correlation as causes
from firstline.signals import episodes


class Receipt(msgspec.Struct, frozen=True):
    """What became of an event."""

    disposition: Disposition
    why: str
    incident: IncidentId | None = None


def tell(arrival: Arrival, system: System) -> Receipt:
    """An OK, or a change of the alarm itself, tells the open incident to look.

    Without one it is noted, and nothing is done.
    """
    store, storm = system.ports.store, causes.storm_key(system.profile.fleet.name)
    incident = store.open_incident(arrival.found.cause) or store.open_incident(storm)
    if incident is None:
        return note(arrival, system)
    return put(arrival, incident, system)


def note(arrival: Arrival, system: System) -> Receipt:
    """One entry for a signal that opens nothing."""
    signal, found = arrival.signal, arrival.found
    now, by = system.ports.clock.now(), system.provenance()
    entry = episodes.ignored_signal_entry(signal, found, system.profile, now, by)
    latest = heard(signal) if found.disposition is Disposition.RECOVERY else None
    change = Change(entries=(entry,), processed=signal.key, heard=latest)
    with contextlib.suppress(CommitConflict):  # a second delivery
        _commit_hinted(change, arrival, system)
    return Receipt(found.disposition, found.why)


def put(
    arrival: Arrival, incident: IncidentId, system: System, openings: OpeningsWrite | None = None
) -> Receipt:
    """Into the inbox of *incident*, which is woken; what may raise it is paged before.

    Processed is the last mark: a worker that dies before it lets the signal come again. The inbox
    holds it under its own key, so that coming twice changes nothing.
    """
    signal, found, first, _ = arrival
    joined = Joined(incident, signal, found.severity)
    change = Change(joined=joined, heard=heard(signal), openings=openings)
    try:
        _commit_hinted(change, arrival, system)
    except (DependencyUnavailable, InvariantViolation):
        rising.page_rise(arrival, incident, system)
        raise
    paged = rising.page_rise(arrival, incident, system)
    system.ports.wakes.queue(Wake(incident), seconds(0))
    if not paged:
        raise DependencyUnavailable(
            f"the page of {signal.subject} was not accepted: deliver it again"
        )
    if first:
        with contextlib.suppress(CommitConflict):  # a second delivery at the same time
            commit(system.ports, Change(processed=signal.key))
    return Receipt(found.disposition, found.why, incident)


def clear(arns: tuple[str, ...], system: System) -> frozenset[str]:
    """Which of these alarms are OK now, by one request; what cannot be read is not (I14)."""
    try:
        read = system.ports.fleet.alarms(arns)
    except DependencyUnavailable:
        return frozenset()
    return frozenset(arn for arn, alarm in read.items() if is_ok(alarm))


def heard(signal: Signal) -> Heard | None:
    """What to remember of *signal*, so that an earlier one that comes later is known as late."""
    return Heard(signal.arn, signal.at) if signal.kind is SignalKind.ALARM else None


def _commit_hinted(change: Change, arrival: Arrival, system: System) -> None:
    """Commit; without the hints, where somebody wrote later ones."""
    try:
        commit_with_circumstances(change, arrival, system)
    except CommitConflict as conflict:
        if conflict.contested not in (Contested.HEARD, Contested.OPENINGS):
            raise
        unhinted = copy.replace(change, heard=None, openings=None)
        commit_with_circumstances(unhinted, arrival, system)
