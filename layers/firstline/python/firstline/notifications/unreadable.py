"""The page of an incident that this code cannot read: its id, since when, and what to do."""

from datetime import datetime

from firstline.errors import Unreadable
from firstline.incidents.incident import Page
from firstline.redaction import redact
from firstline.signal import Severity

WHAT_TO_DO = (
    "Take the incident over. Deploy the code that wrote it, or restore its item "
    "(docs/OPERATIONS.md, An incident that cannot be read). Then resolve this alert."
)
SUFFIX = "unreadable"
"""How its key ends."""


def page(error: Unreadable, now: datetime) -> Page:
    """To the pager, or to the team where what is known of its severity does not page."""
    severity = known_severity(error) or Severity.P1
    since = error.opened_at.isoformat(timespec="seconds") if error.opened_at else "unknown"
    return Page(
        channel="pager" if severity.pages else "team",
        key=f"{error.incident}:{SUFFIX}",
        action="trigger",
        severity=severity,
        summary=f"{severity}: firstline cannot read the open incident {error.incident}",
        details={
            "incident": error.incident,
            "opened_at": since,
            "why": redact(error.why),
            "next": WHAT_TO_DO,
        },
        owed_at=now,
        due_at=now,
    )


def known_severity(error: Unreadable) -> Severity | None:
    """The severity that stands beside its text; None for none, or a word of newer code."""
    return next((each for each in Severity if each == error.severity), None)
