"""Resolving: when an alert may be ended, so that no trigger can come after its resolve (I2).

PagerDuty notifies anew for a trigger that follows a resolve. A worker that read what was owed just
before it was recorded as sent may still be about to send it, until its function's timeout.
"""

import copy
from datetime import timedelta

from firstline.incidents.incident import Page

LIVES_MAX = timedelta(seconds=60)
"""The longest timeout of a function that pages."""
CLOCKS_DIFFER = timedelta(seconds=30)
RESOLVE_AFTER = 2 * LIVES_MAX + CLOCKS_DIFFER
"""One life for the worker that sent it to record that, and one for any that read before."""


def held_back(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """*pages* with each resolve owed no sooner than the trigger before it allows."""
    return tuple(_held(each, pages) if _waits(each) else each for each in pages)


def _waits(page: Page) -> bool:
    return page.traits.pages_on_call and (page.action, page.sent_at) == ("resolve", None)


def _held(page: Page, pages: tuple[Page, ...]) -> Page:
    sent = (each.sent_at for each in pages if (each.channel, each.key) == (page.channel, page.key))
    until = max((at + RESOLVE_AFTER for at in sent if at is not None), default=page.due_at)
    return copy.replace(page, owed_at=until, due_at=until) if until > page.due_at else page
