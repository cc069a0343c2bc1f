"""Metrics for an operations review, computed from committed changes.

Each metric belongs to one change, so one commit is counted once. Dimensions have closed sets of
values (severities, outcomes, actions, guards), never an incident or a host: each value is a billed
metric. Every duration starts at the signal's own instant.

A function collects the changes that its store committed, and makes metrics of them when all its
work is done, so that no page waits. The incident's id is in the log line alone. A fault in a metric
is logged and redelivers no finished message. The heartbeat is emitted separately, before any step
that may fail.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from firstline.config.channels import channel
from firstline.controller.ports.store import Change
from firstline.controller.sweep import SweepResult
from firstline.ids import IncidentId
from firstline.incidents.incident import Incident, Page, Status
from firstline.ledger import entries
from firstline.ledger.entries import LedgerEvent, UnknownEvent
from firstline.ledger.export import decode_entry
from firstline.monitoring.metric import Metric
from firstline.notifications import pages as paging
from firstline.notifications.delivery import is_alert

HEARTBEAT = "Heartbeat"
PAGES_PENDING = "PagesPendingSeconds"
WAKES_OVERDUE = "WakesOverdueSeconds"
UNREADABLE = "IncidentsUnreadable"
ALARM_POLLS_FAILED = "AlarmPollsFailed"
INCIDENTS_OPEN = "IncidentsOpen"
PAGES_FAILED = "PagesFailed"
OPENED = "IncidentsOpened"
ENDED = "IncidentsEnded"
RESPONSES = "Responses"
RESPONSES_MISSED = "ResponsesMissed"
RESOLVED_ALONE = "ResolvedAlone"
TO_PAGE = "TimeToPage"
TO_FIX = "TimeToFirstFix"
TO_RECOVER = "TimeToRecover"
FIXES = "Fixes"
FIXES_FAILED = "FixesFailed"
DENIALS = "Denials"
DRILLS_PASSED = "DrillsPassed"
CALLS = "AwsCalls"
CALLS_COST = "AwsCallsNanodollars"

OPEN_MAX = 100
"""The most open incidents counted: one read of an index."""


def sweep_metrics(swept: SweepResult) -> tuple[Metric, ...]:
    """The heartbeat of a sweep, its latencies, and the numbers that it could not read or poll."""
    unread = (Metric(UNREADABLE, swept.unreadable, "Count"),) if swept.unreadable else ()
    return (
        Metric(HEARTBEAT, 1, "Count"),
        Metric(PAGES_PENDING, swept.oldest_page_age.total_seconds(), "Seconds"),
        Metric(WAKES_OVERDUE, swept.oldest_wake_age.total_seconds(), "Seconds"),
        *unread,
        Metric(ALARM_POLLS_FAILED, int(swept.poll_failed), "Count"),
    )


def pending_page_metrics(changes: Sequence[Change], now: datetime) -> tuple[Metric, ...]:
    """The age of the oldest page that a run left pending; nothing if it left none.

    A sweep that is cut short sees no page of an incident whose wakes come in time (I7).
    """
    age = oldest_pending_age(changes, now)
    return (Metric(PAGES_PENDING, age.total_seconds(), "Seconds"),) if age else ()


def oldest_pending_age(changes: Sequence[Change], now: datetime) -> timedelta:
    """The age of the oldest pending page after *changes*."""
    latest = {each.incident.id: each.incident.pages for each in changes if each.incident}
    ages = (paging.oldest_pending_age(pages, now) for pages in latest.values())
    return max(ages, default=timedelta(0))


def open_incidents_metric(incidents: Sequence[IncidentId]) -> Metric:
    """The number of open incidents; `OPEN_MAX` means that or more."""
    return Metric(INCIDENTS_OPEN, len(incidents), "Count")


def change_metrics(change: Change) -> tuple[Metric, ...]:
    """The metrics of *change*, which was committed."""
    incident = change.incident
    records = [decode_entry(each) for each in change.entries]
    if incident is None:
        return tuple(each for entry in records for each in _failed_page_metrics(entry.event))
    metrics = [
        each for entry in records for each in _event_metrics(entry.event, entry.at, incident)
    ]
    if change.opens is not None:
        metrics.append(Metric(OPENED, 1, "Count", (("severity", incident.severity.value),)))
    if change.closes is not None:
        metrics.extend(_end_metrics(incident))
    return tuple(metrics)


def _event_metrics(
    event: LedgerEvent | UnknownEvent, at: datetime, incident: Incident
) -> Iterator[Metric]:
    match event:
        case entries.PageDelivered():
            yield from _failed_page_metrics(event)
            yield from _accepted_page_metrics(event, at, incident)
        case entries.ResponseMeasured(responded=True):
            yield Metric(RESPONSES, 1, "Count")
            yield Metric(RESPONSES_MISSED, int(not event.met), "Count")
        case entries.FixIntended():
            yield from _fix_metrics(event, at, incident)
        case entries.FixVerified(helped=False):
            yield Metric(FIXES_FAILED, 1, "Count", (("action", event.action),))
        case entries.DecisionMade():
            # a guard that denies for an hour is counted at each decision
            for guard, _ in event.denials:
                yield Metric(DENIALS, 1, "Count", (("guard", guard),))
        case _:
            pass


def _failed_page_metrics(event: LedgerEvent | UnknownEvent) -> Iterator[Metric]:
    if not isinstance(event, entries.PageDelivered):
        return
    if channel(event.channel).pages_on_call and event.outcome == "pending":
        yield Metric(PAGES_FAILED, 1, "Count")


def _accepted_page_metrics(
    event: entries.PageDelivered, at: datetime, incident: Incident
) -> Iterator[Metric]:
    """The first accepted page, or the accepted heartbeat of a drill.

    An incident that began below the paging severities counts from its rise.
    """
    if event.outcome != "accepted":
        return
    accepted = (each.key for each in incident.pages if _notified(each))
    if is_alert(event) and event.key == next(accepted, None):
        rises = (each.since for each in incident.responses if each.severity.pages)
        yield _duration(TO_PAGE, at - next(rises, incident.signalled_at))
    if event.key == f"{incident.id}:{paging.DRILL_SUFFIX}":
        yield Metric(DRILLS_PASSED, 1, "Count")


def _notified(page: Page) -> bool:
    return page.traits.pages_on_call and page.action == "trigger" and page.sent_at is not None


def _fix_metrics(event: entries.FixIntended, at: datetime, incident: Incident) -> Iterator[Metric]:
    yield Metric(FIXES, 1, "Count", (("action", event.action),))
    if incident.attempts and incident.attempts[0].token == event.token:
        yield _since_signal(TO_FIX, at, incident)


def _end_metrics(incident: Incident) -> Iterator[Metric]:
    yield Metric(ENDED, 1, "Count", (("outcome", incident.status.value),))
    yield from _resolved_alone_metrics(incident)
    if incident.status is Status.RESOLVED and incident.ended_at is not None:
        yield _since_signal(TO_RECOVER, incident.ended_at, incident)


def _resolved_alone_metrics(incident: Incident) -> Iterator[Metric]:
    """1 if firstline repaired it and no person approved a fix, else 0.

    Nothing for an incident that ended by itself or by people, or for a drill.
    """
    if incident.status is Status.SELF_RECOVERED or incident.drill:
        return
    approved = any(each.used for each in incident.proposals)
    resolved_alone = incident.status is Status.RESOLVED and not approved
    yield Metric(RESOLVED_ALONE, int(resolved_alone), "Count")


def _since_signal(name: str, at: datetime, incident: Incident) -> Metric:
    return _duration(name, at - incident.signalled_at)


def _duration(name: str, passed: timedelta) -> Metric:
    return Metric(name, max(passed.total_seconds(), 0), "Seconds")
