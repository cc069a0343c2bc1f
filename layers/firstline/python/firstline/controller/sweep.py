"""Sweep, every minute: pages owed, wakes overdue, and a sign of life.

It is behind everything else: a wake that was lost, a page that nobody settled, a delay longer
than the queue can hold.
"""

from datetime import datetime, timedelta

import msgspec

from firstline import paging
from firstline.controller.draft import Draft
from firstline.controller.settle import settle
from firstline.controller.system import System
from firstline.errors import Conflict, FirstlineError
from firstline.ports import Due, Wake

GRACE = timedelta(seconds=15)
"""How late a wake may be before it counts as lost; a doubled one is harmless."""


WITHIN = timedelta(seconds=40)
"""A sweep that has taken so long leaves the rest to the next: it must live to beat."""


class Swept(msgspec.Struct, frozen=True):
    """What a sweep found: incidents woken, failed and left, the oldest page still owed."""

    woken: int = 0
    failed: int = 0
    left: int = 0
    pages_owed_for: timedelta = timedelta(0)


def sweep(system: System) -> Swept:
    """Wake what is overdue and settle its pages; one failure does not stop the rest."""
    now = system.ports.clock.now()
    woken, failed, owed_for = 0, 0, timedelta(0)
    overdue = system.ports.store.due(now - GRACE)
    for due in overdue:
        if system.ports.clock.now() - now > WITHIN:
            break
        try:
            owed_for = max(owed_for, _one(due, system, now))
            woken += 1
        except FirstlineError:
            failed += 1
    return Swept(woken, failed, len(overdue) - woken - failed, owed_for)


def _one(due: Due, system: System, now: datetime) -> timedelta:
    """Settle and wake one incident; returns for how long its oldest unsent page is owed."""
    loaded = system.ports.store.load(due.incident)
    if loaded is None:
        return timedelta(0)
    draft = Draft(loaded.incident, system, now)
    try:
        if settle(draft):
            draft.commit()
    except Conflict:
        pass  # another worker has it at this moment, and settles it
    wake = Wake(due.incident, loaded.incident.wake_generation)
    system.ports.wakes.queue(wake, timedelta(0))
    return max((now - each.owed_at for each in paging.owed(draft.incident)), default=timedelta(0))
