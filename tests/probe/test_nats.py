"""The probe against a real nats-server."""

import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.monitoring.nats_probe import NatsReading, outcome, responders
from tests.probe.fleet import (
    Answer,
    ask,
    connected,
    guarded,
    healthy,
    hung,
    late,
    parents,
    run,
    target,
)
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
    assert (reading.round_trip is not None, reading.subscribed) == (True, True)


def test_a_subscriber_to_everything_proves_no_parent(port: int) -> None:
    """The server counts it as one that may answer, and it never does."""

    async def tapped(*answers: Answer) -> ProbeOutcome:
        async with parents(port, *answers) as client:
            await client.subscribe(">")
            await client.flush()
            return outcome(await ask(target(port)))

    assert run(tapped()) is ProbeOutcome.TIMEOUT_UNPROVEN
    assert run(tapped(hung)) is ProbeOutcome.TIMEOUT_UNPROVEN
    assert run(tapped(healthy())) is ProbeOutcome.ANSWERED


@pytest.mark.parametrize("limits", [{}, {"max_bytes": 1, "discard": "new"}])
def test_a_streams_acknowledgement_is_no_hosts_answer(
    tmp_path: Path, limits: dict[str, object]
) -> None:
    """Its stream takes the question as any message, or refuses it when full."""

    async def captured(port: int, *answers: Answer) -> NatsReading:
        async with parents(port, *answers):
            return await ask(target(port))

    async def with_stream(port: int) -> list[NatsReading]:
        async with connected(port) as client:
            config = {"name": "ALL", "subjects": ["enclave.>"], **limits}
            await client.request("$JS.API.STREAM.CREATE.ALL", json.dumps(config).encode())
            return [
                await captured(port, late(0.1)),
                await captured(port, hung),
                await captured(port),
            ]

    with nats_server(tmp_path / "stream") as port:
        up, hangs, down = run(with_stream(port))
    assert (outcome(up), responders(up)) == (ProbeOutcome.ANSWERED, 1)
    assert up.latency is not None
    assert up.latency > timedelta(seconds=0.1)
    for each in (hangs, down):
        assert outcome(each) is ProbeOutcome.STREAM_CAPTURES
        assert (responders(each), each.latency) == (0, None)


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


def test_a_server_without_a_greeting_is_silent() -> None:
    """A connection opens, so that packets arrive; they are not lost on the way."""

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

    assert outcome(run(mute())) is ProbeOutcome.SERVER_SILENT


def test_the_whole_is_bounded_however_slow_each_step_is(port: int) -> None:
    """Steps that may take ten seconds each end with the whole."""

    async def slowly() -> NatsReading:
        async with parents(port, hung), slow_line(port, 0.02) as slow:
            return await ask(target(slow, step_seconds=10, limit_seconds=1))

    started = time.monotonic()
    reading = run(slowly())
    assert outcome(reading) is ProbeOutcome.TIMEOUT_UNPROVEN
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
