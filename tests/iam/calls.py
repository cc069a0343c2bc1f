"""Calls: what each function asks of AWS, recorded in one place and kept in docs/calls.jsonl."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import msgspec
import pytest
from boto3.session import Session

from firstline.twin import aws
from functions import ingest, operator, reconcile, sweep
from tests.iam.requests import asked

KEPT = Path(__file__).parents[2] / "docs" / "calls.jsonl"
REPLAYED = {"ingest": ingest, "operator": operator, "reconcile": reconcile, "sweep": sweep}
"""The functions that a replay runs."""


class Call(msgspec.Struct, frozen=True, order=True):
    """What a function, deployed with a profile, asked of IAM by one call."""

    profile: str
    function: str
    action: str
    resource: str


@dataclass
class Recorder:
    """Every call of its sessions while a function runs; what runs outside of one is not ours."""

    profile: str
    calls: set[Call] = field(default_factory=set)
    running: str = ""

    def listen(self, session: Session) -> Session:
        """Record what clients of *session* ask from now on."""
        events: Any = session.events
        events.register_first("before-parameter-build", self._keep)
        return session

    @contextmanager
    def within(self, function: str) -> Iterator[None]:
        """While it is entered, *function* runs."""
        before, self.running = self.running, function
        try:
            yield
        finally:
            self.running = before

    def wrapped[**P, T](self, function: str, handler: Callable[P, T]) -> Callable[P, T]:
        """*handler*, which runs as *function*."""

        @wraps(handler)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            with self.within(function):
                return handler(*args, **kwargs)

        return run

    def _keep(self, params: dict[str, Any], event_name: str, **_: object) -> None:
        if self.running:
            call = event_name.removeprefix("before-parameter-build.")
            self.calls |= {Call(self.profile, self.running, *it) for it in asked(call, params)}


@contextmanager
def recording(profile: str) -> Iterator[set[Call]]:
    """Record what the functions of a replay ask for; *profile* is the one that is deployed."""
    recorder, make = Recorder(profile), aws.session
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws, "session", lambda region: recorder.listen(make(region)))
        for name, module in REPLAYED.items():
            patch.setattr(module, "handler", recorder.wrapped(name, module.handler))
        yield recorder.calls


def kept() -> tuple[Call, ...]:
    """Every call that was recorded when the file was written."""
    lines = KEPT.read_bytes().splitlines()
    return tuple(msgspec.json.decode(each, type=Call) for each in lines)


def keep(calls: set[Call]) -> None:
    """Write the file anew."""
    encoded = (msgspec.json.encode(each) + b"\n" for each in sorted(calls))
    KEPT.write_bytes(b"".join(encoded))
