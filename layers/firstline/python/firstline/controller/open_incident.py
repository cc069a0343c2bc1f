"""Opening: a signal of trouble opens its episode, joins the one that is open, or comes too late.

The page stands before everything else: one transaction, then the pager, then the wake. A store
that fails, or cannot be understood, holds the page back no longer than its own time limit.
"""

import contextlib
import copy

from firstline.config.profile import seconds
from firstline.controller import deliver_pages
from firstline.controller.join_incident import Receipt, clear, heard, put, tell
from firstline.controller.ports.store import Change, OpeningsWrite
from firstline.controller.record_external_event import Arrival, commit_with_circumstances
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.errors import (
    Busy,
    CommitConflict,
    Contested,
    DependencyUnavailable,
    InvariantViolation,
    Unreadable,
)
from firstline.ids import IncidentId
from firstline.incidents.incident import Incident, Page
from firstline.signal import Condition, Disposition, Severity, Signal, SignalKind
from firstline.signals import correlation as causes
from firstline.signals import episodes

WAKE_GRACE = seconds(15)
"""How late the first wake may be before a second delivery queues it anew."""
LATE = "it came late, and the alarm is OK now"
"""How the entry begins of a signal that was held against its alarm's present state."""
TURNS_MAX = 5
"""As often another worker may open something at the same moment; then it goes uncounted."""


def take_in(arrival: Arrival, system: System) -> Receipt:
    """Open its episode, or put it into the inbox of the one that is open."""
    late = _late(arrival.signal, system)
    for turn in range(TURNS_MAX):
        if late and arrival.signal.arn in clear((arrival.signal.arn,), system):
            return _observed(arrival, system)
        one, openings = counted(arrival, system) if turn < TURNS_MAX - 1 else (arrival, None)
        try:
            return _open(one, system, openings, late=late)
        except CommitConflict as conflict:
            match conflict.contested:
                case Contested.OPENINGS:
                    continue
                case Contested.HEARD:
                    late = True
                case Contested.CAUSE:
                    return _join(one, system, openings)
                case _:
                    return _again(arrival, system)
    raise DependencyUnavailable(f"{arrival.signal.subject} is contested: deliver it again")


def _observed(arrival: Arrival, system: System) -> Receipt:
    """It came late, and its alarm is OK: an open incident looks again, and nobody is paged."""
    why = f"{LATE}: {arrival.found.why}"
    found = copy.replace(arrival.found, disposition=Disposition.CONTEXT, why=why)
    return tell(arrival._replace(found=found, first=True), system)


def _open(
    arrival: Arrival, system: System, openings: OpeningsWrite | None, *, late: bool
) -> Receipt:
    signal, found, first, _ = arrival
    now = system.ports.clock.now()
    opening = episodes.open_incident(signal, found, system.profile, now, system.provenance())
    incident = opening.incident
    change = Change(
        incident=incident,
        entries=(opening.entry,),
        processed=signal.key if first else None,
        opens=incident.cause,
        heard=None if late else heard(signal),
        openings=openings,
    )
    try:
        commit_with_circumstances(change, arrival, system)
    except Busy:
        return _behind(arrival, incident, system, openings)
    except (DependencyUnavailable, InvariantViolation):
        _page_unrecorded(incident.pages, system)
        raise
    draft = IncidentUnitOfWork(copy.replace(incident, version=1), system, now)
    _page(draft)
    draft.wake()
    return Receipt(found.disposition, found.why, incident.id)


def _behind(
    arrival: Arrival, incident: Incident, system: System, openings: OpeningsWrite | None
) -> Receipt:
    """Where others kept the store busy, one of them has opened the cause: join its incident."""
    opened = None
    with contextlib.suppress(DependencyUnavailable):
        opened = system.ports.store.open_incident(incident.cause)
    if opened is not None:
        return _into(opened, arrival, system, openings)
    _page_unrecorded(incident.pages, system)
    raise DependencyUnavailable(f"{arrival.signal.subject} met a busy store: deliver it again")


