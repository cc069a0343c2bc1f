"""Notes on PagerDuty's incidents: which incident they find, and what comes of them."""

import json
import socket
from collections.abc import Callable, Iterator

import pytest
import urllib3

from firstline.adapters.pagerduty.events_client import PagerDutyApi
from firstline.adapters.pagerduty.notes_api import _api_url
from firstline.errors import InvalidInput
from firstline.lab.twin.pager.pagerduty import REST_KEY, USER, PagerDutyServer
from firstline.notifications.delivery import Accepted, BadBody, Delivery, NotYet
from tests.adapters.backends import T0, Ends, Http
from tests.adapters.loopback import Loopback, http, request_of
from tests.adapters.pager import pager_to
from tests.lab.twin.pages import KEY, event

FOUND = json.dumps({"incidents": [{"id": "Q1"}]}).encode()


def holding(**keys: str) -> Ends:
    """Secrets Manager with a secret of these keys."""
    return Ends(Http(200, json.dumps({"SecretString": json.dumps(keys)})))


def noting(url: str, *, rest_key: str = REST_KEY, user: str = USER) -> PagerDutyApi:
    """A pager whose secret has the key of the REST API."""
    return pager_to(url, holding(routing_key=KEY, rest_key=rest_key), notes_from=user)


@pytest.fixture
def server() -> Iterator[PagerDutyServer]:
    with PagerDutyServer(now=lambda: T0) as server:
        for action in ("trigger", "resolve", "trigger"):
            server.alerts.receive(event(action), T0)
        yield server


def test_a_note_is_put_on_the_latest_incident_of_its_alert(server: PagerDutyServer) -> None:
    """Also on a resolved one; it notifies no one."""
    pager = noting(server.url)
    assert pager.note("inc-1", "one host is back") == Accepted()
    server.alerts.resolve("inc-1", T0)
    assert pager.note("inc-1", "it is over") == Accepted()
    assert [each.notes for each in server.alerts.opened] == [[], ["one host is back", "it is over"]]
    assert server.alerts.notified("inc-1") == 2  # as before: one for each incident


def test_an_incident_that_is_not_there_yet_is_tried_again(server: PagerDutyServer) -> None:
    """PagerDuty takes an event before it makes an incident of it."""
    assert noting(server.url).note("inc-2", "x") == NotYet(
        "PagerDuty has no incident with this key"
    )


@pytest.mark.parametrize(
    ("pager", "why"),
    [
        (lambda url: noting(url, rest_key="k" * 20), "PagerDuty answered 401: Authentication f"),
        (lambda url: noting(url, user="x@example.com"), "PagerDuty answered 400: User Not Found"),
        (lambda url: noting(url, rest_key=""), "the routing key's secret has no rest_key"),
        (lambda url: pager_to(url, holding(routing_key=KEY)), "the routing key's secret has no "),
    ],
    ids=["another key", "another user", "empty", "no key"],
)
def test_what_pagerduty_will_never_take(
    server: PagerDutyServer, pager: Callable[[str], PagerDutyApi], why: str
) -> None:
    """The reason says what to mend, and repeats no key."""
    delivery = pager(server.url).note("inc-1", "x")
    assert isinstance(delivery, BadBody)
    assert delivery.why.startswith(why)
    assert "kkkk" not in delivery.why


def test_without_the_secret_it_waits(server: PagerDutyServer) -> None:
    """As a page does."""
    gone = Ends(Http(400, '{"__type": "ResourceNotFoundException"}'))
    delivery = pager_to(server.url, gone, notes_from=USER).note("inc-1", "x")
    assert isinstance(delivery, NotYet)
    assert "cannot be read" in delivery.why


def answering(*answers: bytes) -> Callable[[socket.socket, object], None]:
    """One answer a request, in order.

    Another test may ask a port that was free just before: what is no request of ours gets none.
    """
    left = list(answers)

    def behave(line: socket.socket, over: object) -> None:
        del over
        if request_of(line).partition(b" ")[2].startswith(b"/incidents"):
            line.sendall(left.pop(0))

    return behave


@pytest.mark.parametrize(
    ("answers", "delivery"),
    [
        ((http("200 OK", FOUND), http("201 Created", b"{}")), Accepted()),
        ((http("200 OK", FOUND), http("200 OK", b"<html>")), Accepted()),
        ((http("200 OK", b"<html>"),), NotYet("PagerDuty's answer cannot be read")),
        ((http("200 OK", b"[" * 60_000),), NotYet("PagerDuty's answer cannot be read")),
        ((http("429 No", b"{}"),), NotYet("PagerDuty answered 429")),
        ((http("500 No", b"{}"),), NotYet("PagerDuty answered 500")),
        ((http("200 OK", FOUND), http("503 No", b"")), NotYet("PagerDuty answered 503")),
        ((http("307 No", b"", "Location: /x"),), BadBody("PagerDuty answered 307: ")),
        ((http("200 OK", FOUND), http("404 No", b"no")), BadBody("PagerDuty answered 404: ")),
    ],
)
def test_each_answer_has_its_meaning(answers: tuple[bytes, ...], delivery: Delivery) -> None:
    """Trouble of PagerDuty's passes; a refusal does not, and a redirect is none of ours."""
    with Loopback(answering(*answers)) as line:
        assert noting(line.url).note("inc-1", "x") == delivery
        assert line.connections == len(answers)


def test_a_refusal_repeats_no_key() -> None:
    """Whatever it says."""
    text = json.dumps({"error": {"message": f"{REST_KEY} is wrong"}}).encode()
    with Loopback(answering(http("403 No", text))) as line:
        delivery = noting(line.url).note("inc-1", "x")
    assert delivery == BadBody("PagerDuty answered 403: [routing key] is wrong")


def test_the_key_is_read_again_after_a_refusal(server: PagerDutyServer) -> None:
    """It may have been changed."""
    ends = holding(routing_key=KEY, rest_key="k" * 20)
    pager = pager_to(server.url, ends, notes_from=USER)
    assert isinstance(pager.note("inc-1", "x"), BadBody)
    ends.end = Http(
        200, json.dumps({"SecretString": json.dumps({"routing_key": KEY, "rest_key": REST_KEY})})
    )
    assert pager.note("inc-1", "x") == Accepted()


@pytest.mark.parametrize(
    ("events", "api"),
    [
        ("https://events.pagerduty.com/v2/enqueue", "https://api.pagerduty.com"),
        ("https://events.eu.pagerduty.com/v2/enqueue", "https://api.eu.pagerduty.com"),
        ("https://pager.example.com/events./enqueue?a=1", "https://pager.example.com"),
        ("http://127.0.0.1:8080/v2/enqueue", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/v2/enqueue", "http://[::1]:8080"),
    ],
)
def test_the_rest_api_is_of_the_same_service_region(events: str, api: str) -> None:
    """PagerDuty's EU service region has addresses of its own."""
    assert _api_url(urllib3.util.parse_url(events)) == api


def test_an_unsafe_address_takes_no_key() -> None:
    """The key of the REST API may do more than a routing key."""
    with pytest.raises(InvalidInput, match="must be https"):
        noting("http://events.pagerduty.com/v2/enqueue")
