"""Unreadable: an incident that this code cannot read or store is left, and a person is paged.

Its chain's head is in what cannot be read or stored, so no entry of the ledger tells of the page.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.controller import deliver_pages, paged
from firstline.controller.system import System
from firstline.errors import Abandoned, DependencyUnavailable, Unreadable
from firstline.notifications import unreadable


class Unread(NamedTuple):
    """An incident that a sweep could not read, and how long its wake is overdue."""

    error: Unreadable
    late: timedelta


def page_all(found: Sequence[Unread], system: System, until: datetime) -> timedelta:
    """Page each that was not paged yet, with one try and as long as it is not after *until*.

    Gives how long the oldest is overdue of those of which no page was taken.
    """
    clock, longest = system.ports.clock, timedelta(0)
    for error, late in found:
        if clock.now() > until or not _page(error, system, tries=1):
            longest = max(longest, late)
    return longest


def page(error: Abandoned, system: System) -> None:
    """Page, unless that was done; raises `DependencyUnavailable` where it must be tried again."""
    if not _page(error, system, deliver_pages.TRIES_AT_ONCE):
        raise DependencyUnavailable(f"the page of this was not accepted: {error}")


def _page(error: Abandoned, system: System, tries: int) -> bool:
    """Once for each code that cannot read or store it; False where a page was not accepted."""
    pages = unreadable.pages(error, system.ports.clock.now(), system.profile.routes)
    code = system.settings.code
    notes = [f"{paged.note_of(each)}|{code}" for each in pages]
    sent = [
        paged.page_once(each, system, tries=tries, note=note)
        for each, note in zip(pages, notes, strict=True)
    ]
    return all(sent)
