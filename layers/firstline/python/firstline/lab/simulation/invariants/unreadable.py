"""An unreadable incident blocks only itself, and pages a person."""

from collections.abc import Iterator
from datetime import datetime

from firstline.controller.ports.store import InboxSignal
from firstline.ids import digest, incident_id
from firstline.lab.simulation.invariants.paging import ALARMED_WITHIN, alarm_rings, latest_possible
from firstline.lab.simulation.run_result import RunResult
from firstline.lab.twin.unreadable_incidents import spoilt_ids
from firstline.ledger.entries import SignalReceived, SignalsJoined
from firstline.notifications.unreadable_page import UNREADABLE_SUFFIX
from firstline.signal import Disposition, Severity
from firstline.signals.classify import classify
from firstline.signals.sources.envelope import parse


def joining_p1_is_paged(result: RunResult) -> Iterator[str]:
    """I1: a P1 that joins an incident is paged within 60 s, readable or not."""
    received = _received(result)
    opened_by = {each.incident: each.event for each in result.events(SignalReceived)}
    for joined in result.run.backend.store.tables.joined:
        id_, key = joined.incident, joined.signal.key
        opening = opened_by.get(id_)
        if not _p1(result, joined) or key not in received or _reopened(result, joined):
            continue
        keys = [f"{id_}:p1", *([id_] if opening and opening.severity == Severity.P1 else [])]
        sent = min((at for each in keys for at in result.triggered_at(each)), default=None)
        if sent is None:
            yield f"{id_} was joined by the P1 {joined.signal.subject}, and was not paged"
        elif sent > (by := latest_possible(result, received[key], sent)):
            late = f"was paged at {sent.time()}, and could be by {by.time()}"
            yield f"the P1 that joined {id_} {late}"


def _received(result: RunResult) -> dict[str, datetime]:
    """Return each signal's first delivery, by its key."""
    home = result.run.system.settings.home
    return {parse(body, home, at).key: at for body, at in result.run.queues.first_received.items()}


def _p1(result: RunResult, joined: InboxSignal) -> bool:
    classification = classify(joined.signal, result.run.profile, result.run.system.settings.home)
    return (classification.disposition, classification.severity) == (
        Disposition.INCIDENT,
        Severity.P1,
    )


def _reopened(result: RunResult, joined: InboxSignal) -> bool:
    """True if it came after the end: it then opens an episode, or its alarm is OK."""
    incident, key = result.by_id.get(joined.incident), digest(joined.signal.key.encode())
    if incident_id(joined.signal.key) in result.by_id:
        return True
    folded = (each for each in result.events(SignalsJoined) if each.incident == joined.incident)
    taken = {each.key_digest: entry.at for entry in folded for each in entry.event.joined}
    ended_at = incident.ended_at if incident else None
    return ended_at is not None and taken.get(key, ended_at) >= ended_at


def unreadable_incidents_page(result: RunResult) -> Iterator[str]:
    """I7: each open unreadable incident pages a person, or an alarm rings."""
    since = result.world.start
    until = since + ALARMED_WITHIN
    for id_ in sorted(spoilt_ids(result.world)):
        sent = min(result.triggered_at(f"{id_}:{UNREADABLE_SUFFIX}"), default=None)
        if (sent is None or sent > until) and not alarm_rings(result, since, until):
            yield f"{id_} cannot be read, and no person was paged of it"
