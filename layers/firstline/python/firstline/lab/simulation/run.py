"""Run: one start with one list of choices, from the first event until nothing is left to do.

The production controller, guards, policy and ledger run in it unchanged, each invocation as a
worker.
"""

import copy
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from firstline.config.profile import Profile
from firstline.controller.commit import with_recorded_changes
from firstline.controller.ingest import ingest
from firstline.controller.metrics import oldest_pending_age
from firstline.controller.operators.commands import OperatorCommand
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.controller.overdue import OverdueIncidents
from firstline.controller.ports import Ports
from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import sweep
from firstline.controller.system import System
from firstline.errors import InvalidInput
from firstline.ids import digest
from firstline.lab.nowhere import nowhere
from firstline.lab.simulation.chance import Forced
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.envelopes import HOME
from firstline.lab.simulation.mail import Mail, Message
from firstline.lab.simulation.news import News, arn
from firstline.lab.simulation.people import People
from firstline.lab.simulation.scheduler import Scheduler
from firstline.lab.simulation.starts import Start
from firstline.lab.simulation.worker import Crash, Worker
from firstline.lab.twin import versions
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.memory import MemoryDoor
from firstline.lab.twin.scenario import BEGINS
from firstline.lab.twin.world import World

HEALED_AFTER = timedelta(minutes=10)
"""From then on nothing goes wrong any more, and everything must come to its end."""
SHORTEST = timedelta(minutes=25)
"""Long enough for a host to relapse again and again."""
LONGEST = timedelta(hours=6)
STEPS_MAX = 15_000
"""A run of more remote requests goes in circles."""
MINUTE = timedelta(minutes=1)
SKEWS = (0, 2, -2, 8, -8)
"""By how many seconds a worker's clock may be wrong."""
SKEWED_RARELY = 0.1
TIMEOUTS = {
    "ingest": timedelta(seconds=30),
    "reconcile": timedelta(seconds=60),
    "sweep": timedelta(seconds=55),
    "operator": timedelta(seconds=30),
}
SETTINGS = copy.replace(nowhere(HOME, code="simulation"), pager_notes_from="firstline@example.com")


class Beat(NamedTuple):
    """A worker's sign of life, and for how long a page was owed by then."""

    at: datetime
    owed_for: timedelta


class SimulatedClock(WorldClock):
    """A worker's own clock, which may be wrong; while it sleeps the others go on."""

    def __init__(self, world: World, scheduler: Scheduler) -> None:
        super().__init__(world)
        self._scheduler = scheduler

    def now(self) -> datetime:
        """See `firstline.controller.ports.messaging.Clock`."""
        return super().now() + self._scheduler.skew

    def sleep(self, duration: timedelta) -> None:
        """See `firstline.controller.ports.messaging.Clock`."""
        self._scheduler.sleep(duration)


