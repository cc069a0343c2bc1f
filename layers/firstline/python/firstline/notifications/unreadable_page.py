"""The page of an incident that this code cannot read or store: its id, since when, what to do."""

from datetime import datetime

from firstline.config.channels import Routes
from firstline.errors import Abandoned, Unreadable
from firstline.incidents.incident import Page
from firstline.notifications.pages import route
from firstline.redaction import redact
from firstline.signal import Severity

UNREADABLE_STEPS = (
    "Take the incident over. Deploy the code that wrote it, or restore its item "
    "(docs/OPERATIONS.md, An incident that cannot be read). Then resolve this alert."
)
UNSTORABLE_STEPS = (
    "Take the incident over: nothing more is done or recorded in it "
    "(docs/OPERATIONS.md, An incident that cannot be stored). Then resolve this alert."
)
UNREADABLE_SUFFIX = "unreadable"
"""How the key of what cannot be read ends."""
UNSTORABLE_SUFFIX = "unwritable"
"""How the key of what cannot be stored ends."""


def unreadable_pages(error: Abandoned, now: datetime, routes: Routes) -> tuple[Page, ...]:
    """By the routes of its severity, as far as that is known; a P1 where it is not."""
    severity = known_severity(error) or Severity.P1
    since = error.opened_at.isoformat(timespec="seconds") if error.opened_at else "unknown"
    unread = isinstance(error, Unreadable)
    what = f"cannot {'read' if unread else 'store'} the open incident {error.incident}"
    page = Page(
        key=f"{error.incident}:{UNREADABLE_SUFFIX if unread else UNSTORABLE_SUFFIX}",
        action="trigger",
        severity=severity,
        summary=f"{severity}: firstline {what}",
        details={
            "incident": error.incident,
            "opened_at": since,
            "why": redact(error.why),
            "next": UNREADABLE_STEPS if unread else UNSTORABLE_STEPS,
        },
        owed_at=now,
        due_at=now,
    )
    return route(page, routes)


def known_severity(error: Abandoned) -> Severity | None:
    """The severity that stands beside its text; None for none, or a word of newer code."""
    return next((each for each in Severity if each == error.severity), None)
