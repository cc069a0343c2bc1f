"""One execution environment: a process that awslambdaric serves, over a Runtime API of its own.

It sees the task root, the layers and what Lambda's own runtime brings (boto3, awslambdaric), and
nothing else: neither this checkout nor its environment.
"""

import json
import queue
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Semaphore, Thread
from typing import Any, NamedTuple
from uuid import uuid4

import awslambdaric
import runtime_client

BROUGHT = (
    *("awslambdaric", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "simplejson"),
    *("six.py", "snapshot_restore_py.py", "urllib3"),
)
"""What is in Lambda's own runtime beside the standard library."""
START_SECONDS = 60
PATIENCE = 30
"""How many times as long a function waits for an answer as it would in Lambda.

All of the cloud is one process here: on a busy machine it answers in seconds, and is not down.
"""
IDLE = "--- asks for the next invocation ---"
"""The line that a function's log has at the end of each invocation, and once it has started."""
START = f"""
import _socket, socket, sys
sys.path[:0] = sys.argv[1].split(":")
del sys.argv[1]
wait = _socket.socket.settimeout
socket.socket.settimeout = lambda it, seconds: wait(it, seconds and seconds * {PATIENCE})
from awslambdaric.__main__ import main
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
ask = LambdaRuntimeClient.wait_next_invocation
LambdaRuntimeClient.wait_next_invocation = lambda it: print("{IDLE}", flush=True) or ask(it)
main(sys.argv)
"""
NEXT, ERROR, INIT_ERROR = "/invocation/next", "/error", "/init/error"


class Place(NamedTuple):
    """Where a function lies: its own folder, that of its layers, and the runtime's."""

    task: Path
    opt: Path
    brought: Path

    @property
    def path(self) -> str:
        """Python's, in Lambda's order."""
        return f"{self.task}:{self.opt / 'python'}:{self.brought}"


class Started(NamedTuple):
    """What is started there: its handler, its ARN, and its variables."""

    handler: str
    arn: str
    environment: dict[str, str]


class Result(NamedTuple):
    """What came of an invocation; *failed* is a function's error, or none in time."""

    payload: Any
    failed: bool


@dataclass
class _Invocation:
    event: bytes
    deadline: float
    id: str = field(default_factory=lambda: str(uuid4()))
    done: Event = field(default_factory=Event)
    result: Result = field(default_factory=lambda: Result(None, failed=True))


def runtime_files(folder: Path) -> Path:
    """A folder of what Lambda brings, linked to this environment's."""
    site = Path(awslambdaric.__file__).parents[1]
    folder.mkdir()
    for name in (*BROUGHT, Path(runtime_client.__file__).name):
        (folder / name).symlink_to((site / name).resolve(strict=True))
    return folder


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A process that has ended asks no more; anything else is an error of this file."""
        del request, client_address
        if not isinstance(sys.exception(), ConnectionError):
            raise  # noqa: PLE0704 - it is called while the exception is handled


class Sandbox:
    """A function that has been started; one invocation at a time, until `close`.

    *printed* is told each line of its log.
    """

    def __init__(self, place: Place, what: Started, printed: Callable[[str], object]) -> None:
        self.arn = what.arn
        self._printed = printed
        self._waiting: queue.Queue[_Invocation | None] = queue.Queue()
        self._current: _Invocation | None = None
        self._ready = Event()
        self._idle = Semaphore(0)
        """Released once all that an invocation printed has been read."""
        self._log: list[str] = []
        self.refused = ""
        """Why the function could not be imported, if so."""
        self._server = _Server(("127.0.0.1", 0), _api(self))
        self._serving = Thread(target=self._server.serve_forever, args=(0.05,), name="runtime-api")
        self._serving.start()
        self._process = subprocess.Popen(
            # -I -S: neither the environment's variables nor any site-packages count
            [sys.executable, "-I", "-S", "-B", "-c", START, place.path, what.handler],
            cwd=place.task,
            env={
                **what.environment,
                "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.server_port}",
                "LAMBDA_TASK_ROOT": str(place.task),
                "_HANDLER": what.handler,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reading = Thread(target=self._read, name="function-log")
        self._reading.start()
        if not self._ready.wait(START_SECONDS):
            self.refused = f"it did not start in {START_SECONDS} s: {self._log}"
        if not self.refused:
            self._idle.acquire(timeout=START_SECONDS)

    def invoke(self, event: object, seconds: float) -> Result:
        """Run the function on *event*, for no longer than it may; its log is read to the end."""
        invocation = _Invocation(json.dumps(event).encode(), time.time() + seconds)
        self._waiting.put(invocation)
        if not invocation.done.wait(seconds):
            return Result({"errorMessage": f"Task timed out after {seconds} seconds"}, failed=True)
        self._idle.acquire(timeout=START_SECONDS)
        return invocation.result

    def close(self) -> None:
        """End the process and its API."""
        self._process.terminate()
        self._process.wait(10)
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._serving.join()
        self._reading.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                if line.rstrip("\n") == IDLE:
                    self._idle.release()
                    continue
                self._log.append(line.rstrip("\n"))
                self._printed(line.rstrip("\n"))
        if not self._ready.is_set():
            self.refused = f"it ended before it began: {self._log}"
            self._ready.set()

    # --- the Runtime API -----------------------------------------------------------------------

    def next(self) -> _Invocation | None:
        """The next invocation, when there is one; None at the end."""
        self._ready.set()
        self._current = self._waiting.get()
        return self._current

    def answer(self, path: str, body: bytes) -> None:
        """Take what the function posts: its result, its error, or that it cannot start."""
        if path.endswith(INIT_ERROR):
            self.refused = body.decode()
            self._ready.set()
        elif self._current is not None:
            self._current.result = Result(json.loads(body), failed=path.endswith(ERROR))
            self._current.done.set()


def _api(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            assert self.path.endswith(NEXT), self.path
            invocation = sandbox.next()
            if invocation is None:
                self._send(410, b"")
                return
            result = {
                "Lambda-Runtime-Aws-Request-Id": invocation.id,
                "Lambda-Runtime-Deadline-Ms": str(int(invocation.deadline * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": sandbox.arn,
            }
            self._send(200, invocation.event, result)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._send(202, b"{}")
            sandbox.answer(self.path, body)

        def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing: results are in the invocations."""

    return Api
