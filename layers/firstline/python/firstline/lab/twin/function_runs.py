"""The runs of each function in a replay, their AWS calls and prices.

A call counts once, however often botocore sends it; its price is by `firstline.monitoring.costs`.
Calls of the world's driver are not counted.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import msgspec
from boto3.session import Session

from firstline.lab.twin.replay_result import FunctionRun
from firstline.lab.twin.wire import DEPENDENCIES
from firstline.monitoring import costs


class FunctionUsage(msgspec.Struct, frozen=True):
    """One function's totals: invocations, calls by name, and their price."""

    function: str
    invocations: int
    calls: dict[str, int]
    nanodollars: int


def usage_by_function(ran: Iterable[FunctionRun]) -> dict[str, FunctionUsage]:
    """Return the totals by function."""
    found: dict[str, list[FunctionRun]] = {}
    for each in ran:
        found.setdefault(each.function, []).append(each)
    return {
        function: FunctionUsage(
            function,
            len(each),
            dict(Counter(call for one in each for call in one.calls)),
            sum(one.nanodollars for one in each),
        )
        for function, each in found.items()
    }


class RunRecorder:
    """Records the calls of a session's clients while a function runs, one at a time."""

    def __init__(self) -> None:
        self.ran: list[FunctionRun] = []
        self.function = ""
        """The one that runs now; empty where none does."""
        self._calls: list[str] | None = None
        self._nanodollars = 0

    def listen(self, session: Session) -> None:
        """Count the calls of the clients that *session* makes from now on."""
        events: Any = session.events  # its stubs say that no handler answers
        for service in DEPENDENCIES:
            # after the wire's answer no later handler is called
            events.register_first(f"before-call.{service}", self._count)

    def of[**P, T](self, function: str, handler: Callable[P, T]) -> Callable[P, T]:
        """Return *handler* with each run counted as an invocation of *function*."""

        @wraps(handler)
        def run(*args: P.args, **kwargs: P.kwargs) -> T:
            self._calls, self._nanodollars, self.function = [], 0, function
            try:
                return handler(*args, **kwargs)
            finally:
                self.ran.append(FunctionRun(function, tuple(self._calls), self._nanodollars))
                self._calls, self.function = None, ""

        return run

    def _count(self, event_name: str, params: dict[str, Any], **_: object) -> None:
        if self._calls is None:
            return
        call = event_name.removeprefix("before-call.")
        self._calls.append(call)
        service, operation = call.split(".")
        sent_bytes = len(params["body"] or b"")
        self._nanodollars += costs.nanodollars(service, operation, sent_bytes)
