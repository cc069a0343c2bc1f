import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import urllib3

from firstline.ports import Accepted, BadBody
from firstline.twin.alerts import Alert, Alerts, Received, State
from firstline.twin.pagerduty import Fault, PagerDutyServer

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


# --- the alerts, without HTTP -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("actions", "state", "notifications"),
    [
        ("trigger", State.OPEN, 1),
        ("trigger trigger trigger", State.OPEN, 1),
        ("trigger acknowledge", State.ACKNOWLEDGED, 1),
        ("trigger acknowledge trigger", State.ACKNOWLEDGED, 1),
        ("trigger acknowledge acknowledge", State.ACKNOWLEDGED, 1),
        ("trigger resolve", State.RESOLVED, 1),
        ("trigger acknowledge resolve", State.RESOLVED, 1),
        ("trigger resolve resolve", State.RESOLVED, 1),
        ("trigger resolve acknowledge", State.RESOLVED, 1),
        ("trigger resolve trigger", State.OPEN, 2),
        ("trigger resolve trigger acknowledge resolve trigger", State.OPEN, 3),
        ("acknowledge resolve trigger", State.OPEN, 1),
    ],
)
def test_an_alert_follows_its_events(actions: str, state: State, notifications: int) -> None:
    """A trigger notifies only when its key is new or resolved."""
    alerts = Alerts()
    for action in actions.split():
        assert alerts.receive(event(action), T0) == Accepted()
    assert alerts.by_key == {"inc-1": Alert(state, notifications)}


def test_an_end_without_a_beginning_is_taken_and_changes_nothing() -> None:
    """PagerDuty accepts an acknowledgement or a resolve of a key that it does not know."""
    alerts = Alerts()
    assert alerts.receive(event("resolve"), T0) == Accepted()
    assert alerts.receive(event("acknowledge"), T0) == Accepted()
    assert alerts.by_key == {}
    assert [received.action for received in alerts.received] == ["resolve", "acknowledge"]


def test_keys_are_alerts_of_their_own() -> None:
    """The hand-over's key notifies although the episode's alert is acknowledged."""
    alerts = Alerts()
    alerts.receive(event("trigger"), T0)
    alerts.acknowledge("inc-1")
    alerts.receive(event("trigger", "inc-1:gave-up"), T0)
    assert alerts.by_key == {
        "inc-1": Alert(State.ACKNOWLEDGED, 1),
        "inc-1:gave-up": Alert(State.OPEN, 1),
    }


def test_a_person_resolves_in_pagerduty_and_a_late_trigger_notifies_again() -> None:
    """What a person does there is no event, and a key that was resolved is free again."""
    alerts = Alerts()
    alerts.receive(event("trigger"), T0)
    alerts.resolve("inc-1")
    alerts.receive(event("trigger"), T0)
    assert alerts.by_key == {"inc-1": Alert(State.OPEN, 2)}
    assert len(alerts.received) == 2


def test_events_are_kept_in_order_without_their_routing_key() -> None:
    """A record can be shown to anyone."""
    alerts = Alerts()
    later = T0 + timedelta(seconds=7)
    alerts.receive(event("trigger"), T0)
    alerts.receive(event("resolve"), later)
    assert alerts.received == [
        Received(T0, "trigger", "inc-1", without(event("trigger"), "routing_key")),
        Received(later, "resolve", "inc-1", without(event("resolve"), "routing_key")),
    ]
    assert KEY not in repr(alerts.received)


def test_a_trigger_without_a_key_gets_one_of_its_own() -> None:
    """PagerDuty makes up the key that is missing, so two such triggers are two alerts."""
    alerts = Alerts()
    for _ in range(2):
        assert alerts.receive(without(TRIGGER, "dedup_key"), T0) == Accepted()
    assert [alert.notifications for alert in alerts.by_key.values()] == [1, 1]


