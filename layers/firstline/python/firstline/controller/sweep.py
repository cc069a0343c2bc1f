"""Sweep, every minute: pending pages, overdue wakes, P1 alarms without an event, a heartbeat.

It covers lost wakes, undelivered pages, and delays beyond the queue's limit. A page waits for no
other worker longer than until the next sweep (I1).

For each incident whose wake is due before the next sweep it does the first half of a reconcile and
no more: it merges the inbox and sends the triggers. It sends a trigger before its next retry is
due, because PagerDuty deduplicates it by key. A page whose wake is lost therefore waits for one
sweep, even a page for a rise in severity that no reconcile has merged.
"""

import contextlib
import copy
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from firstline.controller import digest, inbox, missed_alarms, unreadable_incidents
from firstline.controller.operators.kill_switch import sweep_pauses
from firstline.controller.overdue import OverdueIncidents
from firstline.controller.ports.store import DueIncident, LoadedIncident
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.controller.unreadable_incidents import OverdueUnreadable
from firstline.errors import CommitConflict, FirstlineError, Unreadable
from firstline.incidents import resolve_delay
from firstline.incidents.incident import Page
from firstline.notifications import pages as paging

WAKE_GRACE = timedelta(seconds=15)
"""The delay after which a wake counts as lost; a duplicate is harmless."""
WAKE_LOOKAHEAD = timedelta(minutes=1) + resolve_delay.CLOCK_SKEW_MAX
"""Incidents with a wake before the next sweep are included, since it may be lost."""
SWEEP_DURATION_MAX = timedelta(seconds=40)
"""A longer sweep leaves the rest to the next, so that it can send its heartbeat."""


class SweepResult(msgspec.Struct, frozen=True):
    """The result of a sweep: incidents woken, failed and left, and the oldest pending page.

    One that failed or was left counts as pending since its wake was due. ``oldest_wake_age`` shows
    that reconcile is stuck, since SQS reports no age of a message that was returned three times.
    ``unreadable`` are the failed ones that this code cannot read: a person was paged for them, so
    they count neither as pending nor as late. ``missed_alarms`` are the P1 alarms that were opened
    without an event; ``poll_failed`` is true if not all could be polled.
    """

    woken: int = 0
    failed: int = 0
    left: int = 0
    oldest_page_age: timedelta = timedelta(0)
    oldest_wake_age: timedelta = timedelta(0)
    unreadable: int = 0
    missed_alarms: int = 0
    poll_failed: bool = False


def sweep(system: System) -> SweepResult:
    """Process due incidents, and P1 alarms without an event; one failure does not stop the rest."""
    until = system.ports.clock.now() + SWEEP_DURATION_MAX
    swept = _sweep_due(system)
    polled = missed_alarms.open_missed_alarms(system, until)
    return copy.replace(swept, missed_alarms=polled.opened, poll_failed=polled.unread)


def _sweep_due(system: System) -> SweepResult:
    """Deliver pages, and wake overdue incidents.

    Expired pauses and the digest come first, since slow incidents may use all the time.
    """
    clock = system.ports.clock
    now = clock.now()
    overdue = OverdueIncidents(system.ports.store, now + WAKE_LOOKAHEAD)
    progress = _sweep_first(overdue, system)
    for due in overdue:
        if clock.now() - now > SWEEP_DURATION_MAX:
            return progress.cut_short((due, *overdue.waiting), now)
        _sweep_incident(due, progress, system, now)
    unread_for = unreadable_incidents.page_all(progress.unread, system, now + SWEEP_DURATION_MAX)
    progress.count(page_age=unread_for, wake_age=unread_for)
    return progress.swept()


class _Progress(msgspec.Struct):
    """The state of a running sweep; the unreadable are among the failed."""

    failed: int
    page_age: timedelta
    wake_age: timedelta = timedelta(0)
    woken: int = 0
    unread: list[OverdueUnreadable] = []

    def count(self, page_age: timedelta = timedelta(0), wake_age: timedelta = timedelta(0)) -> None:
        """Count a pending page, or an overdue wake, of that age."""
        self.page_age, self.wake_age = max(self.page_age, page_age), max(self.wake_age, wake_age)

    def swept(self, left: int = 0) -> SweepResult:
        """The result, with *left* incidents for the next sweep."""
        unread = len(self.unread)
        return SweepResult(self.woken, self.failed, left, self.page_age, self.wake_age, unread)

    def cut_short(self, left: Sequence[DueIncident], now: datetime) -> SweepResult:
        """The result; what was *left* or unreadable counts as pending since its wake was due."""
        ages = (*(_wake_age(each, now) for each in left), *(age for _, age in self.unread))
        self.count(max(ages), max(ages))
        return self.swept(len(left))


def _sweep_first(overdue: OverdueIncidents, system: System) -> _Progress:
    pause_page_age = _try(lambda: sweep_pauses(system))
    published = _try(lambda: digest.send_digests(overdue, system))
    failed = [pause_page_age, published].count(None)
    return _Progress(failed, pause_page_age or timedelta(0))


def _sweep_incident(due: DueIncident, progress: _Progress, system: System, now: datetime) -> None:
    """Deliver one incident's pages, and queue its lost wake."""
    work, wake_age = None, _wake_age(due, now)
    try:
        loaded = system.ports.store.load(due.incident)
        if loaded is not None:
            work = IncidentUnitOfWork(loaded.incident, system, now)
            progress.woken += _page_and_wake(work, loaded)
    except Unreadable as error:
        progress.failed += 1
        progress.unread.append(OverdueUnreadable(error, wake_age))
        return
    except FirstlineError:
        progress.failed += 1
        progress.count(page_age=wake_age)
    progress.count(wake_age=wake_age)
    if work is not None:  # a page may be older than the wake
        progress.count(page_age=paging.oldest_pending_age(work.incident.pages, now))


def _page_and_wake(work: IncidentUnitOfWork, loaded: LoadedIncident) -> bool:
    """Try its pages; return True if it was woken."""
    # a conflict means that another worker has it at this moment, and delivers its pages
    with contextlib.suppress(CommitConflict):
        inbox.merge_and_page(work, loaded, _left_pages)
    if not (loaded.inbox or loaded.approvals or _is_wake_late(work)):
        return False
    work.wake()
    return True


def _try[T](call: Callable[[], T]) -> T | None:
    """The result of *call*; None if it failed, since the incidents come after it."""
    try:
        return call()
    except Exception:  # noqa: BLE001 - counted as failed
        return None


def _is_wake_late(work: IncidentUnitOfWork) -> bool:
    """True if its wake was lost; a pending digest line needs none."""
    at = work.incident.next_wake_at
    return at is not None and at <= work.now - WAKE_GRACE and digest.due_digest_line(work) is None


def _wake_age(due: DueIncident, now: datetime) -> timedelta:
    """The age of its overdue wake; an unread incident may have a page of that age."""
    return max(now - due.next_wake_at, timedelta(0))


def _left_pages(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """Each trigger to the pager, which deduplicates it by key; the others once they are late.

    Pages that are not required are left to reconcile.
    """
    required = (each for each in paging.pending(pages) if each.traits.required)
    return tuple(
        each
        for each in required
        if (each.traits.pages_on_call and each.action == "trigger")
        or each.due_at <= now - WAKE_GRACE
    )
