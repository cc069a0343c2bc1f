import datetime as dt
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Self

import boto3.session
import pytest
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from moto import mock_aws

from firstline.adapters.pagerduty import PagerDutyPager
from firstline.errors import Malformed, Unavailable
from firstline.ports import Accepted, BadBody, Delivery, NotYet, Pager
from firstline.twin.pagerduty import Fault, PagerDutyServer

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "R0ABCDEFGHIJKLMNOPQRSTUVWXYZ1234"
NAME = "firstline/routing-key"
T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
BODY: dict[str, object] = {
    "event_action": "trigger",
    "dedup_key": "inc-1",
    "payload": {"summary": "no host serves", "source": "firstline", "severity": "critical"},
}


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = T0

    def now(self) -> datetime:
        return self.at

    def sleep(self, duration: timedelta) -> None:
        self.at += duration


class Wire:
    """A loopback server that does to each connection what *behave* says, until it is left.

    ``connections`` counts them. A behaviour that waits does so on ``over``.
    """

    def __init__(self, behave: Callable[["Wire", socket.socket], None]) -> None:
        wire = self

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                wire.connections += 1
                behave(wire, self.request)

        self.connections = 0
        self.over = Event()
        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2/enqueue"


def request_of(line: socket.socket) -> tuple[list[str], bytes]:
    """The head and the body of the request on *line*."""
    with line.makefile("rb") as stream:
        head = [text.decode().strip() for text in iter(stream.readline, b"\r\n")]
        sizes = [text.partition(":")[2] for text in head if text.startswith("Content-Length")]
        return head, stream.read(int(sizes[0]))


def saying(answer: bytes) -> Callable[[Wire, socket.socket], None]:
    """A behaviour: read the request, send *answer*, close."""

    def behave(wire: Wire, line: socket.socket) -> None:
        del wire
        request_of(line)
        line.sendall(answer)

    return behave


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def client(endpoint_url: str | None = None) -> "SecretsManagerClient":
    """A client with credentials of no account, which tries once."""
    session = boto3.session.Session("testing", "testing", region_name="us-east-1")
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=1)
    return session.client("secretsmanager", config=once, endpoint_url=endpoint_url)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def secrets_manager() -> "SecretsManagerClient":
    return client()


@pytest.fixture
def secrets(secrets_manager: "SecretsManagerClient") -> "Iterator[SecretsManagerClient]":
    with mock_aws():
        yield secrets_manager


type PagerTo = Callable[[str], Pager]


@pytest.fixture
def pager_to(secrets_manager: "SecretsManagerClient", clock: HandClock) -> PagerTo:
    def make(url: str) -> Pager:
        return PagerDutyPager(url, NAME, secrets_manager, clock)

    return make


@pytest.fixture
def pager(secrets: "SecretsManagerClient", clock: HandClock) -> Pager:
    return PagerDutyPager("https://pager.example.com/", NAME, secrets, clock)


# --- one post ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "expected", "taken"),
    [
        (None, Accepted(), 1),
        ("error", NotYet("PagerDuty answered 503"), 0),
        ("throttle", NotYet("PagerDuty answered 429"), 0),
    ],
)
def test_an_answer_becomes_a_delivery(
    pager_to: PagerTo, fault: Fault | None, expected: Delivery, taken: int
) -> None:
    """202 is accepted; trouble and throttling are for later; one request a post."""
    with PagerDutyServer(now=lambda: T0, fault=lambda: fault) as server:
        assert pager_to(server.url).post(KEY, BODY) == expected
        assert (server.requests, len(server.alerts.received)) == (1, taken)


@pytest.mark.parametrize(
    ("fault", "taken"), [("hang", 0), ("refuse-connection", 0), ("lose-answer", 1)]
)
def test_no_answer_is_not_yet(pager_to: PagerTo, fault: Fault, taken: int) -> None:
    """A connection closed without an answer says nothing of what was taken."""
    with PagerDutyServer(now=lambda: T0, fault=lambda: fault) as server:
        delivery = pager_to(server.url).post(KEY, BODY)
        assert isinstance(delivery, NotYet)
        assert delivery.why.startswith("PagerDuty gave no answer: ")
        assert (server.requests, len(server.alerts.received)) == (1, taken)