REFUSED: list[tuple[str, Body, str]] = [
    ("no routing key", without(TRIGGER, "routing_key"), "routing_key"),
    ("short routing key", TRIGGER | {"routing_key": KEY[:-1]}, "$.routing_key"),
    ("long routing key", TRIGGER | {"routing_key": KEY + "0"}, "$.routing_key"),
    ("routing key with a newline", TRIGGER | {"routing_key": KEY + "\n"}, "$.routing_key"),
    ("no action", without(TRIGGER, "event_action"), "event_action"),
    ("unknown action", TRIGGER | {"event_action": "triggered"}, "$.event_action"),
    ("long dedup key", TRIGGER | {"dedup_key": "k" * 256}, "$.dedup_key"),
    ("empty dedup key", TRIGGER | {"dedup_key": ""}, "$.dedup_key"),
    ("no payload", without(TRIGGER, "payload"), "payload"),
    ("payload of another type", TRIGGER | {"payload": [PAYLOAD]}, "$.payload"),
    ("no summary", TRIGGER | {"payload": without(PAYLOAD, "summary")}, "summary"),
    ("empty summary", TRIGGER | {"payload": PAYLOAD | {"summary": ""}}, "$.payload.summary"),
    ("long summary", TRIGGER | {"payload": PAYLOAD | {"summary": "s" * 1025}}, "$.payload.summary"),
    ("no source", TRIGGER | {"payload": without(PAYLOAD, "source")}, "source"),
    ("no severity", TRIGGER | {"payload": without(PAYLOAD, "severity")}, "severity"),
    ("our severity", TRIGGER | {"payload": PAYLOAD | {"severity": "P1"}}, "$.payload.severity"),
    ("odd timestamp", TRIGGER | {"payload": PAYLOAD | {"timestamp": "noon"}}, "timestamp"),
    ("plain link", TRIGGER | {"links": [{"href": "http://x.example.com"}]}, "$.links[0].href"),
    ("no link", TRIGGER | {"links": [{"text": "x"}]}, "href"),
    ("plain image", TRIGGER | {"images": [{"src": "http://x.example.com"}]}, "$.images[0].src"),
    ("acknowledge without key", without(event("acknowledge"), "dedup_key"), "dedup_key"),
    ("resolve without key", without(event("resolve"), "dedup_key"), "dedup_key"),
    (
        "too large",
        TRIGGER | {"payload": PAYLOAD | {"custom_details": {"log": "x" * 524_288}}},
        "524288",
    ),
]


