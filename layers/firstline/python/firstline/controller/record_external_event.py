"""Remember: what arrives changes the fleet's circumstances, which guards of later fixes read.

The transaction that records the event writes them: a recorded finding keeps every fix from its
host, whatever becomes of the worker that recorded it (I22).
"""

import copy
from typing import NamedTuple

from firstline.controller.commit import commit
from firstline.controller.ports.store import Change, CircumstancesWrite
from firstline.controller.system import System
from firstline.diagnosis import external_events as circumstances
from firstline.errors import CommitConflict, Contested, DependencyUnavailable
from firstline.ids import InstanceId
from firstline.signal import Disposition, Mark, Signal
from firstline.signals.classify import IMPLAUSIBLE_TIMES, Classification

TURNS_MAX = 5


class Arrival(NamedTuple):
    """A signal and what it means.

    One that is not ``first`` was processed once, into the inbox of an incident that ended.
    ``fleet`` are the group's instances, where it is about some and they could be read.
    """

    signal: Signal
    found: Classification
    first: bool = True
    fleet: frozenset[InstanceId] | None = None


def arrived(
    signal: Signal, found: Classification, system: System, *, first: bool = True
) -> Arrival:
    """*signal* held against the group, once, whatever is contested later: its page may wait."""
    names_hosts = circumstances.is_grave_finding(signal) and believed(signal, found)
    return Arrival(signal, found, first, _fleet(system) if names_hosts else None)


def commit_with_circumstances(change: Change, arrival: Arrival, system: System) -> None:
    """Write *change*, which records *arrival*, and the circumstances after it, or neither.

    Raises `CommitConflict` for anything else that is contested, `DependencyUnavailable`, and
    `InvariantViolation` for a stored item that cannot be understood.
    """
    for _ in range(TURNS_MAX):
        after = _circumstances_after(arrival, system)
        try:
            return commit(system.ports, copy.replace(change, circumstances=after))
        except CommitConflict as conflict:
            if conflict.contested is not Contested.CIRCUMSTANCES:
                raise
    subject = arrival.signal.subject
    raise DependencyUnavailable(
        f"the circumstances after {subject} are contested: deliver it again"
    )


def believed(signal: Signal, found: Classification) -> bool:
    """Whether what *signal* tells of the surroundings counts: it is ours, and of the present."""
    ours = found.disposition in (Disposition.CONTEXT, Disposition.INCIDENT)
    return ours and not {Mark.REPLAYED, *IMPLAUSIBLE_TIMES} & set(signal.marks)


def _circumstances_after(arrival: Arrival, system: System) -> CircumstancesWrite | None:
    """None where *arrival* changes nothing, which takes no request for most kinds of signal."""
    signal = arrival.signal
    if not circumstances.is_external_event(signal) or not believed(signal, arrival.found):
        return None
    group = system.profile.fleet.group
    before = system.ports.store.limits(group).circumstances
    after = before.with_signal(signal, arrival.fleet)
    return CircumstancesWrite(group, after) if after != before else None


def _fleet(system: System) -> frozenset[InstanceId] | None:
    """The group's instances; None where they cannot be read."""
    try:
        group = system.ports.fleet.group()
    except DependencyUnavailable:
        return None
    return frozenset(each.id for each in group.instances)
