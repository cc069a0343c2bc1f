"""Paged: pages that no incident holds, each sent once as far as is known.

The note that one was sent is written after PagerDuty took it, so a worker that dies in between
sends it again: it is folded by its key, unless a person resolved the alert meanwhile.
"""

import contextlib
from datetime import datetime

from firstline.controller import deliver_pages
from firstline.controller.commit import commit
from firstline.controller.ports.store import Change, Paged
from firstline.controller.system import System
from firstline.errors import DependencyUnavailable, FirstlineError, InvariantViolation
from firstline.incidents.incident import Page
from firstline.notifications.delivery import Accepted


def page_once(
    page: Page, system: System, *, tries: int = deliver_pages.TRIES_AT_ONCE, note: str = ""
) -> bool:
    """Send *page* unless *note*, or else `note_of`, says that it was sent; whether it is sent now.

    Where the store cannot say, it is sent: to notify twice is better than not at all.
    """
    note = note or note_of(page)
    if sent_at(note, system) is not None:
        return True
    if not isinstance(deliver_pages.send(page, system, tries), Accepted):
        return False
    with contextlib.suppress(FirstlineError):
        commit(system.ports, Change(paged=Paged(note, system.ports.clock.now())))
    return True


def note_of(page: Page) -> str:
    """The name of the note that *page* was sent: an alert's key alone, so that others find it."""
    return page.key if page.traits.pages_on_call else f"{page.key}|{page.channel}"


def sent_at(note: str, system: System) -> datetime | None:
    """When the page of *note* was sent; None where that is not noted, or cannot be read."""
    try:
        return system.ports.store.paged(note)
    except (DependencyUnavailable, InvariantViolation):
        return None