def test_a_body_that_pagerduty_refuses_is_bad(pager_to: PagerTo) -> None:
    """The why is PagerDuty's own."""
    body = BODY | {"payload": {"summary": "s" * 1025, "source": "x", "severity": "info"}}
    with PagerDutyServer(now=lambda: T0) as server:
        assert pager_to(server.url).post(KEY, body) == BadBody(
            "Expected `str` of length <= 1024 - at `$.payload.summary`"
        )
        assert server.requests == 1


def test_each_post_is_one_request(pager_to: PagerTo) -> None:
    """Nothing is tried again inside, whatever the answers are."""
    faults: list[Fault | None] = ["error", "hang", None, "throttle", None]
    with PagerDutyServer(now=lambda: T0, fault=lambda: faults.pop(0)) as server:
        pager = pager_to(server.url)
        kinds = [type(pager.post(KEY, BODY)) for _ in range(5)]
        assert kinds == [NotYet, NotYet, Accepted, NotYet, Accepted]
        assert server.requests == 5


def test_the_request_is_json_with_the_key_added(pager_to: PagerTo) -> None:
    """The caller's body stays as it was: without a key."""
    seen: list[tuple[list[str], bytes]] = []

    def behave(wire: Wire, line: socket.socket) -> None:
        del wire
        seen.append(request_of(line))
        line.sendall(http("202 Accepted"))

    body = dict(BODY)
    with Wire(behave) as wire:
        assert pager_to(wire.url).post(KEY, body) == Accepted()
    [(head, sent)] = seen
    assert head[0] == "POST /v2/enqueue HTTP/1.1"
    assert {"Content-Type: application/json", "Connection: close"} <= set(head)
    assert json.loads(sent) == BODY | {"routing_key": KEY}
    assert body == BODY


@pytest.mark.parametrize(
    "status", ["200 OK", "204 No Content", "301 Moved", "401 No", "404 No", "413 No", "500 No"]
)
def test_any_other_status_is_not_yet(pager_to: PagerTo, status: str) -> None:
    """Only 202 means that PagerDuty took it, and only 400 that it never will."""
    with Wire(saying(http(status))) as wire:
        expected = NotYet(f"PagerDuty answered {status[:3]}")
        assert pager_to(wire.url).post(KEY, BODY) == expected
        assert wire.connections == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(pager_to: PagerTo, status: int) -> None:
    """The key goes nowhere but to the address of the settings."""
    with PagerDutyServer(now=lambda: T0) as elsewhere:
        answer = http(f"{status} Elsewhere", b"", f"Location: {elsewhere.url}")
        with Wire(saying(answer)) as wire:
            delivery = pager_to(wire.url).post(KEY, BODY)
        assert delivery == NotYet(f"PagerDuty answered {status}")
        assert (wire.connections, elsewhere.requests) == (1, 0)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\xff\x00\xff",
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 abc Accepted\r\n\r\n",
        b"HTTP/1.1 20",
        b"HTTP/1.1 " + KEY.encode() + b"\r\n\r\n",
        b"HTTP/1.1 202 " + b"x" * 100_000,
        b"HTTP/1.1 202 Accepted\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_garbage_is_not_yet(pager_to: PagerTo, answer: bytes) -> None:
    """What is no answer is tried again later, and is quoted without the key."""
    with Wire(saying(answer)) as wire:
        delivery = pager_to(wire.url).post(KEY, BODY)
        assert isinstance(delivery, NotYet)
        assert delivery.why.startswith("PagerDuty gave no answer: ")
        assert KEY not in delivery.why
        assert len(delivery.why) <= 200
        assert wire.connections == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"errors": ["one is wrong", "two is too"]}, "one is wrong; two is too"),
        ({"message": "invalid", "errors": []}, "invalid"),
        ({"status": "invalid event"}, "PagerDuty gave no reason"),
        ({"errors": "text"}, "PagerDuty gave no reason that can be read"),
        ([], "PagerDuty gave no reason that can be read"),
        ({"errors": [f"key {KEY} is unknown"]}, "key [routing key] is unknown"),
        ({"errors": [f"{KEY[:9]}\x00{KEY[9:]}"]}, "[routing key]"),
        ({"errors": ["x" * 190 + KEY]}, "x" * 190 + "[routing k"),
        ({"errors": ["\x1b[31mred\x07\r\n\u202eover"]}, "[31mredover"),
        ({"errors": ["é" * 500]}, "é" * 200),
    ],
)
def test_a_refusal_is_told_short_plain_and_without_the_key(
    pager_to: PagerTo, answer: object, why: str
) -> None:
    """What PagerDuty says is data: it may be long, odd, or repeat what it was sent."""
    with Wire(saying(http("400 Bad Request", json.dumps(answer).encode()))) as wire:
        assert pager_to(wire.url).post(KEY, BODY) == BadBody(why)
        assert wire.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        http("400 No"),
        http("400 No", b"<html>"),
        http("400 No", b"[" * 60_000),
        http("400 No", b'{"errors":["x"]}', "Content-Encoding: gzip")[:-1],
        b"HTTP/1.1 400 No\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_a_refusal_that_cannot_be_read_is_still_a_refusal(pager_to: PagerTo, answer: bytes) -> None:
    """The status decides; the reason is a courtesy."""
    with Wire(saying(answer)) as wire:
        expected = BadBody("PagerDuty gave no reason that can be read")
        assert pager_to(wire.url).post(KEY, BODY) == expected


