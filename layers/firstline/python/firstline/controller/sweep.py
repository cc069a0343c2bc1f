"""Sweep, every minute: pages owed, wakes overdue, P1s without an event, and a sign of life.

It is behind everything else: a wake that was lost, a page that nobody settled, a delay longer
than the queue can hold. A page waits for no other worker than the next sweep (I1).
"""

import contextlib
import copy
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import msgspec

from firstline.controller import digest, inbox, unannounced, unreadable
from firstline.controller.operators.kill_switch import sweep_switch
from firstline.controller.overdue import Overdue
from firstline.controller.ports.store import Due, Loaded
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.controller.unreadable import Unread
from firstline.errors import CommitConflict, FirstlineError, Unreadable
from firstline.incidents import resolve_delay as resolving
from firstline.incidents.incident import Page
from firstline.notifications import pages as paging

GRACE = timedelta(seconds=15)
"""How late a wake may be before it counts as lost; a doubled one is harmless."""
AHEAD = timedelta(minutes=1) + resolving.CLOCK_SKEW_MAX
"""An incident whose wake is due before the next sweep is looked at: that wake may be lost."""
WITHIN = timedelta(seconds=40)
"""A sweep that has taken so long leaves the rest to the next: it must live to beat."""


class Swept(msgspec.Struct, frozen=True):
    """What a sweep found: incidents woken, failed and left, the oldest page still owed.

    One that failed or was left counts as owing since its wake was due: nobody knows better.
    ``wakes_late_for`` is how long the oldest wake is overdue: SQS tells no age of a message that
    came back three times, so this is what says that reconcile does not come round.
    ``unreadable`` are those of the failed that this code cannot read: a person who was paged has
    them, so that they count neither as owing nor as late.
    ``unannounced`` are the P1s' alarms that were taken in without an event; where it is
    ``unasked``, not all of them could be asked for or dealt with.
    """

    woken: int = 0
    failed: int = 0
    left: int = 0
    pages_owed_for: timedelta = timedelta(0)
    wakes_late_for: timedelta = timedelta(0)
    unreadable: int = 0
    unannounced: int = 0
    unasked: bool = False


def sweep(system: System) -> Swept:
    """See to what is due, and to P1s without an event; one failure does not stop the rest."""
    until = system.ports.clock.now() + WITHIN
    swept = _see_to_due(system)
    asked = unannounced.ask(system, until)
    return copy.replace(swept, unannounced=asked.taken_in, unasked=asked.unread)


def _see_to_due(system: System) -> Swept:
    """Settle pages, and wake what is overdue.

    Pauses that are over and the digest come first, for slow incidents may take all the time.
    """
    clock = system.ports.clock
    now = clock.now()
    found = Overdue(system.ports.store, now + AHEAD)
    seen = _begin(found, system)
    for due in found:
        if clock.now() - now > WITHIN:
            return seen.cut_short((due, *found.waiting), now)
        _see_to(due, seen, system, now)
    unread_for = unreadable.page_all(seen.unread, system, now + WITHIN)
    seen.wait(owed_for=unread_for, late_for=unread_for)
    return seen.swept()


class _Seen(msgspec.Struct):
    """What a sweep has found so far; the unreadable are among the failed."""

    failed: int
    owed_for: timedelta
    late_for: timedelta = timedelta(0)
    woken: int = 0
    unread: list[Unread] = []

    def wait(self, owed_for: timedelta = timedelta(0), late_for: timedelta = timedelta(0)) -> None:
        """A page is owed, or a wake overdue, for so long."""
        self.owed_for, self.late_for = max(self.owed_for, owed_for), max(self.late_for, late_for)

    def swept(self, left: int = 0) -> Swept:
        """All of it, with so many that are *left* to the next sweep."""
        unread = len(self.unread)
        return Swept(self.woken, self.failed, left, self.owed_for, self.late_for, unread)

    def cut_short(self, left: Sequence[Due], now: datetime) -> Swept:
        """What was *left*, and what could not be read, counts as owing since its wake was due."""
        lates = (*(_late_for(each, now) for each in left), *(late for _, late in self.unread))
        self.wait(max(lates), max(lates))
        return self.swept(len(left))


def _begin(found: Overdue, system: System) -> _Seen:
    pauses_owed_for = _first(lambda: sweep_switch(system))
    published = _first(lambda: digest.sweep(found, system))
    failed = [pauses_owed_for, published].count(None)
    return _Seen(failed, pauses_owed_for or timedelta(0))


def _see_to(due: Due, seen: _Seen, system: System, now: datetime) -> None:
    """Settle one incident's pages, and wake it where its wake was lost."""
    draft, late = None, _late_for(due, now)
    try:
        loaded = system.ports.store.load(due.incident)
        if loaded is not None:
            draft = IncidentUnitOfWork(loaded.incident, system, now)
            seen.woken += _settled(draft, loaded)
    except Unreadable as error:
        seen.failed += 1
        seen.unread.append(Unread(error, late))
        return
    except FirstlineError:
        seen.failed += 1
        seen.wait(owed_for=late)
    seen.wait(late_for=late)
    if draft is not None:  # what could not be woken may owe a page for longer than its wake
        seen.wait(owed_for=paging.owed_for(draft.incident.pages, now))


def _settled(draft: IncidentUnitOfWork, loaded: Loaded) -> bool:
    """Whether it was woken, after its pages were tried."""
    # a conflict means that another worker has it at this moment, and settles it
    with contextlib.suppress(CommitConflict):
        inbox.page_first(draft, loaded, _left_behind)
    if not (loaded.inbox or loaded.approvals or _wake_is_late(draft)):
        return False
    draft.wake()
    return True


def _first[T](act: Callable[[], T]) -> T | None:
    """What *act* gives; None where it failed, whatever failed: the incidents come after it."""
    try:
        return act()
    except Exception:  # noqa: BLE001 - counted as failed
        return None


def _wake_is_late(draft: IncidentUnitOfWork) -> bool:
    """Whether its wake was lost; what is only owed to the digest needs none."""
    at = draft.incident.next_wake_at
    return at is not None and at <= draft.now - GRACE and digest.owed(draft) is None


def _late_for(due: Due, now: datetime) -> timedelta:
    """How long its wake is overdue; what nobody could read may owe a page for as long."""
    return max(now - due.next_wake_at, timedelta(0))


def _left_behind(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """Each trigger to the pager, which folds it by its key; the others once they are late.

    What is quiet is left to reconcile, which the sweep wakes.
    """
    owed = (each for each in paging.owed(pages) if each.traits.required)
    return tuple(
        each
        for each in owed
        if (each.traits.pages_on_call and each.action == "trigger") or each.due_at <= now - GRACE
    )
