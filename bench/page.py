"""How long a page takes in a warm ingest, from the queue's message to PagerDuty's acceptance.

    python bench/page.py [ROUNDS] [--quick] [--json]

Wall and CPU time from the handler's begin until its POST was accepted, beside bare urllib3 that
posts the same body. PagerDuty is the twin's, a process of its own on loopback that checks each
event against the published schema; the transaction before the page is answered where botocore would
send. So the network, TLS and DynamoDB's own time come to both, and the ratio would be smaller. In a
new execution environment the cold start comes on top: bench/cold_start.py.

What stands before a page may take three seconds in all (clients.py, pagerduty.py), most of it
others' time; the aim is that ours makes a page at most five times as long as its bare POST.
"""

import copy
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import urllib3

from bench.recorded import Work, silence, works
from bench.warm import Canned, Still, warm
from firstline.adapters import wiring
from firstline.adapters.pagerduty.notifier import Api, PagerDutyNotifier
from firstline.lab.twin.scenario import Scenario
from firstline.notifications.delivery import Accepted, Delivery
from functions import ingest
from tools.bench.figure import Figure, paired, run

SERVER = """
from datetime import UTC, datetime
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
with PagerDutyServer(lambda: datetime.now(UTC)) as server:
    print(server.url, flush=True)
    input()
"""
TURNS = 20
"""How often a side posts in one round."""

type Spent = tuple[float, float]
"""Milliseconds: wall, CPU."""


class Watched:
    """The system's PagerDuty API; notes when its POST was accepted, and what it posted."""

    def __init__(self, pager: Api) -> None:
        self._pager = pager
        self.accepted: Spent = (0, 0)
        self.body: dict[str, object] = {}

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._pager, name)
        return found

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post it."""
        delivery = self._pager.post(routing_key, body)
        self.accepted = _instant()
        self.body = {"routing_key": routing_key, **body}
        if not isinstance(delivery, Accepted):
            raise SystemExit(f"not accepted: {delivery}")
        return delivery


def bench(rounds: int) -> Iterator[Figure]:
    """Wall, then CPU time."""
    work = warm(next(works(datetime.now(UTC), Scenario(name="bench"))))
    with pagerduty() as url:
        ours, watched = firstline(work, url)
        ours()
        bare = posting(url, msgspec.json.encode(watched.body))
        bare()
        pairs = [(_mean(ours), _mean(bare)) for _ in range(rounds)]
    against = "the same POST by bare urllib3"
    wall = [(mine[0], theirs[0]) for mine, theirs in pairs]
    cpu = [(mine[1], theirs[1]) for mine, theirs in pairs]
    yield paired("a page, warm, wall", "ms", against, wall).at_most(5)
    yield paired("a page, warm, CPU", "ms", against, cpu)


@contextmanager
def pagerduty() -> Iterator[str]:
    """Where the twin's PagerDuty listens, in a process of its own."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdout is None:
            raise SystemExit("no PagerDuty")
        yield process.stdout.readline().strip()
        process.communicate("\n")


def firstline(work: Work, url: str) -> tuple[Callable[[], Spent], Watched]:
    """What ingest takes until PagerDuty accepted; its AWS is canned."""
    canned = Canned(work)
    canned.keep("GetSecretValue", msgspec.json.encode({"SecretString": "0" * 32}))
    settings = copy.replace(work.settings, pager_url=url)
    system = wiring.system(settings, canned.session, Still(work.now))
    notifiers: dict[str, Any] = dict(system.ports.notifiers)
    watched: Any = Watched(notifiers["pagerduty"].api)
    notifiers["pagerduty"] = PagerDutyNotifier(watched)
    system = copy.replace(system, ports=copy.replace(system.ports, notifiers=notifiers))

    def handle() -> Spent:
        canned.begin()
        began = _instant()
        with silence():
            ingest.handler(work.event, None, system)
        return watched.accepted[0] - began[0], watched.accepted[1] - began[1]

    return handle, watched


def posting(url: str, body: bytes) -> Callable[[], Spent]:
    """The POST alone, on a new connection as ours is."""
    pool = urllib3.PoolManager()
    headers = {"Content-Type": "application/json", "Connection": "close"}

    def post() -> Spent:
        began = _instant()
        status = pool.request("POST", url, body=body, headers=headers).status
        ended = _instant()
        if status != 202:  # noqa: PLR2004 - PagerDuty's yes
            raise SystemExit(f"not accepted: {status}")
        return ended[0] - began[0], ended[1] - began[1]

    return post


def _mean(side: Callable[[], Spent]) -> Spent:
    spent = [side() for _ in range(TURNS)]
    return sum(wall for wall, _ in spent) / TURNS, sum(cpu for _, cpu in spent) / TURNS


def _instant() -> Spent:
    return time.perf_counter() * 1000, time.process_time() * 1000


if __name__ == "__main__":
    run(bench, usual=15, quick=1)