def test_a_reason_survives_an_empty_key(pager_to: PagerTo) -> None:
    """Where there is no key there is nothing to hide."""
    with PagerDutyServer(now=lambda: T0) as server:
        assert pager_to(server.url).post("", BODY) == BadBody(
            "Expected `str` matching regex '^[0-9A-Za-z]{32}\\\\Z' - at `$.routing_key`"
        )


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("\ud800", "the body cannot be written as JSON: UnicodeEncodeError"),
        (object(), "the body cannot be written as JSON: TypeError"),
    ],
)
def test_a_body_that_is_no_json_is_bad_before_it_is_sent(
    pager_to: PagerTo, value: object, why: str
) -> None:
    """PagerDuty would never take it, so the caller's minimal body must go out instead."""
    with PagerDutyServer(now=lambda: T0) as server:
        assert pager_to(server.url).post(KEY, BODY | {"client": value}) == BadBody(why)
        assert server.requests == 0


def test_a_port_where_nobody_listens_is_not_yet(pager_to: PagerTo) -> None:
    """Being out of reach is no refusal."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        delivery = pager_to(f"http://127.0.0.1:{bound.getsockname()[1]}/").post(KEY, BODY)
    assert isinstance(delivery, NotYet)
    assert "Connection refused" in delivery.why


# --- three seconds ----------------------------------------------------------------------------


def silent(wire: Wire, line: socket.socket) -> None:
    """Read, then say nothing."""
    request_of(line)
    wire.over.wait(5)


def dripping(wire: Wire, line: socket.socket) -> None:
    """Say something so often that no single read ever times out."""
    request_of(line)
    try:
        for byte in b"HTTP/1.1 202 Accepted":
            line.sendall(bytes([byte]))
            if wire.over.wait(0.3):
                return
    except ConnectionError:
        return


def endless(wire: Wire, line: socket.socket) -> None:
    """Accept, and then never end the body."""
    request_of(line)
    line.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{")
    wire.over.wait(5)


def test_a_post_takes_at_most_three_seconds(pager_to: PagerTo) -> None:
    """Also when the answer drips, which no timeout of a socket ends."""

    def timed(behave: Callable[[Wire, socket.socket], None]) -> tuple[Delivery, float]:
        with Wire(behave) as wire:
            pager = pager_to(wire.url)
            started = time.monotonic()
            return pager.post(KEY, BODY), time.monotonic() - started

    with ThreadPoolExecutor() as pool:
        (quiet, quiet_s), (drip, drip_s) = pool.map(timed, (silent, dripping))
    assert isinstance(quiet, NotYet)
    assert "Read timed out" in quiet.why
    assert drip == NotYet("PagerDuty did not answer in time")
    assert 1 < quiet_s < 3
    assert 1 < drip_s < 3


def test_a_status_is_enough_to_be_accepted(pager_to: PagerTo) -> None:
    """What follows a 202 is not waited for."""
    with Wire(endless) as wire:
        started = time.monotonic()
        assert pager_to(wire.url).post(KEY, BODY) == Accepted()
        assert time.monotonic() - started < 1


# --- the address ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://events.pagerduty.com/v2/enqueue",
        "https://events.eu.pagerduty.com/v2/enqueue",
        "http://127.0.0.1:8080/v2/enqueue",
        "http://localhost:8080/v2/enqueue",
        "http://[::1]:8080/v2/enqueue",
    ],
)
def test_a_safe_address_is_taken(pager_to: PagerTo, url: str) -> None:
    """Encrypted, or on this machine."""
    assert isinstance(pager_to(url), PagerDutyPager)


@pytest.mark.parametrize(
    "url",
    [
        "http://events.pagerduty.com/v2/enqueue",
        "http://127.0.0.1@events.pagerduty.com/v2/enqueue",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "file:///tmp/enqueue",
        "events.pagerduty.com",
        "https://",
        "https://[",
        "",
    ],
)
def test_an_unsafe_address_is_refused(pager_to: PagerTo, url: str) -> None:
    """A key is never sent where others could read it; the message says what to write."""
    with pytest.raises(Malformed, match="must be https://, or http:// on a loopback host"):
        pager_to(url)


def certificate(folder: Path, host: str) -> Path:
    """A self-signed certificate for *host* with its key, valid for the hour around now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    now = dt.datetime.now(UTC)
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=30))
        .not_valid_after(now + timedelta(minutes=30))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"{host}.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return pem


