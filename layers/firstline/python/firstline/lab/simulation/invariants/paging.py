"""Paging: whoever must be told is told, once, in time, and whatever else goes wrong."""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from firstline.diagnosis.evidence import AlarmState
from firstline.ids import IncidentId, digest, incident_id
from firstline.incidents.incident import Incident
from firstline.lab.simulation.invariants import unannounced
from firstline.lab.simulation.left import Left
from firstline.ledger.entries import DecisionMade, FixIntended, SignalReceived, SignalsJoined
from firstline.notifications.unreadable_page import UNREADABLE_SUFFIX
from firstline.signal import Condition, Severity
from firstline.signals.sources.envelope import parse

PAGED_WITHIN = timedelta(seconds=60)
TOLD_WITHIN = timedelta(minutes=5, seconds=10)
"""What is owed for two minutes is seen by the next sweep, and by its alarm a minute later."""
SWEPT_EVERY = timedelta(seconds=70)
"""With the time that a slow sweep may take."""
SILENT_FOR = timedelta(minutes=3)
OWED_FOR = timedelta(minutes=2)
"""As ``infra/oversight.py`` has both: without a heartbeat, and with a page that is owed."""
SKEW = timedelta(seconds=10)
"""As far as a worker's clock may be wrong."""
LATEST = timedelta(seconds=40)
"""As long as what closes an incident may have been read before."""


def paged_in_time(left: Left) -> Iterator[str]:
    """I1: each P1 and P2 leads to an accepted page within 60 s of when that was possible."""
    for held in left.held:
        yield from _late(left, held)


def _late(left: Left, held: Incident) -> Iterator[str]:
    if not held.severity.pages:
        return
    sent = first_paged(left, held)
    if sent is None:
        yield f"{held.id} was never paged"
    elif sent > (by := possible(left, _grave_since(held), sent)):
        yield f"{held.id} was paged at {sent.time()}, and could be by {by.time()}"


def first_paged(left: Left, held: Incident) -> datetime | None:
    """When PagerDuty first took a trigger for *held*: of its opening, or of the rise that paged."""
    ways = (held.id, *(f"{held.id}:{each.lower()}" for each in Severity if each.pages))
    return min((at for key in ways for at in left.triggered(key)), default=None)


def _grave_since(held: Incident) -> datetime:
    """Since when it pages: its opening, or the instant of the rise that made it so grave."""
    first = held.responses[0]
    rises = (each.since for each in held.responses[1:] if each.severity.pages)
    return held.opened_at if first.severity.pages else max(held.opened_at, next(rises))


def possible(left: Left, since: datetime, until: datetime) -> datetime:
    """The latest that a page may go out: 60 s after the last trouble that could keep it back."""
    over = [over for began, over in left.troubles if began <= until]
    return max([since, *over]) + PAGED_WITHIN


def _troubled(left: Left, since: datetime, until: datetime) -> bool:
    """Whether anything was in trouble between these instants."""
    return any(began <= until and over >= since for began, over in left.troubles)


def everything_is_heard(left: Left) -> Iterator[str]:
    """I1: each event is taken in, or lies with the dead letters, of which an alarm tells."""
    dead = {message.payload for _, message in left.run.mail.dead}
    processed = left.run.door.store.tables.processed
    for body, at in left.run.mail.received.items():
        key = parse(body, left.run.system.settings.home, at).key
        if key not in processed and body not in dead:
            yield f"{key} was lost"


def notified_once(left: Left) -> Iterator[str]:
    """I2: one notification for each key, but where a person ended the alert by hand."""
    alerts = left.run.door.pager.alerts
    for key in alerts.by_key:
        if (times := alerts.notified(key)) > 1 and key not in left.run.people.resolved:
            yield f"{key} notified {times} times"
    owed = {each.key for held in left.held for each in held.pages}
    owed |= {each.key for each in left.run.door.store.tables.switch.pages}
    # what the store could not record is paged under the key that it would have had
    home = left.run.system.settings.home
    owed |= {incident_id(parse(body, home, at).key) for body, at in left.run.mail.received.items()}
    owed |= _held_by_none(left) | set(unannounced.keys(left))
    for key in alerts.by_key:
        if key not in owed:
            yield f"{key} is no key that anything owed"


def _held_by_none(left: Left) -> set[str]:
    """The keys under which ingest pages a rise, and of what cannot be read."""
    tables = left.run.door.store.tables
    paging = [each.lower() for each in Severity if each.pages]
    rises = {f"{each.incident}:{severity}" for each in tables.joined for severity in paging}
    return rises | {f"{id_}:{UNREADABLE_SUFFIX}" for id_ in tables.incidents}


