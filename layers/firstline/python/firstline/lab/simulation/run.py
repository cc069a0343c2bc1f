"""Run: one initial world with one list of choices, until nothing is left to do.

The production controller, guards, policy and ledger run unchanged, each invocation as a worker.
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
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.envelopes import HOME
from firstline.lab.simulation.event_feed import EventFeed, alarm_arn
from firstline.lab.simulation.fault_injection import ForcedFault
from firstline.lab.simulation.initial_worlds import InitialWorld
from firstline.lab.simulation.operators import Operators
from firstline.lab.simulation.queues import Message, Queues
from firstline.lab.simulation.scheduler import Scheduler
from firstline.lab.simulation.worker import Crash, Worker
from firstline.lab.twin import unreadable_incidents
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import BEGINS
from firstline.lab.twin.world import World

FAULTS_END_AFTER = timedelta(minutes=10)
"""After this time nothing fails any more, and everything must come to an end."""
RUN_MIN = timedelta(minutes=25)
"""Long enough for a host to relapse repeatedly."""
RUN_MAX = timedelta(hours=6)
STEPS_MAX = 15_000
"""A run with more remote requests loops."""
MINUTE = timedelta(minutes=1)
CLOCK_SKEWS_SECONDS = (0, 2, -2, 8, -8)
"""The possible errors of a worker's clock."""
SKEW_PROBABILITY = 0.1
TIMEOUTS = {
    "ingest": timedelta(seconds=30),
    "reconcile": timedelta(seconds=60),
    "sweep": timedelta(seconds=55),
    "operator": timedelta(seconds=30),
}
SETTINGS = copy.replace(nowhere(HOME, code="simulation"), pager_notes_from="firstline@example.com")


class Heartbeat(NamedTuple):
    """The report of a worker that ended, and how long a page had been pending by then."""

    at: datetime
    pending_for: timedelta


