"""Open: a signal of trouble opens an incident, joins the open one, or comes too late.

The page goes first: one transaction, then the pager, then the wake. A store that fails delays the
page by no more than its own timeout.

A store that is busy with other transactions is retried for one second, with pauses of 20 to 100 ms.
Then the incident of the correlation key is read: if another worker opened it meanwhile, the signal
joins it. If the store fails, the page goes out unrecorded. Its retry has the same key, because the
incident's id is a hash of the opening signal's key.

A page is queued in the commit of its cause, and is tried at each wake until PagerDuty accepts it. A
resolve waits for the trigger of its key.
"""

import contextlib
import copy

from firstline.config.profile import seconds
from firstline.controller import deliver_pages
from firstline.controller.join_incident import (
    Receipt,
    alarm_transition,
    join,
    ok_alarms,
    wake_open_incident,
)
from firstline.controller.ports.store import Change, OpeningsWrite
from firstline.controller.record_external_event import Arrival, commit_with_external_events
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
from firstline.signals import correlation, episodes

WAKE_GRACE = seconds(15)
"""The delay of the first wake after which a second delivery queues it again."""
LATE_REASON = "the signal came late, and the alarm is OK now"
"""The start of an entry's reason for a late signal whose alarm is OK now."""
TURNS_MAX = 5
"""The most attempts while other workers open incidents; then the opening is not counted."""


def open_or_join(arrival: Arrival, system: System) -> Receipt:
    """Open an incident, or put the signal into the inbox of the open one."""
    late = _is_late(arrival.signal, system)
    for attempt in range(TURNS_MAX):
        if late and arrival.signal.arn in ok_alarms((arrival.signal.arn,), system):
            return _record_recovered(arrival, system)
        counted, openings = (
            check_storm(arrival, system) if attempt < TURNS_MAX - 1 else (arrival, None)
        )
        try:
            return _open(counted, system, openings, late=late)
        except CommitConflict as conflict:
            match conflict.contested:
                case Contested.OPENINGS:
                    continue
                case Contested.HEARD:
                    late = True
                case Contested.CORRELATION_KEY:
                    return _join(counted, system, openings)
                case _:
                    return _redelivered(arrival, system)
    raise DependencyUnavailable(f"{arrival.signal.subject} is contested: deliver it again")


def _record_recovered(arrival: Arrival, system: System) -> Receipt:
    """Record a late signal whose alarm is OK: an open incident looks again, with no page."""
    why = f"{LATE_REASON}: {arrival.classification.why}"
    classification = copy.replace(arrival.classification, disposition=Disposition.CONTEXT, why=why)
    return wake_open_incident(arrival._replace(classification=classification, first=True), system)


def _open(
    arrival: Arrival, system: System, openings: OpeningsWrite | None, *, late: bool
) -> Receipt:
    signal, classification, first, _ = arrival
    now = system.ports.clock.now()
    opening = episodes.open_incident(
        signal, classification, system.profile, now, system.provenance()
    )
    incident = opening.incident
    change = Change(
        incident=incident,
        entries=(opening.entry,),
        processed=signal.key if first else None,
        opens=incident.correlation_key,
        transition=None if late else alarm_transition(signal),
        openings=openings,
    )
    try:
        commit_with_external_events(change, arrival, system)
    except Busy:
        return _join_after_busy(arrival, incident, system, openings)
    except (DependencyUnavailable, InvariantViolation):
        _page_unrecorded(incident.pages, system)
        raise
    work = IncidentUnitOfWork(copy.replace(incident, version=1), system, now)
    _page(work)
    work.wake()
    return Receipt(classification.disposition, classification.why, incident.id)


def _join_after_busy(
    arrival: Arrival, incident: Incident, system: System, openings: OpeningsWrite | None
) -> Receipt:
    """Join the incident that another worker opened while the store was busy."""
    open_id = None
    with contextlib.suppress(DependencyUnavailable):
        open_id = system.ports.store.open_incident(incident.correlation_key)
    if open_id is not None:
        return _join_known(open_id, arrival, system, openings)
    _page_unrecorded(incident.pages, system)
    raise DependencyUnavailable(f"{arrival.signal.subject} met a busy store: deliver it again")


def _page(work: IncidentUnitOfWork) -> None:
    """Send the pages; an unrecorded page stays pending."""
    # a conflict means that reconcile was quicker: it delivers the page, under the same key
    with contextlib.suppress(CommitConflict, Busy):
        deliver_pages.deliver_pending(work, deliver_pages.INGEST_TRIES_MAX)


