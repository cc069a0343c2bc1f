"""Record external events of the fleet, which guards of later fixes read.

The transaction that records the signal writes them too: a recorded finding blocks every fix of its
host, even if the worker dies right after (I22).
"""

import copy
from typing import NamedTuple

from firstline.controller.commit import commit
from firstline.controller.ports.store import Change, ExternalEventsWrite
from firstline.controller.system import System
from firstline.diagnosis import external_events
from firstline.errors import CommitConflict, Contested, DependencyUnavailable
from firstline.ids import InstanceId
from firstline.signal import Disposition, Mark, Signal
from firstline.signals.classify import IMPLAUSIBLE_TIMES, Classification

TURNS_MAX = 5


class Arrival(NamedTuple):
    """A signal and its classification.

    It is not ``first`` if it was already processed, into the inbox of an ended incident. ``fleet``
    has the group's instances if the signal names hosts and they could be read.
    """

    signal: Signal
    classification: Classification
    first: bool = True
    fleet: frozenset[InstanceId] | None = None


def new_arrival(
    signal: Signal, classification: Classification, system: System, *, first: bool = True
) -> Arrival:
    """The arrival of *signal*, with the group read once, before any retry: its page may wait."""
    names_hosts = external_events.is_grave_finding(signal) and is_credible(signal, classification)
    return Arrival(signal, classification, first, _instances(system) if names_hosts else None)


def commit_with_external_events(change: Change, arrival: Arrival, system: System) -> None:
    """Write *change*, which records *arrival*, and the external events after it.

    Raises `CommitConflict` for any other conflict, `DependencyUnavailable`, and
    `InvariantViolation` for a stored item that cannot be parsed.
    """
    for _ in range(TURNS_MAX):
        after = _external_events_after(arrival, system)
        try:
            return commit(system.ports, copy.replace(change, external_events=after))
        except CommitConflict as conflict:
            if conflict.contested is not Contested.CIRCUMSTANCES:
                raise
    subject = arrival.signal.subject
    raise DependencyUnavailable(
        f"the circumstances after {subject} are contested: deliver it again"
    )


def is_credible(signal: Signal, classification: Classification) -> bool:
    """True if *signal* may change external events: it is of this account, and current."""
    is_ours = classification.disposition in (Disposition.CONTEXT, Disposition.INCIDENT)
    return is_ours and not {Mark.REPLAYED, *IMPLAUSIBLE_TIMES} & set(signal.marks)


def _external_events_after(arrival: Arrival, system: System) -> ExternalEventsWrite | None:
    """The external events after *arrival*; None if it changes nothing."""
    signal = arrival.signal
    if not external_events.is_external_event(signal) or not is_credible(
        signal, arrival.classification
    ):
        return None
    group = system.profile.fleet.group
    before = system.ports.store.limits(group).circumstances
    after = before.with_signal(signal, arrival.fleet)
    return ExternalEventsWrite(group, after) if after != before else None


def _instances(system: System) -> frozenset[InstanceId] | None:
    """The group's instances; None if they cannot be read."""
    try:
        group = system.ports.fleet.group()
    except DependencyUnavailable:
        return None
    return frozenset(each.id for each in group.instances)
