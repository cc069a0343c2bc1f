"""Both families of adapters over one world, and a count of what goes out to AWS."""

import copy
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from boto3.session import Session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

import firstline
from firstline.controller.ports import Ports
from firstline.controller.ports.messaging import Wake
from firstline.lab.twin.aws import session
from firstline.lab.twin.scenario import Dependency, FaultKind, FaultPlan, Scenario
from firstline.lab.twin.wire import DEPENDENCIES
from firstline.lab.twin.world import World

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PROFILE_PATH = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Door:
    """Ports over a world. ``waiting`` takes out the wakes that were queued, and when they come."""

    ports: Ports
    world: World
    waiting: Callable[[], list[tuple[datetime, Wake]]]

    def trouble(
        self, dependency: Dependency, kind: FaultKind, calls: Literal["all", "changes"] = "all"
    ) -> None:
        """From now on *dependency* has this fault, in these of its calls."""
        fault = FaultPlan(dependency=dependency, kind=kind, calls=calls, until_seconds=YEAR_SECONDS)
        self._set(copy.replace(self.world.scenario, faults=(fault,)))

    def mend(self) -> None:
        """From now on nothing is wrong."""
        self._set(copy.replace(self.world.scenario, faults=()))

    def _set(self, scenario: Scenario) -> None:
        self.world.scenario = scenario


@dataclass
class Requests:
    """The calls of a session's clients (``calls``) and each try that leaves them (``sends``)."""

    calls: list[str] = field(default_factory=list)
    sends: list[str] = field(default_factory=list)
    services: Collection[str] = tuple(DEPENDENCIES)

    def listen(self, session: Session) -> None:
        """Count from now on, before anything can answer or fail."""
        for service in self.services:
            session.events.register_first(f"before-call.{service}", self._call)
            session.events.register_first(f"before-send.{service}", self._send)

    def clear(self) -> None:
        """Forget all calls."""
        self.calls.clear()
        self.sends.clear()

    def _call(self, event_name: str, **_: object) -> None:
        self.calls.append(event_name.removeprefix("before-call."))

    def _send(self, event_name: str, **_: object) -> None:
        self.sends.append(event_name.removeprefix("before-send."))


@dataclass(frozen=True)
class Http:
    """An answer as it comes over the wire."""

    status: int
    body: str | bytes = ""


@dataclass
class Ends:
    """A session each of whose tries meets the same end: an answer, or the failure to get one.

    A ``dict`` is an answer that was parsed already, a list of them is one for each call in turn;
    they end the call before anything is sent.
    """

    end: Http | Exception | dict[str, Any] | list[dict[str, Any]]
    sends: int = 0
    session: Session = field(default_factory=lambda: session("us-east-1"))

    def __post_init__(self) -> None:
        events: Any = self.session.events  # its stubs say that no handler answers
        events.register_first("before-call", self._call)
        events.register_first("before-send", self._send)

    def _call(self, **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        match self.end:
            case list():
                parsed = self.end.pop(0)
            case dict():
                parsed = self.end
            case _:
                return None
        self.sends += 1
        return _response("", Http(200)), parsed

    def _send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        self.sends += 1
        match self.end:
            case Http():
                return _response(request.url, self.end)
            case Exception():
                raise self.end
            case _:
                raise AssertionError("the call has had its answer")


def _response(url: str, http: Http) -> AWSResponse:
    body = http.body.encode() if isinstance(http.body, str) else http.body
    raw = HTTPResponse(BytesIO(body), preload_content=False)
    return AWSResponse(url, http.status, HTTPHeaders(), raw)
