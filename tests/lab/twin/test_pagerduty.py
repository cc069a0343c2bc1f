"""PagerDuty over HTTP on a loopback address."""

import json
import threading
from collections.abc import Iterator

import pytest
import urllib3

from firstline.lab.twin.pager.alerts import Alerts, State
from firstline.lab.twin.pager.pagerduty import Fault, PagerDutyServer
from tests.lab.twin.pages import FULL, T0, TRIGGER, Body, event, trigger, without

GOOD = json.dumps(TRIGGER).encode()


@pytest.fixture
def faults() -> list[Fault]:
    """What is wrong with the next requests, in order; then nothing."""
    return []


@pytest.fixture
def server(faults: list[Fault]) -> Iterator[PagerDutyServer]:
    with PagerDutyServer(lambda: T0, lambda: faults.pop(0) if faults else None) as server:
        yield server


def ask(server: PagerDutyServer, raw: bytes) -> tuple[int, dict[str, object]]:
    """One POST, its status and its JSON."""
    with urllib3.PoolManager(retries=False, timeout=5) as http:
        answer = http.request("POST", server.url, body=raw)
        return answer.status, answer.json()


@pytest.mark.parametrize("body", [FULL, event("resolve")], ids=["full", "resolve"])
def test_good_event_is_accepted(server: PagerDutyServer, body: Body) -> None:
    """The answer is 202 and names the key; the event is dated by the given clock."""
    assert ask(server, json.dumps(body).encode()) == (
        202,
        {"status": "success", "message": "Event processed", "dedup_key": "inc-1"},
    )
    assert [(seen.at, seen.body) for seen in server.alerts.received] == [
        (T0, without(body, "routing_key"))
    ]


def test_answer_tells_a_key_that_pagerduty_made_up(server: PagerDutyServer) -> None:
    """It is the key of the alert that the trigger opened."""
    _, answer = ask(server, json.dumps(without(TRIGGER, "dedup_key")).encode())
    assert [answer["dedup_key"]] == list(server.alerts.by_key)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (TRIGGER | {"client": 1}, "$.client"),
        (trigger(custom_details="x"), "details"),
        (TRIGGER | {"images": [{"src": "https://x", "alt": 1}]}, "$.images[0].alt"),
        (TRIGGER | {"payload": None}, "$.payload"),
        (trigger(summary="s" * 1025), "$.payload.summary"),
        *((raw, "") for raw in (b"", b"trigger", b"[]", b"[" * 100_000, b"\xff")),
    ],
)
def test_bad_event_is_answered_with_400(
    server: PagerDutyServer, body: Body | bytes, named: str
) -> None:
    """The published schema holds beside the rules, and an error names what is wrong."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer = ask(server, raw)
    assert (status, answer["status"]) == (400, "invalid event")
    assert answer["message"] == "Event object is invalid"
    assert named in str(answer["errors"])
    assert (server.requests, server.alerts.received) == (1, [])


def test_fault_is_answered_and_takes_nothing(server: PagerDutyServer, faults: list[Fault]) -> None:
    """The event is lost with the answer, and the next request is served again."""
    faults += ["error", "throttle"]
    assert [ask(server, GOOD)[0] for _ in range(3)] == [503, 429, 202]
    assert (server.requests, len(server.alerts.received)) == (3, 1)


@pytest.mark.parametrize(
    ("fault", "received"), [("hang", 0), ("refuse-connection", 0), ("lose-answer", 1)]
)
def test_fault_of_the_line_ends_the_connection_at_once(
    server: PagerDutyServer, faults: list[Fault], fault: Fault, received: int
) -> None:
    """Nobody waits for it in real time; a lost answer is of an event that was taken."""
    faults.append(fault)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        ask(server, GOOD)
    assert (server.requests, len(server.alerts.received)) == (1, received)


def test_only_the_one_address_takes_events(server: PagerDutyServer) -> None:
    """Another path is not found and counts as no request."""
    assert server.url.startswith("http://127.0.0.1:")
    with urllib3.PoolManager(retries=False, timeout=5) as http:
        assert http.request("POST", server.url + "d", body=b"{}").status == 404
        assert http.request("GET", server.url).status == 404
    assert server.requests == 0


def test_it_keeps_the_alerts_and_leaves_nothing_else() -> None:
    """A world lends its alerts; after the end nobody listens, and no thread is left."""
    alerts = Alerts()
    before = threading.active_count()
    with PagerDutyServer(now=lambda: T0, alerts=alerts) as server:
        ask(server, GOOD)
    (alert,) = alerts.opened
    assert (alert.key, alert.state) == ("inc-1", State.OPEN)
    assert threading.active_count() == before
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        ask(server, b"")


def test_fault_of_its_own_is_not_hidden() -> None:
    """The client only sees a closed connection, so the end raises what went wrong inside."""

    def broken() -> Fault | None:
        raise LookupError("no such fault")

    with (
        pytest.raises(LookupError),
        PagerDutyServer(now=lambda: T0, fault=broken) as server,
        pytest.raises(urllib3.exceptions.ProtocolError),
    ):
        ask(server, GOOD)
