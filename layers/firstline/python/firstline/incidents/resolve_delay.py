"""Resolve delay: the time after which no trigger can follow an alert's resolve (I2).

PagerDuty notifies again for a trigger after a resolve. A worker that read a pending page just
before it was recorded as sent may still send it, until its function's timeout.
"""

import copy
from datetime import timedelta

from firstline.incidents.incident import Page

WORKER_LIFETIME_MAX = timedelta(seconds=60)
"""The longest timeout of a function that pages."""
CLOCK_SKEW_MAX = timedelta(seconds=30)
RESOLVE_DELAY_MIN = 2 * WORKER_LIFETIME_MAX + CLOCK_SKEW_MAX
"""One lifetime for the worker that sent it to record that, and one for any that read before."""


def delay_resolves(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """*pages* with each resolve due no sooner than the trigger before it allows."""
    return tuple(_delayed(each, pages) if _is_pending_resolve(each) else each for each in pages)


def _is_pending_resolve(page: Page) -> bool:
    return page.traits.pages_on_call and (page.action, page.sent_at) == ("resolve", None)


def _delayed(page: Page, pages: tuple[Page, ...]) -> Page:
    sent = (each.sent_at for each in pages if (each.channel, each.key) == (page.channel, page.key))
    until = max((at + RESOLVE_DELAY_MIN for at in sent if at is not None), default=page.due_at)
    return copy.replace(page, queued_at=until, due_at=until) if until > page.due_at else page
