"""How long a function takes to its first return in a fresh process, beside a bare boto3 handler.

    python bench/cold_start.py [PAIRS]

Both are given what Lambda would give: the packaged layers and functions, the runtime's own boto3,
no site-packages. The bare handler decodes the event and makes the same calls with the same
parameters, which are recorded from the twin. A server on loopback answers both: TLS and AWS's
own time would make the ratio smaller. The aim is 1.3 or less, for ingest and for reconcile.
"""

import copy
import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal
from urllib.parse import parse_qs

import boto3
from botocore import xform_name
from botocore.model import Shape

from firstline import settings as addresses
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
from infra import packaging

ROOT = Path(__file__).parents[1]
ZERO = (ROOT / "events" / "cloudwatch.healthy-hosts-zero.json").read_bytes()
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")
ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:vettid-prod-enclave-healthy-hosts"
HANDLER = """
import json, sys
from functions import {name}
event = json.load(open({event!r}))
assert {name}.handler(event, None) == {{"batchItemFailures": []}}
"""
BARE = """
import json, pickle, urllib3
import boto3
json.loads(json.load(open({event!r}))["Records"][0]["body"])
session, clients = boto3.session.Session(region_name="us-east-1"), {{}}
with open({calls!r}, "rb") as file:
    calls = pickle.load(file)
for service, operation, params in calls:
    if service == "pagerduty":
        urllib3.PoolManager().request("POST", params, body=b"{{}}")
        continue
    if service not in clients:
        clients[service] = session.client(service)
    getattr(clients[service], operation)(**params)
"""

type Call = tuple[str, str, Any]


class Recorded:
    """What one handler asked of AWS, in order, and what it was answered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: dict[str, bytes] = {}

    def listen(self, aws: TwinAws) -> None:
        """Record from now on."""
        events: Any = aws.session.events
        events.register_first("provide-client-params", self._ask)
        events.register_last("after-call", self._answer)

    def _ask(self, params: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        self.calls.append(
            (model.service_model.service_name, xform_name(model.name), copy.deepcopy(params))
        )

    def _answer(self, parsed: dict[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        body = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
        if model.service_model.resolved_protocol == "query":
            self.answers[model.name] = _xml(model.name, model.output_shape, body)
        else:
            self.answers[model.name] = json.dumps(body, default=_epoch).encode()


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


class Answers(BaseHTTPRequestHandler):
    """AWS and PagerDuty on loopback: each operation has its recorded answer."""

    protocol_version = "HTTP/1.1"
    answers: dict[str, bytes]

    def do_POST(self) -> None:
        """Answer whatever is asked."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target = self.headers.get("X-Amz-Target")
        operation = target.rpartition(".")[2] if target else None
        if operation is None and self.path != "/v2/enqueue":
            operation = parse_qs(body.decode())["Action"][0]
        answer = self.answers[operation] if operation else b'{"status": "success"}'
        self.send_response(200 if operation else 202)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def package(out: Path) -> list[str]:
    """What Lambda unpacks, under *out*; gives the paths of its ``sys.path``."""
    machine: Literal["arm64", "x86_64"] = "arm64" if os.uname().machine == "aarch64" else "x86_64"
    packaging.install_dependencies(out / "dependencies", machine)
    packaging.copy_firstline(out / "firstline")
    packaging.copy_functions(out / "task")
    site = Path(boto3.__file__).parents[1]
    for name in RUNTIME:
        copy_ = shutil.copytree if (site / name).is_dir() else shutil.copy2
        (out / "runtime").mkdir(exist_ok=True)
        copy_(site / name, out / "runtime" / name)
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", str(out)], check=True, capture_output=True
    )
    layers = (out / "dependencies" / "python", out / "firstline" / "python")
    return [str(each) for each in (out / "task", *layers, out / "runtime")]


def record(now: datetime) -> dict[str, tuple[dict[str, Any], Recorded, Settings]]:
    """Each function's event, what it asked and was answered, and its settings."""
    raw = announce(ZERO, AlarmState.ALARM, now)
    world = World(Scenario(name="bench"), now, "VettID-Nitro-EnclaveASG")
    world.watch(ARN, raw, "healthy")
    clock = WorldClock(world)
    found: dict[str, tuple[dict[str, Any], Recorded, Settings]] = {}
    pagerduty = PagerDutyServer(lambda: world.now, lambda: None)
    with TwinAws(world, clock.sleep) as aws, pagerduty:
        settings = aws.settings(RUNBOOK, "enforce", pagerduty.url)
        event = _event(raw.decode())
        for name, module in (("ingest", ingest), ("reconcile", reconcile)):
            recorded = Recorded()
            recorded.listen(aws)  # a client hears what its session did when it was made
            system = wiring.system(settings, aws.session, clock)
            done = module.handler(event, None, system)
            if done != {"batchItemFailures": []}:
                raise SystemExit(f"{name} failed: {done}")
            if name == "ingest":
                recorded.calls.append(("pagerduty", "", ""))
            found[name] = (event, copy.deepcopy(recorded), settings)
            recorded.calls, recorded.answers = [], {}
            event = _event(aws.take(settings.wakes_queue_url)[0].body)
    return found


def _event(body: str) -> dict[str, Any]:
    return {"Records": [{"messageId": "1", "body": body, "eventSource": "aws:sqs"}]}


def measure(pairs: int, where: Path) -> None:
    """Print the median of each side, and of the pairs' ratios, for both functions."""
    path = package(where)
    found = record(datetime.now(UTC) - timedelta(seconds=2))
    for name, (event, recorded, settings) in found.items():
        Answers.answers = recorded.answers
        server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        pager = f"{url}/v2/enqueue"
        calls = [
            (*each[:2], pager if each[0] == "pagerduty" else each[2]) for each in recorded.calls
        ]
        files = where / f"{name}.json", where / f"{name}.calls"
        files[0].write_text(json.dumps(event))
        files[1].write_bytes(pickle.dumps(calls))
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path),
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1",
            addresses.VARIABLE: addresses.write(copy.replace(settings, pager_url=pager)),
        }
        ours = HANDLER.format(name=name, event=str(files[0]))
        bare = BARE.format(event=str(files[0]), calls=str(files[1]))
        timed = [
            (_seconds(bare, environment), _seconds(ours, environment)) for _ in range(pairs + 1)
        ]
        server.shutdown()
        _tell(name, timed[1:], len(calls))


def _tell(name: str, timed: list[tuple[float, float]], calls: int) -> None:
    bare, ours = (statistics.median(each) for each in zip(*timed, strict=True))
    ratio = statistics.median(mine / theirs for theirs, mine in timed)
    told = f"bare {bare:.3f} s, firstline {ours:.3f} s, {calls} calls"
    print(f"{name:<10} ratio {ratio:.2f} (aim: 1.3 or less); {told}, {len(timed)} pairs")


def _seconds(program: str, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    if ran.returncode:
        raise SystemExit(ran.stderr)
    return took


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 9, Path(folder))
