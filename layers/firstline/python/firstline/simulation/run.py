"""Run: one scenario with one list of choices, from the first event until nothing is left to do.

The production controller, guards, policy and ledger run in it unchanged, each invocation as a
worker. Queues deliver late, twice and out of order; a failed message comes again.
"""

import copy
import heapq
import itertools
from datetime import datetime, timedelta

from firstline.controller.ingest import ingest
from firstline.controller.levers import Call, pull
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import sweep
from firstline.controller.system import System
from firstline.evidence import AlarmState
from firstline.ids import digest
from firstline.levers import Lever, PauseFixes, Resume
from firstline.ports import Wake
from firstline.profile import Profile
from firstline.settings import Home, Settings
from firstline.simulation.choices import Choices
from firstline.simulation.scheduler import Scheduler, Worker
from firstline.twin import tell
from firstline.twin.clock import WorldClock
from firstline.twin.memory import MemoryDoor
from firstline.twin.scenario import BEGINS, Scenario
from firstline.twin.world import World

HOME = Home(account="111122223333", region="us-east-1")
HEALED_AFTER = timedelta(minutes=10)
"""From then on nothing goes wrong any more, and everything must come to its end."""
SHORTEST = timedelta(minutes=25)
"""Long enough for a host to relapse again and again."""
LONGEST = timedelta(hours=4)
STEPS_MAX = 20_000
"""A run of more remote requests goes in circles."""
MINUTE = timedelta(minutes=1)
LATE = (timedelta(0), timedelta(seconds=1), timedelta(seconds=7), timedelta(seconds=40))
LATE_RARELY = TWICE_RARELY = 0.05
PERSON_RARELY = 0.1
PAUSE = timedelta(minutes=15)
RECEIVES_MAX = 10
TIMEOUTS = {
    "ingest": timedelta(seconds=30),
    "reconcile": timedelta(seconds=60),
    "sweep": timedelta(seconds=55),
    "operator": timedelta(seconds=30),
}
HIDDEN = {"ingest": timedelta(seconds=35), "reconcile": timedelta(seconds=90)}
"""How long a message that failed stays hidden; that of a worker that died, too."""
ALARMS = {"healthy-hosts": "healthy", "unhealthy-hosts": "unhealthy"}
SETTINGS = Settings(
    home=HOME,
    mode="enforce",
    profile_path="",
    incidents_table="",
    ledger_table="",
    signals_queue_url="",
    wakes_queue_url="",
    routing_key_secret="",
    pager_url="",
    team_topic="",
    documents={},
    alarms={},
    hash_key="simulation",
    code="simulation",
)

type Message = tuple[datetime, int, str, bytes | Wake, int]


class SimulatedClock(WorldClock):
    """Time that passes for the others while one sleeps."""

    def __init__(self, world: World, scheduler: Scheduler) -> None:
        super().__init__(world)
        self._scheduler = scheduler

    def sleep(self, duration: timedelta) -> None:
        """See `firstline.ports.Clock`."""
        self._scheduler.sleep(duration)


