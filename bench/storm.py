"""What a storm costs: ten thousand alarms that no rule knows, a hundred a second.

    python bench/storm.py [EVENTS] [--quick] [--json]

Each is a trouble of its own. They go through ingest and reconcile on the twin's memory door, and
300 of them on its AWS door; after each second of events come the wakes of that second. These are
facts, and status 1 says that one does not hold: a few page by themselves, as the profile says, and
all others are one parent incident with one page; the record tells of every event; no call was
refused for its rate, and no second asked for more DescribeAlarms than an account has by default,
which is 9.

Then the calls for an event, and the peak of resident memory beside that of a tenth of the events.
Each run is a process of its own, and holds what DynamoDB and CloudWatch would hold: every entry,
key and alarm, 2 KiB an event. The aim is a ratio of 1.5 or less.
"""

import copy
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench.recorded import silence
from firstline import profile as profiles
from firstline.adapters import wiring
from firstline.adapters.wakes import decode_wake
from firstline.cli.envelope import RUNBOOK
from firstline.cli.figure import Figure, peak_mib, run
from firstline.controller.ingest import ingest
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System
from firstline.errors import Unavailable
from firstline.evidence import AlarmState
from firstline.ids import IncidentId
from firstline.ledger import Kind
from firstline.ports import Wake
from firstline.twin.alerts import Alerts
from firstline.twin.aws import TwinAws
from firstline.twin.clock import WorldClock
from firstline.twin.effects import ScenarioFaults
from firstline.twin.memory import MemoryDoor
from firstline.twin.pagerduty import PagerDutyServer
from firstline.twin.scenario import Dependency, Scenario
from firstline.twin.world import World, announce

EVENT = Path(__file__).parents[1] / "events" / "cloudwatch.unlisted-http-api-5xx.json"
BEGINS = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)
SECOND = timedelta(seconds=1)
RATE = 100
"""Events a second."""
AFTERWARDS = 60
"""Seconds in which the wakes that are left are delivered."""
DESCRIBE_ALARMS_MAX = 9
"""DescribeAlarms a second (CloudWatch service quotas)."""
AWS_EVENTS_MAX = 300
"""moto copies its tables for each transaction: a thousand would take ten minutes."""


class Facts(msgspec.Struct, frozen=True):
    """What one run came to."""

    incidents: int
    parents: int
    pages: int
    told: int
    refused: int
    alarms_a_second: int
    calls: int
    peak_mib: float


class Asked:
    """Counts calls: in all, in each second of the world, and those that were refused."""

    def __init__(self, world: World) -> None:
        self.calls = 0
        self.alarms: Counter[datetime] = Counter()
        self.refused = 0
        self._counting = True
        self._world = world
        self._faults = ScenarioFaults(world)

    def count(self, name: str) -> None:
        """One call."""
        self.calls += self._counting
        if self._counting and name in {"fleet.alarms", "cloudwatch.DescribeAlarms"}:
            self.alarms[self._world.now] += 1

    @contextmanager
    def nothing(self) -> Iterator[None]:
        """While it is entered nothing is counted."""
        self._counting = False
        yield
        self._counting = True

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """`Effects` of the memory door."""
        self.count(name)
        try:
            return self._faults.effect(dependency, name, act)
        except Unavailable:
            self.refused += 1
            raise

    def listen(self, aws: TwinAws) -> None:
        """Count the calls of the AWS door."""
        events: Any = aws.session.events
        events.register_first("before-parameter-build", self._asked)
        events.register_last("after-call", self._answered)

    def _asked(self, event_name: str, **_: object) -> None:
        self.count(event_name.removeprefix("before-parameter-build."))

    def _answered(self, http_response: Any, parsed: dict[str, Any], **_: object) -> None:  # noqa: ANN401
        code = parsed.get("Error", {}).get("Code", "")
        self.refused += "Throttl" in code or http_response.status_code >= 429  # noqa: PLR2004


class Door(NamedTuple):
    """One world's system, the alerts of its pager, and what takes the wakes that are due."""

    world: World
    system: System
    alerts: Alerts
    due: Callable[[], list[Wake]]


@contextmanager
def memory(world: World, asked: Asked) -> Iterator[Door]:
    """The ports in memory."""
    door = MemoryDoor(world, asked)
    settings = TwinAws(world, WorldClock(world).sleep).settings(RUNBOOK, "enforce", "")
    system = System(door.ports, profiles.load(RUNBOOK), settings)
    yield Door(world, system, door.pager.alerts, lambda: due(door.wakes.waiting, world.now))


