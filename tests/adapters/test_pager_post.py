"""One post: what PagerDuty's answer, or whatever else comes over the line, makes of it."""

import ast
import json
import socket
from pathlib import Path

import pytest

from firstline.adapters.pagerduty.http_line import PATIENCE
from firstline.lab.twin import replay
from firstline.lab.twin.pager.pagerduty import Fault, PagerDutyServer
from firstline.notifications.delivery import Accepted, BadBody, NotYet
from tests.adapters.backends import T0
from tests.adapters.loopback import Loopback, http
from tests.adapters.pager import BODY, pager_to
from tests.lab.twin.pages import KEY

PACKAGE = Path(__file__).parents[2] / "layers/firstline/python/firstline"
UNREADABLE = "PagerDuty gave an unreadable reason"


@pytest.mark.parametrize("status", ["200", "204", "307", "401", "404", "413", "429", "500", "503"])
def test_only_202_is_accepted(status: str) -> None:
    """Any other status is for later, asked once: no retry, and no redirect with the key."""
    with Loopback(http(f"{status} Other", b"", "Location: /elsewhere", "Retry-After: 0")) as line:
        assert pager_to(line.url).post(KEY, BODY) == NotYet(f"PagerDuty answered {status}")
        assert line.connections == 1


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
@pytest.mark.parametrize("change", [False, True], ids=["event", "change"])
def test_a_redirect_takes_the_key_nowhere(status: str, change: bool) -> None:  # noqa: FBT001 - a case
    """Neither to another host that would accept it, nor to another path of the same one."""
    with Loopback(http("202 Accepted")) as other:
        for where in (f"http://localhost:{other.port}/", other.url, "/elsewhere"):
            with Loopback(http(f"{status} Moved", b"", f"Location: {where}")) as line:
                pager = pager_to(line.url)
                delivery = (pager.change if change else pager.post)(KEY, BODY)
                assert delivery == NotYet(f"PagerDuty answered {status}")
                assert line.connections == 1
        assert other.connections == 0


def test_no_http_request_follows_redirects() -> None:
    """In the call itself: what a pool's own default means differs between urllib3's versions."""
    found = set[str]()
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if "import urllib3" in text else ():
            match node:
                case ast.Call(func=ast.Attribute(attr="request" | "urlopen"), keywords=given):
                    named = {it.arg: ast.unparse(it.value) for it in given}
                    assert (named["redirect"], named["retries"]) == ("False", "False"), path
                    found.add(path.name)
                case _:
                    pass
    assert found == {"operator_url.py", "http_line.py", "http_probe.py"}


def test_post_adds_the_key_to_the_body() -> None:
    """The caller's body stays as it was, and the connection is not kept."""
    body = dict(BODY)
    with Loopback(http("202 Accepted")) as line:
        assert pager_to(line.url).post(KEY, body) == Accepted()
    [request] = line.requests
    head, _, sent = request.partition(b"\r\n\r\n")
    first, *headers = head.decode().splitlines()
    assert first == "POST /v2/enqueue HTTP/1.1"
    assert {"Content-Type: application/json", "Connection: close"} <= set(headers)
    assert json.loads(sent) == BODY | {"routing_key": KEY}
    assert "routing_key" not in body


def test_each_post_is_one_request() -> None:
    """Nothing is tried again inside, and trouble does not last."""
    faults: list[Fault | None] = ["error", "hang", None, "lose-answer", None]
    with PagerDutyServer(now=lambda: T0, fault=lambda: faults.pop(0)) as server:
        pager = pager_to(server.url)
        kinds = [type(pager.post(KEY, BODY)) for _ in range(5)]
        assert kinds == [NotYet, NotYet, Accepted, NotYet, Accepted]
        assert (server.requests, len(server.alerts.received)) == (5, 3)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 " + KEY.encode() + b"\r\n\r\n",
        b"HTTP/1.1 202 " + b"x" * 100_000,
        b"HTTP/1.1 202 Accepted\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
    ids=["closed", "mail", "the key", "long", "headers"],
)
def test_garbage_is_not_yet(answer: bytes) -> None:
    """A foreign answer is retried later, and is quoted short and without the key."""
    with Loopback(answer) as line:
        delivery = pager_to(line.url).post(KEY, BODY)
    assert isinstance(delivery, NotYet)
    assert delivery.why.startswith("PagerDuty gave no answer: ")
    assert KEY not in delivery.why
    assert len(delivery.why) <= 200
    assert line.connections == 1


def refusal(answer: object) -> bytes:
    return http("400 Bad Request", json.dumps(answer).encode())


REFUSALS: list[tuple[bytes, str]] = [
    (refusal({"errors": ["one is wrong", "two is too"]}), "one is wrong; two is too"),
    (refusal({"message": "invalid", "errors": []}), "invalid"),
    (refusal({"status": "invalid event"}), "PagerDuty gave no reason"),
    (refusal({"errors": [f"{KEY[:9]}\x00{KEY[9:]}"]}), "[routing key]"),
    (refusal({"errors": ["x" * 190 + KEY]}), "x" * 190 + "[routing\N{HORIZONTAL ELLIPSIS}"),
    (refusal({"errors": ["of dana@vettid.dev"]}), "of [mail]"),
    (refusal({"errors": ["\x1b[31mred\x07\r\n\u202eover"]}), "[31mredover"),
    (refusal({"errors": "text"}), UNREADABLE),
    (http("400 No"), UNREADABLE),
    (http("400 No", b"[" * 60_000), UNREADABLE),
    (http("400 No", b'{"errors":["x"]}', "Content-Encoding: gzip"), UNREADABLE),
    (b"HTTP/1.1 400 No\r\nContent-Length: 50\r\n\r\n{", UNREADABLE),
]


@pytest.mark.parametrize(("answer", "why"), REFUSALS)
def test_any_400_is_a_refusal(answer: bytes, why: str) -> None:
    """The reason is a courtesy: it may be long, odd, broken, or repeat the key."""
    with Loopback(answer) as line:
        assert pager_to(line.url).post(KEY, BODY) == BadBody(why)


@pytest.mark.parametrize(
    ("key", "change", "why"),
    [
        (
            KEY,
            {"payload": {"summary": "s" * 1025, "source": "x", "severity": "info"}},
            "Expected `str` of length <= 1024 - at `$.payload.summary`",
        ),
        ("", {}, r"Expected `str` matching regex '^[0-9A-Za-z]{32}\\Z' - at `$.routing_key`"),
        (KEY, {"client": "\ud800"}, "the body cannot be written as JSON: UnicodeEncodeError"),
        (KEY, {"client": object()}, "the body cannot be written as JSON: TypeError"),
    ],
    ids=["too long", "no key", "no text", "no JSON"],
)
def test_bad_body_has_a_reason(key: str, change: dict[str, object], why: str) -> None:
    """A permanent refusal is told apart from a temporary one."""
    with PagerDutyServer(now=lambda: T0) as server:
        assert pager_to(server.url).post(key, BODY | change) == BadBody(why)
        assert server.requests == ("client" not in change)


def test_a_closed_port_is_not_yet() -> None:
    """Being out of reach is no refusal."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        delivery = pager_to(f"http://127.0.0.1:{bound.getsockname()[1]}/").post(KEY, BODY)
    assert isinstance(delivery, NotYet)
    assert "Connection refused" in delivery.why


def test_a_replay_outwaits_a_busy_machine() -> None:
    """Its server answers or closes at once: what takes long there is the machine."""
    assert all(longer >= 20 * real for longer, real in zip(replay.PATIENCE, PATIENCE, strict=True))
