"""Whom the pager talks to, and for how long."""

import datetime as dt
import ipaddress
import os
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from firstline.adapters.pagerduty.events_client import PagerDutyApi
from firstline.errors import InvalidInput
from firstline.notifications.delivery import Accepted, Delivery, NotYet
from tests.adapters.loopback import Behaviour, Loopback, http, request_of
from tests.adapters.pager import BODY, pager_to
from tests.lab.twin.pages import KEY

POST = """
import sys
from firstline.adapters.pagerduty.events_client import PagerDutyApi
for url in sys.argv[1:]:
    print(type(PagerDutyApi(url, None).post("0" * 32, {})).__name__)
"""


@pytest.mark.parametrize(
    "url",
    [
        "https://events.eu.pagerduty.com/v2/enqueue",
        "http://127.0.0.1:8080/v2/enqueue",
        "http://localhost:8080/v2/enqueue",
        "http://[::1]:8080/v2/enqueue",
    ],
)
def test_safe_address_is_taken(url: str) -> None:
    """Encrypted, or on this machine."""
    assert isinstance(pager_to(url), PagerDutyApi)


@pytest.mark.parametrize(
    "url",
    [
        "http://events.pagerduty.com/v2/enqueue",
        "http://127.0.0.1@events.pagerduty.com/v2/enqueue",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "events.pagerduty.com",
        "https://",
        "https://[",
        "",
    ],
)
def test_unsafe_address_is_refused(url: str) -> None:
    """A key is never sent where others could read it; the message says what to write."""
    with pytest.raises(InvalidInput, match="must be https://, or http:// on a loopback host"):
        pager_to(url)


def silent(line: socket.socket, over: Event) -> None:
    """Say nothing."""
    request_of(line)
    over.wait(5)


def dripping(line: socket.socket, over: Event) -> None:
    """Say something so often that no single read ever times out."""
    request_of(line)
    for byte in b"HTTP/1.1 202 Accepted":
        line.sendall(bytes([byte]))
        if over.wait(0.3):
            return


def endless(line: socket.socket, over: Event) -> None:
    """Accept, and then never end the body."""
    request_of(line)
    line.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\n{")
    over.wait(5)


def test_post_takes_at_most_three_seconds() -> None:
    """Also when the answer drips, which no timeout of a socket ends; a 202 is not waited on."""

    def timed(behave: Behaviour) -> tuple[Delivery, float]:
        with Loopback(behave) as line:
            pager = pager_to(line.url)
            started = time.monotonic()
            return pager.post(KEY, BODY), time.monotonic() - started

    with ThreadPoolExecutor() as pool:
        quiet, drip, accepted = pool.map(timed, (silent, dripping, endless))
    assert isinstance(quiet[0], NotYet)
    assert "Read timed out" in quiet[0].why
    assert drip[0] == NotYet("PagerDuty did not answer in time")
    assert accepted[0] == Accepted()
    assert accepted[1] < 1 < quiet[1] < drip[1] < 3


def certificate(path: Path, host: str) -> ssl.SSLContext:
    """A self-signed certificate for *host*, left at *path* with its key, valid for an hour."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    now = dt.datetime.now(dt.UTC)
    half = dt.timedelta(minutes=30)
    number = x509.random_serial_number()
    built = (
        x509.CertificateBuilder(name, name, key.public_key(), number, now - half, now + half)
        .add_extension(alternative, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, form, bare) + built.public_bytes(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    return context


def test_server_must_prove_its_name(tmp_path: Path) -> None:
    """Without a trusted certificate for this host, nothing is sent to it."""
    served: list[str] = []
    trusted = tmp_path / "trusted.pem"

    def secured(host: str, *, trust: bool) -> Loopback:
        path = tmp_path / f"{host}.{trust}.pem"
        context = certificate(path, host)
        if trust:
            with trusted.open("ab") as all_trusted:
                all_trusted.write(path.read_bytes())

        def behave(line: socket.socket, _: Event) -> None:
            try:
                with context.wrap_socket(line, server_side=True) as inside:
                    request_of(inside)
                    served.append(path.name)
                    inside.sendall(http("202 Accepted"))
            except (ssl.SSLError, ConnectionError):
                return

        return Loopback(behave)

    given = [("127.0.0.1", True), ("127.0.0.1", False), ("127.0.0.2", True)]
    with ExitStack() as stack:
        lines = [stack.enter_context(secured(host, trust=trust)) for host, trust in given]
        ran = subprocess.run(
            [sys.executable, "-c", POST, *(f"https://127.0.0.1:{line.port}/" for line in lines)],
            env=os.environ | {"SSL_CERT_FILE": str(trusted)},
            capture_output=True,
            text=True,
            check=True,
        )
    assert ran.stdout.split() == ["Accepted", "NotYet", "NotYet"]
    assert served == ["127.0.0.1.True.pem"]
    assert [line.connections for line in lines] == [1, 1, 1]
