"""Sent pages: pages that belong to no incident, each sent once as far as known.

The receipt is written after PagerDuty accepted the page, so a worker that dies in between sends it
again: PagerDuty deduplicates it by its key, unless a person resolved the alert meanwhile.
"""

import contextlib
from datetime import datetime

from firstline.controller import deliver_pages
from firstline.controller.commit import commit
from firstline.controller.ports.store import Change, PageReceipt
from firstline.controller.system import System
from firstline.errors import DependencyUnavailable, FirstlineError, InvariantViolation
from firstline.incidents.incident import Page
from firstline.notifications.delivery import Accepted


def page_once(
    page: Page, system: System, *, tries: int = deliver_pages.INGEST_TRIES_MAX, note: str = ""
) -> bool:
    """Send *page* unless its receipt exists; return False if it must be tried again.

    *note* is the receipt's key, `receipt_key` by default. If the store cannot be read, the page is
    sent: twice is better than never. A page on a channel that is not required is not tried again.
    """
    note = note or receipt_key(page)
    if sent_at(note, system) is not None:
        return True
    if not isinstance(deliver_pages.send(page, system, tries), Accepted):
        return not page.traits.required
    with contextlib.suppress(FirstlineError):
        commit(system.ports, Change(page_receipt=PageReceipt(note, system.ports.clock.now())))
    return True


def receipt_key(page: Page) -> str:
    """The key of the receipt of *page*: for an alert its own key, so that others find it."""
    return page.key if page.traits.pages_on_call else f"{page.key}|{page.channel}"


def sent_at(note: str, system: System) -> datetime | None:
    """The instant at which the page of *note* was sent; None if unknown."""
    try:
        return system.ports.store.paged(note)
    except (DependencyUnavailable, InvariantViolation):
        return None
