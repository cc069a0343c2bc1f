"""Bodies: what is posted for a page, on each of its channels.

Made from allow-listed fields alone: never a description, a dimension or host output. What is told
in them goes through redaction, since it leaves the account.
"""

from firstline.incidents.incident import Incident, Page
from firstline.notifications.origin import Origin
from firstline.redaction import redact
from firstline.signal import Severity

_PAGER_SEVERITY = {
    Severity.P1: "critical",
    Severity.P2: "error",
    Severity.P3: "warning",
    Severity.P4: "info",
}
SUMMARY_MAX = 1024
_EXACT = {"plan", "alarm_link"}
"""Details that redaction would spoil: a digest of ours, and the address of an alarm of ours."""
_LINKS = {
    "alarm_link": "the alarm",
    "dashboard_link": "console and dashboard",
    "report_link": "the report",
    "runbook_link": "the runbook",
}
"""Details that are addresses, and what they lead to; who may see what is there, IAM says."""


def _summary(page: Page, origin: Origin) -> str:
    return redact(f"{origin.title} {page.summary}", SUMMARY_MAX)


def _details(page: Page, origin: Origin) -> dict[str, str]:
    """What the page says, and the facts of its origin beside it."""
    return origin.facts | {
        name: value if name in _EXACT else _redacted(value) for name, value in page.details.items()
    }


def _redacted(text: str) -> str:
    """*text*, line by line, and none cut: whoever made it knows how long it may be."""
    return "\n".join(redact(line, max(len(line), 1)) for line in text.split("\n"))


def change_body(page: Page, origin: Origin) -> dict[str, object]:
    """The change event for PagerDuty, but for the routing key; it has no key of its own."""
    details = _details(page, origin)
    return {
        "payload": {
            "summary": _summary(page, origin),
            "timestamp": page.details["at"],
            "source": origin.fleet,
            "custom_details": details,
        },
        "links": _links(page, details),
    }


def body(page: Page, origin: Origin) -> dict[str, object]:
    """The event for PagerDuty (Events API v2), but for the routing key."""
    event: dict[str, object] = {"event_action": page.action, "dedup_key": page.key}
    details = _details(page, origin)
    if page.action == "resolve":
        links = _links(page, {name: details[name] for name in page.details})
        return event | ({"links": links} if links else {})
    return event | {
        "payload": {
            "summary": _summary(page, origin),
            "source": origin.fleet,
            "severity": _PAGER_SEVERITY[page.severity],
            "component": details.get("component", ""),
            "group": origin.fleet,
            "class": details.get("condition", ""),
            "custom_details": details,
        },
        "client": "firstline",
        "links": _links(page, details),
    }


def _links(page: Page, told: dict[str, str]) -> list[dict[str, str]]:
    """The addresses among *told*, which are the page's details as they are told.

    One in which something had to be redacted leads nowhere.
    """
    return [
        {"href": told[name], "text": text}
        for name, text in _LINKS.items()
        if name in told and told[name] == page.details.get(name, told[name])
    ]


def notice(page: Page, origin: Origin) -> tuple[str, str]:
    """Subject and text for the team's topic: the summary, and what is known, a line each.

    A subject is printable ASCII of at most 100 characters (SNS API, Publish).
    """
    summary = _summary(page, origin)
    subject = "".join(each if " " <= each <= "~" else "?" for each in summary)[:100]
    lines = (f"{name}: {value}" for name, value in _details(page, origin).items())
    return subject, "\n".join((summary, f"incident: {page.key}", *lines))


def note(page: Page, origin: Origin) -> str:
    """The note on PagerDuty's incident: the line of its update."""
    return _summary(page, origin)


def minimal_body(page: Page, origin: Origin) -> dict[str, object]:
    """What is left when PagerDuty will not take `body`: fixed words, so that it cannot refuse."""
    event: dict[str, object] = {"event_action": page.action, "dedup_key": page.key}
    if page.action == "resolve":
        return event
    severity = _PAGER_SEVERITY[page.severity]
    summary = f"{origin.title} firstline: {page.severity} incident {page.key}"
    return event | {"payload": {"summary": summary, "source": origin.fleet, "severity": severity}}


def digest_line(incident: Incident, page: Page) -> str:
    """The incident as the digest tells of it: how it stands by then."""
    at = incident.signalled_at.isoformat(timespec="seconds")
    summary = redact(page.summary, SUMMARY_MAX)
    return f"- {at} {summary}; {incident.status} ({incident.id})"
