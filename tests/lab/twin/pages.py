"""Events as they are posted to PagerDuty: good ones, and one for each rule that it has."""

from datetime import UTC, datetime

KEY = "0123456789abcdef0123456789abcdef"
T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

type Body = dict[str, object]

PAYLOAD: Body = {"summary": "no host serves", "source": "firstline", "severity": "critical"}
TRIGGER: Body = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "inc-1",
    "payload": PAYLOAD,
}
FULL: Body = {
    **TRIGGER,
    "client": "firstline",
    "client_url": "https://console.example.com",
    "links": [{"href": "https://docs.example.com", "text": "runbook"}],
    "images": [{"src": "https://img.example.com/a.png", "href": "https://x.example.com"}],
    "payload": {
        **PAYLOAD,
        "summary": "s" * 1024,
        "timestamp": "2026-03-01T12:00:00+00:00",
        "component": "enclave",
        "group": "vault",
        "class": "complete-outage",
        "custom_details": {"seen": "three hosts are silent", "count": 3},
    },
}


def event(action: str, key: str = "inc-1") -> Body:
    """An event of *action* with all that PagerDuty wants of it."""
    payload = {"payload": PAYLOAD} if action == "trigger" else {}
    return {"routing_key": KEY, "event_action": action, "dedup_key": key, **payload}


def without(body: Body, name: str) -> Body:
    """*body* less one field."""
    return {field: value for field, value in body.items() if field != name}


def trigger(**payload: object) -> Body:
    """A trigger whose payload has these fields, too."""
    return TRIGGER | {"payload": PAYLOAD | payload}


BAD: dict[str, tuple[Body, str]] = {
    "no routing key": (without(TRIGGER, "routing_key"), "routing_key"),
    "short routing key": (TRIGGER | {"routing_key": KEY[:-1]}, "$.routing_key"),
    "routing key with a newline": (TRIGGER | {"routing_key": KEY + "\n"}, "$.routing_key"),
    "no action": (without(TRIGGER, "event_action"), "event_action"),
    "unknown action": (TRIGGER | {"event_action": "triggered"}, "$.event_action"),
    "long dedup key": (TRIGGER | {"dedup_key": "k" * 256}, "$.dedup_key"),
    "empty dedup key": (TRIGGER | {"dedup_key": ""}, "$.dedup_key"),
    "no payload": (without(TRIGGER, "payload"), "payload"),
    "payload of another type": (TRIGGER | {"payload": [PAYLOAD]}, "$.payload"),
    "no summary": (TRIGGER | {"payload": without(PAYLOAD, "summary")}, "summary"),
    "empty summary": (trigger(summary=""), "$.payload.summary"),
    "long summary": (trigger(summary="s" * 1025), "$.payload.summary"),
    "no source": (TRIGGER | {"payload": without(PAYLOAD, "source")}, "source"),
    "no severity": (TRIGGER | {"payload": without(PAYLOAD, "severity")}, "severity"),
    "our severity": (trigger(severity="P1"), "$.payload.severity"),
    "odd timestamp": (trigger(timestamp="noon"), "timestamp"),
    "plain link": (TRIGGER | {"links": [{"href": "http://x.example.com"}]}, "$.links[0].href"),
    "no link": (TRIGGER | {"links": [{"text": "x"}]}, "href"),
    "plain image": (TRIGGER | {"images": [{"src": "http://x.example.com"}]}, "$.images[0].src"),
    "acknowledge without key": (without(event("acknowledge"), "dedup_key"), "dedup_key"),
    "resolve without key": (without(event("resolve"), "dedup_key"), "dedup_key"),
    "too large": (trigger(custom_details={"log": "x" * 524_288}), "524288"),
}
"""What the documented rules refuse, and what the refusal names."""