def _redelivered(arrival: Arrival, system: System) -> Receipt:
    """Handle a second delivery: send pending pages, and queue a lost wake."""
    classification, store = arrival.classification, system.ports.store
    incident_id = episodes.ignored_signal_id(arrival.signal)
    try:
        loaded = store.load(incident_id)
    except Unreadable:  # whether the first delivery's worker lived to page is not known
        _page_arrival(arrival, system)
        return Receipt(classification.disposition, classification.why, incident_id)
    if loaded is None:  # the first delivery joined
        return Receipt(
            classification.disposition,
            classification.why,
            store.open_incident(classification.correlation_key),
        )
    work = IncidentUnitOfWork(loaded.incident, system, system.ports.clock.now())
    due = loaded.incident.next_wake_at
    if due is not None:
        _page(work)
    if due is not None and due + WAKE_GRACE <= work.now:  # its wake was lost with its worker
        work.wake()
    return Receipt(classification.disposition, classification.why, incident_id)


def _join(arrival: Arrival, system: System, openings: OpeningsWrite | None) -> Receipt:
    key = arrival.classification.correlation_key
    try:
        incident = system.ports.store.open_incident(key)
    except InvariantViolation:  # which incident has it cannot be read
        _page_arrival(arrival, system)
        raise
    if incident is None:
        raise DependencyUnavailable(f"the episode of {key} ended just now: deliver again")
    return _join_known(incident, arrival, system, openings)


def _join_known(
    incident: IncidentId, arrival: Arrival, system: System, openings: OpeningsWrite | None
) -> Receipt:
    """Put the signal into the inbox of *incident*; only a storm records the openings."""
    storm = arrival.classification.correlation_key == correlation.storm_key(
        system.profile.fleet.name
    )
    return join(arrival, incident, system, openings if storm else None)


def check_storm(arrival: Arrival, system: System) -> tuple[Arrival, OpeningsWrite | None]:
    """Return *arrival*, or its storm if it is one too many; and the recent openings with it.

    A P1 is never part of a storm and never waits for this read (I21); nor is a drill. A key that
    an open storm gathered joins it again (I36).
    """
    classification, policy = arrival.classification, system.profile.policy
    if classification.severity is Severity.P1 or classification.condition is Condition.DRILL:
        return arrival, None
    store, fleet, now = system.ports.store, system.profile.fleet.name, system.ports.clock.now()
    try:
        openings = store.openings(fleet)
        others = openings.count_others(
            classification.correlation_key, now, seconds(policy.storm_window_seconds)
        )
        too_many = others >= policy.storm_scopes_max
        may_gather = too_many or classification.correlation_key in openings.gathered
        is_storm_open = may_gather and store.open_incident(correlation.storm_key(fleet)) is not None
        storm = (too_many or is_storm_open) and store.open_incident(
            classification.correlation_key
        ) is None
    except DependencyUnavailable:
        return arrival, None
    latest = openings.with_opening(classification.correlation_key, now, policy.storm_scopes_max)
    if storm:
        latest = latest.with_gathered(classification.correlation_key, opens=not is_storm_open)
        arrival = arrival._replace(
            classification=episodes.storm_classification(classification, system.profile)
        )
    return arrival, OpeningsWrite(fleet, latest)


# An alarm older than `signal_age_max_seconds`, or older than a processed state of the same alarm,
# is compared with the alarm's present state before it opens anything (I3, I14). The second check
# costs no read: the opening transaction writes the alarm's latest instant under a condition, and
# only a conflict reads the alarm.
def _is_late(signal: Signal, system: System) -> bool:
    """True if the signal is older than an opening signal may be without a second look (I14)."""
    age_max = seconds(system.profile.policy.signal_age_max_seconds)
    age = system.ports.clock.now() - signal.at
    return signal.kind is SignalKind.ALARM and age > age_max


def _page_arrival(arrival: Arrival, system: System) -> None:
    now, by = system.ports.clock.now(), system.provenance()
    opening = episodes.open_incident(
        arrival.signal, arrival.classification, system.profile, now, by
    )
    _page_unrecorded(opening.incident.pages, system)


def _page_unrecorded(pages: tuple[Page, ...], system: System) -> None:
    """Page without a record; the retry's page has the same key."""
    for page in pages:
        deliver_pages.send(page, system, deliver_pages.INGEST_TRIES_MAX)
