"""A real nats-server that is there and does not serve: full or hung."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from firstline.adapters.nats.failure import FailedProbe, probe_failure
from firstline.adapters.nats.greeting import Greeting
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.nats_probe import NatsReading, outcome
from tests.probe.certificates import certificate
from tests.probe.fleet import ask, connected, healthy, parents, run, target
from tests.probe.servers import hanging, nats_server

UNREAD = Greeting()
NO_INFO: Mapping[str, str] = {}


def test_a_full_server_is_there(tmp_path: Path) -> None:
    """Its parent is connected and answers; only the probe is one client too many."""

    async def crowd(port: int) -> NatsReading:
        async with parents(port, healthy()), connected(port):
            return await ask(target(port))

    with nats_server(tmp_path / "full", "max_connections: 2") as port:
        reading = run(crowd(port))
    assert outcome(reading) is ProbeOutcome.SERVER_FULL
    assert (reading.replies, reading.round_trip) == ((), None)


@pytest.mark.parametrize(("tls", "first"), [("upgrade", "false"), ("first", "true")])
def test_a_full_server_refuses_in_clear_where_tls_is_asked(
    tmp_path: Path, tls: str, first: str
) -> None:
    """The client reads the refusal as a TLS record that it does not understand."""
    pem = tmp_path / "server.pem"
    trusted = certificate(pem)
    files = f'cert_file: "{pem}", key_file: "{pem}"'
    wants = f"max_connections: -1\ntls {{ {files}, handshake_first: {first} }}"
    with nats_server(tmp_path / "full", wants) as port:
        reading = run(ask(target(port, tls=tls), tls=trusted))
    assert outcome(reading) is ProbeOutcome.SERVER_FULL


def test_a_server_that_hangs_is_silent(tmp_path: Path) -> None:
    """The kernel takes the connection; the server never sends its INFO."""
    with nats_server(tmp_path / "hung") as port, hanging(tmp_path / "hung"):
        reading = run(ask(target(port)))
    assert outcome(reading) is ProbeOutcome.SERVER_SILENT


def test_a_server_that_hangs_with_the_question_proves_no_silence(tmp_path: Path) -> None:
    """It passed the question on, and no answer can come back."""

    async def stop(port: int) -> NatsReading:
        with ExitStack() as over:

            async def hang(message: Msg) -> None:
                assert message.reply
                over.enter_context(hanging(tmp_path / "hung"))

            async with parents(port, hang):
                reading = await ask(target(port))
                over.close()
                return reading

    with nats_server(tmp_path / "hung") as port:
        reading = run(stop(port))
    assert outcome(reading) is ProbeOutcome.TIMEOUT_UNPROVEN


def failed(
    error: Exception,
    *,
    greeting: Greeting = UNREAD,
    info: Mapping[str, str] = NO_INFO,
    asked: bool = False,
) -> ProbeOutcome | None:
    return probe_failure(
        FailedProbe(
            errors=(error,),
            refusals=(),
            info=dict(info),
            greeting=greeting,
            tls_first=False,
            is_asked=asked,
        )
    )


def test_packets_that_go_nowhere_open_no_connection() -> None:
    """Which no server on the loopback address can show."""
    assert failed(TimeoutError()) is ProbeOutcome.CONNECT_TIMEOUT
    assert failed(TimeoutError(), greeting=Greeting(opened=True)) is ProbeOutcome.SERVER_SILENT
    assert failed(TimeoutError(), info={"version": "2"}) is ProbeOutcome.SERVER_SILENT
    assert failed(TimeoutError(), asked=True) is None
