"""How much CPU a warm ingest and reconcile take for each AWS call, beside bare boto3.

    python bench/warm.py [ROUNDS] [--quick] [--json]

The bare side decodes the same message and makes the same calls with the same parameters, which are
recorded from the twin. Both are given the recorded answers where botocore would send, so all of
botocore's own work is on both sides, and no network on either. The page is bench/page.py's, and is
taken at once here. The aim is 1.2 or less: for ingest, for the wake that sends a look, and for one
that finds nothing new.

Machines differ and are noisy, so only ratios tell; each is the median of alternating rounds.
"""

import copy
import gc
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from bench.recorded import HANDLERS, Work, silence, works
from firstline.adapters import wiring
from firstline.adapters.pagerduty.notifier import PagerDutyNotifier
from firstline.controller.system import System
from firstline.lab.twin.scenario import Scenario
from firstline.notifications.delivery import Accepted, Delivery
from tools.bench.figure import Figure, paired, run

TURNS = 20
"""How often a side does its work in one round."""


class Canned:
    """A session whose calls get a work's answers, each operation's in their order."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._left: dict[str, deque[bytes]] = {}
        self._kept: dict[str, bytes] = {}
        self.session = Session("bench", "bench", region_name=work.settings.home.region)
        events: Any = self.session.events  # its stubs say that no handler answers
        events.register("before-send", self._answer)

    def begin(self) -> None:
        """Answer from the first call on."""
        for each in self._work.answers:
            self._left[each.operation] = deque()
        for each in self._work.answers:
            self._left[each.operation].append(each.body)

    def keep(self, operation: str, body: bytes) -> None:
        """Answer so, however often it is asked."""
        self._kept[operation] = body

    def end(self) -> None:
        """Each answer was asked for, or the sides did not do the same."""
        if any(self._left.values()):
            raise SystemExit(f"not asked for: {[each for each in self._left if self._left[each]]}")

    def _answer(self, event_name: str, **_: object) -> AWSResponse:
        operation = event_name.rpartition(".")[2]
        body = self._kept.get(operation) or self._left[operation].popleft()
        raw = HTTPResponse(BytesIO(body), preload_content=False)
        return AWSResponse("", 200, HTTPHeaders(), raw)


class Taking:
    """PagerDuty's API, which takes every page at once."""

    def routing_key(self) -> str:
        """A key, as a warm function has it."""
        return "0" * 32

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Take it."""
        del routing_key, body
        return Accepted()

    change = post

    def note(self, alert: str, content: str) -> Delivery:
        """Take it."""
        del alert, content
        return Accepted()


class Still:
    """`Clock` at one instant."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Give that instant."""
        return self._at

    def sleep(self, duration: timedelta) -> None:
        """Nothing here waits."""
        raise SystemExit(f"something slept for {duration}")


def bench(rounds: int) -> Iterator[Figure]:
    """Ingest, the wake that looks, and a quiet one."""
    found = recorded()
    gc.freeze()  # what recording left is in no function
    for name, work in found.items():
        canned = Canned(work)
        wiring.calls().watch(canned.session)
        sides = ours(work, canned), bare(work, Canned(work))
        with silence():
            for side in sides:
                side()  # makes the clients
        pairs = [(_each(sides[0], work), _each(sides[1], work)) for _ in range(rounds)]
        against = f"bare boto3, the same {len(work.calls)} calls"
        yield paired(f"warm {name}, a call", "ms", against, pairs).at_most(1.2)


def recorded() -> dict[str, Work]:
    """The works that are timed, without the call that a warm function does not make."""
    found: dict[str, Work] = {}
    for work in works(datetime.now(UTC), Scenario(name="bench", paused=True)):
        looks = any(operation == "send_command" for _, operation, _ in work.calls)
        name = "ingest" if work.function == "ingest" else "look" if looks else "quiet reconcile"
        found.setdefault(name, warm(work))
        if name == "quiet reconcile":
            return found
    raise SystemExit("the incident ended too soon")


def warm(work: Work) -> Work:
    """*work* without reading the routing key, which a warm function has."""
    calls = [each for each in work.calls if each[0] != "secretsmanager"]
    answers = [each for each in work.answers if each.operation != "GetSecretValue"]
    return work._replace(calls=calls, answers=answers)


def ours(work: Work, canned: Canned) -> Callable[[], None]:
    """The function's handler."""
    system = wiring.system(work.settings, canned.session, Still(work.now))
    taking = {**system.ports.notifiers, "pagerduty": PagerDutyNotifier(Taking())}
    system = System(copy.replace(system.ports, notifiers=taking), system.profile, system.settings)

    def handle() -> None:
        canned.begin()
        if HANDLERS[work.function](work.event, None, system) != {"batchItemFailures": []}:
            raise SystemExit(f"{work.function} failed")
        canned.end()

    return handle


def bare(work: Work, canned: Canned) -> Callable[[], None]:
    """The same calls by boto3 alone."""
    services = {service for service, _, _ in work.calls}
    session: Any = canned.session  # its stubs know each service by a literal
    clients = {each: session.client(each) for each in services}

    def call() -> None:
        canned.begin()
        json.loads(work.event["Records"][0]["body"])
        for service, operation, params in work.calls:
            getattr(clients[service], operation)(**params)
        canned.end()

    return call


def _each(side: Callable[[], None], work: Work) -> float:
    """Milliseconds of CPU for one call of *work*."""
    with silence():
        began = time.process_time()
        for _ in range(TURNS):
            side()
        return (time.process_time() - began) / TURNS / len(work.calls) * 1000


if __name__ == "__main__":
    run(bench, usual=21, quick=1)
