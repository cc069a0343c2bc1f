"""Parents that are connected to another server than the probe: in a cluster, or behind a leaf."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import NoRespondersError

from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.nats_probe import outcome
from tests.probe.fleet import Answer, ask, connected, healthy, hung, parents, run, target
from tests.probe.servers import free_port, hanging, nats_server

MAY_NOT = """
no_auth_user: probe
authorization { users: [ { user: probe, password: p, permissions: {
    publish: { allow: ">", deny: "$SYS.REQ.ACCOUNT.PING.CONNZ" } } } ] }
"""


class Pair(NamedTuple):
    """The ports of the probe's server and the parents', and the folder of the latter."""

    ours: int
    theirs: int
    folder: Path


@contextmanager
def pair(folder: Path, kind: str, users: str = "") -> Iterator[Pair]:
    """Two servers, of which each passes on what the other has subscribers for."""
    one, two = free_port(), free_port()
    ours = f'leafnodes {{ remotes: [ {{ url: "nats://127.0.0.1:{two}" }} ] }}'
    theirs = f'leafnodes {{ listen: "127.0.0.1:{two}" }}'
    if kind == "cluster":
        ours, theirs = (
            f'cluster {{ name: c, listen: "127.0.0.1:{a}", routes: ["nats://127.0.0.1:{b}"] }}'
            for a, b in ((one, two), (two, one))
        )
    there = nats_server(folder / "theirs", f"server_name: theirs\n{theirs}", jetstream=False)
    here = nats_server(folder / "ours", f"server_name: ours\n{ours}\n{users}", jetstream=False)
    with there as far, here as near:
        yield Pair(near, far, folder / "theirs")


@asynccontextmanager
async def far_parent(servers: Pair, answer: Answer) -> AsyncIterator[None]:
    """A parent at the other server, whose subscription the probe's server knows."""

    async def respond(message: Msg) -> None:
        await message.respond(b"")

    async with parents(servers.theirs, answer) as client, connected(servers.ours) as near:
        await client.subscribe("ready", cb=respond)
        async with asyncio.timeout(5):
            while not await _reached(near):
                pass
        yield


async def _reached(near: Client) -> bool:
    with suppress(NoRespondersError):
        return bool(await near.request("ready", timeout=5))
    return False


async def silent(servers: Pair) -> ProbeOutcome:
    async with far_parent(servers, hung):
        return outcome(await ask(target(servers.ours)))


@pytest.mark.parametrize("kind", ["cluster", "leaf"])
def test_a_parent_of_another_server_is_seen(tmp_path: Path, kind: str) -> None:
    """Its own server lives and names it, so that its silence is the enclave's; or the server hangs.

    The probe's server passes the question on for as long as it believes in the other one.
    """

    async def each(servers: Pair) -> list[ProbeOutcome]:
        where = target(servers.ours)
        async with far_parent(servers, healthy()):
            well = outcome(await ask(where))
        async with far_parent(servers, hung):
            hangs = outcome(await ask(where))
            with hanging(servers.folder):
                return [well, hangs, outcome(await ask(where))]

    with pair(tmp_path, kind) as servers:
        assert run(each(servers)) == [
            ProbeOutcome.ANSWERED,
            ProbeOutcome.TIMEOUT,
            ProbeOutcome.TIMEOUT_UNPROVEN,
        ]


def test_a_user_that_may_not_list_connections_proves_no_silence(tmp_path: Path) -> None:
    """In a cluster: a server that is alone holds every parent itself."""
    with pair(tmp_path, "cluster", MAY_NOT) as servers:
        assert run(silent(servers)) is ProbeOutcome.TIMEOUT_UNPROVEN