def _page(draft: IncidentUnitOfWork) -> None:
    """Page; what was not recorded stays owed."""
    # a conflict means that reconcile was quicker: it settles the page, folded by its key
    with contextlib.suppress(CommitConflict, Busy):
        deliver_pages.settle(draft, deliver_pages.TRIES_AT_ONCE)


def _again(arrival: Arrival, system: System) -> Receipt:
    """A second delivery: harmless, but a page or a wake that the first still owes goes out."""
    found, store = arrival.found, system.ports.store
    opened = episodes.ignored_signal_id(arrival.signal)
    try:
        loaded = store.load(opened)
    except Unreadable:  # whether the first delivery's worker lived to page is not known
        _page_alone(arrival, system)
        return Receipt(found.disposition, found.why, opened)
    if loaded is None:  # the first delivery joined
        return Receipt(found.disposition, found.why, store.open_incident(found.cause))
    draft = IncidentUnitOfWork(loaded.incident, system, system.ports.clock.now())
    due = loaded.incident.next_wake_at
    if due is not None:
        _page(draft)
    if due is not None and due + WAKE_GRACE <= draft.now:  # its wake was lost with its worker
        draft.wake()
    return Receipt(found.disposition, found.why, opened)


def _join(arrival: Arrival, system: System, openings: OpeningsWrite | None) -> Receipt:
    """Into the inbox of the incident that has the cause open; reconcile folds it."""
    cause = arrival.found.cause
    try:
        incident = system.ports.store.open_incident(cause)
    except InvariantViolation:  # which incident has it cannot be read
        _page_alone(arrival, system)
        raise
    if incident is None:
        raise DependencyUnavailable(f"the episode of {cause} ended just now: deliver again")
    return _into(incident, arrival, system, openings)


def _into(
    incident: IncidentId, arrival: Arrival, system: System, openings: OpeningsWrite | None
) -> Receipt:
    """Into the inbox of *incident*; what opened lately is told of a storm alone."""
    storm = arrival.found.cause == causes.storm_key(system.profile.fleet.name)
    return put(arrival, incident, system, openings if storm else None)


def counted(arrival: Arrival, system: System) -> tuple[Arrival, OpeningsWrite | None]:
    """*arrival*, or the storm that it is one too many for; and what opened lately, with it.

    A P1 is never one of a storm, and never waits for what is read here (I21); nor is a drill,
    which is no trouble. What an open storm took in and comes back joins it again (I36).
    """
    found, policy = arrival.found, system.profile.policy
    if found.severity is Severity.P1 or found.condition is Condition.DRILL:
        return arrival, None
    store, fleet, now = system.ports.store, system.profile.fleet.name, system.ports.clock.now()
    try:
        read = store.openings(fleet)
        others = read.count_others(found.cause, now, seconds(policy.storm_window_seconds))
        many = others >= policy.storm_scopes_max
        known = many or found.cause in read.gathered
        rages = known and store.open_incident(causes.storm_key(fleet)) is not None
        storm = (many or rages) and store.open_incident(found.cause) is None
    except DependencyUnavailable:
        return arrival, None
    latest = read.with_cause(found.cause, now, policy.storm_scopes_max)
    if storm:
        latest = latest.with_gathered(found.cause, opens=not rages)
        arrival = arrival._replace(found=episodes.storm_classification(found, system.profile))
    return arrival, OpeningsWrite(fleet, latest)


def _late(signal: Signal, system: System) -> bool:
    """Older than a signal may be that opens something without a second look (I14)."""
    age_max = seconds(system.profile.policy.signal_age_max_seconds)
    age = system.ports.clock.now() - signal.at
    return signal.kind is SignalKind.ALARM and age > age_max


def _page_alone(arrival: Arrival, system: System) -> None:
    """Page as if *arrival* opened its episode now."""
    now, by = system.ports.clock.now(), system.provenance()
    opening = episodes.open_incident(arrival.signal, arrival.found, system.profile, now, by)
    _page_unrecorded(opening.incident.pages, system)


def _page_unrecorded(pages: tuple[Page, ...], system: System) -> None:
    """Page without a record; the key folds it with the page of the retry."""
    for page in pages:
        deliver_pages.send(page, system, deliver_pages.TRIES_AT_ONCE)
