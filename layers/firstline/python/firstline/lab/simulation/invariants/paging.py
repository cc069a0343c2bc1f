"""Paging: everybody who must be paged is paged once, in time, whatever else fails."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, digest, incident_id
from firstline.incidents.incident import Incident
from firstline.lab.simulation.invariants import unannounced
from firstline.lab.simulation.run_result import RunResult
from firstline.ledger.entries import DecisionMade, FixIntended, SignalReceived, SignalsJoined
from firstline.notifications.unreadable_page import UNREADABLE_SUFFIX
from firstline.signal import Condition, Severity
from firstline.signals.sources.envelope import parse

PAGED_WITHIN = timedelta(seconds=60)
ALARMED_WITHIN = timedelta(minutes=5, seconds=10)
"""A page pending for two minutes is seen by the next sweep, and by its alarm a minute later."""
SWEPT_EVERY = timedelta(seconds=70)
"""Including the time of a slow sweep."""
SILENT_FOR = timedelta(minutes=3)
PENDING_FOR = timedelta(minutes=2)
"""As in ``infra/oversight.py``: without a heartbeat, and with a pending page."""
SKEW = timedelta(seconds=10)
"""The maximum error of a worker's clock."""
READ_LAG = timedelta(seconds=40)
"""The maximum age of the evidence that closes an incident."""


def paged_in_time(result: RunResult) -> Iterator[str]:
    """I1: each P1 and P2 has an accepted page within 60 s of when that was possible."""
    for incident in result.incidents:
        yield from _late(result, incident)


def _late(result: RunResult, incident: Incident) -> Iterator[str]:
    if not incident.severity.pages:
        return
    sent = first_page_at(result, incident)
    if sent is None:
        yield f"{incident.id} was never paged"
    elif sent > (by := latest_possible(result, _paging_since(incident), sent)):
        yield f"{incident.id} was paged at {sent.time()}, and could be by {by.time()}"


def first_page_at(result: RunResult, incident: Incident) -> datetime | None:
    """Return when PagerDuty first accepted a trigger of the opening or of the rise that paged."""
    ways = (incident.id, *(f"{incident.id}:{each.lower()}" for each in Severity if each.pages))
    return min((at for key in ways for at in result.triggered_at(key)), default=None)


def _paging_since(incident: Incident) -> datetime:
    """Return when the incident began to page: its opening, or a rise in severity."""
    first = incident.responses[0]
    rises = (each.since for each in incident.responses[1:] if each.severity.pages)
    return incident.opened_at if first.severity.pages else max(incident.opened_at, next(rises))


def latest_possible(result: RunResult, since: datetime, until: datetime) -> datetime:
    """Return the latest instant of a page: 60 s after the last fault that may delay it."""
    over = [over for began, over in result.fault_windows if began <= until]
    return max([since, *over]) + PAGED_WITHIN


def _troubled(result: RunResult, since: datetime, until: datetime) -> bool:
    """True if a fault was active between these instants."""
    return any(began <= until and over >= since for began, over in result.fault_windows)


def every_event_is_processed(result: RunResult) -> Iterator[str]:
    """I1: each event is processed, or is a dead letter, for which there is an alarm."""
    dead_letters = {message.payload for _, message in result.run.queues.dead_letters}
    processed = result.run.backend.store.tables.processed
    for body, at in result.run.queues.first_received.items():
        key = parse(body, result.run.system.settings.home, at).key
        if key not in processed and body not in dead_letters:
            yield f"{key} was lost"


def notified_once(result: RunResult) -> Iterator[str]:
    """I2: one notification for each key, unless a person resolved the alert by hand."""
    alerts = result.run.backend.pager.alerts
    for key in alerts.by_key:
        if (times := alerts.notified(key)) > 1 and key not in result.run.operators.resolved_keys:
            yield f"{key} notified {times} times"
    pending = {each.key for incident in result.incidents for each in incident.pages}
    pending |= {each.key for each in result.run.backend.store.tables.switch.pages}
    # an unrecorded incident is paged under the key that it would have had
    home = result.run.system.settings.home
    pending |= {
        incident_id(parse(body, home, at).key)
        for body, at in result.run.queues.first_received.items()
    }
    pending |= _keys_without_incident(result) | set(unannounced.keys(result))
    for key in alerts.by_key:
        if key not in pending:
            yield f"{key} is no key of any queued page"


def _keys_without_incident(result: RunResult) -> set[str]:
    """Return the keys under which ingest pages rises and unreadable incidents."""
    tables = result.run.backend.store.tables
    paging = [each.lower() for each in Severity if each.pages]
    rises = {f"{each.incident}:{severity}" for each in tables.joined for severity in paging}
    return rises | {f"{id_}:{UNREADABLE_SUFFIX}" for id_ in tables.incidents}


