"""Call counter: the number and cost of AWS calls, counted in botocore's event before sending.

A retry counts again, since AWS bills it.
"""

from typing import Any

from boto3.session import Session

from firstline.controller import metrics
from firstline.monitoring import costs
from firstline.monitoring.metric import Metric


class CallCounter:
    """The calls of one session since the last `take`."""

    def __init__(self) -> None:
        self._calls = 0
        self._nanodollars = 0

    def watch(self, session: Session) -> None:
        """Count every call of the clients that *session* makes from now on."""
        session.events.register_first("before-send", self._count)

    def take(self) -> tuple[Metric, ...]:
        """Return the counts and reset them; nothing if there was no call."""
        calls, nanodollars = self._calls, self._nanodollars
        self._calls = self._nanodollars = 0
        if not calls:
            return ()
        return (
            Metric(metrics.CALLS, calls, "Count"),
            Metric(metrics.CALLS_COST, nanodollars, "Count"),
        )

    def _count(self, event_name: str, request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
        service, operation = event_name.split(".")[1:]
        self._calls += 1
        self._nanodollars += costs.nanodollars(service, operation, len(request.body or b""))