class SimulatedClock(WorldClock):
    """A worker's clock, which may be wrong; other workers run while it sleeps."""

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
    """The system at work; the invariants read what it leaves.

    ``heartbeats`` are those of sweeps, ``failed_sweeps`` the instants of sweeps that ended without
    one. ``worker_reports`` are those of reconcile and ingest. ``skewed`` is True if a worker's
    clock was wrong.
    """

    def __init__(
        self,
        initial: InitialWorld,
        profile: Profile,
        choices: Choices,
        forced_faults: Sequence[ForcedFault] = (),
    ) -> None:
        self.choices = choices
        self.initial = initial
        self.profile = profile
        self.world = World(initial.scenario, BEGINS, profile.fleet.group)
        self.faults_end_at = BEGINS + FAULTS_END_AFTER
        self.scheduler = Scheduler(self.world, choices, self.faults_end_at, forced_faults)
        self.backend = MemoryBackend(self.world, self.scheduler, profile.routes)
        unreadable_incidents.store_spoilt(self.backend.store.tables, self.world, profile.fleet.name)
        self.queues = Queues(choices, self.faults_end_at)
        self.event_feed = EventFeed(initial, self.world, self.profile, self.queues)
        self.operators = Operators(
            self.world, self.backend, choices, self._execute, self.scheduler.log
        )
        self.heartbeats: list[Heartbeat] = []
        self.failed_sweeps: list[datetime] = []
        self.skewed = False
        self.completed = False
        self.worker_reports: list[Heartbeat] = []
        self._owners: dict[int, Message] = {}
        self._next_sweep = BEGINS + MINUTE
        self._systems: dict[int, System] = {}
        self.scheduler.has_hub_work = self._has_work
        self._ports = _with_clock(self.backend.ports, SimulatedClock(self.world, self.scheduler))

    def run_to_end(self) -> "Run":
        """Deliver the planned events and everything that follows."""
        while self._busy():
            if not self._step():
                self._advance()
        self.scheduler.stop()
        return self

    @property
    def system(self) -> System:
        """Return the system of an invocation that starts now: the latest deployed code."""
        deployments = self.operators.deployments
        if deployments in self._systems:
            return self._systems[deployments]
        known = {alarm_arn(each.name): each.name for each in self.profile.alarms.made}
        mode, code = self.initial.scenario.mode, f"simulation-{deployments}"
        settings = copy.replace(SETTINGS, alarms=known, mode=mode, code=code)
        self._systems[deployments] = System(self._ports, self.profile, settings)
        return self._systems[deployments]

    # --- workers ---------------------------------------------------------------------------

    def _step(self) -> bool:
        """Start or resume an invocation; return False if all of them wait for time to pass."""
        message = self.queues.take(self.world.now)
        if message is not None:
            self._start_worker(message)
            return True
        self.operators.run_planned(self.world.elapsed)
        if not self.scheduler.has_ready_worker:
            return False
        done = self.scheduler.run_one()
        self._queue_wakes()
        if done is not None:
            self._finish(done)
        return True

    def _start_worker(self, message: Message) -> None:
        system, payload = self.system, message.payload
        worker = self._invoke(
            f"{message.kind}-{message.number}", message.kind, lambda: self._handle(payload, system)
        )
        self._owners[id(worker)] = message

    def _invoke(self, name: str, kind: str, act: Callable[[], object]) -> Worker:
        skew = CLOCK_SKEWS_SECONDS[
            self.choices.pick(len(CLOCK_SKEWS_SECONDS), SKEW_PROBABILITY)
            if self._faults_active
            else 0
        ]
        self.skewed = self.skewed or skew != 0
        worker = Worker(name, act, self.world.now, TIMEOUTS[kind], timedelta(seconds=skew))
        self.scheduler.start(worker)
        return worker

    def _has_work(self) -> bool:
        """True if a message is due, or a wake waits to be enqueued."""
        at = self.queues.next_at
        return bool(self.backend.wakes.waiting) or (at is not None and at <= self.world.now)

    def _finish(self, worker: Worker) -> None:
        message = self._owners.pop(id(worker), None)
        if worker.error:
            self.scheduler.log(f"{worker.name} ended as {worker.error}")
            self.failed_sweeps += [self.world.now] if worker.name == "sweep" else []
        if message is not None:
            failed = worker.error is not None
            self.queues.complete(message, worker.started_at, self.world.now, failed=failed)

    def _queue_wakes(self) -> None:
        waiting = self.backend.wakes.waiting
        for at, wake in waiting:
            self.queues.send(at, "reconcile", wake)
        waiting.clear()

    @property
    def _faults_active(self) -> bool:
        return self.world.now < self.faults_end_at

    def _sweep(self) -> None:
        """Start the scheduled sweep; an operator may act in the same minute."""
        self._next_sweep += MINUTE
        if self._faults_active:
            self.operators.act_at_random()
        system = self.system

        def report() -> None:
            swept = sweep(system)
            self.heartbeats.append(Heartbeat(self.world.now, swept.oldest_page_age))

        self._invoke("sweep", "sweep", report)

    def _handle(self, payload: bytes | Wake, system: System) -> None:
        watched, changes = with_recorded_changes(system)
        try:
            if isinstance(payload, Wake):
                reconcile(payload, watched)
            else:
                ingest(payload, watched)
        except Crash:  # a dead worker reports nothing
            changes.clear()
            raise
        finally:
            now = self.world.now
            self.worker_reports.append(Heartbeat(now, oldest_pending_age(changes, now)))

    def _execute(self, order: OperatorCommand) -> None:
        call, system = OperatorRequest(order, "arn:of:somebody"), self.system

        def act() -> None:
            try:
                execute(call, system)
            except InvalidInput as error:  # the response to the operator
                self.scheduler.log(f"refused: {error}")

        self._invoke(f"operator-{type(order).__name__}", "operator", act)

    # --- time --------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Advance to the next instant at which something happens."""
        own = (self.queues, self.scheduler, self.event_feed, self.operators)
        times = [self._next_sweep, *(each.next_at for each in own)]
        to = max(min(each for each in times if each is not None), self.world.now)
        self.event_feed.advance(to)
        self.operators.finish_deployment(to)
        if to >= self._next_sweep:
            self._sweep()

    def _busy(self) -> bool:
        if self.world.elapsed > RUN_MAX or self.scheduler.steps > STEPS_MAX:
            return False
        parts = self.queues.next_at is None and self.event_feed.next_at is None
        waits = not parts or self.scheduler.workers
        if waits or self.world.elapsed < RUN_MIN:
            return True
        due = OverdueIncidents(self.backend.ports.store, self.world.now + RUN_MAX)
        spoilt = unreadable_incidents.spoilt_ids(self.world)
        self.completed = all(each.incident in spoilt for each in due)
        return not self.completed

    @property
    def hash(self) -> str:
        """Return a digest of everything that happened; it is equal in every process."""
        parts = [
            *(f"{at} {line}" for at, line in self.scheduler.trace),
            *(entry.body for each in self.backend.store.tables.entries.values() for entry in each),
            *(f"{each.at} {each.action} {each.key}" for each in self.backend.pager.alerts.received),
        ]
        return digest("\n".join(parts).encode())


def _with_clock(ports: Ports, clock: SimulatedClock) -> Ports:
    return copy.replace(ports, clock=clock)
