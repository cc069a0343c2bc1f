"""Sweep, every minute: pages owed, wakes overdue, P1s without an event, and a sign of life.

It is behind everything else: a wake that was lost, a page that nobody settled, a delay longer
than the queue can hold. A page waits for no other worker than the next sweep (I1).
"""

import contextlib
import copy
from datetime import datetime, timedelta

import msgspec

from firstline.controller import digest, inbox, unannounced
from firstline.controller.draft import Draft
from firstline.controller.operators.kill_switch import sweep_switch
from firstline.controller.ports.store import Due
from firstline.controller.system import System
from firstline.errors import Conflict, FirstlineError
from firstline.incidents import resolve_delay as resolving
from firstline.incidents.incident import Page
from firstline.notifications import pages as paging

GRACE = timedelta(seconds=15)
"""How late a wake may be before it counts as lost; a doubled one is harmless."""
AHEAD = timedelta(minutes=1) + resolving.CLOCKS_DIFFER
"""An incident whose wake is due before the next sweep is looked at: that wake may be lost."""
WITHIN = timedelta(seconds=40)
"""A sweep that has taken so long leaves the rest to the next: it must live to beat."""


class Swept(msgspec.Struct, frozen=True):
    """What a sweep found: incidents woken, failed and left, the oldest page still owed.

    One that failed or was left counts as owing since its wake was due: nobody knows better.
    ``wakes_late_for`` is how long the oldest wake is overdue: SQS tells no age of a message that
    came back three times, so this is what says that reconcile does not come round.
    ``unannounced`` are the P1s' alarms that were taken in without an event; where it is
    ``unasked``, not all of them could be asked for or dealt with.
    """

    woken: int = 0
    failed: int = 0
    left: int = 0
    pages_owed_for: timedelta = timedelta(0)
    wakes_late_for: timedelta = timedelta(0)
    unannounced: int = 0
    unasked: bool = False


def sweep(system: System) -> Swept:
    """See to what is due, and to P1s without an event; one failure does not stop the rest."""
    until = system.ports.clock.now() + WITHIN
    swept = _see_to_due(system)
    asked = unannounced.ask(system, until)
    return copy.replace(swept, unannounced=asked.taken_in, unasked=asked.unread)


def _see_to_due(system: System) -> Swept:
    """Settle pages, and wake what is overdue."""
    now = system.ports.clock.now()
    woken, failed, owed_for = 0, 0, timedelta(0)
    found = system.ports.store.due(now + AHEAD)
    late_for = max((_late_for(each, now) for each in found), default=timedelta(0))
    digests: list[tuple[Draft, Page]] = []
    for number, due in enumerate(found):
        if system.ports.clock.now() - now > WITHIN:
            unread = (_late_for(each, now) for each in found[number:])
            return Swept(woken, failed, len(found) - number, max(owed_for, *unread), late_for)
        draft = None
        try:
            loaded = system.ports.store.load(due.incident)
            if loaded is None:
                continue
            draft = Draft(loaded.incident, system, now)
            # a conflict means that another worker has it at this moment, and settles it
            with contextlib.suppress(Conflict):
                inbox.page_first(draft, loaded, _left_behind)
            if (page := digest.owed(draft)) is not None:
                digests.append((draft, page))
            elif due.next_wake_at <= now - GRACE or loaded.inbox or loaded.approvals:
                draft.wake()
                woken += 1
        except FirstlineError:
            failed += 1
            owed_for = max(owed_for, _late_for(due, now))
        if draft is not None:  # what could not be woken may owe a page for longer than its wake
            owed_for = max(owed_for, paging.owed_for(draft.incident.pages, now))
    try:
        digest.publish(digests, system)
        owed_for = max(owed_for, sweep_switch(system))
    except FirstlineError:
        failed += 1
    return Swept(woken, failed, 0, owed_for, late_for)


def _late_for(due: Due, now: datetime) -> timedelta:
    """How long its wake is overdue; what nobody could read may owe a page for as long."""
    return max(now - due.next_wake_at, timedelta(0))


def _left_behind(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """Each trigger to the pager, which folds it by its key; the others once they are late."""
    return tuple(
        each
        for each in paging.owed(pages)
        if (each.channel, each.action) == ("pager", "trigger") or each.due_at <= now - GRACE
    )
