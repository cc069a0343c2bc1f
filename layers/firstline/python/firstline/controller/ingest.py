"""Ingest: an event becomes a signal, opens an episode or joins one, and pages.

The page stands before everything else: one transaction, then the pager, then the wake. A store
that fails holds the page back no longer than its own time limit.
"""

import contextlib
import copy

import msgspec

from firstline import episodes
from firstline.classify import Classification, classify, known_as
from firstline.controller import settle
from firstline.controller.commit import commit
from firstline.controller.draft import Draft
from firstline.controller.system import System
from firstline.errors import Conflict, Contested, Unavailable
from firstline.ids import IncidentId
from firstline.incident import Page
from firstline.ports import Change, Joined, Wake
from firstline.profile import seconds
from firstline.signals import Disposition, Signal, SignalKind, on_time
from firstline.sources.envelope import parse


class Receipt(msgspec.Struct, frozen=True):
    """What became of an event."""

    disposition: Disposition
    why: str
    incident: IncidentId | None = None


def ingest(body: bytes, system: System) -> Receipt:
    """Take in one event; raises `Unavailable` when it must be delivered again."""
    now = system.ports.clock.now()
    home = system.settings.home
    told = on_time(parse(body, home, now), now)
    signal = known_as(told, system.profile, system.settings.alarms)
    found = classify(signal, system.profile, home)
    incident = None
    match found.disposition:
        case Disposition.INCIDENT:
            incident = take_in(signal, found, system)
        case Disposition.RECOVERY:
            incident = _tell(signal, found, system)
        case Disposition.CONTEXT if signal.kind is SignalKind.ALARM_CONFIGURATION:
            incident = _tell(signal, found, system)
        case _:
            _note(signal, found, system)
    return Receipt(found.disposition, found.why, incident)


def take_in(
    signal: Signal, found: Classification, system: System, *, first: bool = True
) -> IncidentId:
    """Open the episode of *signal*, or put it into the inbox of the one that is open.

    Not *first* is a signal that was processed once, into the inbox of an incident that ended.
    """
    now = system.ports.clock.now()
    opening = episodes.begin(signal, found, now, system.provenance())
    incident = opening.incident
    change = Change(
        incident=incident,
        entries=(opening.entry,),
        processed=signal.key if first else None,
        opens=incident.cause,
    )
    try:
        commit(system.ports.store, change)
    except Conflict as conflict:
        if conflict.contested is Contested.CAUSE:
            return _join(signal, found, system, first=first)
        return _again(incident.id, system)
    except Unavailable:
        _page_unrecorded(incident.pages, system)
        raise
    draft = Draft(copy.replace(incident, version=1), system, now)
    _page_and_wake(draft)
    return incident.id


def _page_and_wake(draft: Draft) -> None:
    """Page; what was not recorded stays owed. Then let reconcile look."""
    if settle.settle(draft, settle.TRIES_AT_ONCE):
        # a conflict means that reconcile was quicker: it settles the page, folded by its key
        with contextlib.suppress(Conflict):
            draft.commit()
    draft.system.ports.wakes.queue(
        Wake(draft.incident.id, draft.incident.wake_generation), seconds(0)
    )


def _again(incident: IncidentId, system: System) -> IncidentId:
    """A second delivery: harmless, but a page or a wake that the first still owes goes out."""
    loaded = system.ports.store.load(incident)
    if loaded is not None and loaded.incident.next_wake_at is not None:
        _page_and_wake(Draft(loaded.incident, system, system.ports.clock.now()))
    return incident


def _join(signal: Signal, found: Classification, system: System, *, first: bool) -> IncidentId:
    """Into the inbox of the incident that has the cause open; reconcile folds it."""
    incident = system.ports.store.open_incident(found.cause)
    if incident is None:
        raise Unavailable(f"the episode of {found.cause} ended just now: deliver again")
    _put(signal, incident, system, first=first)
    return incident


def _tell(signal: Signal, found: Classification, system: System) -> IncidentId | None:
    """An OK, or a change of the alarm itself, tells the open incident to look.

    Without one it is noted, and nothing is done.
    """
    incident = system.ports.store.open_incident(found.cause)
    if incident is None:
        _note(signal, found, system)
    else:
        _put(signal, incident, system, first=True)
    return incident


def _put(signal: Signal, incident: IncidentId, system: System, *, first: bool) -> None:
    """Processed is the last mark: a worker that dies before it lets the signal come again.

    The inbox holds it under its own key, so that coming twice changes nothing.
    """
    commit(system.ports.store, Change(joined=Joined(incident, signal)))
    system.ports.wakes.queue(Wake(incident), seconds(0))
    if first:
        with contextlib.suppress(Conflict):  # a second delivery at the same time
            commit(system.ports.store, Change(processed=signal.key))


def _note(signal: Signal, found: Classification, system: System) -> None:
    """One entry for a signal that opens nothing."""
    entry = episodes.note(signal, found, system.ports.clock.now(), system.provenance())
    try:
        commit(system.ports.store, Change(entries=(entry,), processed=signal.key))
    except Conflict:
        return  # a second delivery


def _page_unrecorded(pages: tuple[Page, ...], system: System) -> None:
    """The store is down: page all the same; the key folds it with the page of the retry."""
    for page in pages:
        settle.send(page, system.ports, system.profile.fleet.name, settle.TRIES_AT_ONCE)