def nothing_late_opens_anew(left: Left) -> Iterator[str]:
    """I3: no signal from before an episode's end opens another, once its alarm is OK."""
    over = [
        (told.event.subject, told.event.signalled_at, told.at)
        for told in left.of(SignalReceived)
        if told.event.disposition == "recovery" and told.event.signalled_at is not None
    ]
    for held in left.held:
        before = held.opened_at - timedelta(seconds=20)
        late = any(
            subject == held.alarm and held.signalled_at < at and told_at < before
            for subject, at, told_at in over
        )
        # an alarm whose state cannot be read pages: unknown is never fine
        # the opening is dated by the clock of its worker, which may be behind
        unread = left.troubled(before, held.opened_at + SKEW)
        if late and not unread and not left.fired(held.opened_at, timedelta(seconds=40)):
            yield f"{held.id} was opened by an alarm from before its OK, which was heard"


def resolved_after_verification(left: Left) -> Iterator[str]:
    """I4: a resolve of an incident's key follows its recovered end, and nothing else."""
    for page in left.received:
        held = left.by_id.get(incident_id_of(page.key))
        if page.action != "resolve" or held is None or ":ask-" in page.key:
            continue
        if held.status not in {"resolved", "observed"}:
            yield f"{page.key} was resolved, and is {held.status}"


def incident_id_of(key: str) -> IncidentId:
    """The incident of a page's key, whose other part says what the page is for."""
    return IncidentId(key.partition(":")[0])


def closed_when_all_serve(left: Left) -> Iterator[str]:
    """I4: whatever was closed, every host had served lately, and no alarm of it fires."""
    for told in left.of(DecisionMade):
        if told.event.step_type != "close":
            continue
        for host in left.world.group.in_service(told.at):
            if not left.seen_serving(host.plan.id, told.at):
                yield f"{told.incident} was closed while {host.plan.id} did not serve"
        for arn in left.by_id[told.incident].alarms:
            states = {left.state(arn, told.at - each) for each in (timedelta(0), LATEST)}
            if states == {AlarmState.ALARM}:
                yield f"{told.incident} was closed while its alarm fired"


def nothing_stops_a_page(left: Left) -> Iterator[str]:
    """I5: no pause, mode, issue, freeze or guard keeps a page back."""
    denied = {told.incident for told in left.of(DecisionMade) if told.event.denials}
    for held in left.held:
        if held.id in denied:
            yield from _late(left, held)


def nothing_unknown_is_silent(left: Left) -> Iterator[str]:
    """I6: what nobody understands, of our own account, pages, and nothing is fixed for it."""
    dead = {message.payload for _, message in left.run.mail.dead}
    home = left.run.system.settings.home
    folded = (each for entry in left.of(SignalsJoined) for each in entry.event.joined)
    joined = {each.key_digest for each in folded}
    acting = {told.incident for told in left.of(FixIntended)}
    for body in (*left.labelled("junk"), *left.labelled("future")):
        if body not in left.run.mail.received or body in dead:
            continue
        key = parse(body, home, left.run.mail.received[body]).key
        opened = incident_id(key)
        taken = left.by_id.get(opened)
        if taken is None and digest(key.encode()) not in joined:
            yield f"{body[:40]!r} was silent"
        elif taken is not None and taken.condition is Condition.UNCLASSIFIED and opened in acting:
            yield f"{opened} was acted on, and nobody understood it"


def deafness_is_told(left: Left) -> Iterator[str]:
    """I7: a page that is not taken for minutes is told by an alarm that shares no code."""
    for held in left.held:
        sent = first_paged(left, held)
        since = _grave_since(held) if held.severity.pages else held.opened_at
        missed = [each for each in left.run.missed if each <= since + TOLD_WITHIN]
        until = since + TOLD_WITHIN + len(missed) * SWEPT_EVERY
        late = held.severity.pages and (sent is None or sent > until)
        if late and not deaf(left, since, until):
            yield f"{held.id} was not paged for minutes, and no alarm told"


def deaf(left: Left, since: datetime, until: datetime) -> bool:
    """Whether the heartbeat stopped, a page was told as owed for long, or a letter was dead."""
    beats = [each for each in left.run.beats if since - SILENT_FOR <= each.at <= until]
    told = [*beats, *left.run.owing]
    owed = any(each.owed_for >= OWED_FOR for each in told if since <= each.at <= until)
    instants = [since, *(each.at for each in beats if each.at >= since), until]
    gaps = itertools.pairwise(instants)
    silent = any(after - before >= SILENT_FOR for before, after in gaps)
    dead = any(since <= at <= until for at, _ in left.run.mail.dead)
    return owed or silent or dead
