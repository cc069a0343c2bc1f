"""Deliver pending pages and record the result.

Ingest, reconcile and sweep share this module. Pages never wait for a diagnosis, a guard or a pause.
"""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta

from firstline.config.channels import CHANGE
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.incidents.incident import Page
from firstline.ledger.entries import PageDelivered
from firstline.notifications import pages as paging
from firstline.notifications.delivery import Accepted, Delivery
from firstline.notifications.notification import notification

INGEST_TRIES_MAX = 3
"""The number of tries in ingest before a page stays pending."""
RETRY_DURATION_MAX = timedelta(seconds=20)
"""The limit of all tries of one page in one run."""
RETRY_DELAY = timedelta(seconds=2)


type PageFilter = Callable[[tuple[Page, ...], datetime], tuple[Page, ...]]
"""Selects the pages of an incident to try at an instant."""


def deliver_pending(
    work: IncidentUnitOfWork, tries: int = 1, choose: PageFilter = paging.due_pages
) -> None:
    """Send the pages that *choose* selects, each at most *tries* times; commit if any was tried."""
    chosen = choose(work.incident.pages, work.now)
    due = [each for each in chosen if not each.traits.held_for_digest]
    for page in due:
        if not work.actions_left:  # each that is sent may take an entry
            work.commit()
        delivery = send(page, work.system, tries)
        record_delivery(work, page, delivery)
    if due:
        work.commit()


def send(page: Page, system: System, tries: int) -> Delivery:
    """Deliver *page*, with *tries* tries within 20 s if its channel allows retries at once."""
    clock, message = system.ports.clock, notification(page, system.origin)
    notifier, started_at = system.ports.notifier(page.channel), system.ports.clock.now()
    delivery = notifier.deliver(message)
    for _ in range(tries - 1 if page.traits.retried_at_once else 0):
        if (
            isinstance(delivery, Accepted)
            or clock.now() + RETRY_DELAY - started_at > RETRY_DURATION_MAX
        ):
            break
        clock.sleep(RETRY_DELAY)
        delivery = notifier.deliver(message)
    return delivery


def record_delivery(
    work: IncidentUnitOfWork, page: Page, delivery: Delivery, sent_at: datetime | None = None
) -> None:
    """Record the first failure and the success as entries; count the other tries.

    *sent_at* is set for a page that ingest sent earlier.
    """
    pages = paging.after_try(work.incident.pages, page, delivery, sent_at or work.now)
    work.incident = copy.replace(work.incident, pages=pages)
    accepted = isinstance(delivery, Accepted)
    dropped = paging.is_dropped(page, delivery)
    if not accepted and page.tries and not dropped:
        return
    event = PageDelivered(
        key=page.key,
        action=page.action,
        severity=page.severity,
        channel=page.channel,
        outcome="accepted" if accepted else "dropped" if dropped else "pending",
        tries=page.tries + 1,
        why=_why(delivery, sent_at),
        summary=page.summary if page.channel == CHANGE and accepted else None,
    )
    work.append_entry(event)


def _why(delivery: Delivery, sent_at: datetime | None) -> str:
    if not isinstance(delivery, Accepted):
        return delivery.why
    return f"ingest sent it at {sent_at.isoformat(timespec='seconds')}" if sent_at else ""
