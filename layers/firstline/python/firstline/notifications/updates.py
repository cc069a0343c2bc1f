"""Updates: information between the pages of an incident, which notifies no one.

An update is a change event next to PagerDuty's alerts and, if a user's address is set, a note on
the incident. It is never a trigger, which after a person's resolve would notify again. Pages go
before updates, and nothing waits for one.

The first update goes out within 30 s of the opening, in every mode. It names the known state, the
action that is done, would be done or awaits approval, and the next event with its deadline. Each
new turn (a fix, its verdict, the next rung, a request, the end) queues an update in the commit of
its step; after 20 updates only fixes and the end do.

Reconcile sends updates last, once the step is committed and the fix is sent. None is sent while a
trigger is pending or a page is due. A failed update waits for a wake that comes anyway, and is
dropped after five tries (I38).
"""

import copy
from datetime import datetime

import msgspec

from firstline.config.channels import CHANGE, NOTE
from firstline.incidents.incident import Incident, Page
from firstline.notifications import pages as paging
from firstline.notifications.notification import ALERT

UPDATES_MAX = 20
"""The most updates of an incident, not counting those of its fixes and its end."""
UPDATE_KEY = "update"
"""The end of an update's key, before its number."""
_OTHER_ALERTS = (":approval-", ":escalated", ":ask-", ":gave-up")
"""The parts in the keys of alerts that are not the incident's own; the last two of schema 1."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an incident in a line, and in ``details`` with fixed names.

    ``turn`` names its subject: a second update of the same turn is dropped. An update of a ``fix``
    that was sent, or of the ``end``, is never dropped.
    """

    turn: str
    line: str
    details: dict[str, str] = {}
    fix: bool = False
    end: bool = False


def queue_update(incident: Incident, update: Update, now: datetime, *, notes: bool) -> Incident:
    """*incident* with *update* queued, if its turn is new; also as a note if *notes*."""
    if update.turn == incident.update_turn or not _is_sent(incident, update):
        return incident
    number = incident.updates + 1
    details = {"incident": incident.id, **update.details, "at": now.isoformat(timespec="seconds")}
    change = Page(
        channel=CHANGE,
        key=f"{incident.id}:{UPDATE_KEY}-{number}",
        action="trigger",
        severity=incident.severity,
        summary=paging.title(incident, update.line),
        details=details,
        queued_at=now,
        due_at=now,
    )
    alert = _alert_key(incident) if notes else None
    note = (copy.replace(change, channel=NOTE, details={ALERT: alert}),) if alert else ()
    pages = (*incident.pages, change, *note)
    return copy.replace(incident, pages=pages, updates=number, update_turn=update.turn)


def due_updates(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """The updates to try now: none while a trigger is pending, or another page is due.

    A digest line waits for its day, and blocks nothing.
    """
    pending = paging.pending(pages)
    required = [each for each in pending if each.traits.awaited]
    if any(each.action == "trigger" or each.due_at <= now for each in required):
        return ()
    return tuple(each for each in pending if not each.traits.required and each.due_at <= now)


def _is_sent(incident: Incident, update: Update) -> bool:
    """True if it counts: below the paging severities only fixes do, since they change the fleet."""
    if update.fix:
        return True
    within = update.end or incident.updates < UPDATES_MAX
    return incident.severity.pages and within


def _alert_key(incident: Incident) -> str | None:
    """The key of the incident's own alert, the latest of several; None if it has none."""
    keys = (
        each.key
        for each in reversed(incident.pages)
        if each.traits.pages_on_call
        and each.action == "trigger"
        and not any(part in each.key for part in _OTHER_ALERTS)
    )
    return next(keys, None)
