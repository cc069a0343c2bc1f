"""How long a function takes from the start of its process to its first return, beside a bare one.

    python bench/cold_start.py [PAIRS] [--quick] [--json]

Each packaged function is started as Lambda would start it: by awslambdaric, with its layers, the
functions and the runtime's packages, and no site-packages. The bare handler is started likewise,
takes the same event and makes the same calls by boto3 alone, with the same parameters, which are
recorded from the twin; a probe's asks the same question by nats-py or urllib3 alone. A server on
loopback answers both: TLS and AWS's own time would make the ratio smaller. The aim is 1.3 or less;
for the console, which imports Jinja and no page waits for, it is 1.6.
A function that is deployed and is not here ends the bench.
"""

import copy
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs

from bench.deployed import Probed, controller, health_probe, nats_probe
from bench.recorded import Answer, Work
from infra import packaging
from tests.end_to_end.runtime import Place, Sandbox, Started, runtime_files
from tools.bench.figure import Figure, paired, run

BARE = """
import json, pickle
import boto3, urllib3
from botocore.exceptions import ClientError

def handler(event, context):
    for each in event.get("Records", []):
        json.loads(each.get("body", "{{}}"))
    with open({calls!r}, "rb") as file:
        calls, posts = pickle.load(file)
    session, clients = boto3.session.Session(region_name="us-east-1"), {{}}
    for service, operation, params in calls:
        if service not in clients:
            clients[service] = session.client(service)
        try:
            answer = getattr(clients[service], operation)(**params)
            if "Body" in answer:
                answer["Body"].read()
        except ClientError:
            pass
    for url in posts:
        urllib3.PoolManager().request("POST", url, body=b"{{}}")
"""
ARN = "arn:aws:lambda:us-east-1:111122223333:function:bench"
SECONDS_MAX = 60
AIMS = {"console": 1.6}
"""The others' is 1.3."""
PROBE = packaging.ROOT / "layers" / "probe"
POSTED = Answer("PagerDuty", b'{"status": "success"}', 202)


class Answers(BaseHTTPRequestHandler):
    """AWS and PagerDuty on loopback: each operation's answers in the order of their record.

    What is asked again, on a busy machine, is answered again.
    """

    protocol_version = "HTTP/1.1"
    answers: dict[str, list[Answer]]
    asked: Counter[str]

    def do_POST(self) -> None:
        """Answer whatever is asked."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = self._operation(body)
        answers = self.answers[operation]
        answer = answers[min(self.asked[operation], len(answers) - 1)]
        self.asked[operation] += 1
        self.send_response(answer.status)
        for name, value in answer.headers:
            if name.lower() not in {"content-length", "date", "server", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815 - http.server's names

    def _operation(self, body: bytes) -> str:
        """Its name; where the protocol has none, the method."""
        if self.path.startswith("/v2/"):
            return POSTED.operation
        if target := self.headers.get("X-Amz-Target"):
            return target.rpartition(".")[2]
        return parse_qs(body.decode("latin-1")).get("Action", [self.command])[0]

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Side(NamedTuple):
    """One of the two: where it lies, and the name of its handler."""

    place: Place
    handler: str


class Case(NamedTuple):
    """What is timed: two functions that must take all answers and make all posts."""

    name: str
    against: str
    sides: tuple[Side, Side]
    event: dict[str, Any]
    environment: dict[str, str]
    answers: list[Answer]


class Packages:
    """What Lambda unpacks, under *out*, and the bare handlers beside it."""

    def __init__(self, out: Path) -> None:
        machine: Literal["arm64", "x86_64"] = (
            "arm64" if os.uname().machine == "aarch64" else "x86_64"
        )
        self._layers, self._with_probe = out / "layers", out / "layers-with-probe"
        self._functions, self._bare, self._brought = out / "task", out / "bare", out / "runtime"
        packaging.install_dependencies(self._layers, machine)
        packaging.copy_firstline(self._layers)
        shutil.copytree(self._layers, self._with_probe)
        packaging.install_dependencies(self._with_probe, machine, PROBE)
        packaging.copy_functions(self._functions)
        self._bare.mkdir()
        shutil.copytree(runtime_files(out / "linked"), self._brought)
        _compile(self._brought)

    def sides(self, name: str, bare: str) -> tuple[Side, Side]:
        """The function *name*, and a *bare* module in its place."""
        module = self._bare / f"bare_{name}.py"
        module.write_text(bare)
        _compile(module)
        layers = self._with_probe if name == "probe_nats" else self._layers
        return (
            Side(Place(self._functions, layers, self._brought), f"functions.{name}.handler"),
            Side(Place(self._bare, layers, self._brought), f"bare_{name}.handler"),
        )

    def deployed(self) -> set[str]:
        """The names of all functions that have a handler."""
        modules = (self._functions / "functions").glob("*.py")
        return {each.stem for each in modules if "\ndef handler(" in each.read_text()}


def _compile(path: Path) -> None:
    how = ("-m", "compileall", "-q", str(path))
    subprocess.run([sys.executable, *how], check=True, capture_output=True)


def bench(pairs: int) -> Iterator[Figure]:
    """Each deployed function once."""
    with tempfile.TemporaryDirectory() as folder:
        where, done = Path(folder), set[str]()
        packages = Packages(where)
        for case in cases(where, packages):
            done.add(case.name)
            yield timed(case, pairs)
        if done != packages.deployed():
            raise SystemExit(f"not the deployed functions: {sorted(done ^ packages.deployed())}")


def cases(where: Path, packages: Packages) -> Iterator[Case]:
    """Of the controller's functions, then of the probes."""
    with server() as url:
        base = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for work in controller(datetime.now(UTC) - timedelta(seconds=2)):
            yield of_work(work, where, packages, base)
        for probe in (health_probe, nats_probe):
            with probe(where) as probed:
                yield of_probe(probed, packages, base)