def late_signals_open_nothing(result: RunResult) -> Iterator[str]:
    """I3: no signal from before an episode's end opens another, once its alarm is OK."""
    over = [
        (record.event.subject, record.event.signalled_at, record.at)
        for record in result.events(SignalReceived)
        if record.event.disposition == "recovery" and record.event.signalled_at is not None
    ]
    for incident in result.incidents:
        before = incident.opened_at - timedelta(seconds=20)
        late = any(
            subject == incident.alarm and incident.signalled_at < at and told_at < before
            for subject, at, told_at in over
        )
        # an alarm whose state cannot be read pages: unknown is never fine
        # the opening is dated by the clock of its worker, which may be behind
        unread = result.had_faults(before, incident.opened_at + SKEW)
        if (
            late
            and not unread
            and not result.any_alarm_fired(incident.opened_at, timedelta(seconds=40))
        ):
            yield f"{incident.id} was opened by an alarm from before its OK, which was heard"


def resolved_after_verification(result: RunResult) -> Iterator[str]:
    """I4: only the recovered end of an incident resolves its key."""
    for page in result.received:
        incident = result.by_id.get(incident_id_of(page.key))
        if page.action != "resolve" or incident is None or ":approval-" in page.key:
            continue
        if incident.status not in {"resolved", "self-recovered"}:
            yield f"{page.key} was resolved, and is {incident.status}"


def incident_id_of(key: str) -> IncidentId:
    """Return the incident of a page's key; the rest of a key is the page's purpose."""
    return IncidentId(key.partition(":")[0])


def closed_when_all_serve(result: RunResult) -> Iterator[str]:
    """I4: when an incident closes, every host has served recently and no alarm fires."""
    for record in result.events(DecisionMade):
        if record.event.step_type != "close":
            continue
        for host in result.world.group.in_service(record.at):
            if not result.served_once(host.plan.id, record.at):
                yield f"{record.incident} was closed while {host.plan.id} did not serve"
        for arn in result.by_id[record.incident].alarms:
            states = {
                result.alarm_state(arn, record.at - each) for each in (timedelta(0), READ_LAG)
            }
            if states == {AlarmState.ALARM}:
                yield f"{record.incident} was closed while its alarm fired"


def nothing_stops_a_page(result: RunResult) -> Iterator[str]:
    """I5: no pause, mode, issue, freeze or guard delays a page."""
    denied = {record.incident for record in result.events(DecisionMade) if record.event.denials}
    for incident in result.incidents:
        if incident.id in denied:
            yield from _late(result, incident)


def unclassified_events_page(result: RunResult) -> Iterator[str]:
    """I6: an unclassified event of our own account pages, and nothing is fixed for it."""
    dead_letters = {message.payload for _, message in result.run.queues.dead_letters}
    home = result.run.system.settings.home
    folded = (each for entry in result.events(SignalsJoined) for each in entry.event.joined)
    joined = {each.key_digest for each in folded}
    acting = {record.incident for record in result.events(FixIntended)}
    for body in (*result.bodies("junk"), *result.bodies("future")):
        if body not in result.run.queues.first_received or body in dead_letters:
            continue
        key = parse(body, home, result.run.queues.first_received[body]).key
        opened = incident_id(key)
        taken = result.by_id.get(opened)
        if taken is None and digest(key.encode()) not in joined:
            yield f"{body[:40]!r} was silent"
        elif taken is not None and taken.condition is Condition.UNCLASSIFIED and opened in acting:
            yield f"{opened} was acted on, and nobody understood it"


def unsent_pages_raise_an_alarm(result: RunResult) -> Iterator[str]:
    """I7: an alarm that shares no code reports a page that is pending for minutes."""
    for incident in result.incidents:
        sent = first_page_at(result, incident)
        since = _paging_since(incident) if incident.severity.pages else incident.opened_at
        missed = [each for each in result.run.failed_sweeps if each <= since + ALARMED_WITHIN]
        until = since + ALARMED_WITHIN + len(missed) * SWEPT_EVERY
        late = incident.severity.pages and (sent is None or sent > until)
        if late and not alarm_rings(result, since, until):
            yield f"{incident.id} was not paged for minutes, and no alarm told"


def alarm_rings(result: RunResult, since: datetime, until: datetime) -> bool:
    """True if the heartbeat stopped, a page was pending for long, or a letter was dead."""
    beats = [each for each in result.run.heartbeats if since - SILENT_FOR <= each.at <= until]
    reports = [*beats, *result.run.worker_reports]
    pending = any(each.pending_for >= PENDING_FOR for each in reports if since <= each.at <= until)
    instants = [since, *(each.at for each in beats if each.at >= since), until]
    gaps = itertools.pairwise(instants)
    silent = any(after - before >= SILENT_FOR for before, after in gaps)
    dead_letters = any(since <= at <= until for at, _ in result.run.queues.dead_letters)
    return pending or silent or dead_letters
