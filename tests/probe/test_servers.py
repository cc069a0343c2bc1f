"""The ping of the system account, against a real nats-server that has one."""

import ssl
import time
from pathlib import Path

import pytest

from firstline.adapters.nats import probe
from firstline.config.probe_settings import NatsTarget
from firstline.monitoring.nats_credentials import parse
from firstline.monitoring.nats_messages import count_servers
from tests.probe.fleet import run, target
from tests.probe.servers import nats_server
from tests.probe.trust import Trust

TLS = ssl.create_default_context()


def answering(where: NatsTarget, creds: str) -> int:
    given = parse(creds)
    assert given is not None
    return run(probe.count_servers(where, given, TLS))


def test_the_servers_answer_their_system_account(tmp_path: Path) -> None:
    """One server, one answer; a user of another account hears nothing."""
    system, fleet = Trust(), Trust()
    soon = int(time.time()) + 3600
    configuration = f"{system.configuration()}\nsystem_account: {system.account}"
    with nats_server(tmp_path / "system", configuration, jetstream=False) as port:
        assert answering(target(port), system.creds(soon)) == 1
        assert answering(target(port), fleet.creds(soon)) == 0


def test_a_server_that_is_gone_is_none_and_never_an_exception(tmp_path: Path) -> None:
    """Within the limit."""
    with nats_server(tmp_path / "gone", jetstream=False) as port:
        pass
    began = time.monotonic()
    assert answering(target(port), Trust().creds(int(time.time()) + 3600)) == 0
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("replies", "count"),
    [
        ((), 0),
        ((b'{"server":{"id":"A"}}', b'{"server":{"id":"B"}}', b'{"server":{"id":"A"}}'), 2),
        ((b"{", b"[]", b'{"server":{}}', b"[" * 9999), 0),
    ],
)
def test_servers_are_told_apart_by_their_ids(replies: tuple[bytes, ...], count: int) -> None:
    """What is not an answer of a server is none."""
    assert count_servers(replies) == count
