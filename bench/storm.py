"""What a storm costs: ten thousand alarm events, a hundred a second.

    python bench/storm.py [EVENTS] [--quick] [--json]

Of three kinds. What one outage raises is one incident and one page. Of alarms that no rule knows
each is a trouble of its own: a few page by themselves, as the profile says, and all others are one
parent incident with one page. Amid those the outage's page is one more. The first two go through
ingest and reconcile over the twin's AWS door too; after each second of events come the wakes of
that second.

These are facts, and status 1 says that one does not hold: incidents and pages; the record tells of
every event, once; no item comes near to the 400 KiB of one of DynamoDB's; and no call was refused,
by a twin that refuses what is asked for more often than an account may ask (`rates.py`).

Then the calls for an event, and the peak of resident memory beside that of a tenth of the events.
Each run is a process of its own, and holds what DynamoDB and CloudWatch would hold: every entry,
key and alarm. The aim is a ratio of 1.5 or less.
"""

import copy
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import msgspec

from bench.doors import DOORS, Door
from bench.rates import DESCRIBE_ALARMS, RATES, SECOND, Asked
from bench.recorded import silence
from bench.storms import RATE, STORMS
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file as profiles
from firstline.controller.ingest import ingest
from firstline.controller.reconcile import reconcile
from firstline.ids import IncidentId
from firstline.incidents import incident as incidents
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from firstline.ledger import chain as ledger
from firstline.signals.episodes import ignored_signal_id
from firstline.signals.sources.envelope import parse
from tools.bench.figure import Figure, peak_mib, run

BEGINS = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)
AFTERWARDS = 600
"""Seconds in which the wakes that are left are delivered."""
ITEM_KIB_MAX = 400
"""What DynamoDB takes as one item."""
RUNS = (
    ("outage", "aws"),
    ("strangers", "aws"),
    ("outage", "memory"),
    ("strangers", "memory"),
    ("amid", "memory"),
)
"""The slowest first, as many at a time as there are cores: nothing is timed."""
DOORS_CALLED = {"aws": ", AWS door", "memory": ""}


class Facts(msgspec.Struct, frozen=True):
    """What one run came to; ``events`` are those that came for the first time.

    ``parents`` are the incidents that more than one of them belongs to.
    """

    events: int
    incidents: int
    parents: int
    ended: int
    pages: int
    recorded: int
    refused: int
    alarms_a_second: int
    item_kib: float
    calls: int
    peak_mib: float


def facts(kind: str, name: str, count: int) -> Facts:
    """Let *count* events come, and look at what they left."""
    world = World(Scenario(name="storm"), BEGINS, profiles.load(RUNBOOK).fleet.group)
    asked = Asked(world)
    with DOORS[name](world, asked) as door:
        result = set[IncidentId]()
        for number, raw in enumerate(STORMS[kind](world, count)):
            hear(door, raw, result)
            if number % RATE == RATE - 1:
                pass_second(door, result)
        for _ in range(AFTERWARDS):
            pass_second(door, result)
        with asked.nothing():
            return left(door, asked, result)


def hear(door: Door, raw: bytes, ids: set[IncidentId]) -> None:
    """One event; *ids* has the ids under which each would open an incident, or is noted."""
    ids.add(ignored_signal_id(parse(raw, door.system.settings.home, door.world.now)))
    ingest(raw, door.system)


def pass_second(door: Door, ids: set[IncidentId]) -> None:
    """The wakes of this second, and the next one begins."""
    while waking := door.due():
        for wake in waking:
            reconcile(wake, door.system)
    for raw in door.world.advance(door.world.now + SECOND):
        hear(door, raw, ids)


class Record:
    """What was read of the ledger so far: how many signals it tells, and its longest entry."""

    def __init__(self) -> None:
        self.signals = self.longest = 0

    def add(self, body: str) -> None:
        """One more entry."""
        entry = json.loads(body)
        self.longest = max(self.longest, len(body.encode()))
        if entry["kind"] == ledger.Kind.SIGNAL:
            self.signals += len(entry["data"].get("joined", ("itself",)))


