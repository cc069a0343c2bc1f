"""Digest: minor incidents of a day in one message to the team, on the next business day (R04).

Each incident is committed by itself afterwards; one that cannot be committed is sent again.

A P4 is reported from the next business day's hour on, in the fleet's time zone. It has no wake: the
sweep finds due lines by the sparse index, publishes one message with the present state of each
incident, and marks each by itself. Expired pauses and the digest come first in a sweep, ten seconds
each at most, because slow incidents may use the rest of its time.
"""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import timedelta

from firstline.controller.deliver_pages import record_delivery
from firstline.controller.ports.store import DueIncident
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.errors import CommitConflict, FirstlineError
from firstline.incidents.incident import Page
from firstline.notifications import notification, pages

DIGEST_DURATION_MAX = timedelta(seconds=10)
"""The limit of one digest; the next sweep does the rest."""


def send_digests(overdue: Iterable[DueIncident], system: System) -> int:
    """Publish the due digest lines of *overdue* incidents, and return their number.

    An unreadable incident is left out. Raises `DependencyUnavailable` if the result cannot be
    recorded.
    """
    now, store = system.ports.clock.now(), system.ports.store
    entries: list[tuple[IncidentUnitOfWork, Page]] = []
    for due in overdue:
        if due.next_wake_at > now or system.ports.clock.now() - now > DIGEST_DURATION_MAX:
            break  # the oldest are first
        with contextlib.suppress(FirstlineError):
            if (loaded := store.load(due.incident)) is None:
                continue
            work = IncidentUnitOfWork(loaded.incident, system, now)
            if (page := due_digest_line(work)) is not None:
                entries.append((work, page))
    for channel in dict.fromkeys(page.channel for _, page in entries):
        publish(channel, [each for each in entries if each[1].channel == channel], system)
    return len(entries)


def due_digest_line(work: IncidentUnitOfWork) -> Page | None:
    """The page of this incident for the next digest, if it is due."""
    due = pages.due_pages(work.incident.pages, work.now)
    return next((each for each in due if each.traits.held_for_digest), None)


def publish(
    channel: str, entries: Sequence[tuple[IncidentUnitOfWork, Page]], system: System
) -> None:
    """Send all of *entries* in one notification.

    Raises `DependencyUnavailable` if the result cannot be recorded.
    """
    lines = tuple(notification.digest_line(work.incident, page) for work, page in entries)
    digest = notification.digest(channel, system.profile.fleet.name, lines)
    delivery = system.ports.notifier(channel).deliver(digest)
    published_at = system.ports.clock.now()
    for work, page in entries:
        if system.ports.clock.now() - published_at > DIGEST_DURATION_MAX:
            break
        record_delivery(work, page, delivery)
        with contextlib.suppress(CommitConflict):  # it is sent again with the next digest
            if work.incident.ended:
                work.commit_and_requeue(None)
            else:
                work.commit()
