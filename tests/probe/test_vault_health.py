"""One GET of a health address, against servers on the loopback address."""

import copy
import socket
import ssl
import time
from pathlib import Path
from threading import Event

import msgspec
import pytest

from firstline.adapters import http_probe
from firstline.config.probe_settings import HealthTarget
from firstline.monitoring.http_probe import HealthOutcome, HealthReading, NoResponse, outcome
from tests.adapters.loopback import Behaviour, Loopback, http
from tests.probe.certificates import certificate

HEALTHY = http("200 OK", b'{"healthy": true}', "Content-Type: application/json")


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's certificate and key."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    certificate(path)
    return path


def target(port: int, **changes: object) -> HealthTarget:
    fields = {"host": "127.0.0.1", "port": port, "path": "/vault/health", "loopback_test": True}
    return msgspec.convert({**fields, "limit_seconds": 0.6, **changes}, HealthTarget)


def head_of(line: socket.socket) -> bytes:
    """The request on *line*, which has no body."""
    with line.makefile("rb") as stream:
        return b"".join(iter(stream.readline, b"\r\n")) + b"\r\n"


def secured(pem: Path, answer: bytes | Behaviour, seen: list[bytes]) -> Behaviour:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)

    def behave(line: socket.socket, over: Event) -> None:
        try:
            with context.wrap_socket(line, server_side=True) as inside:
                seen.append(head_of(inside))
                if isinstance(answer, bytes):
                    inside.sendall(answer)
                else:
                    answer(inside, over)
        except (ssl.SSLError, ConnectionError):
            return

    return behave


def ask(pem: Path, answer: bytes | Behaviour, **changes: object) -> HealthReading:
    with Loopback(secured(pem, answer, [])) as line:
        trust = ssl.create_default_context(cafile=pem)
        return http_probe.probe(target(line.port, **changes), trust)


def dripping(line: socket.socket, over: Event) -> None:
    """Say something so often that no single read ever times out."""
    for byte in HEALTHY:
        line.sendall(bytes([byte]))
        if over.wait(0.2):
            return


def silent(_: socket.socket, over: Event) -> None:
    """Say nothing."""
    over.wait(5)


def test_a_healthy_address_is_asked_once_and_plainly(pem: Path) -> None:
    """One GET of the path, by the name in the settings."""
    seen: list[bytes] = []
    with Loopback(secured(pem, HEALTHY, seen)) as line:
        where = target(line.port)
        reading = http_probe.probe(where, ssl.create_default_context(cafile=pem))
    assert outcome(reading) is HealthOutcome.HEALTHY
    (request,) = seen
    assert request.startswith(b"GET /vault/health HTTP/1.1\r\n")
    assert b"\r\nHost: 127.0.0.1\r\n" in request
    assert line.connections == 1


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (http("503 Service Unavailable", b'{"healthy": false}'), HealthOutcome.UNHEALTHY),
        (http("401 Unauthorized", b"{}"), HealthOutcome.UNHEALTHY),
        (http("200 OK", b"<html>"), HealthOutcome.UNREADABLE),
        (http("302 Found", b"", "Location: http://169.254.169.254/"), HealthOutcome.REDIRECTED),
        (http("200 OK", b" " * 16_384 + b"x"), HealthOutcome.TOO_LARGE),
        (http("200 OK", b'{"healthy": true}' + b" " * 16_367), HealthOutcome.HEALTHY),
        (b"220 mail.example ESMTP\r\n", HealthOutcome.NO_SERVER),
        (b"", HealthOutcome.NO_SERVER),
    ],
    ids=["503", "401", "html", "redirect", "large", "just fits", "not HTTP", "hangs up"],
)
def test_each_answer_has_its_outcome(pem: Path, answer: bytes, shown: HealthOutcome) -> None:
    """A redirect is not followed, whatever it points at."""
    assert outcome(ask(pem, answer)) is shown


@pytest.mark.parametrize("behave", [silent, dripping])
def test_the_limit_holds(pem: Path, behave: Behaviour) -> None:
    """Also when the answer drips, which no timeout of a socket ends."""
    with Loopback(secured(pem, behave, [])) as line:
        trust = ssl.create_default_context(cafile=pem)
        started = time.monotonic()
        reading = http_probe.probe(target(line.port), trust)
        taken_seconds = time.monotonic() - started
    assert outcome(reading) is HealthOutcome.TIMEOUT
    assert taken_seconds < 1


def test_a_server_must_prove_its_name(pem: Path) -> None:
    """One that nobody trusted vouches for says nothing that counts."""
    with Loopback(secured(pem, HEALTHY, [])) as line:
        reading = http_probe.probe(target(line.port), ssl.create_default_context())
    assert reading == NoResponse(HealthOutcome.NO_SERVER, "SSLError")


@pytest.mark.parametrize(
    ("host", "loopback_test"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("2130706433", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("169.254.169.254", True),
        ("93.184.216.34", True),
    ],
)
def test_forbidden_addresses_are_not_connected_to(
    pem: Path, host: str, *, loopback_test: bool
) -> None:
    """Whatever a name is written as; in a test, nothing outside of the machine is."""
    with Loopback(secured(pem, HEALTHY, [])) as line:
        where = target(line.port, host=host, loopback_test=loopback_test)
        reading = http_probe.probe(where, ssl.create_default_context(cafile=pem))
    assert reading == NoResponse(HealthOutcome.FORBIDDEN_ADDRESS)
    assert line.connections == 0


def test_nobody_there_is_no_server() -> None:
    """A port that refuses, and a name that is none."""
    with Loopback(HEALTHY) as line:
        port = line.port
    trust = ssl.create_default_context()
    assert outcome(http_probe.probe(target(port), trust)) is HealthOutcome.NO_SERVER
    # the machine's resolver may take its time to say so
    nobody = copy.replace(target(port, host="health.invalid"), limit_seconds=10)
    assert outcome(http_probe.probe(nobody, trust)) is HealthOutcome.NO_SERVER
