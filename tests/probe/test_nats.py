"""The probe against a real nats-server."""

import asyncio
import time
from datetime import timedelta
from pathlib import Path

from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig

from firstline.config.probe_settings import Consumer
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.nats_probe import Ended, NatsReading, outcome, responders
from tests.probe.fleet import Answer, ask, connected, guarded, healthy, hung, parents, run, target
from tests.probe.servers import nats_server, serving, slow_line


async def among(port: int, *answers: Answer, **changes: object) -> NatsReading:
    async with parents(port, *answers):
        return await ask(target(port, **changes))


def test_a_healthy_fleet_answers(port: int) -> None:
    """One answer, with the time that it and a round trip took."""
    reading = run(among(port, healthy()))
    assert outcome(reading) is ProbeOutcome.ANSWERED
    assert (responders(reading), reading.why) == (1, "")
    assert reading.latency is not None
    assert reading.round_trip is not None
    assert timedelta() < reading.round_trip < timedelta(seconds=0.5)
    assert timedelta() < reading.latency < timedelta(seconds=0.5)


def test_answers_come_to_an_inbox_of_the_given_prefix(port: int) -> None:
    """So that the probe's user need not hear every inbox."""
    seen: list[str] = []

    async def answer(message: Msg) -> None:
        seen.append(message.reply)

    run(among(port, answer, inbox_prefix="_PROBE.firstline"))
    assert [each.startswith("_PROBE.firstline.") for each in seen] == [True]


def test_two_parents_are_seen(port: int) -> None:
    """Nobody shares the work: both answer."""
    reading = run(among(port, healthy(5), healthy(900)))
    assert (outcome(reading), responders(reading)) == (ProbeOutcome.ANSWERED, 2)


def test_nobody_has_subscribed(port: int) -> None:
    """The server says so at once."""
    reading = run(among(port))
    assert outcome(reading) is ProbeOutcome.NO_RESPONDERS


def test_a_parent_whose_enclave_hangs_gives_no_answer(port: int) -> None:
    """It has subscribed, so that the server passes the question on, and then nothing."""
    reading = run(among(port, hung))
    assert outcome(reading) is ProbeOutcome.TIMEOUT
    assert reading.round_trip is not None


def test_a_parent_refuses_the_same_question_twice(port: int) -> None:
    """With a fresh nonce it answers; with the old one the fault is ours, and it says so."""

    async def thrice() -> list[ProbeOutcome]:
        async with parents(port, guarded()):
            nonces = ("one", "two", "one")
            return [outcome(await ask(target(port), nonce=nonce)) for nonce in nonces]

    assert run(thrice()) == [
        ProbeOutcome.ANSWERED,
        ProbeOutcome.ANSWERED,
        ProbeOutcome.MESSAGE_REJECTED,
    ]


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


def test_a_slow_line_shows_in_both_times(port: int) -> None:
    """50 ms each way is 100 ms for a round trip."""

    async def slowly() -> NatsReading:
        async with parents(port, healthy()), slow_line(port, 0.05) as slow:
            return await ask(target(slow))

    reading = run(slowly())
    assert outcome(reading) is ProbeOutcome.ANSWERED
    assert reading.round_trip is not None
    assert reading.latency is not None
    assert reading.round_trip >= timedelta(seconds=0.1)
    assert reading.latency >= timedelta(seconds=0.1)


def test_a_server_that_has_gone_is_no_server(tmp_path: Path) -> None:
    """Its port refuses."""
    with nats_server(tmp_path / "gone") as port:
        pass
    reading = run(ask(target(port)))
    assert outcome(reading) is ProbeOutcome.NO_SERVER
    assert reading.round_trip is None


def test_a_name_without_address_is_no_server() -> None:
    """DNS is a part of the way, too."""
    assert outcome(run(ask(target(4222, host="nats.invalid")))) is ProbeOutcome.NO_SERVER


def test_a_server_that_goes_meanwhile_is_no_server(tmp_path: Path) -> None:
    """What was asked cannot be answered, and the enclave is not to blame."""

    async def lose() -> NatsReading:
        with nats_server(tmp_path / "server") as port:
            async with connected(port) as client:
                await client.subscribe("enclave.health.check")
                await client.flush()
                asking = asyncio.create_task(ask(target(port, step_seconds=2)))
                await asyncio.sleep(0.2)
        return await asking

    assert outcome(run(lose())) is ProbeOutcome.NO_SERVER


def test_a_server_that_says_nothing_times_out() -> None:
    """As packets that go nowhere do."""

    async def mute() -> NatsReading:
        over = asyncio.Event()

        async def wait(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await over.wait()
            writer.close()

        async with serving(wait) as port:
            try:
                return await ask(target(port))
            finally:
                over.set()

    reading = run(mute())
    assert (reading.ended, outcome(reading)) == (
        Ended.CONNECT_TIMEOUT,
        ProbeOutcome.CONNECT_TIMEOUT,
    )


def test_the_whole_is_bounded_however_slow_each_step_is(port: int) -> None:
    """Steps that may take ten seconds each end with the whole."""

    async def slowly() -> NatsReading:
        async with parents(port, hung), slow_line(port, 0.02) as slow:
            return await ask(target(slow, step_seconds=10, limit_seconds=1))

    started = time.monotonic()
    reading = run(slowly())
    assert outcome(reading) is ProbeOutcome.TIMEOUT
    assert time.monotonic() - started < 1.5


def test_words_that_are_not_of_nats_are_no_answer() -> None:
    """Another server's port."""

    async def other() -> NatsReading:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.example ESMTP\r\n")
            await writer.drain()
            writer.close()

        async with serving(greet) as port:
            return await ask(target(port))

    assert outcome(run(other())) is ProbeOutcome.FAILED