@pytest.mark.parametrize(
    ("body", "named"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_a_body_against_the_rules_is_refused_and_leaves_no_trace(body: Body, named: str) -> None:
    """The refusal names what is wrong; no alert and no record comes of it."""
    alerts = Alerts()
    taken = alerts.receive(body, T0)
    assert isinstance(taken, BadBody)
    assert named in taken.why
    assert KEY not in taken.why
    assert (alerts.by_key, alerts.received) == ({}, [])


def test_text_that_no_json_can_hold_is_refused() -> None:
    """Half a surrogate pair cannot be sent, so the model does not take it either."""
    taken = Alerts().receive(TRIGGER | {"payload": PAYLOAD | {"summary": "\ud800"}}, T0)
    assert taken == BadBody("the body cannot be written as JSON: UnicodeEncodeError")


# --- the server -------------------------------------------------------------------------------


class Faults:
    """Hands out the faults that a test has set, in order, then none."""

    def __init__(self) -> None:
        self.next: list[Fault | None] = []

    def __call__(self) -> Fault | None:
        return self.next.pop(0) if self.next else None


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def server(faults: Faults) -> Iterator[PagerDutyServer]:
    with PagerDutyServer(now=lambda: T0, fault=faults) as server:
        yield server


def ask(server: PagerDutyServer, raw: bytes) -> tuple[int, dict[str, object]]:
    """One POST, its status and its JSON."""
    with urllib3.PoolManager(retries=False, timeout=5) as http:
        answer = http.request("POST", server.url, body=raw)
        return answer.status, answer.json()


@pytest.mark.parametrize("body", [TRIGGER, FULL, event("acknowledge"), event("resolve")])
def test_a_good_event_is_accepted(server: PagerDutyServer, body: Body) -> None:
    """The answer is 202 and names the key; the event is dated by the given clock."""
    assert ask(server, json.dumps(body).encode()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "inc-1"},
    )
    assert [(seen.at, seen.body) for seen in server.alerts.received] == [
        (T0, without(body, "routing_key"))
    ]


def test_the_answer_tells_a_key_that_pagerduty_made_up(server: PagerDutyServer) -> None:
    """It is the key of the alert that the trigger opened."""
    _, answer = ask(server, json.dumps(without(TRIGGER, "dedup_key")).encode())
    assert [answer["dedup_key"]] == list(server.alerts.by_key)


SCHEMA_ONLY: list[tuple[str, Body, str]] = [
    ("client is no text", TRIGGER | {"client": 1}, "$.client"),
    ("client address is no text", TRIGGER | {"client_url": ["x"]}, "$.client_url"),
    ("component is no text", TRIGGER | {"payload": PAYLOAD | {"component": 3}}, "component"),
    ("details are no object", TRIGGER | {"payload": PAYLOAD | {"custom_details": "x"}}, "details"),
    ("alt is no text", TRIGGER | {"images": [{"src": "https://x", "alt": 1}]}, "$.images[0].alt"),
    ("null payload", TRIGGER | {"payload": None}, "$.payload"),
]


@pytest.mark.parametrize(
    ("body", "named"),
    [case[1:] for case in REFUSED + SCHEMA_ONLY],
    ids=[case[0] for case in REFUSED + SCHEMA_ONLY],
)
def test_a_bad_event_is_answered_with_400(server: PagerDutyServer, body: Body, named: str) -> None:
    """The published schema holds beside the rules, and an error names what is wrong."""
    status, answer = ask(server, json.dumps(body).encode())
    assert (status, answer["status"], answer["message"]) == (
        400,
        "invalid event",
        "Event object is invalid",
    )
    assert named in str(answer["errors"])
    assert server.alerts.received == []


@pytest.mark.parametrize("raw", [b"", b"{", b"trigger", b"[]", b'"x"', b"[" * 100_000, b"\xff"])
def test_what_is_no_json_object_is_answered_with_400(server: PagerDutyServer, raw: bytes) -> None:
    """Neither broken nor deep nor foreign input brings it down."""
    status, answer = ask(server, raw)
    assert (status, answer["status"]) == (400, "invalid event")
    assert server.requests == 1


@pytest.mark.parametrize(("fault", "status"), [("error", 503), ("throttle", 429)])
def test_a_fault_is_answered_and_takes_nothing(
    server: PagerDutyServer, faults: Faults, fault: Fault, status: int
) -> None:
    """The event is lost with the answer, and the next request is served again."""
    faults.next = [fault]
    raw = json.dumps(TRIGGER).encode()
    assert ask(server, raw)[0] == status
    assert server.alerts.received == []
    assert ask(server, raw)[0] == 202
    assert server.requests == 2


@pytest.mark.parametrize(
    ("fault", "received"), [("hang", 0), ("refuse-connection", 0), ("lose-answer", 1)]
)
def test_a_fault_of_the_line_ends_the_connection_at_once(
    server: PagerDutyServer, faults: Faults, fault: Fault, received: int
) -> None:
    """Nobody waits for it in real time; a lost answer is of an event that was taken."""
    faults.next = [fault]
    started = time.monotonic()
    with pytest.raises(urllib3.exceptions.ProtocolError):
        ask(server, json.dumps(TRIGGER).encode())
    assert time.monotonic() - started < 1
    assert len(server.alerts.received) == received
    assert server.requests == 1


def test_only_the_one_address_takes_events(server: PagerDutyServer) -> None:
    """Another path is not found and counts as no request."""
    assert server.url.startswith("http://127.0.0.1:")
    assert server.url.endswith("/v2/enqueue")
    with urllib3.PoolManager(retries=False, timeout=5) as http:
        assert http.request("POST", server.url + "d", body=b"{}").status == 404
        assert http.request("GET", server.url).status == 501
    assert server.requests == 0


def test_its_alerts_can_be_given() -> None:
    """A world that already has alerts lends them to the server."""
    alerts = Alerts()
    with PagerDutyServer(now=lambda: T0, alerts=alerts) as server:
        ask(server, json.dumps(TRIGGER).encode())
    assert alerts.by_key == {"inc-1": Alert(State.OPEN, 1)}


def test_it_leaves_neither_threads_nor_a_port() -> None:
    """After its end nobody listens and no thread of it is left."""
    before = threading.active_count()
    with PagerDutyServer(now=lambda: T0) as server:
        ask(server, json.dumps(TRIGGER).encode())
    assert threading.active_count() == before
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        ask(server, b"")


def test_a_fault_of_its_own_is_not_hidden() -> None:
    """The client only sees a closed connection, so the end raises what went wrong inside."""

    def broken() -> Fault | None:
        raise LookupError("no such fault")

    with (
        pytest.raises(LookupError),
        PagerDutyServer(now=lambda: T0, fault=broken) as server,
        pytest.raises(urllib3.exceptions.ProtocolError),
    ):
        ask(server, json.dumps(TRIGGER).encode())
