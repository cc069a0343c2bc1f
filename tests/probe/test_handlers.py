"""The probe's entry points, and the metrics that they print."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from firstline.config.probe_settings import Consumer, HealthTarget, ProbeSettings
from firstline.errors import InvalidInput
from functions import probe_health, probe_nats
from tests.probe.fleet import connected, guarded, parents, target
from tests.probe.servers import nats_server

type Handler = Callable[[object, object, ProbeSettings], None]


@pytest.fixture
def parent(port: int) -> Iterator[int]:
    """A port with one parent behind it."""
    ready, over = Event(), Event()

    async def serve() -> None:
        async with parents(port, guarded()):
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(5)
    yield port
    over.set()
    thread.join()


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What went to CloudWatch as metrics."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "_aws" in line]


def shape(line: dict[str, Any]) -> tuple[str, list[list[str]]]:
    (emf,) = line["_aws"]["CloudWatchMetrics"]
    return emf["Namespace"], emf["Dimensions"]


def test_each_probe_of_nats_is_fresh_and_prints_its_metrics(
    parent: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twice in a row the parent answers: the nonce is another one. The fleet is the service."""
    settings = ProbeSettings(fleet="vettid", nats=target(parent))
    for _ in range(2):
        probe_nats.handler({}, None, settings)
        values, ended = printed(capsys)
        assert shape(values) == ("firstline", [["service"]])
        assert shape(ended) == ("firstline", [["outcome", "service"]])
        assert (values["service"], values["EnclaveAnswering"]) == ("vettid", [1])
        assert (values["Responders"], values["ActiveVaults"]) == ([1], [12])
        assert (ended["service"], ended["outcome"], ended["Probe"]) == ("vettid", "answered", [1])


def test_a_fleet_that_does_not_answer_is_told_as_well(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is raised: the outcome is the news."""
    probe_nats.handler({}, None, ProbeSettings(fleet="vettid", nats=target(port)))
    values, ended = printed(capsys)
    assert (values["EnclaveAnswering"], ended["outcome"]) == ([0], "no_responders")


def test_a_full_server_says_nothing_of_the_enclaves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm on their answer keeps its state; the one on the connection rings."""
    with nats_server(tmp_path / "full", "max_connections: -1") as port:
        probe_nats.handler({}, None, ProbeSettings(fleet="vettid", nats=target(port)))
    values, ended = printed(capsys)
    assert (values["NatsConnected"], ended["outcome"]) == ([0], "server_full")
    assert "EnclaveAnswering" not in values


def test_the_log_says_why_a_backlog_does_not_drain(
    port: int, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A metric has no room for it."""

    async def pause() -> None:
        paused = {"durable_name": "worker", "pause_until": "2999-01-01T00:00:00Z"}
        durable = json.dumps({"stream_name": "EVENTS", "config": paused}).encode()
        async with connected(port) as client:
            await client.jetstream().add_stream(name="EVENTS", subjects=["events"])
            await client.request("$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.worker", durable)

    asyncio.run(pause())
    where = target(port, consumers=(Consumer("EVENTS", "worker"),))
    probe_nats.handler({}, None, ProbeSettings(fleet="vettid", nats=where))
    (line,) = (vars(each) for each in caplog.records if each.message == "probed")
    assert line["stalled"] == {"worker": ("paused",)}
    assert [each["BacklogStalled"] for each in printed(capsys) if "consumer" in each] == [[1]]


def test_a_forbidden_health_address_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """By its outcome, and without an answer."""
    where = HealthTarget(host="127.0.0.1", path="/health")
    probe_health.handler({}, None, ProbeSettings(fleet="vettid", health=where))
    values, ended = printed(capsys)
    assert (values["HealthAnswering"], ended["outcome"]) == ([0], "forbidden_address")
    assert (values["service"], ended["HealthProbe"]) == ("vettid", [1])


@pytest.mark.parametrize(
    ("handler", "what"), [(probe_nats.handler, "nats"), (probe_health.handler, "health")]
)
def test_a_probe_without_its_target_says_so(handler: Handler, what: str) -> None:
    """The line names the variable and the field."""
    with pytest.raises(InvalidInput, match=f"FIRSTLINE_PROBE has no `{what}`"):
        handler({}, None, ProbeSettings(fleet="vettid"))


def test_a_function_reads_its_settings_from_the_environment() -> None:
    """In a process of its own, as Lambda starts one; the port is one that refuses."""
    settings = ProbeSettings(fleet="vettid", nats=target(1))
    ran = subprocess.run(
        [sys.executable, "-c", "from functions import probe_nats as p; p.handler({}, None)"],
        env={**os.environ, settings.variable: settings.write()},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [line["outcome"] for line in lines if "outcome" in line] == ["no_server", "no_server"]
    assert ran.stderr == ""