def left(door: Door, asked: Asked, ids: set[IncidentId]) -> Facts:
    """What the run came to."""
    peak, store = peak_mib(), door.system.ports.store
    held = [loaded.incident for each in ids if (loaded := store.load(each))]
    record = Record()
    for body in (entry.body for each in ids for entry in store.entries(each)):
        record.add(body)
    return Facts(
        events=len(ids),
        incidents=len(held),
        parents=sum(each.signals > 1 for each in held),
        ended=sum(each.ended for each in held),
        pages=sum(each.notifications for each in door.alerts.opened),
        recorded=record.signals,
        refused=asked.refused,
        alarms_a_second=max(asked.alarms.values()),
        item_kib=max(record.longest, *(len(incidents.encode(each)) for each in held)) / 1024,
        calls=asked.calls,
        peak_mib=peak,
    )


class Kind(msgspec.Struct, frozen=True):
    """A kind of storm: its name in the table, and what must come of it."""

    name: str
    incidents: int
    pages: int
    ended: int


def kinds() -> dict[str, Kind]:
    """Of strangers, as many page by themselves as the profile says, and the parent of the rest."""
    strangers = profiles.load(RUNBOOK).policy.storm_scopes_max + 1
    return {
        "outage": Kind("one outage", 1, 1, ended=1),
        "strangers": Kind("strangers", strangers, strangers, ended=0),
        "amid": Kind("an outage amid strangers", strangers + 1, strangers + 1, ended=0),
    }


def bench(count: int) -> Iterator[Figure]:
    """What must hold of each kind through each door, then what it cost."""
    few = max(count // 10, 50)
    with ThreadPoolExecutor(os.process_cpu_count()) as workers:
        runs = {
            (kind, door): [workers.submit(apart, kind, door, each) for each in (count, few)]
            for kind, door in RUNS
        }
        for (kind, door), (many, tenth) in runs.items():
            name = f"{count:,} events of {kinds()[kind].name}{DOORS_CALLED[door]}"
            yield from held(name, kinds()[kind], many.result())
            yield from cost(name, many.result(), tenth.result(), f"of {few:,}")


def held(name: str, kind: Kind, came: Facts) -> Iterator[Figure]:
    """What must hold of a run."""
    for unit, figure, wanted in (
        ("incidents", came.incidents, kind.incidents),
        ("parent incidents", came.parents, 1),
        ("incidents that ended", came.ended, kind.ended),
        ("pages", came.pages, kind.pages),
        ("events in the record", came.recorded, came.events),
        ("calls refused", came.refused, 0),
    ):
        yield Figure(name=name, figure=figure, unit=unit).exactly(wanted)
    for unit, most, limit in (
        ("DescribeAlarms a second", came.alarms_a_second, RATES[DESCRIBE_ALARMS].most),
        ("KiB, the largest item", came.item_kib, ITEM_KIB_MAX),
    ):
        yield copy.replace(Figure(name=name, figure=most, unit=unit), exact=True).at_most(limit)


def cost(name: str, many: Facts, tenth: Facts, against: str) -> Iterator[Figure]:
    """Calls for an event, and memory."""
    calls = Figure(
        name=name,
        figure=many.calls / many.events,
        unit="calls an event",
        against=against,
        baseline=tenth.calls / tenth.events,
        ratio=many.calls * tenth.events / (many.events * tenth.calls),
        exact=True,
    )
    peak = Figure(
        name=name,
        figure=many.peak_mib,
        unit="MiB at its peak",
        against=against,
        baseline=tenth.peak_mib,
        ratio=many.peak_mib / tenth.peak_mib,
    )
    yield from (calls, peak.at_most(1.5))


def apart(kind: str, door: str, count: int) -> Facts:
    """Run it in a process of its own."""
    command = [sys.executable, __file__, "--door", kind, door, str(count)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return msgspec.json.decode(ran.stdout, type=Facts)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--door", kind_, door_, events_]:
            with silence():
                found_ = facts(kind_, door_, int(events_))
            print(msgspec.json.encode(found_).decode())
        case _:
            run(bench, usual=10_000, quick=40)