@contextmanager
def aws(world: World, asked: Asked) -> Iterator[Door]:
    """The adapters over the twin's AWS."""
    clock, waiting = WorldClock(world), list[tuple[datetime, Wake]]()
    pagerduty = PagerDutyServer(lambda: world.now, lambda: None)
    with TwinAws(world, clock.sleep) as door, pagerduty:
        settings = door.settings(RUNBOOK, "enforce", pagerduty.url)
        asked.listen(door)

        def take() -> list[Wake]:
            with asked.nothing():  # it is Lambda that takes them
                taken = door.take(settings.wakes_queue_url)
            waiting.extend((each.due_at, decode_wake(each.body)) for each in taken)
            return due(waiting, world.now)

        yield Door(world, wiring.system(settings, door.session, clock), pagerduty.alerts, take)


DOORS = {"memory": memory, "aws": aws}


def due(waiting: list[tuple[datetime, Wake]], now: datetime) -> list[Wake]:
    """Take what is due."""
    found = [wake for at, wake in waiting if at <= now]
    waiting[:] = [each for each in waiting if each[0] > now]
    return found


def facts(name: str, count: int) -> Facts:
    """Let *count* events come, and look at what they left."""
    world = World(Scenario(name="storm"), BEGINS, profiles.load(RUNBOOK).fleet.group)
    asked = Asked(world)
    with DOORS[name](world, asked) as door:
        opened = come(door, count)
        for _ in range(AFTERWARDS):
            pass_second(door)
        with asked.nothing():
            return left(door, asked, opened)


def come(door: Door, count: int) -> set[IncidentId]:
    """All events; gives the incidents that they opened or joined."""
    event, found = EVENT.read_bytes(), set[IncidentId]()
    for number in range(count):
        named = f"stranger-{number}"
        arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{named}"
        door.world.watch(arn, event, None)
        told = json.loads(announce(event, AlarmState.ALARM, door.world.now))
        told["detail"]["alarmName"], told["resources"] = named, [arn]
        receipt = ingest(json.dumps(told).encode(), door.system)
        if receipt.incident is not None:
            found.add(receipt.incident)
        if number % RATE == RATE - 1:
            pass_second(door)
    return found


def pass_second(door: Door) -> None:
    """The wakes of this second, and the next one begins."""
    while waking := door.due():
        for wake in waking:
            reconcile(wake, door.system)
    door.world.advance(door.world.now + SECOND)


def left(door: Door, asked: Asked, opened: set[IncidentId]) -> Facts:
    """What the run came to."""
    store = door.system.ports.store
    held = [loaded.incident for each in opened if (loaded := store.load(each))]
    bodies = (json.loads(entry.body) for each in opened for entry in store.entries(each))
    signals = (each["data"] for each in bodies if each["kind"] == Kind.SIGNAL)
    return Facts(
        incidents=len(held),
        parents=sum(each.storm for each in held),
        pages=sum(each.notifications for each in door.alerts.by_key.values()),
        told=sum(len(each.get("joined", ("",))) for each in signals),
        refused=asked.refused,
        alarms_a_second=max(asked.alarms.values()),
        calls=asked.calls,
        peak_mib=peak_mib(),
    )


def bench(count: int) -> Iterator[Figure]:
    """The facts of each door, then what they cost."""
    few = max(count // 10, 50)
    over = min(few, AWS_EVENTS_MAX)
    many, tenth, aws_ = apart("memory", count), apart("memory", few), apart("aws", over)
    yield from held(f"a storm of {count:,}", many, count)
    yield from held(f"a storm of {over:,}, AWS door", aws_, over)
    each, theirs = many.calls / count, aws_.calls / over
    yield Figure(
        name=f"a storm of {count:,}",
        figure=each,
        unit="calls an event",
        against=f"{over:,} over the AWS door",
        baseline=theirs,
        ratio=each / theirs,
        exact=True,
    )
    yield Figure(
        name=f"a storm of {count:,}: peak memory",
        figure=many.peak_mib,
        unit="MiB",
        against=f"of {few:,}",
        baseline=tenth.peak_mib,
        ratio=many.peak_mib / tenth.peak_mib,
    ).at_most(1.5)


def held(name: str, came: Facts, events: int) -> Iterator[Figure]:
    """What must hold of a run."""
    alone = profiles.load(RUNBOOK).policy.storm_scopes_max
    for unit, figure, wanted in (
        ("parent incidents", came.parents, 1),
        ("pages", came.pages, alone + 1),
        ("events in the record", came.told, events),
        ("calls refused", came.refused, 0),
    ):
        yield Figure(name=name, figure=figure, unit=unit).exactly(wanted)
    second = Figure(name=name, figure=came.alarms_a_second, unit="DescribeAlarms a second")
    yield copy.replace(second, exact=True).at_most(DESCRIBE_ALARMS_MAX)


def apart(door: str, count: int) -> Facts:
    """Run it in a process of its own."""
    command = [sys.executable, __file__, "--door", door, str(count)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return msgspec.json.decode(ran.stdout, type=Facts)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--door", door_, events_]:
            with silence():
                found_ = facts(door_, int(events_))
            print(msgspec.json.encode(found_).decode())
        case _:
            run(bench, usual=10_000, quick=300)
