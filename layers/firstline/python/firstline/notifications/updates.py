"""Updates: what people are informed of between the pages of an incident, which notifies no one.

An update goes out as a change event beside PagerDuty's alerts and, where a user's address is set,
as a note on the incident. It is never a trigger: after a person's resolve that would ring again.
Pages go before updates, and nothing waits for one.
"""

import copy
from datetime import datetime

import msgspec

from firstline.config.channels import CHANGE, NOTE
from firstline.incidents.incident import Incident, Page
from firstline.notifications import pages as paging
from firstline.notifications.notification import ALERT

UPDATES_MAX = 20
"""As many an incident has, beside those of its fixes and its end."""
UPDATE_KEY = "update"
"""How the key of an update ends, before its number."""
_OTHER_ALERTS = (":ask-", ":gave-up")
"""What is in the keys of alerts that say something of the incident, and are not its own."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """Where an incident stands, in a line, and in ``details`` of fixed names.

    ``turn`` names what it is about: of two updates of one turn the second says nothing new. One of
    a ``fix`` that was sent, or of the ``end``, is never left out.
    """

    turn: str
    line: str
    details: dict[str, str] = {}
    fix: bool = False
    end: bool = False


def queue_update(incident: Incident, update: Update, now: datetime, *, notes: bool) -> Incident:
    """*incident* with *update* to be sent, where it is a turn; as a note too where *notes*."""
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
        owed_at=now,
        due_at=now,
    )
    alert = _alert_key(incident) if notes else None
    note = (copy.replace(change, channel=NOTE, details={ALERT: alert}),) if alert else ()
    pages = (*incident.pages, change, *note)
    return copy.replace(incident, pages=pages, updates=number, update_turn=update.turn)


def due_updates(pages: tuple[Page, ...], now: datetime) -> tuple[Page, ...]:
    """The updates to try now: none while a trigger is owed, or any other page is due.

    A line of the digest waits for its day, and holds nothing back.
    """
    owed = paging.pending(pages)
    people = [each for each in owed if each.traits.awaited]
    if any(each.action == "trigger" or each.due_at <= now for each in people):
        return ()
    return tuple(each for each in owed if not each.traits.required and each.due_at <= now)


def _is_sent(incident: Incident, update: Update) -> bool:
    """Whether it counts: of what does not page only the fixes, which change the fleet."""
    if update.fix:
        return True
    within = update.end or incident.updates < UPDATES_MAX
    return incident.severity.pages and within


def _alert_key(incident: Incident) -> str | None:
    """The key of the incident's own alert, the latest of several; None where it has none."""
    keys = (
        each.key
        for each in reversed(incident.pages)
        if each.traits.pages_on_call
        and each.action == "trigger"
        and not any(part in each.key for part in _OTHER_ALERTS)
    )
    return next(keys, None)
