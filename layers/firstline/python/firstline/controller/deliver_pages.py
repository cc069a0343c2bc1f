"""Settle: pages owed go out, and what came of it is recorded.

Ingest, reconcile and sweep settle with this one function. Nothing that diagnoses, guards or
pauses stands before it.
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

TRIES_AT_ONCE = 3
"""How often ingest tries before the page is left owed."""
WITHIN = timedelta(seconds=20)
PAUSE = timedelta(seconds=2)


type Choice = Callable[[tuple[Page, ...], datetime], tuple[Page, ...]]
"""Which of an incident's pages are tried at that instant."""


def settle(draft: IncidentUnitOfWork, tries: int = 1, choose: Choice = paging.due) -> None:
    """Send the pages that *choose* gives, each *tries* times at most; commit if any was tried."""
    chosen = choose(draft.incident.pages, draft.now)
    due = [each for each in chosen if not each.traits.held_for_digest]
    for page in due:
        if not draft.room:  # each that is sent may take an entry
            draft.commit()
        delivery = send(page, draft.system, tries)
        record_delivery(draft, page, delivery)
    if due:
        draft.commit()


def send(page: Page, system: System, tries: int) -> Delivery:
    """Deliver *page*: what its channel retries at once at most *tries* times, for about 20 s."""
    clock, sent = system.ports.clock, notification(page, system.origin)
    notifier, began = system.ports.notifier(page.channel), system.ports.clock.now()
    delivery = notifier.deliver(sent)
    for _ in range(tries - 1 if page.traits.retried_at_once else 0):
        if isinstance(delivery, Accepted) or clock.now() + PAUSE - began > WITHIN:
            break
        clock.sleep(PAUSE)
        delivery = notifier.deliver(sent)
    return delivery


def record_delivery(
    draft: IncidentUnitOfWork, page: Page, delivery: Delivery, sent_at: datetime | None = None
) -> None:
    """The first failure and the success are entries; the tries between are only counted.

    What ingest had sent before was accepted at *sent_at*.
    """
    pages = paging.tried(draft.incident.pages, page, delivery, sent_at or draft.now)
    draft.incident = copy.replace(draft.incident, pages=pages)
    accepted = isinstance(delivery, Accepted)
    dropped = paging.given_up(page, delivery)
    if not accepted and page.tries and not dropped:
        return
    event = PageDelivered(
        key=page.key,
        action=page.action,
        severity=page.severity,
        channel=page.channel,
        outcome="accepted" if accepted else "dropped" if dropped else "owed",
        tries=page.tries + 1,
        why=_why(delivery, sent_at),
        summary=page.summary if page.channel == CHANGE and accepted else None,
    )
    draft.record(event)


def _why(delivery: Delivery, sent_at: datetime | None) -> str:
    if not isinstance(delivery, Accepted):
        return delivery.why
    return f"ingest sent it at {sent_at.isoformat(timespec='seconds')}" if sent_at else ""