POST = """
import sys
from firstline.adapters.pagerduty import PagerDutyPager
print(type(PagerDutyPager(sys.argv[1], "", None, None).post("0" * 32, {})).__name__)
"""


@pytest.mark.parametrize(
    ("host", "trust", "expected", "requests"),
    [
        ("127.0.0.1", "given", "Accepted", 1),
        ("127.0.0.1", "refused", "NotYet", 0),
        ("127.0.0.2", "given", "NotYet", 0),
    ],
)
def test_a_server_must_prove_its_name(
    tmp_path: Path, host: str, trust: str, expected: str, requests: int
) -> None:
    """Without a certificate of somebody trusted, for this host, it is told nothing."""
    pem = certificate(tmp_path, host)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    served: list[bytes] = []

    def behave(wire: Wire, line: socket.socket) -> None:
        del wire
        try:
            with context.wrap_socket(line, server_side=True) as secured:
                served.append(request_of(secured)[1])
                secured.sendall(http("202 Accepted"))
        except (ssl.SSLError, ConnectionError):
            return

    environment = os.environ | ({"SSL_CERT_FILE": str(pem)} if trust == "given" else {})
    with Wire(behave) as wire:
        ran = subprocess.run(
            [sys.executable, "-c", POST, f"https://127.0.0.1:{wire.port}/"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    assert ran.stdout == expected + "\n"
    assert (len(served), wire.connections) == (requests, 1)


# --- the routing key --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "held", [KEY, f"{KEY}\n", json.dumps({"routing_key": KEY}), f'{{"routing_key":"{KEY}","a":1}}']
)
def test_the_key_is_read_from_the_secret(
    pager: Pager, secrets: "SecretsManagerClient", held: str
) -> None:
    """Bare or as JSON, and a newline that was stored with it does no harm."""
    secrets.create_secret(Name=NAME, SecretString=held)
    assert pager.routing_key() == KEY


@pytest.mark.parametrize(
    "held",
    [
        "s3cret",
        f"{KEY}0",
        f"{KEY[:-1]}!",
        json.dumps({"routing_key": "s3cret"}),
        json.dumps({"key": KEY}),
        json.dumps({"routing_key": [KEY]}),
        json.dumps([KEY]),
        "{s3cret",
        '{"routing_key":' * 20_000,
    ],
)
def test_a_secret_that_is_no_key_is_not_shown(
    pager: Pager, secrets: "SecretsManagerClient", held: str
) -> None:
    """The message says which secret and what to store."""
    secrets.create_secret(Name=NAME, SecretString=held)
    with pytest.raises(Unavailable, match=r"^the secret firstline/routing-key holds no") as raised:
        pager.routing_key()
    told = str(raised.value)
    assert "32 letters and digits" in told
    assert "s3cret" not in told
    assert KEY[:-1] not in told
    assert raised.value.__cause__ is None


def test_a_binary_secret_is_no_key(pager: Pager, secrets: "SecretsManagerClient") -> None:
    """A key is text."""
    secrets.create_secret(Name=NAME, SecretBinary=KEY.encode())
    with pytest.raises(Unavailable, match="holds no routing key"):
        pager.routing_key()


def test_a_secret_that_is_not_there_is_unavailable(pager: Pager) -> None:
    """What botocore raises goes no further."""
    with pytest.raises(Unavailable, match="cannot be read: ResourceNotFoundException"):
        pager.routing_key()


def test_a_secret_out_of_reach_is_unavailable(clock: HandClock) -> None:
    """So is one behind an address where nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        nowhere = client(endpoint_url=f"http://127.0.0.1:{bound.getsockname()[1]}")
        pager = PagerDutyPager("https://pager.example.com/", NAME, nowhere, clock)
        with pytest.raises(Unavailable, match="cannot be read: EndpointConnectionError"):
            pager.routing_key()


def test_a_key_is_kept_for_five_minutes(secrets: "SecretsManagerClient", clock: HandClock) -> None:
    """One request reads it; a change is seen after five minutes, and not before."""
    asked: list[object] = []

    def count(**call: object) -> None:
        asked.append(call)

    counted = client()
    counted.meta.events.register("before-call.secrets-manager.GetSecretValue", count)
    pager = PagerDutyPager("https://pager.example.com/", NAME, counted, clock)
    secrets.create_secret(Name=NAME, SecretString=KEY)
    assert (pager.routing_key(), len(asked)) == (KEY, 1)
    secrets.put_secret_value(SecretId=NAME, SecretString=OTHER_KEY)
    clock.sleep(timedelta(minutes=5) - timedelta(microseconds=1))
    assert (pager.routing_key(), len(asked)) == (KEY, 1)
    clock.sleep(timedelta(microseconds=1))
    assert (pager.routing_key(), len(asked)) == (OTHER_KEY, 2)


def test_a_clock_that_went_back_does_not_keep_a_key(
    pager: Pager, secrets: "SecretsManagerClient", clock: HandClock
) -> None:
    """An age below zero is no age."""
    secrets.create_secret(Name=NAME, SecretString=KEY)
    pager.routing_key()
    secrets.put_secret_value(SecretId=NAME, SecretString=OTHER_KEY)
    clock.sleep(-timedelta(seconds=1))
    assert pager.routing_key() == OTHER_KEY


def gone(secrets: "SecretsManagerClient") -> None:
    """The secret is deleted."""
    secrets.delete_secret(SecretId=NAME, ForceDeleteWithoutRecovery=True)


def spoilt(secrets: "SecretsManagerClient") -> None:
    """The secret holds something else."""
    secrets.put_secret_value(SecretId=NAME, SecretString="to be filled in")


@pytest.mark.parametrize("happens", [gone, spoilt])
def test_an_old_key_is_better_than_none(
    pager: Pager,
    secrets: "SecretsManagerClient",
    clock: HandClock,
    happens: Callable[["SecretsManagerClient"], None],
) -> None:
    """A page goes out with the key that was, for as long as the secret cannot be read."""
    secrets.create_secret(Name=NAME, SecretString=KEY)
    pager.routing_key()
    happens(secrets)
    clock.sleep(timedelta(hours=3))
    assert pager.routing_key() == KEY
    assert pager.routing_key() == KEY


def test_a_refusal_makes_the_key_be_read_again(
    pager_to: PagerTo, secrets: "SecretsManagerClient"
) -> None:
    """PagerDuty answers 400 to a key that was revoked, and the new one is there already."""
    secrets.create_secret(Name=NAME, SecretString=KEY)
    with Wire(saying(http("400 Bad Request", b'{"errors":["unknown key"]}'))) as wire:
        pager = pager_to(wire.url)
        assert pager.routing_key() == KEY
        secrets.put_secret_value(SecretId=NAME, SecretString=OTHER_KEY)
        assert pager.routing_key() == KEY
        assert pager.post(KEY, BODY) == BadBody("unknown key")
    assert pager.routing_key() == OTHER_KEY
    secrets.put_secret_value(SecretId=NAME, SecretString=KEY)
    assert pager.routing_key() == OTHER_KEY
