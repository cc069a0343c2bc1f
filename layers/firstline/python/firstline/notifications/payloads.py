"""Bodies: what is posted for a page, on each of its channels.

Made from allow-listed fields alone: never a description, a dimension or host output. What is told
in them goes through redaction, since it leaves the account.
"""

from firstline.incidents.incident import Incident, Page
from firstline.redaction import redact
from firstline.signal import Severity

_PAGER_SEVERITY = {
    Severity.P1: "critical",
    Severity.P2: "error",
    Severity.P3: "warning",
    Severity.P4: "info",
}
SUMMARY_MAX = 1024
_DIGESTS = {"plan"}
"""Details that are digests of ours, which redaction would take for secrets."""


def _summary(page: Page) -> str:
    return redact(page.summary, SUMMARY_MAX)


def _details(page: Page) -> dict[str, str]:
    return {
        name: value if name in _DIGESTS else _redacted(value)
        for name, value in page.details.items()
    }


def _redacted(text: str) -> str:
    """*text*, line by line, and none cut: whoever made it knows how long it may be."""
    return "\n".join(redact(line, max(len(line), 1)) for line in text.split("\n"))


def change_body(page: Page, fleet: str) -> dict[str, object]:
    """The change event for PagerDuty, but for the routing key; it has no key of its own."""
    return {
        "payload": {
            "summary": _summary(page),
            "timestamp": page.details["at"],
            "source": fleet,
            "custom_details": _details(page),
        }
    }


def body(page: Page, fleet: str) -> dict[str, object]:
    """The event for PagerDuty (Events API v2), but for the routing key."""
    event: dict[str, object] = {"event_action": page.action, "dedup_key": page.key}
    details = _details(page)
    links = _links(page, details)
    if page.action == "resolve":
        return event | ({"links": links} if links else {})
    return event | {
        "payload": {
            "summary": _summary(page),
            "source": fleet,
            "severity": _PAGER_SEVERITY[page.severity],
            "component": details.get("component", ""),
            "group": fleet,
            "class": details.get("condition", ""),
            "custom_details": details,
        },
        "client": "firstline",
        "links": links,
    }


def _links(page: Page, told: dict[str, str]) -> list[dict[str, str]]:
    """Addresses of the console; who may see what is there, IAM says.

    *told* are the page's details as they are told: an address in which something had to be
    redacted leads nowhere.
    """
    return [
        {"href": told[name], "text": text}
        for name, text in (("alarm_link", "the alarm"), ("report_link", "the report"))
        if name in told and told[name] == page.details[name]
    ]


def notice(page: Page) -> tuple[str, str]:
    """Subject and text for the team's topic: the summary, and what is known, a line each.

    A subject is printable ASCII of at most 100 characters (SNS API, Publish).
    """
    summary = _summary(page)
    subject = "".join(each if " " <= each <= "~" else "?" for each in summary)[:100]
    lines = (f"{name}: {value}" for name, value in _details(page).items())
    return subject, "\n".join((summary, f"incident: {page.key}", *lines))


def note(page: Page) -> str:
    """The note on PagerDuty's incident: the line of its update."""
    return _summary(page)


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
    return f"- {at} {_summary(page)}; {incident.status} ({incident.id})"