class Run:
    """The system at work. What it leaves is for the invariants to read."""

    def __init__(self, scenario: Scenario, profile: Profile, choices: Choices) -> None:
        self.choices = choices
        self.profile = profile
        self.world = World(scenario, BEGINS, profile.fleet.group)
        self.healed_at = BEGINS + HEALED_AFTER
        self.scheduler = Scheduler(self.world, choices, self.healed_at)
        self.door = MemoryDoor(self.world, self.scheduler)
        self.dead: list[Message] = []
        self.ended = False
        ports = self.door.ports
        ports = type(ports)(
            **{name: getattr(ports, name) for name in ports.__struct_fields__ if name != "clock"},
            clock=SimulatedClock(self.world, self.scheduler),
        )
        known = {self._arn(each.name): each.name for each in profile.alarms.made}
        self.system = System(ports, profile, copy.replace(SETTINGS, alarms=known))
        self._messages: list[Message] = []
        self._numbers = itertools.count()
        self._owners: dict[int, Message] = {}
        self._next_sweep = BEGINS + MINUTE
        self._firing: list[tuple[datetime, datetime | None]] = [(BEGINS, None)]

    def to_the_end(self) -> "Run":
        """Deliver the scenario's events and all that follows."""
        for plan in self.world.scenario.events:
            at = BEGINS + timedelta(seconds=plan.at_seconds)
            body = tell.envelope(plan.alarm, plan.state, at, self.profile, HOME)
            self._watch(plan.alarm, body)
            self.world.tell(self._arn(plan.alarm), plan.state, at)
            self._hear(body, at)
        while self._busy():
            if not self._step():
                self._advance()
        self.scheduler.end()
        return self

    @staticmethod
    def _arn(alarm: str) -> str:
        return f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm:{alarm}"

    def _watch(self, alarm: str, body: bytes) -> None:
        arn = self._arn(alarm)
        if arn not in self.world.alarms:
            self.world.watch(arn, body, ALARMS.get(alarm), AlarmState.ALARM)

    def _step(self) -> bool:
        """Begin an invocation, or let one go on; False when all wait for time to pass."""
        if self._messages and self._messages[0][0] <= self.world.now:
            self._begin(heapq.heappop(self._messages))
            return True
        if not self.scheduler.ready:
            return False
        done = self.scheduler.run_one()
        self._take_wakes()
        if done is not None:
            self._over(done)
        return True

    def _begin(self, message: Message) -> None:
        _, number, kind, payload, _ = message
        worker = Worker(
            f"{kind}-{number}", lambda: self._handle(payload), self.world.now, TIMEOUTS[kind]
        )
        self._owners[id(worker)] = message
        self.scheduler.begin(worker)

    def _handle(self, payload: bytes | Wake) -> None:
        if isinstance(payload, Wake):
            reconcile(payload, self.system)
        else:
            ingest(payload, self.system)

    def _over(self, worker: Worker) -> None:
        message = self._owners.pop(id(worker), None)
        if worker.failed:
            self.scheduler.note(f"{worker.name} ended as {worker.failed}")
        if message is None:
            return
        _, _, kind, payload, receives = message
        if worker.failed and receives + 1 >= RECEIVES_MAX:
            self.dead.append(message)
        elif worker.failed:
            self._send(worker.began + HIDDEN[kind], kind, payload, receives + 1)
        elif self._faulty and self.choices.pick(2, TWICE_RARELY):
            self._send(self.world.now + HIDDEN[kind], kind, payload, receives + 1)

    def _hear(self, body: bytes, at: datetime) -> None:
        self._send(self._late(at), "ingest", body, 0)

    def _take_wakes(self) -> None:
        waiting = self.door.wakes.waiting
        for at, wake in waiting:
            self._send(self._late(at), "reconcile", wake, 0)
        waiting.clear()

    def _late(self, at: datetime) -> datetime:
        return at + LATE[self.choices.pick(len(LATE), LATE_RARELY) if self._faulty else 0]

    @property
    def _faulty(self) -> bool:
        return self.world.now < self.healed_at

    def _send(self, at: datetime, kind: str, payload: bytes | Wake, receives: int) -> None:
        heapq.heappush(self._messages, (at, next(self._numbers), kind, payload, receives))

    def quiet(self, at: datetime) -> bool:
        """Whether no alarm had fired for half a minute at *at*: reads may be so old."""
        since = at - timedelta(seconds=30)
        return not any(
            began <= at and (ended is None or ended > since) for began, ended in self._firing
        )

    def _advance(self) -> None:
        """On to when something happens next."""
        times = [self._next_sweep]
        times += [self._messages[0][0]] if self._messages else []
        times += [at] if (at := self.scheduler.next_at) is not None else []
        to = min(times)
        for body in self.world.advance(to):
            self._hear(body, to)
        self._remember(to)
        if to >= self._next_sweep:
            self._next_sweep += MINUTE
            self._operate()
            worker = Worker("sweep", lambda: sweep(self.system), self.world.now, TIMEOUTS["sweep"])
            self.scheduler.begin(worker)

    def _remember(self, at: datetime) -> None:
        """When alarms fired, for who asks later."""
        fires = any(each.state is AlarmState.ALARM for each in self.world.alarms.values())
        last = self._firing[-1] if self._firing else None
        if fires and (last is None or last[1] is not None):
            self._firing.append((at, None))
        elif not fires and last is not None and last[1] is None:
            self._firing[-1] = (last[0], at)

    def _operate(self) -> None:
        """A person stops all fixes, lets them go on, or mends a host by hand."""
        number = self.choices.pick(4, PERSON_RARELY) if self._faulty else 0
        now = self.world.now
        if number == 1:
            order: Lever = PauseFixes(scope="everything", why="a drill", until=now + PAUSE)
            self._pull(order)
        elif number == 2:  # noqa: PLR2004 - the second of three
            self._pull(Resume(scope="everything", why="it is over"))
        elif number:
            for host in self.world.group.in_service(now):
                host.enclave.turn(now, holds=True)
            self.scheduler.note("a person mends the hosts by hand")

    def _pull(self, order: Lever) -> None:
        call = Call(order, "arn:of:somebody")
        worker = Worker(
            f"operator-{type(order).__name__}",
            lambda: pull(call, self.system),
            self.world.now,
            TIMEOUTS["operator"],
        )
        self.scheduler.begin(worker)

    def _busy(self) -> bool:
        if self.world.elapsed > LONGEST or self.scheduler.steps > STEPS_MAX:
            return False
        if self._messages or self.scheduler.workers or self.world.elapsed < SHORTEST:
            return True
        self.ended = not self.door.ports.store.due(self.world.now + LONGEST)
        return not self.ended

    @property
    def hash(self) -> str:
        """Of all that happened: equal in two processes, or the run is not deterministic."""
        told = [
            *self.scheduler.trace,
            *(entry.body for each in self.door.store.tables.entries.values() for entry in each),
            *(f"{each.at} {each.action} {each.key}" for each in self.door.pager.alerts.received),
        ]
        return digest("\n".join(told).encode())
