"""Unreadable: an incident that cannot be read harms itself alone, and a person has it."""

from collections.abc import Iterator
from datetime import datetime

from firstline.controller.ports.store import InboxSignal
from firstline.ids import digest, incident_id
from firstline.lab.simulation.invariants.paging import TOLD_WITHIN, deaf, possible
from firstline.lab.simulation.left import Left
from firstline.lab.twin.versions import spoilt_ids
from firstline.ledger.entries import SignalReceived, SignalsJoined
from firstline.notifications.unreadable_page import UNREADABLE_SUFFIX
from firstline.signal import Disposition, Severity
from firstline.signals.classify import classify
from firstline.signals.sources.envelope import parse


def a_p1_that_joins_is_paged(left: Left) -> Iterator[str]:
    """I1: a P1 that joins an incident is paged within 60 s, whether or not that can be read."""
    received = _received(left)
    opened_by = {each.incident: each.event for each in left.of(SignalReceived)}
    for joined in left.run.door.store.tables.joined:
        id_, key = joined.incident, joined.signal.key
        opening = opened_by.get(id_)
        if not _p1(left, joined) or key not in received or _opened_anew(left, joined):
            continue
        keys = [f"{id_}:p1", *([id_] if opening and opening.severity == Severity.P1 else [])]
        sent = min((at for each in keys for at in left.triggered(each)), default=None)
        if sent is None:
            yield f"{id_} was joined by the P1 {joined.signal.subject}, and was not paged"
        elif sent > (by := possible(left, received[key], sent)):
            late = f"was paged at {sent.time()}, and could be by {by.time()}"
            yield f"the P1 that joined {id_} {late}"


def _received(left: Left) -> dict[str, datetime]:
    """When each signal was first delivered, by its key."""
    home = left.run.system.settings.home
    return {parse(body, home, at).key: at for body, at in left.run.mail.received.items()}


def _p1(left: Left, joined: InboxSignal) -> bool:
    found = classify(joined.signal, left.run.profile, left.run.system.settings.home)
    return (found.disposition, found.severity) == (Disposition.INCIDENT, Severity.P1)


def _opened_anew(left: Left, joined: InboxSignal) -> bool:
    """Whether it came after the end: then it opens an episode of its own, or its alarm is OK."""
    held, key = left.by_id.get(joined.incident), digest(joined.signal.key.encode())
    if incident_id(joined.signal.key) in left.by_id:
        return True
    folded = (each for each in left.of(SignalsJoined) if each.incident == joined.incident)
    taken = {each.key_digest: entry.at for entry in folded for each in entry.event.joined}
    ended_at = held.ended_at if held else None
    return ended_at is not None and taken.get(key, ended_at) >= ended_at


def the_unreadable_is_a_persons(left: Left) -> Iterator[str]:
    """I7: a person is paged of each open incident that nothing can read, or an alarm tells."""
    since = left.world.start
    until = since + TOLD_WITHIN
    for id_ in sorted(spoilt_ids(left.world)):
        sent = min(left.triggered(f"{id_}:{UNREADABLE_SUFFIX}"), default=None)
        if (sent is None or sent > until) and not deaf(left, since, until):
            yield f"{id_} cannot be read, and no person was paged of it"
