"""Bodies: what is posted for a page, on each of its channels.

Made from allow-listed fields alone: never a description, a dimension or host output.
"""

from firstline.incident import Incident, Page
from firstline.signals import Severity

_PAGER_SEVERITY = {
    Severity.P1: "critical",
    Severity.P2: "error",
    Severity.P3: "warning",
    Severity.P4: "info",
}


def change_body(page: Page, fleet: str) -> dict[str, object]:
    """The change event for PagerDuty, but for the routing key; it has no key of its own."""
    return {
        "payload": {
            "summary": page.summary[:1024],
            "timestamp": page.details["at"],
            "source": fleet,
            "custom_details": page.details,
        }
    }


def body(page: Page, fleet: str) -> dict[str, object]:
    """The event for PagerDuty (Events API v2), but for the routing key."""
    event: dict[str, object] = {"event_action": page.action, "dedup_key": page.key}
    if page.action == "resolve":
        return event | ({"links": links} if (links := _links(page)) else {})
    return event | {
        "payload": {
            "summary": page.summary,
            "source": fleet,
            "severity": _PAGER_SEVERITY[page.severity],
            "component": page.details.get("component", ""),
            "group": fleet,
            "class": page.details.get("condition", ""),
            "custom_details": page.details,
        },
        "client": "firstline",
        "links": _links(page),
    }


def _links(page: Page) -> list[dict[str, str]]:
    """Addresses of the console; who may see what is there, IAM says."""
    return [
        {"href": page.details[name], "text": text}
        for name, text in (("alarm_link", "the alarm"), ("report_link", "the report"))
        if name in page.details
    ]


def notice(page: Page) -> tuple[str, str]:
    """Subject and text for the team's topic: the summary, and what is known, a line each.

    A subject is printable ASCII of at most 100 characters (SNS API, Publish).
    """
    subject = "".join(each if " " <= each <= "~" else "?" for each in page.summary)[:100]
    lines = (f"{name}: {value}" for name, value in page.details.items())
    return subject, "\n".join((page.summary, f"incident: {page.key}", *lines))


def minimal_body(page: Page, fleet: str) -> dict[str, object]:
    """What is left when PagerDuty will not take `body`: fixed words, so that it cannot refuse."""
    event: dict[str, object] = {"event_action": page.action, "dedup_key": page.key}
    if page.action == "resolve":
        return event
    severity = _PAGER_SEVERITY[page.severity]
    summary = f"firstline: {page.severity} incident {page.key}"
    return event | {"payload": {"summary": summary, "source": fleet, "severity": severity}}


def digest_line(incident: Incident, page: Page) -> str:
    """The incident as the digest tells of it: how it stands by then."""
    at = incident.signalled_at.isoformat(timespec="seconds")
    return f"- {at} {page.summary}; {incident.status} ({incident.id})"
