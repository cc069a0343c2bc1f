"""Rates: how often an account may ask, who is refused, and how many calls there were.

DescribeAlarms: 9 a second (CloudWatch service quotas). PagerDuty's events: 120 a minute for an
integration key (its support; its documentation names no number). AWS publishes no rate of
SendCommand: it is held to one a second here. Nothing is saved up, and nobody tries again.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, Literal, NamedTuple

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from firstline.errors import DependencyUnavailable
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.effects import ScenarioFaults
from firstline.lab.twin.scenario import Dependency
from firstline.lab.twin.world import World

SECOND = timedelta(seconds=1)


class Rate(NamedTuple):
    """So many at most within so long."""

    most: int
    within: timedelta


DESCRIBE_ALARMS = "cloudwatch.DescribeAlarms"
SEND_COMMAND = "ssm.SendCommand"
PAGERDUTY = "pagerduty"
RATES = {
    DESCRIBE_ALARMS: Rate(9, SECOND),
    SEND_COMMAND: Rate(1, SECOND),
    PAGERDUTY: Rate(120, timedelta(minutes=1)),
}
PORTS = {
    "fleet.alarms": DESCRIBE_ALARMS,
    "fleet.firing": DESCRIBE_ALARMS,
    "hosts.fix": SEND_COMMAND,
    "hosts.look": SEND_COMMAND,
    "pager.change": PAGERDUTY,
    "pager.post": PAGERDUTY,
}
"""What the methods of ports ask for that have a rate."""


class Asked:
    """Counts calls: in all, those for alarms in each second, and the ones that were refused."""

    def __init__(self, world: World) -> None:
        self.calls = 0
        self.alarms: Counter[datetime] = Counter()
        self.refused = 0
        self._lately: dict[str, deque[datetime]] = {each: deque() for each in RATES}
        self._counting = True
        self._world = world
        self._faults = ScenarioFaults(world)

    @contextmanager
    def nothing(self) -> Iterator[None]:
        """While it is entered nothing is counted, and nobody refused."""
        self._counting = False
        yield
        self._counting = True

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """`Effects` of the memory door."""
        self.calls += self._counting
        if self._beyond(PORTS.get(name, name)):
            self.refused += 1
            raise DependencyUnavailable(f"{name}: throttled")
        try:
            return self._faults.effect(dependency, name, act)
        except DependencyUnavailable:
            self.refused += 1
            raise

    def listen(self, aws: TwinAws) -> None:
        """Count the calls of the AWS door, and refuse those that are too many."""
        events: Any = aws.session.events
        events.register_first("before-parameter-build", self._asked)
        for name in (DESCRIBE_ALARMS, SEND_COMMAND):
            events.register_first(f"before-call.{name}", self._refuse)
        events.register_last("after-call", self._answered)

    def page(self) -> Literal["throttle"] | None:
        """PagerDuty's answer to one more request."""
        refuses = self._beyond(PAGERDUTY)
        self.refused += refuses
        return "throttle" if refuses else None

    def _beyond(self, name: str) -> bool:
        """Whether this call is one too many; one that is refused is not counted against it."""
        now = self._world.now
        if not self._counting or name not in RATES:
            return False
        self.alarms[now] += name == DESCRIBE_ALARMS
        most, within = RATES[name]
        lately = self._lately[name]
        while lately and now - lately[0] >= within:
            lately.popleft()
        if len(lately) >= most:
            return True
        lately.append(now)
        return False

    def _asked(self, **_: object) -> None:
        self.calls += self._counting

    def _refuse(
        self, event_name: str, **_: object
    ) -> tuple[AWSResponse, dict[str, dict[str, object]]] | None:
        if not self._beyond(event_name.removeprefix("before-call.")):
            return None
        status = HTTPStatus.BAD_REQUEST.value
        body = HTTPResponse(BytesIO(), preload_content=False)
        refusal: dict[str, dict[str, object]] = {
            "Error": {"Code": "Throttling", "Message": "Rate exceeded"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        return AWSResponse("", status, HTTPHeaders(), body), refusal

    def _answered(self, http_response: Any, parsed: dict[str, Any], **_: object) -> None:  # noqa: ANN401
        code = parsed.get("Error", {}).get("Code", "")
        self.refused += "Throttl" in code or http_response.status_code >= 429  # noqa: PLR2004
