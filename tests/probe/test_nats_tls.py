"""TLS: the server's own, or a load balancer's before it."""

import ssl
from pathlib import Path

import pytest

from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.nats_probe import NatsReading, outcome
from tests.probe.certificates import certificate
from tests.probe.fleet import TLS, ask, run, target
from tests.probe.servers import nats_server


@pytest.mark.parametrize(("tls", "first"), [("upgrade", "false"), ("first", "true")])
def test_only_a_trusted_server_is_asked(tmp_path: Path, tls: str, first: str) -> None:
    """Nobody has subscribed there, which only somebody who is inside can know."""
    pem = tmp_path / "server.pem"
    trusted = certificate(pem)
    wants = f'tls {{ cert_file: "{pem}", key_file: "{pem}", handshake_first: {first} }}'

    async def both() -> list[NatsReading]:
        with nats_server(tmp_path / "server", wants) as port:
            where = target(port, tls=tls)
            return [await ask(where, tls=each) for each in (trusted, TLS)]

    inside, outside = run(both())
    assert outcome(inside) is ProbeOutcome.NO_RESPONDERS
    assert outcome(outside) is ProbeOutcome.NO_SERVER
    assert ssl.SSLCertVerificationError.__name__ in outside.why


def test_tls_that_is_asked_for_is_insisted_on(port: int) -> None:
    """A server that offers none is told nothing, although the client would go on in clear."""
    reading = run(ask(target(port, tls="upgrade")))
    assert (outcome(reading), reading.replies) == (ProbeOutcome.NO_TLS, ())
    assert reading.why == "SecureConnWantedError"


def test_a_load_balancers_tls_comes_before_all(port: int) -> None:
    """A server that speaks first, in clear, is not one that is behind it."""
    assert outcome(run(ask(target(port, tls="first")))) is ProbeOutcome.NO_TLS


@pytest.mark.parametrize(
    ("tls", "first", "version"),
    [
        ("upgrade", "false", ssl.TLSVersion.TLSv1_3),
        ("upgrade", "false", ssl.TLSVersion.TLSv1_2),
        ("first", "true", ssl.TLSVersion.TLSv1_3),
    ],
)
def test_a_server_that_wants_a_certificate_is_there(
    tmp_path: Path, tls: str, first: str, version: ssl.TLSVersion
) -> None:
    """The line breaks only after the client's own part of the handshake has ended well."""
    pem = tmp_path / "server.pem"
    trusted = certificate(pem)
    trusted.maximum_version = version
    files = f'cert_file: "{pem}", key_file: "{pem}", ca_file: "{pem}"'
    wants = f"tls {{ {files}, verify: true, handshake_first: {first} }}"
    with nats_server(tmp_path / "server", wants) as port:
        reading = run(ask(target(port, tls=tls), tls=trusted))
        untrusted = run(ask(target(port, tls=tls)))
    assert outcome(reading) is ProbeOutcome.CLIENT_CERTIFICATE_WANTED
    assert outcome(untrusted) is ProbeOutcome.NO_SERVER
