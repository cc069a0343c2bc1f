"""Notification: a page as one channel shows it, in no vendor's wire format.

It has allow-listed fields alone: never a description, a dimension or host output. Its text is
redacted, since it leaves the account.
"""

from typing import Literal

import msgspec

from firstline.incidents.incident import Incident, Page
from firstline.notifications.origin import Origin
from firstline.redaction import redact
from firstline.signal import Severity

SUMMARY_MAX = 1024
ALERT = "alert"
"""The detail of a note that names its incident's alert."""
_EXACT = {"plan", "alarm_link", ALERT}
"""Details without redaction: a digest, a key, and the address of an own alarm."""
_LINKS = {
    "alarm_link": "the alarm",
    "dashboard_link": "console and dashboard",
    "report_link": "the report",
    "runbook_link": "the runbook",
}
"""Details that are addresses, and their link texts; IAM controls the access."""


class Link(msgspec.Struct, frozen=True):
    """An address and the text that names it."""

    href: str
    text: str


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One notification on one channel.

    ``summary`` is one line of at most 1,024 characters, and ``details`` are facts by name.
    ``least`` is a summary of fixed words, for a vendor that refuses the other. ``lines`` are those
    of a digest, and empty elsewhere.
    """

    channel: str
    key: str
    action: Literal["trigger", "resolve"]
    severity: Severity
    fleet: str
    summary: str
    least: str
    details: dict[str, str] = {}
    links: tuple[Link, ...] = ()
    lines: tuple[str, ...] = ()


def notification(page: Page, origin: Origin) -> Notification:
    """*page* as it leaves the account; a resolve has only its own links."""
    details = origin.facts | _redacted(page.details)
    visible = (
        details if page.action == "trigger" else {name: details[name] for name in page.details}
    )
    return Notification(
        channel=page.channel,
        key=page.key,
        action=page.action,
        severity=page.severity,
        fleet=origin.fleet,
        summary=redact(f"{origin.title} {page.summary}", SUMMARY_MAX),
        least=f"{origin.title} firstline: {page.severity} incident {page.key}",
        details=details,
        links=_links(page, visible),
    )


def digest(channel: str, fleet: str, lines: tuple[str, ...]) -> Notification:
    """The minor incidents of *fleet* in one notification, a line each."""
    summary = f"firstline: minor incidents of {fleet}, {len(lines)} in total"
    return Notification(
        channel=channel,
        key="digest",
        action="trigger",
        severity=Severity.P4,
        fleet=fleet,
        summary=summary,
        least=summary,
        lines=lines,
    )


def digest_line(incident: Incident, page: Page) -> str:
    """The incident's line in a digest, with its present state."""
    at = incident.signalled_at.isoformat(timespec="seconds")
    summary = redact(page.summary, SUMMARY_MAX)
    return f"- {at} {summary}; {incident.status} ({incident.id})"


def _redacted(details: dict[str, str]) -> dict[str, str]:
    return {
        name: value if name in _EXACT else _redacted_text(value) for name, value in details.items()
    }


def _redacted_text(text: str) -> str:
    """*text*, redacted line by line; none is cut, since its author bounds it."""
    return "\n".join(redact(line, max(len(line), 1)) for line in text.split("\n"))


def _links(page: Page, visible: dict[str, str]) -> tuple[Link, ...]:
    """The addresses among *shown*; a redacted one is left out."""
    return tuple(
        Link(visible[name], text)
        for name, text in _LINKS.items()
        if name in visible and visible[name] == page.details.get(name, visible[name])
    )
