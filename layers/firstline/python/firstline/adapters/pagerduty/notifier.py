"""PagerDuty's notifier: alerts and change events by its Events API v2, notes by its REST API.

https://developer.pagerduty.com/docs/events-api-v2-overview has the form of each event.
"""

from typing import Protocol

from firstline.config.channels import CHANGE, NOTE
from firstline.errors import DependencyUnavailable
from firstline.notifications.delivery import BadBody, Delivery, NotYet
from firstline.notifications.notification import ALERT, Notification
from firstline.signal import Severity

_SEVERITY = {
    Severity.P1: "critical",
    Severity.P2: "error",
    Severity.P3: "warning",
    Severity.P4: "info",
}


class Api(Protocol):
    """PagerDuty's APIs. A method makes exactly one remote request."""

    def routing_key(self) -> str:
        """The integration's key from Secrets Manager, kept for five minutes."""

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post *body* (without its routing key) once, within three seconds."""

    def change(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post a change event once; it notifies no one."""

    def note(self, alert: str, content: str) -> Delivery:
        """Put a note on the latest incident of the dedup key *alert* once; it notifies no one."""


class PagerDutyNotifier:
    """One service of PagerDuty."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def deliver(self, notification: Notification) -> Delivery:
        """Send it once; an event that PagerDuty refuses is followed by the least one."""
        try:
            key = self.api.routing_key()
        except DependencyUnavailable as error:
            return NotYet(str(error))
        if notification.channel == CHANGE:
            return self.api.change(key, change_event(notification))
        if notification.channel == NOTE:
            return self.api.note(notification.details[ALERT], notification.summary)
        delivery = self.api.post(key, event(notification))
        if isinstance(delivery, BadBody):
            return self.api.post(key, least_event(notification))
        return delivery


def event(notification: Notification) -> dict[str, object]:
    """The event without its routing key; a resolve has no payload."""
    key = {"event_action": notification.action, "dedup_key": notification.key}
    if notification.action == "resolve":
        return key | ({"links": _links(notification)} if notification.links else {})
    details = notification.details
    payload = {
        "summary": notification.summary,
        "source": notification.fleet,
        "severity": _SEVERITY[notification.severity],
        "component": details.get("component", ""),
        "group": notification.fleet,
        "class": details.get("condition", ""),
        "custom_details": details,
    }
    return key | {"payload": payload, "client": "firstline", "links": _links(notification)}


def least_event(notification: Notification) -> dict[str, object]:
    """The event in fixed words, so that PagerDuty cannot refuse it."""
    key = {"event_action": notification.action, "dedup_key": notification.key}
    if notification.action == "resolve":
        return {**key}
    payload = {
        "summary": notification.least,
        "source": notification.fleet,
        "severity": _SEVERITY[notification.severity],
    }
    return {**key, "payload": payload}


def change_event(notification: Notification) -> dict[str, object]:
    """The change event without its routing key; it has no dedup key."""
    payload = {
        "summary": notification.summary,
        "timestamp": notification.details["at"],
        "source": notification.fleet,
        "custom_details": notification.details,
    }
    return {"payload": payload, "links": _links(notification)}


def _links(notification: Notification) -> list[dict[str, str]]:
    return [{"href": each.href, "text": each.text} for each in notification.links]
