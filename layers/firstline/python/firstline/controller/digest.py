"""Digest: the minor troubles of a day in one message to the team, on the next business day (R04).

Each incident is written by itself afterwards: what could not be written is told once more.
"""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import timedelta

from firstline.controller.deliver_pages import record_delivery
from firstline.controller.ports.store import Due
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.errors import CommitConflict, FirstlineError
from firstline.incidents.incident import Page
from firstline.notifications import notification
from firstline.notifications import pages as paging

WITHIN = timedelta(seconds=10)
"""As long may the digest take; what is left is the next sweep's, for incidents wait."""


def sweep(found: Iterable[Due], system: System) -> int:
    """Publish what the incidents in *found* owe, and say of how many that is so.

    One that cannot be read is left out. Raises `DependencyUnavailable` where it cannot be recorded.
    """
    now, store = system.ports.clock.now(), system.ports.store
    told: list[tuple[IncidentUnitOfWork, Page]] = []
    for due in found:
        if due.next_wake_at > now or system.ports.clock.now() - now > WITHIN:
            break  # the oldest are first
        with contextlib.suppress(FirstlineError):
            if (loaded := store.load(due.incident)) is None:
                continue
            draft = IncidentUnitOfWork(loaded.incident, system, now)
            if (page := owed(draft)) is not None:
                told.append((draft, page))
    for channel in dict.fromkeys(page.channel for _, page in told):
        publish(channel, [each for each in told if each[1].channel == channel], system)
    return len(told)


def owed(draft: IncidentUnitOfWork) -> Page | None:
    """What the next digest says of this incident, when it is due."""
    due = paging.due(draft.incident.pages, draft.now)
    return next((each for each in due if each.traits.held_for_digest), None)


def publish(channel: str, told: Sequence[tuple[IncidentUnitOfWork, Page]], system: System) -> None:
    """Send all of *told* in one notification.

    Raises `DependencyUnavailable` where it cannot be recorded.
    """
    lines = tuple(notification.digest_line(draft.incident, page) for draft, page in told)
    digest = notification.digest(channel, system.profile.fleet.name, lines)
    delivery = system.ports.notifier(channel).deliver(digest)
    published_at = system.ports.clock.now()
    for draft, page in told:
        if system.ports.clock.now() - published_at > WITHIN:
            break
        record_delivery(draft, page, delivery)
        with contextlib.suppress(CommitConflict):  # it is told again with the next digest
            if draft.incident.ended:
                draft.rest(None)
            else:
                draft.commit()
