"""The page of an incident that this code cannot read or store."""

from datetime import datetime

from firstline.config.channels import Routes
from firstline.errors import Abandoned, Unreadable
from firstline.incidents.incident import Page
from firstline.notifications.pages import route
from firstline.redaction import redact
from firstline.signal import Severity

UNREADABLE_STEPS = (
    "Handle the incident manually. Deploy the code that wrote it, or restore its item "
    "(docs/OPERATIONS.md, An incident that cannot be read). Then resolve this alert."
)
UNSTORABLE_STEPS = (
    "Handle the incident manually: firstline neither fixes it nor records it any more "
    "(docs/OPERATIONS.md, An incident that cannot be stored). Then resolve this alert."
)
UNREADABLE_SUFFIX = "unreadable"
"""The end of the key of an unreadable incident's page."""
UNSTORABLE_SUFFIX = "unwritable"
"""The end of the key of an unstorable incident's page."""


def unreadable_pages(error: Abandoned, now: datetime, routes: Routes) -> tuple[Page, ...]:
    """The pages by the routes of its severity if known, else of a P1."""
    severity = known_severity(error) or Severity.P1
    since = error.opened_at.isoformat(timespec="seconds") if error.opened_at else "unknown"
    is_unread = isinstance(error, Unreadable)
    problem = f"cannot {'read' if is_unread else 'store'} the open incident {error.incident}"
    page = Page(
        key=f"{error.incident}:{UNREADABLE_SUFFIX if is_unread else UNSTORABLE_SUFFIX}",
        action="trigger",
        severity=severity,
        summary=f"{severity}: firstline {problem}",
        details={
            "incident": error.incident,
            "opened_at": since,
            "why": redact(error.why),
            "next": UNREADABLE_STEPS if is_unread else UNSTORABLE_STEPS,
        },
        queued_at=now,
        due_at=now,
    )
    return route(page, routes)


def known_severity(error: Abandoned) -> Severity | None:
    """The severity stored next to the body; None if absent or unknown to this version."""
    return next((each for each in Severity if each == error.severity), None)
