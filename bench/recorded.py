"""What ingest and reconcile ask of AWS, and are answered, while an outage is dealt with.

Recorded from the twin, for the benches that let a bare boto3 make the same calls.
"""

import contextlib
import copy
import functools
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from botocore import xform_name
from botocore.model import Shape

from firstline.adapters import wiring
from firstline.cli.envelope import RUNBOOK
from firstline.evidence import AlarmState
from firstline.settings import Settings
from firstline.twin.aws import TwinAws
from firstline.twin.clock import WorldClock
from firstline.twin.pagerduty import PagerDutyServer
from firstline.twin.scenario import Scenario
from firstline.twin.world import World, announce
from functions import ingest, reconcile

ROOT = Path(__file__).parents[1]
ZERO = (ROOT / "events" / "cloudwatch.healthy-hosts-zero.json").read_bytes()
ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:vettid-prod-enclave-healthy-hosts"
HANDLERS = {"ingest": ingest.handler, "reconcile": reconcile.handler}

type Call = tuple[str, str, dict[str, Any]]
"""A service, an operation as boto3 calls it, and its parameters."""


class Work(NamedTuple):
    """One message of a function, and the calls that it took; each is answered in its turn."""

    function: str
    event: dict[str, Any]
    now: datetime
    settings: Settings
    calls: list[Call]
    answers: list[tuple[str, bytes]]


def works(now: datetime, scenario: Scenario) -> Iterator[Work]:
    """The signal's message, and then each wake's, without end while the incident is open."""
    raw = announce(ZERO, AlarmState.ALARM, now)
    world = World(scenario, now, "VettID-Nitro-EnclaveASG")
    world.watch(ARN, raw, "healthy")
    clock = WorldClock(world)
    pagerduty = PagerDutyServer(lambda: world.now, lambda: None)
    with TwinAws(world, clock.sleep) as aws, pagerduty:
        settings = aws.settings(RUNBOOK, "enforce", pagerduty.url)
        recorded = Recorded(aws)
        system = wiring.system(settings, aws.session, clock)
        function, event = "ingest", _event(raw.decode())
        while True:
            recorded.begin()
            with silence():
                done = HANDLERS[function](event, None, system)
            if done != {"batchItemFailures": []}:
                raise SystemExit(f"{function} failed: {done}")
            yield Work(function, event, world.now, settings, recorded.calls, recorded.answers)
            taken = aws.take(settings.wakes_queue_url)[0]
            world.advance(taken.due_at)
            function, event = "reconcile", _event(taken.body)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """What functions log goes nowhere, and is written all the same."""
    with contextlib.redirect_stdout(_nowhere()):
        yield


@functools.cache
def _nowhere() -> TextIO:
    """One for good: a logger keeps the stream that it first saw."""
    return Path(os.devnull).open("w")


def _event(body: str) -> dict[str, Any]:
    return {"Records": [{"messageId": "1", "body": body, "eventSource": "aws:sqs"}]}


class Recorded:
    """What was asked of AWS since it last began, and what was answered."""

    def __init__(self, aws: TwinAws) -> None:
        self.begin()
        events: Any = aws.session.events  # a client hears what its session did when it was made
        events.register_first("provide-client-params", self._ask)
        events.register_last("after-call", self._answer)

    def begin(self) -> None:
        """Record anew."""
        self.calls: list[Call] = []
        self.answers: list[tuple[str, bytes]] = []

    def _ask(self, params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        self.calls.append(
            (model.service_model.service_name, xform_name(model.name), copy.deepcopy(params))
        )

    def _answer(self, parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        body = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        if model.service_model.resolved_protocol == "query":
            answer = _xml(model.name, model.output_shape, body)
        else:
            answer = json.dumps(body, default=_epoch).encode()
        self.answers.append((model.name, answer))


def _epoch(value: datetime) -> float:
    return value.timestamp()


def _xml(operation: str, shape: Shape | None, body: dict[str, Any]) -> bytes:
    result = f"{operation}Result"
    inner = "".join(_element(shape, result, body)) if shape is not None else ""
    return f"<{operation}Response>{inner}</{operation}Response>".encode()


def _element(shape: Any, name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - any shape
    """One value of a query protocol's answer."""
    yield f"<{name}>"
    if shape.type_name == "structure":
        for key, inner in value.items():
            yield from _element(shape.members[key], key, inner)
    elif shape.type_name == "list":
        for each in value:
            yield from _element(
                shape.member, shape.member.serialization.get("name", "member"), each
            )
    elif isinstance(value, datetime):
        yield value.isoformat()
    else:
        yield str(value).lower() if isinstance(value, bool) else str(value)
    yield f"</{name}>"
