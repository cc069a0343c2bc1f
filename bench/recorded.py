"""What functions ask of AWS, and are answered, while an outage is dealt with.

Recorded from the twin, for the benches that let a bare boto3 make the same calls.
"""

import atexit
import contextlib
import copy
import functools
import json
import os
import shutil
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from boto3.session import Session
from botocore import xform_name
from botocore.model import Shape
from botocore.response import StreamingBody

from firstline.adapters import wiring
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file
from firstline.config.settings import Settings
from firstline.diagnosis.evidence import AlarmState
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World, state_change_event
from functions import console, ingest, operator, reconcile, sweep

ROOT = Path(__file__).parents[1]
ZERO = (ROOT / "events" / "cloudwatch.healthy-hosts-zero.json").read_bytes()
ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:vettid-prod-enclave-healthy-hosts"
HANDLERS: dict[str, Callable[..., Any]] = {
    "ingest": ingest.handler,
    "reconcile": reconcile.handler,
    "sweep": sweep.handler,
    "operator": operator.handler,
    "console": console.handler,
}

type Call = tuple[str, str, dict[str, Any]]
"""A service, an operation as boto3 calls it, and its parameters."""


class Answer(NamedTuple):
    """What AWS answered to one call of an operation; one of S3 goes by its method."""

    operation: str
    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


class Work(NamedTuple):
    """One event of a function, and what it took: calls, each answered in its turn, and posts."""

    function: str
    event: dict[str, Any]
    now: datetime
    settings: Settings
    calls: list[Call]
    answers: list[Answer]
    posts: int = 0


@functools.cache
def _kept(policy: bytes) -> Path:
    """A file of the whole profile, until the bench ends: work is done again outside the twin."""
    folder = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, folder)
    path = Path(folder, "profile.toml")
    path.write_bytes(policy)
    return path


class Rig:
    """The twin's AWS and PagerDuty, and a system over them whose calls are recorded."""

    def __init__(self, world: World, aws: TwinAws, pagerduty: PagerDutyServer) -> None:
        self.world, self.aws, self._pagerduty = world, aws, pagerduty
        policy = fleet_file.read(RUNBOOK)
        settings = aws.settings(policy, "enforce", pagerduty.url)
        self.settings = copy.replace(settings, profile_path=str(_kept(policy)))
        self._recorded = Recorded(aws.session)
        self.begin()

    def begin(self) -> None:
        """A process of its own from here on: what one has read before is read again."""
        self.system = wiring.system(self.settings, self.aws.session, WorldClock(self.world))

    def run(self, function: str, event: dict[str, Any], context: object = None) -> Work:
        """Give *event* to *function*, and tell what it took."""
        self._recorded.begin()
        posted = self._pagerduty.requests
        with silence():
            done = HANDLERS[function](event, context, self.system)
        if done.get("batchItemFailures") if isinstance(done, dict) else False:
            raise SystemExit(f"{function} failed: {done}")
        calls, answers = self._recorded.calls, self._recorded.answers
        posts = self._pagerduty.requests - posted
        return Work(function, event, self.world.now, self.settings, calls, answers, posts)


@contextlib.contextmanager
def rig(now: datetime, scenario: Scenario) -> Iterator[Rig]:
    """One whose world begins *now*, with the alarm of an outage watched."""
    world = World(scenario, now, "VettID-Nitro-EnclaveASG")
    world.watch(ARN, state_change_event(ZERO, AlarmState.ALARM, now), "healthy")
    pagerduty = PagerDutyServer(lambda: world.now, lambda: None)
    with TwinAws(world, WorldClock(world).sleep) as aws, pagerduty:
        yield Rig(world, aws, pagerduty)


def signal(now: datetime) -> str:
    """The alarm's event."""
    return state_change_event(ZERO, AlarmState.ALARM, now).decode()


def works(now: datetime, scenario: Scenario) -> Iterator[Work]:
    """The signal's message, and then each wake's, without end while the incident is open."""
    with rig(now, scenario) as held:
        yield held.run("ingest", message(signal(now)))
        while True:
            taken = held.aws.take(held.settings.wakes_queue_url)[0]
            held.world.advance(taken.due_at)
            yield held.run("reconcile", message(taken.body))


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """What functions log goes nowhere, and is written all the same."""
    with contextlib.redirect_stdout(_nowhere()):
        yield


@functools.cache
def _nowhere() -> TextIO:
    """One for good: a logger keeps the stream that it first saw."""
    return Path(os.devnull).open("w")


def message(body: str) -> dict[str, Any]:
    """What Lambda is given for one message of a queue."""
    return {"Records": [{"messageId": "1", "body": body, "eventSource": "aws:sqs"}]}


class Recorded:
    """What was asked of AWS since it last began, and what was answered."""

    def __init__(self, session: Session) -> None:
        self.begin()
        events: Any = session.events  # a client hears what its session did when it was made
        events.register_first("provide-client-params", self._ask)
        events.register_last("after-call", self._answer)

    def begin(self) -> None:
        """Record anew."""
        self.calls: list[Call] = []
        self.answers: list[Answer] = []

    def _ask(self, params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        self.calls.append(
            (model.service_model.service_name, xform_name(model.name), copy.deepcopy(params))
        )

    def _answer(self, http_response: Any, parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        if model.service_model.resolved_protocol == "rest-xml":
            self.answers.append(_raw(http_response, parsed, model.http["method"]))
            return
        body = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        if model.service_model.resolved_protocol == "query":
            answer = _xml(model.name, model.output_shape, body)
        else:
            answer = json.dumps(body, default=_protocol_value).encode()
        self.answers.append(Answer(model.name, answer))


def _raw(sent: Any, parsed: dict[str, Any], method: str) -> Answer:  # noqa: ANN401
    """As it came; a body that is read as it comes can be read by who asked for it, too."""
    if "Body" in parsed:
        content = parsed["Body"].read()
        parsed["Body"] = StreamingBody(BytesIO(content), len(content))
    else:
        content = sent.content
    headers = tuple((key, str(value)) for key, value in sent.headers.items())
    return Answer(method, content, sent.status_code, headers)


def _protocol_value(value: datetime | bytes) -> float | str:
    """A time or a blob as the JSON protocols write it."""
    return b64encode(value).decode() if isinstance(value, bytes) else value.timestamp()


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