def of_work(work: Work, where: Path, packages: Packages, base: dict[str, str]) -> Case:
    """A function of the controller beside boto3."""
    pager = f"{base['AWS_ENDPOINT_URL']}/v2/enqueue"
    calls = where / f"{work.function}.calls"
    calls.write_bytes(pickle.dumps((work.calls, [pager] * work.posts)))
    settings = copy.replace(work.settings, pager_url=pager)
    return Case(
        work.function,
        f"bare boto3, the same {len(work.calls) + work.posts} calls",
        packages.sides(work.function, BARE.format(calls=str(calls))),
        work.event,
        base | {settings.variable: settings.write()},
        work.answers + [POSTED] * work.posts,
    )


def of_probe(probed: Probed, packages: Packages, base: dict[str, str]) -> Case:
    """A probe beside the library that it asks by."""
    settings = {probed.settings.variable: probed.settings.write()}
    return Case(
        probed.function,
        probed.against,
        packages.sides(probed.function, probed.bare),
        {},
        base | probed.environment | settings,
        probed.answers,
    )


@contextmanager
def server() -> Iterator[str]:
    """Where AWS and PagerDuty answer."""
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()
    thread.join()


def timed(case: Case, pairs: int) -> Figure:
    """Both sides in alternation, the first pair left out where there are several."""
    ours, bare = case.sides
    taken = [(seconds(ours, case), seconds(bare, case)) for _ in range(pairs + (pairs > 1))]
    name = f"cold {case.name}{', its page taken' if case.name == 'ingest' else ''}, wall"
    return paired(name, "s", case.against, taken[-pairs:]).at_most(AIMS.get(case.name, 1.3))


def seconds(side: Side, case: Case) -> float:
    """How long *side* takes from its start to its return; raises where it did not do it all."""
    wanted = Counter(each.operation for each in case.answers)
    Answers.answers = {
        name: [each for each in case.answers if each.operation == name] for name in wanted
    }
    Answers.asked = Counter()
    printed: list[str] = []
    began = time.perf_counter()
    sandbox = Sandbox(side.place, Started(side.handler, ARN, case.environment), printed.append)
    try:
        result = sandbox.invoke(case.event, SECONDS_MAX)
        took = time.perf_counter() - began
    finally:
        sandbox.close()
    payload = result.payload
    failed = result.failed or (isinstance(payload, dict) and payload.get("batchItemFailures"))
    if failed or not wanted <= Answers.asked:
        raise SystemExit(f"{case.name} left out {wanted - Answers.asked}; {payload} {printed}")
    return took


if __name__ == "__main__":
    run(bench, usual=9, quick=1)