class Run:
    """The system at work. What it leaves is for the invariants to read.

    ``beats`` are the signs of life that sweeps gave, ``missed`` when one ended without. ``owing``
    is what reconcile and ingest say of the pages that they left unsent.
    ``skewed`` says that a worker's clock was wrong.
    """

    def __init__(
        self, start: Start, profile: Profile, choices: Choices, forced: Sequence[Forced] = ()
    ) -> None:
        self.choices = choices
        self.start = start
        self.profile = profile
        self.world = World(start.scenario, BEGINS, profile.fleet.group)
        self.healed_at = BEGINS + HEALED_AFTER
        self.scheduler = Scheduler(self.world, choices, self.healed_at, forced)
        self.door = MemoryDoor(self.world, self.scheduler, profile.routes)
        versions.spoil(self.door.store.tables, self.world, profile.fleet.name)
        self.mail = Mail(choices, self.healed_at)
        self.news = News(start, self.world, self.profile, self.mail)
        self.people = People(self.world, self.door, choices, self._pull, self.scheduler.note)
        self.beats: list[Beat] = []
        self.missed: list[datetime] = []
        self.skewed = False
        self.ended = False
        self.owing: list[Beat] = []
        self._owners: dict[int, Message] = {}
        self._next_sweep = BEGINS + MINUTE
        self._systems: dict[int, System] = {}
        self.scheduler.awaited = self._awaited
        self._ports = _with_clock(self.door.ports, SimulatedClock(self.world, self.scheduler))

    def to_the_end(self) -> "Run":
        """Deliver the start's events and all that follows."""
        while self._busy():
            if not self._step():
                self._advance()
        self.scheduler.end()
        return self

    @property
    def system(self) -> System:
        """What an invocation that begins now runs with: the latest code."""
        deployed = self.people.deployed
        if deployed in self._systems:
            return self._systems[deployed]
        known = {arn(each.name): each.name for each in self.profile.alarms.made}
        mode, code = self.start.scenario.mode, f"simulation-{deployed}"
        settings = copy.replace(SETTINGS, alarms=known, mode=mode, code=code)
        self._systems[deployed] = System(self._ports, self.profile, settings)
        return self._systems[deployed]

    # --- who works ---------------------------------------------------------------------------

    def _step(self) -> bool:
        """Begin an invocation, or let one go on; False when all wait for time to pass."""
        message = self.mail.take(self.world.now)
        if message is not None:
            self._begin(message)
            return True
        self.people.follow(self.world.elapsed)
        if not self.scheduler.ready:
            return False
        done = self.scheduler.run_one()
        self._take_wakes()
        if done is not None:
            self._over(done)
        return True

    def _begin(self, message: Message) -> None:
        system, payload = self.system, message.payload
        worker = self._invoke(
            f"{message.kind}-{message.number}", message.kind, lambda: self._handle(payload, system)
        )
        self._owners[id(worker)] = message

    def _invoke(self, name: str, kind: str, act: Callable[[], object]) -> Worker:
        skew = SKEWS[self.choices.pick(len(SKEWS), SKEWED_RARELY) if self._faulty else 0]
        self.skewed = self.skewed or skew != 0
        worker = Worker(name, act, self.world.now, TIMEOUTS[kind], timedelta(seconds=skew))
        self.scheduler.begin(worker)
        return worker

    def _awaited(self) -> bool:
        """Whether a message is due, or a wake must be put into its queue."""
        at = self.mail.next_at
        return bool(self.door.wakes.waiting) or (at is not None and at <= self.world.now)

    def _over(self, worker: Worker) -> None:
        message = self._owners.pop(id(worker), None)
        if worker.failed:
            self.scheduler.note(f"{worker.name} ended as {worker.failed}")
            self.missed += [self.world.now] if worker.name == "sweep" else []
        if message is not None:
            failed = worker.failed is not None
            self.mail.ended(message, worker.began, self.world.now, failed=failed)

    def _take_wakes(self) -> None:
        waiting = self.door.wakes.waiting
        for at, wake in waiting:
            self.mail.send(at, "reconcile", wake)
        waiting.clear()

    @property
    def _faulty(self) -> bool:
        return self.world.now < self.healed_at

    def _sweep(self) -> None:
        """The schedule: somebody may do something by hand in the same minute."""
        self._next_sweep += MINUTE
        if self._faulty:
            self.people.act()
        system = self.system

        def beat() -> None:
            swept = sweep(system)
            self.beats.append(Beat(self.world.now, swept.oldest_page_age))

        self._invoke("sweep", "sweep", beat)

    def _handle(self, payload: bytes | Wake, system: System) -> None:
        watched, changes = with_recorded_changes(system)
        try:
            if isinstance(payload, Wake):
                reconcile(payload, watched)
            else:
                ingest(payload, watched)
        except Crash:  # who died measures nothing
            changes.clear()
            raise
        finally:
            now = self.world.now
            self.owing.append(Beat(now, oldest_pending_age(changes, now)))

    def _pull(self, order: OperatorCommand) -> None:
        call, system = OperatorRequest(order, "arn:of:somebody"), self.system

        def act() -> None:
            try:
                execute(call, system)
            except InvalidInput as error:  # told to the person who asked
                self.scheduler.note(f"refused: {error}")

        self._invoke(f"operator-{type(order).__name__}", "operator", act)

    # --- time --------------------------------------------------------------------------------

    def _advance(self) -> None:
        """On to when something happens next."""
        own = (self.mail, self.scheduler, self.news, self.people)
        times = [self._next_sweep, *(each.next_at for each in own)]
        to = max(min(each for each in times if each is not None), self.world.now)
        self.news.advance(to)
        self.people.deployed_by(to)
        if to >= self._next_sweep:
            self._sweep()

    def _busy(self) -> bool:
        if self.world.elapsed > LONGEST or self.scheduler.steps > STEPS_MAX:
            return False
        told = self.mail.next_at is None and self.news.next_at is None
        waits = not told or self.scheduler.workers
        if waits or self.world.elapsed < SHORTEST:
            return True
        due = OverdueIncidents(self.door.ports.store, self.world.now + LONGEST)
        spoilt = versions.spoilt_ids(self.world)
        self.ended = all(each.incident in spoilt for each in due)
        return not self.ended

    @property
    def hash(self) -> str:
        """Of all that happened: equal in two processes, or the run is not deterministic."""
        told = [
            *(f"{at} {line}" for at, line in self.scheduler.trace),
            *(entry.body for each in self.door.store.tables.entries.values() for entry in each),
            *(f"{each.at} {each.action} {each.key}" for each in self.door.pager.alerts.received),
        ]
        return digest("\n".join(told).encode())


def _with_clock(ports: Ports, clock: SimulatedClock) -> Ports:
    return copy.replace(ports, clock=clock)
