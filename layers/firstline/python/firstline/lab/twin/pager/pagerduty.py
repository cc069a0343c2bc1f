"""PagerDuty on a loopback address: the published schema and the documented rules, over HTTP."""

import sys
from collections.abc import Callable
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler
from importlib.resources import files
from socketserver import ThreadingTCPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Literal, Self, assert_never

import msgspec

from firstline.lab.twin.pager.alerts import Alerts
from firstline.lab.twin.pager.rest import Ask, RestApi
from firstline.notifications.delivery import BadBody

if TYPE_CHECKING:
    from jsonschema import Draft4Validator

PATH = "/v2/enqueue"
"""The one address that takes events."""
CHANGES = "/v2/change/enqueue"
"""The one that takes changes."""
REST = "/incidents"
"""How the addresses of the REST API begin."""
REST_KEY = "y_" + "0" * 18
USER = "firstline@example.com"
"""The REST API's key, and the one user of its account."""

type Fault = Literal["error", "throttle", "hang", "refuse-connection", "lose-answer"]
"""What can go wrong with one request: 503; 429; no answer, at once, whether the request would
have hung or never have connected; and no answer though the event was accepted."""

type _Answer = tuple[int, dict[str, object]]


def _no_fault() -> None:
    return None


class PagerDutyServer:
    """Serves while it is entered; afterwards its alerts and counts can still be read.

    *now* dates what is received; *fault* is asked once per request. Neither waits: time is the
    caller's. ``requests`` counts every request, also one that is refused or left unanswered.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        fault: Callable[[], Fault | None] = _no_fault,
        alerts: Alerts | None = None,
    ) -> None:
        self.alerts = alerts or Alerts()
        self.requests = 0
        self._rest = RestApi(self.alerts, REST_KEY, USER)
        self._now = now
        self._fault = fault
        self._one_at_a_time = Lock()
        self._listener = _Listener(self)
        self._thread = Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()
        if self._listener.failure:
            raise self._listener.failure

    @property
    def url(self) -> str:
        """Where events are posted."""
        host, port = self._listener.server_address[:2]
        return f"http://{host!s}:{port}{PATH}"

    def answer(self, ask: Ask) -> _Answer | None:
        """Status and JSON for *ask*; None to close without an answer."""
        with self._one_at_a_time:
            self.requests += 1
            fault = self._fault()
            match fault:
                case None:
                    return self._take(ask)
                case "error":
                    return 503, {"status": "error", "message": "the service is in trouble"}
                case "throttle":
                    return 429, {"status": "throttle exceeded", "message": "too many requests"}
                case "hang" | "refuse-connection":
                    return None
                case "lose-answer":
                    self._take(ask)
                    return None
                case _:
                    assert_never(fault)

    def _take(self, ask: Ask) -> _Answer:
        if ask.target.startswith(REST):
            return self._rest.answer(ask, self._now())
        return self._receive(ask.body, ask.target)

    def _receive(self, raw: bytes, path: str) -> _Answer:
        try:
            body = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            return _invalid("the body is not JSON")
        errors = [f"{e.json_path}: {e.message[:200]}" for e in _schema(path).iter_errors(body)]
        if errors:
            return _invalid(*errors)
        change, now = path == CHANGES, self._now()
        taken = self.alerts.change(body, now) if change else self.alerts.receive(body, now)
        if isinstance(taken, BadBody):
            return _invalid(taken.why)
        if change:
            return 202, {"status": "success", "message": "Change event processed"}
        key = self.alerts.received[-1].key
        return 202, {"status": "success", "message": "Event processed", "dedup_key": key}


def _invalid(*errors: str) -> _Answer:
    return 400, {
        "status": "invalid event",
        "message": "Event object is invalid",
        "errors": list(errors),
    }


@cache
def _schema(path: str) -> "Draft4Validator":
    """The published schema of an event; OpenAPI 3.0 builds on JSON Schema's fourth draft."""
    from jsonschema import Draft4Validator  # noqa: PLC0415 - 0.2 s, and many replays page nobody

    text = files("firstline.lab.twin").joinpath("data/pagerduty-events-v2.json").read_bytes()
    place = path.removeprefix("/v2").replace("/", "~1")
    enqueue = f"#/paths/{place}/post/requestBody/content/application~1json/schema"
    published = msgspec.json.decode(text, type=dict[str, Any])
    return Draft4Validator({"$ref": enqueue, **published})


class _Listener(ThreadingTCPServer):
    """Not an HTTPServer, which looks up its own name and may wait for that."""

    allow_reuse_address = True

    def __init__(self, pagerduty: PagerDutyServer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pagerduty = pagerduty
        self.failure: BaseException | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """Keep a fault of ours for the end; a client that went away is none."""
        del request, client_address
        error = sys.exception()
        if not isinstance(error, (ConnectionError, TimeoutError)):
            self.failure = error


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    timeout = 2  # a client that says nothing must not hold up the end
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self) -> None:
        self._answer(events=True)

    def do_GET(self) -> None:
        self._answer(events=False)

    def _answer(self, *, events: bool) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if not self.path.startswith(REST) and not (events and self.path in {PATH, CHANGES}):
            self.send_error(404)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.pagerduty.answer(Ask(self.command, self.path, headers, raw))
        if answer is None:
            return
        status, body = answer
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(msgspec.json.encode(body))

    def log_message(self, *_: object) -> None:
        """Say nothing: what happened is in ``alerts`` and ``requests``."""
