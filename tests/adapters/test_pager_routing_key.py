"""The routing key: what is one, how long it is kept, and what to do without it."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError

from firstline.adapters.aws import clients
from firstline.adapters.aws.routing_key import RoutingKey
from firstline.adapters.clock import SystemClock
from firstline.adapters.pagerduty.notifier import Api
from firstline.errors import DependencyUnavailable
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.world import World
from firstline.notifications.delivery import BadBody
from tests.adapters.backends import Ends, Http
from tests.adapters.loopback import Loopback, http
from tests.adapters.pager import BODY, pager_to
from tests.lab.twin.pages import KEY

OTHER_KEY = "R0ABCDEFGHIJKLMNOPQRSTUVWXYZ1234"
URL = "https://pager.example.com/"
GONE = Http(400, '{"__type": "ResourceNotFoundException"}')


def holding(text: str) -> Http:
    """Secrets Manager's answer for a secret that holds *text*."""
    return Http(200, json.dumps({"SecretString": text}))


@pytest.fixture
def ends() -> Ends:
    return Ends(holding(KEY))


@pytest.fixture
def pager(ends: Ends, world: World) -> Api:
    return pager_to(URL, ends, WorldClock(world))


@pytest.mark.parametrize("held", [KEY, f"{KEY}\n", f'{{"routing_key": "{KEY}", "a": 1}}'])
def test_key_is_read_from_the_secret(pager: Api, ends: Ends, held: str) -> None:
    """Bare or as JSON, and a newline that was stored with it does no harm."""
    ends.end = holding(held)
    assert pager.routing_key() == KEY


@pytest.mark.parametrize(
    "end",
    [
        holding("s3cret"),
        holding(f"{KEY}0"),
        holding(f"{KEY[:-1]}!"),
        holding('{"routing_key": "s3cret"}'),
        holding(f'{{"key": "{KEY}"}}'),
        holding("{s3cret"),
        holding('{"x":' * 20_000),
        Http(200, '{"SecretBinary": "czNjcmV0"}'),
        Http(200, "<html>"),
    ],
)
def test_secret_that_is_no_key_is_not_shown(pager: Api, ends: Ends, end: Http) -> None:
    """The message says which secret and what to store."""
    ends.end = end
    with pytest.raises(
        DependencyUnavailable, match=r"^the secret firstline/routing-key contains no"
    ) as raised:
        pager.routing_key()
    result = str(raised.value)
    assert "32 letters and digits" in result
    assert "s3cret" not in result
    assert KEY[:-1] not in result
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("held", "rest_key"),
    [
        (KEY, ""),
        (f'{{"routing_key": "{KEY}"}}', ""),
        (f'{{"routing_key": "{KEY}", "rest_key": "y_abc+123"}}', "y_abc+123"),
    ],
)
def test_the_rest_key_is_next_to_the_routing_key(held: str, rest_key: str) -> None:
    """Where there is one; both are read in one request."""
    ends = Ends(holding(held))
    key = RoutingKey("firstline/routing-key", clients.secrets(ends.session), SystemClock())
    assert (key.rest(), key.read(), ends.sends) == (rest_key, KEY, 1)


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (GONE, "ResourceNotFoundException"),
        (EndpointConnectionError(endpoint_url=URL), "EndpointConnectionError"),
    ],
)
def test_secret_out_of_reach_is_unavailable(
    pager: Api, ends: Ends, end: Http | Exception, why: str
) -> None:
    """Botocore's exceptions go no further, and there is one request."""
    ends.end = end
    with pytest.raises(DependencyUnavailable, match=f"cannot be read: {why}"):
        pager.routing_key()
    assert ends.sends == 1


def test_key_is_kept_for_five_minutes(pager: Api, ends: Ends, world: World) -> None:
    """One request reads it; a change is seen after five minutes, and not before."""
    assert (pager.routing_key(), ends.sends) == (KEY, 1)
    ends.end = holding(OTHER_KEY)
    world.now += timedelta(minutes=5) - timedelta(microseconds=1)
    assert (pager.routing_key(), ends.sends) == (KEY, 1)
    world.now += timedelta(microseconds=1)
    assert (pager.routing_key(), ends.sends) == (OTHER_KEY, 2)


def test_clock_that_went_back_does_not_keep_a_key(pager: Api, ends: Ends, world: World) -> None:
    """An age below zero is no age."""
    pager.routing_key()
    ends.end = holding(OTHER_KEY)
    world.now -= timedelta(seconds=1)
    assert pager.routing_key() == OTHER_KEY


@pytest.mark.parametrize("end", [GONE, holding("to be filled in")], ids=["gone", "spoilt"])
def test_old_key_is_better_than_none(pager: Api, ends: Ends, world: World, end: Http) -> None:
    """A page goes out with the key that was, for as long as the secret cannot be read."""
    pager.routing_key()
    ends.end = end
    world.now += timedelta(hours=3)
    assert [pager.routing_key(), pager.routing_key()] == [KEY, KEY]


def test_refusal_makes_the_key_be_read_again(ends: Ends, world: World) -> None:
    """PagerDuty answers 400 to a key that was revoked, and the new one is there already."""
    with Loopback(http("400 Bad Request", b'{"errors":["unknown key"]}')) as line:
        pager = pager_to(line.url, ends, WorldClock(world))
        assert pager.routing_key() == KEY
        ends.end = holding(OTHER_KEY)
        assert pager.routing_key() == KEY
        assert pager.post(KEY, BODY) == BadBody("unknown key")
    assert (pager.routing_key(), ends.sends) == (OTHER_KEY, 2)
    assert (pager.routing_key(), ends.sends) == (OTHER_KEY, 2)
