"""The backlog of real JetStream consumers, in each state in which nothing drains."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig

from firstline.config.probe_settings import Consumer
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.nats_backlog import Backlog, StallReason
from firstline.monitoring.nats_probe import NatsReading, outcome
from tests.probe.fleet import ask, connected, healthy, parents, run, target
from tests.probe.servers import nats_server

WORKER = Consumer("EVENTS", "worker")


def test_a_growing_backlog_is_counted(port: int) -> None:
    """What was delivered and acknowledged is gone, what waits is counted, and one is not there."""
    worker, missing = Consumer("EVENTS", "worker"), Consumer("EVENTS", "missing")

    async def grow() -> list[NatsReading]:
        where = target(port, consumers=(worker, missing))
        async with parents(port, healthy()) as client:
            stream = client.jetstream()
            await stream.add_stream(name="EVENTS", subjects=["events.>"])
            durable = ConsumerConfig(durable_name="worker", ack_policy=AckPolicy.EXPLICIT)
            await stream.add_consumer("EVENTS", durable)
            for number in range(10):
                await stream.publish("events.x", str(number).encode())
            before = await ask(where, nonce="before")
            waiting = await stream.pull_subscribe("events.>", durable="worker")
            for message in (await waiting.fetch(5))[:3]:
                await message.ack_sync()
            return [before, await ask(where, nonce="after")]

    before, after = run(grow())
    counts = [(each.pending, each.unacknowledged) for each in (*before.backlogs, *after.backlogs)]
    assert counts == [(10, 0), (5, 2)]
    assert before.unread == after.unread == (missing,)
    assert outcome(after) is ProbeOutcome.ANSWERED


async def api(client: Client, subject: str, **body: object) -> None:
    answer = await client.request(f"$JS.API.{subject}", json.dumps(body).encode())
    assert "error" not in json.loads(answer.data), answer.data


async def stream(client: Client, messages: int, **config: object) -> None:
    """The stream EVENTS with so many messages."""
    await api(client, "STREAM.CREATE.EVENTS", name="EVENTS", subjects=["events.>"], **config)
    for _ in range(messages):
        await client.jetstream().publish("events.x", b"x")


async def consumer(client: Client, **config: object) -> None:
    """Its consumer `worker`."""
    durable = {"durable_name": "worker", "ack_policy": "explicit", **config}
    await api(client, "CONSUMER.DURABLE.CREATE.EVENTS.worker", stream_name="EVENTS", config=durable)


async def fetched(client: Client, count: int) -> None:
    waiting = await client.jetstream().pull_subscribe("events.>", durable="worker")
    assert len(await waiting.fetch(count)) == count


async def read(port: int, **limits: float) -> Backlog:
    (found,) = (await ask(target(port, consumers=(WORKER,), **limits))).backlogs
    return found


@pytest.fixture
def own_port(tmp_path: Path) -> Iterator[int]:
    """A server with no stream yet."""
    with nats_server(tmp_path / "backlog") as port:
        yield port


def test_messages_past_their_last_delivery_are_not_forgotten(own_port: int) -> None:
    """The server counts them neither as pending nor as waiting for an acknowledgement."""

    async def give_up() -> Backlog:
        async with connected(own_port) as client:
            await stream(client, 10)
            await consumer(client, max_deliver=1, ack_wait=1_000_000)
            advisory = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.EVENTS.worker"
            given_up = await client.subscribe(advisory)
            await fetched(client, 10)
            for _ in range(10):
                await given_up.next_msg(timeout=5)
            return await read(own_port)

    assert run(give_up()) == Backlog(WORKER, pending=0, unacknowledged=10)


def test_a_consumer_that_is_paused_says_so(own_port: int) -> None:
    """What waits for it looks like any backlog else."""

    async def pause() -> Backlog:
        async with connected(own_port) as client:
            await stream(client, 3)
            await consumer(client)
            await api(client, "CONSUMER.PAUSE.EVENTS.worker", pause_until="2999-01-01T00:00:00Z")
            return await read(own_port)

    assert run(pause()) == Backlog(WORKER, 3, 0, (StallReason.PAUSED,))


def test_a_push_consumer_without_a_client_says_so(own_port: int) -> None:
    """Until a client subscribes to its subject."""

    async def push() -> list[Backlog]:
        async with connected(own_port) as client:
            await stream(client, 3)
            await consumer(client, deliver_subject="taken")
            before = await read(own_port)
            await client.subscribe("taken")
            await client.flush()
            return [before, await read(own_port)]

    unbound, bound = run(push())
    assert unbound == Backlog(WORKER, 3, 0, (StallReason.UNBOUND,))
    assert bound.stalled == ()


@pytest.mark.parametrize(
    ("config", "full"),
    [
        ({"discard": "new", "max_msgs": 3}, True),
        ({"discard": "new", "max_msgs": 4}, False),
        ({"discard": "old", "max_msgs": 3}, False),
        ({"discard": "new", "max_bytes": 120}, True),
        ({"discard": "new", "max_bytes": 4096}, False),
    ],
)
def test_a_stream_that_takes_no_more_says_so(
    own_port: int, config: dict[str, object], *, full: bool
) -> None:
    """Where it discards what is new; by its messages, or by the bytes of one more."""

    async def fill() -> Backlog:
        async with connected(own_port) as client:
            await stream(client, 3, **config)
            await consumer(client)
            return await read(own_port)

    assert run(fill()).stalled == ((StallReason.STREAM_FULL,) if full else ())


def test_a_stream_that_may_not_be_read_is_left_out(tmp_path: Path) -> None:
    """The consumer's own counts need one permission alone, and no step is waited out."""
    may = '{ publish: ["enclave.health.check", "$JS.API.CONSUMER.INFO.EVENTS.worker"] }'
    probe = f"{{ user: probe, password: p, permissions: {may} }}"
    users = (
        "no_auth_user: probe\n"
        f"authorization {{ users: [ {probe}, {{ user: parent, password: p }} ] }}"
    )

    async def fill(port: int) -> Backlog:
        client = Client()
        await client.connect(f"nats://parent:p@127.0.0.1:{port}")
        await stream(client, 3, discard="new", max_msgs=3)
        await consumer(client)
        await client.close()
        return await read(port, step_seconds=10, limit_seconds=3)

    with nats_server(tmp_path / "permissions", users) as port:
        assert run(fill(port)) == Backlog(WORKER, 3, 0)
