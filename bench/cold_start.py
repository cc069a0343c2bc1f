"""How long a function takes to its first return in a fresh process, beside a bare handler.

    python bench/cold_start.py [PAIRS] [--quick] [--json]

Each packaged function is given what Lambda would give it: its layers and the functions, the
runtime's own boto3, no site-packages. The bare handler decodes the event and makes the same calls
by boto3 alone, with the same parameters, which are recorded from the twin; a probe's asks the same
question by nats-py or urllib3 alone. A server on loopback answers both: TLS and AWS's own time
would make the ratio smaller. The aim is 1.3 or less. A function that is deployed and is not here
ends the bench.
"""

import copy
import json
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
from typing import Literal, NamedTuple
from urllib.parse import parse_qs

import boto3

from bench.deployed import Probed, controller, health_probe, nats_probe
from bench.recorded import Answer, Work
from firstline import probe_settings
from firstline import settings as addresses
from firstline.cli.figure import Figure, paired, run
from infra import packaging

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")
HANDLER = """
import json, types
from functions import {name}
context = types.SimpleNamespace(invoked_function_arn="arn:aws:lambda:us-east-1:1:function:it")
with open({event!r}) as file:
    done = {name}.handler(json.load(file), context)
assert not (isinstance(done, dict) and done.get("batchItemFailures")), done
"""
BARE = """
import json, pickle, urllib3
import boto3
from botocore.exceptions import ClientError
with open({event!r}) as file:
    for each in json.load(file).get("Records", []):
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
PROBE = packaging.ROOT / "layers" / "probe"
POSTED = Answer("PagerDuty", b'{"status": "success"}', 202)
type Programs = tuple[str, str]
"""Ours and the bare one."""


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


class Case(NamedTuple):
    """What is timed: two programs that must take all answers and make all posts."""

    name: str
    against: str
    programs: Programs
    environment: dict[str, str]
    answers: list[Answer]


def package(out: Path) -> list[str]:
    """What Lambda unpacks, under *out*; gives the paths of its ``sys.path``."""
    machine: Literal["arm64", "x86_64"] = "arm64" if os.uname().machine == "aarch64" else "x86_64"
    packaging.install_dependencies(out / "dependencies", machine)
    packaging.install_dependencies(out / "probe", machine, PROBE)
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


def bench(pairs: int) -> Iterator[Figure]:
    """Each deployed function once."""
    with tempfile.TemporaryDirectory() as folder:
        where, done = Path(folder), set[str]()
        path = package(where)
        handlers = {
            each.stem for each in (where / "task" / "functions").glob("*.py") if _handles(each)
        }
        for case in cases(where, path):
            done.add(case.name)
            yield timed(case, pairs)
        if done != handlers:
            raise SystemExit(f"not the deployed functions: {sorted(done ^ handlers)}")


def _handles(path: Path) -> bool:
    return "\ndef handler(" in path.read_text()


def cases(where: Path, path: list[str]) -> Iterator[Case]:
    """Of the controller's functions, then of the probes."""
    with server() as url:
        base = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(path),
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for work in controller(datetime.now(UTC) - timedelta(seconds=2)):
            yield of_work(work, where, base)
        with health_probe(where) as probed:
            yield of_probe(probed, where, base)
        base["PYTHONPATH"] += f"{os.pathsep}{where / 'probe' / 'python'}"
        with nats_probe(where) as probed:
            yield of_probe(probed, where, base)


def of_work(work: Work, where: Path, base: dict[str, str]) -> Case:
    """A function of the controller beside boto3."""
    pager = f"{base['AWS_ENDPOINT_URL']}/v2/enqueue"
    calls = where / f"{work.function}.calls"
    calls.write_bytes(pickle.dumps((work.calls, [pager] * work.posts)))
    event = _event(work.function, work.event, where)
    settings = addresses.write(copy.replace(work.settings, pager_url=pager))
    return Case(
        work.function,
        f"bare boto3, the same {len(work.calls) + work.posts} calls",
        (
            HANDLER.format(name=work.function, event=event),
            BARE.format(event=event, calls=str(calls)),
        ),
        base | {addresses.VARIABLE: settings},
        work.answers + [POSTED] * work.posts,
    )


def of_probe(probed: Probed, where: Path, base: dict[str, str]) -> Case:
    """A probe beside the library that it asks by."""
    event = _event(probed.function, {}, where)
    settings = {probe_settings.VARIABLE: probe_settings.write(probed.settings)}
    return Case(
        probed.function,
        probed.against,
        (HANDLER.format(name=probed.function, event=event), probed.bare),
        base | probed.environment | settings,
        probed.answers,
    )


def _event(function: str, event: object, where: Path) -> str:
    path = where / f"{function}.json"
    path.write_text(json.dumps(event))
    return str(path)


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
    ours, bare = case.programs
    taken = [(_seconds(ours, case), _seconds(bare, case)) for _ in range(pairs + (pairs > 1))]
    name = f"cold {case.name}{', its page taken' if case.name == 'ingest' else ''}, wall"
    return paired(name, "s", case.against, taken[-pairs:]).at_most(1.3)


def _seconds(program: str, case: Case) -> float:
    """How long *program* takes from its start to its end; raises where it did not do it all."""
    wanted = Counter(each.operation for each in case.answers)
    Answers.answers = {
        name: [each for each in case.answers if each.operation == name] for name in wanted
    }
    Answers.asked = Counter()
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-S", "-P", "-c", program],
        env=case.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    if ran.returncode or not wanted <= Answers.asked:
        raise SystemExit(f"{case.name} left out {wanted - Answers.asked}; {ran.stderr}")
    return took


if __name__ == "__main__":
    run(bench, usual=9, quick=1)
