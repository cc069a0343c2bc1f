"""How long a function takes to its first return in a fresh process, beside a bare boto3 handler.

    python bench/cold_start.py [PAIRS] [--quick] [--json]

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
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from pathlib import Path
from threading import Thread
from typing import Literal
from urllib.parse import parse_qs

import boto3

from bench.recorded import Work, works
from firstline import settings as addresses
from firstline.cli.figure import Figure, paired, run
from firstline.twin.scenario import Scenario
from infra import packaging

RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")
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


def bench(pairs: int) -> Iterator[Figure]:
    """Ingest with its page, then the wake that looks."""
    found = islice(works(datetime.now(UTC) - timedelta(seconds=2), Scenario(name="bench")), 2)
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder)
        path = package(where)
        for work in found:
            yield compare(work, pairs, path, where)


def compare(work: Work, pairs: int, path: list[str], where: Path) -> Figure:
    """Both sides in alternation, the first pair left out; the server answers both."""
    Answers.answers = dict(work.answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    pager = f"{url}/v2/enqueue"
    posted = [("pagerduty", "", pager)] if work.function == "ingest" else []
    files = where / f"{work.function}.json", where / f"{work.function}.calls"
    files[0].write_text(json.dumps(work.event))
    files[1].write_bytes(pickle.dumps([*work.calls, *posted]))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(path),
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        addresses.VARIABLE: addresses.write(copy.replace(work.settings, pager_url=pager)),
    }
    ours = HANDLER.format(name=work.function, event=str(files[0]))
    bare = BARE.format(event=str(files[0]), calls=str(files[1]))
    timed = [(_seconds(ours, environment), _seconds(bare, environment)) for _ in range(pairs + 1)]
    server.shutdown()
    name = f"cold {work.function}{', its page taken' if posted else ''}, wall"
    against = f"bare boto3, the same {len(work.calls) + len(posted)} calls"
    return paired(name, "s", against, timed[1:]).at_most(1.3)


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
    run(bench, usual=9, quick=1)
