"""Page a person for an incident that this code cannot read or store.

The head of its chain is unreadable too, so the ledger has no entry of the page.

Newer code stored it before a rollback, or its item is damaged. Its id, severity, opening, next wake
and claim on its correlation key are stored next to its body, so that it blocks only itself.
Reconcile pages once with its id and drops the wake. The sweep reads on behind it, in batches.

Once it is paged, it counts neither as pending nor as late: an alarm that stays on would hide the
next problem.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.controller import deliver_pages, sent_pages
from firstline.controller.system import System
from firstline.errors import Abandoned, DependencyUnavailable, Unreadable
from firstline.notifications import unreadable_page


class OverdueUnreadable(NamedTuple):
    """An incident that a sweep could not read, and the age of its wake."""

    error: Unreadable
    late: timedelta


def page_all(incidents: Sequence[OverdueUnreadable], system: System, until: datetime) -> timedelta:
    """Page each that was not paged yet, with one try, until *until*.

    Returns the age of the oldest one whose page was not accepted.
    """
    clock, longest = system.ports.clock, timedelta(0)
    for error, wake_age in incidents:
        if clock.now() > until or not _page(error, system, tries=1):
            longest = max(longest, wake_age)
    return longest


def page(error: Abandoned, system: System) -> None:
    """Page, unless that was done; raises `DependencyUnavailable` if it must be retried."""
    if not _page(error, system, deliver_pages.INGEST_TRIES_MAX):
        raise DependencyUnavailable(f"the page of this was not accepted: {error}")


def _page(error: Abandoned, system: System, tries: int) -> bool:
    """Page once for each version of the code; return False if a page was not accepted."""
    pages = unreadable_page.unreadable_pages(error, system.ports.clock.now(), system.profile.routes)
    code = system.settings.code
    notes = [f"{sent_pages.receipt_key(each)}|{code}" for each in pages]
    sent = [
        sent_pages.page_once(each, system, tries=tries, note=note)
        for each, note in zip(pages, notes, strict=True)
    ]
    return all(sent)
