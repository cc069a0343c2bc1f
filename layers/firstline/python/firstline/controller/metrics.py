"""Measures: what an operations review asks of firstline, as metrics of what was committed.

Each is of one change, so that what is committed once is counted once. Dimensions are of closed
sets (severities, outcomes, actions, guards), never an incident or a host: each value of one is a
metric that is paid for. Every duration runs from the signal's own instant.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from firstline.config.channels import channel
from firstline.controller.ports.store import Change
from firstline.controller.sweep import Swept
from firstline.ids import IncidentId
from firstline.incidents.incident import Incident, Page, Status
from firstline.ledger import entries
from firstline.ledger.entries import LedgerEvent, UnknownEvent
from firstline.ledger.export import decode_entry
from firstline.monitoring.metric import Metric
from firstline.notifications import pages as paging
from firstline.notifications.delivery import is_alert

HEARTBEAT = "Heartbeat"
PAGES_OWED = "PagesOwedSeconds"
WAKES_LATE = "WakesLateSeconds"
UNREADABLE = "IncidentsUnreadable"
ALARMS_UNASKED = "AlarmsUnasked"
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
"""How many open incidents are counted: one read of an index of keys."""


def of_sweep(swept: Swept) -> tuple[Metric, ...]:
    """A sweep's sign of life, what it found late, what it could not read, and could not ask."""
    unread = (Metric(UNREADABLE, swept.unreadable, "Count"),) if swept.unreadable else ()
    return (
        Metric(HEARTBEAT, 1, "Count"),
        Metric(PAGES_OWED, swept.pages_owed_for.total_seconds(), "Seconds"),
        Metric(WAKES_LATE, swept.wakes_late_for.total_seconds(), "Seconds"),
        *unread,
        Metric(ALARMS_UNASKED, int(swept.unasked), "Count"),
    )


def of_owed(changes: Sequence[Change], now: datetime) -> tuple[Metric, ...]:
    """For how long the oldest page is owed that a run left unsent; nothing where it left none.

    A sweep that is cut short sees no page of an incident whose wakes come in time (I7).
    """
    owed_for = pages_owed_for(changes, now)
    return (Metric(PAGES_OWED, owed_for.total_seconds(), "Seconds"),) if owed_for else ()


def pages_owed_for(changes: Sequence[Change], now: datetime) -> timedelta:
    """For how long the oldest page is owed of what *changes* left behind."""
    left = {each.incident.id: each.incident.pages for each in changes if each.incident}
    owed = (paging.owed_for(pages, now) for pages in left.values())
    return max(owed, default=timedelta(0))


def of_open(incidents: Sequence[IncidentId]) -> Metric:
    """How many incidents have not ended; from `OPEN_MAX` on there may be more."""
    return Metric(INCIDENTS_OPEN, len(incidents), "Count")


def of_change(change: Change) -> tuple[Metric, ...]:
    """What *change*, which was committed, adds to the counts."""
    held = change.incident
    records = [decode_entry(each) for each in change.entries]
    if held is None:
        return tuple(each for entry in records for each in _page_failed(entry.event))
    found = [each for entry in records for each in _of_event(entry.event, entry.at, held)]
    if change.opens is not None:
        found.append(Metric(OPENED, 1, "Count", (("severity", held.severity.value),)))
    if change.closes is not None:
        found.extend(_of_end(held))
    return tuple(found)


def _of_event(event: LedgerEvent | UnknownEvent, at: datetime, held: Incident) -> Iterator[Metric]:
    match event:
        case entries.PageDelivered():
            yield from _page_failed(event)
            yield from _page_accepted(event, at, held)
        case entries.ResponseMeasured(responded=True):
            yield Metric(RESPONSES, 1, "Count")
            yield Metric(RESPONSES_MISSED, int(not event.met), "Count")
        case entries.FixIntended():
            yield from _fix_begun(event, at, held)
        case entries.FixVerified(helped=False):
            yield Metric(FIXES_FAILED, 1, "Count", (("action", event.action),))
        case entries.DecisionMade():
            # a guard that denies for an hour is counted at each decision
            for guard, _ in event.denials:
                yield Metric(DENIALS, 1, "Count", (("guard", guard),))
        case _:
            pass


def _page_failed(event: LedgerEvent | UnknownEvent) -> Iterator[Metric]:
    """The first try at a page, or all that ingest makes, ended without PagerDuty's yes."""
    if not isinstance(event, entries.PageDelivered):
        return
    if channel(event.channel).pages_on_call and event.outcome == "owed":
        yield Metric(PAGES_FAILED, 1, "Count")


def _page_accepted(event: entries.PageDelivered, at: datetime, held: Incident) -> Iterator[Metric]:
    """The first page of all was taken; or a drill came the whole way to PagerDuty.

    What was told to the team at first is paged since it rose.
    """
    if event.outcome != "accepted":
        return
    taken = (each.key for each in held.pages if _notified(each))
    if is_alert(event) and event.key == next(taken, None):
        rises = (each.since for each in held.responses if each.severity.pages)
        yield _took(TO_PAGE, at - next(rises, held.signalled_at))
    if event.key == f"{held.id}:{paging.REHEARSAL}":
        yield Metric(DRILLS_PASSED, 1, "Count")


def _notified(page: Page) -> bool:
    return page.traits.pages_on_call and page.action == "trigger" and page.sent_at is not None


def _fix_begun(event: entries.FixIntended, at: datetime, held: Incident) -> Iterator[Metric]:
    yield Metric(FIXES, 1, "Count", (("action", event.action),))
    if held.attempts and held.attempts[0].token == event.token:
        yield _since_signal(TO_FIX, at, held)


def _of_end(held: Incident) -> Iterator[Metric]:
    yield Metric(ENDED, 1, "Count", (("outcome", held.status.value),))
    yield from _alone(held)
    if held.status is Status.RESOLVED and held.ended_at is not None:
        yield _since_signal(TO_RECOVER, held.ended_at, held)


def _alone(held: Incident) -> Iterator[Metric]:
    """Whether what needed something done was mended by firstline, and no person allowed a fix.

    Of what was over by itself, or by people, nothing is said; nor of a drill, in which nothing is
    to be mended.
    """
    if held.status is Status.OBSERVED or held.drill:
        return
    asked = any(each.used for each in held.proposals)
    alone = held.status is Status.RESOLVED and not asked
    yield Metric(RESOLVED_ALONE, int(alone), "Count")


def _since_signal(name: str, at: datetime, held: Incident) -> Metric:
    return _took(name, at - held.signalled_at)


def _took(name: str, passed: timedelta) -> Metric:
    return Metric(name, max(passed.total_seconds(), 0), "Seconds")
