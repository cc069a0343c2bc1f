"""Scheduler: every worker is a greenlet, and the only place where they switch is `effect`.

A worker stands for one Lambda invocation. It may pause at any remote request, exceed its timeout,
and die there; a dead process runs nothing more, not even its ``finally``.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from greenlet import GreenletExit, getcurrent

from firstline.errors import CommitConflict, Contested, DependencyUnavailable
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.fault_injection import FaultInjector, ForcedFault
from firstline.lab.simulation.faults import CONNECTING, LAST_GASP, PATIENCE, SLOW, STALE, Fault
from firstline.lab.simulation.partial_evidence import drop_evidence
from firstline.lab.simulation.worker import Crash, Worker
from firstline.lab.twin.effects import planned_fault
from firstline.lab.twin.scenario import Dependency
from firstline.lab.twin.world import World

SWITCH_PROBABILITY = 0.1


class Scheduler:
    """`Effects` in which every call may switch workers, fail, or kill the worker.

    ``fault_windows`` are the begin and end of requests' faults. ``has_hub_work`` is True if the hub
    has something to do now other than resuming workers.
    """

    def __init__(
        self,
        world: World,
        choices: Choices,
        faults_end_at: datetime,
        forced: Sequence[ForcedFault] = (),
    ) -> None:
        self.coverage: Counter[tuple[str, Fault]] = Counter()
        self.steps = 0
        self.trace: list[tuple[timedelta, str]] = []
        self.fault_windows: list[tuple[datetime, datetime]] = []
        self.workers: list[Worker] = []
        self.current: Worker | None = None
        self._world = world
        self._choices = choices
        self._hub = getcurrent()
        self._injector = FaultInjector(world, choices, faults_end_at, forced)
        self._last: dict[str, object] = {}
        self.has_hub_work: Callable[[], bool] = lambda: True

    # --- the workers' side -------------------------------------------------------------------

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act* as one remote request of the current worker."""
        worker = self.current
        if worker is None or getcurrent() is self._hub:
            return act()
        self._switch(worker, self._world.now)
        fault = self._fault(name, worker)
        world = self._world
        self._before(worker, name, fault)
        if planned_fault(world, dependency, name):
            raise DependencyUnavailable(f"{name}: {dependency} is down")
        result = self._stale(name, act) if fault is Fault.STALE else act()
        if name == "store.due":
            self._last[name] = result
        return self._after(worker, name, fault, act, result)

    def _before(self, worker: Worker, name: str, fault: Fault) -> None:
        """Apply the faults that come before the request's effect, or in its place."""
        now = self._world.now
        match fault:
            case Fault.ERROR:
                raise DependencyUnavailable("failed")
            case Fault.THROTTLE if name == "store.commit":
                raise CommitConflict(Contested.BUSY)
            case Fault.THROTTLE:
                raise DependencyUnavailable("throttled")
            case Fault.SLOW:
                self._switch(worker, now + SLOW)
            case Fault.PAUSE:
                self._switch(worker, max(now, worker.dies_at - LAST_GASP))
            case Fault.TIMEOUT_BEFORE:
                self._switch(worker, now + CONNECTING)
                raise DependencyUnavailable("could not connect")
            case Fault.HANG:
                self._switch(worker, now + PATIENCE)
                raise DependencyUnavailable("timed out")
            case Fault.CRASH_BEFORE:
                raise Crash
            case _:
                return

    def _after[T](
        self, worker: Worker, name: str, fault: Fault, act: Callable[[], T], result: T
    ) -> T:
        """Apply the faults that come after the request's effect."""
        match fault:
            case Fault.DUPLICATE:
                act()
            case Fault.TIMEOUT_AFTER:
                self._switch(worker, self._world.now + PATIENCE)
                raise DependencyUnavailable(f"{name}: timed out")
            case Fault.CRASH_AFTER:
                raise Crash
            case Fault.MISSING:
                return drop_evidence(result)
            case _:
                pass
        return result

    def _stale[T](self, name: str, act: Callable[[], T]) -> T:
        """The answer of a little while ago: the last one of the index, the world's by its past."""
        if name in self._last:
            return self._last[name]  # type: ignore[return-value]  # of the same method
        now = self._world.now
        self._world.now = max(self._world.start, now - STALE)
        try:
            return act()
        finally:
            self._world.now = now

    def sleep(self, duration: timedelta) -> None:
        """Suspend the worker; others run meanwhile."""
        if self.current is not None:
            self._switch(self.current, self._world.now + duration)

    @property
    def skew(self) -> timedelta:
        """Return how far the current worker's clock is ahead."""
        return self.current.skew if self.current is not None else timedelta(0)

    def _switch(self, worker: Worker, until: datetime) -> None:
        """Suspend the worker for the hub; a worker past its deadline dies."""
        worker.resumes_at = min(until, worker.dies_at)
        if self.workers[1:] or worker.resumes_at > self._world.now or self.has_hub_work():
            self._hub.switch()
        if self._world.now >= worker.dies_at:
            raise Crash

    def _fault(self, effect: str, worker: Worker) -> Fault:
        self.steps += 1
        fault = self._injector.fault(effect)
        self.coverage[effect, fault] += 1
        if fault is not Fault.NONE:
            self.log(f"{worker.name}: {effect} {fault}")
            now = self._world.now
            over = worker.dies_at if fault is Fault.PAUSE else now + PATIENCE
            self.fault_windows.append((now, over))
        return fault

    # --- the hub's side ----------------------------------------------------------------------

    def start(self, worker: Worker) -> None:
        """Add *worker* to those that run."""
        self.workers.append(worker)

    def run_one(self) -> Worker | None:
        """Resume one worker until its next effect; return it if it finished."""
        ready = [each for each in self.workers if each.resumes_at <= self._world.now]
        if not ready:
            return None
        worker = (
            ready[self._choices.pick(len(ready), SWITCH_PROBABILITY)] if ready[1:] else ready[0]
        )
        self.current = worker
        worker.greenlet.switch()
        self.current = None
        if worker.finished:
            self.workers.remove(worker)
            if worker.error:
                self.fault_windows.append((worker.started_at, self._world.now))
            return worker
        return None

    @property
    def has_ready_worker(self) -> bool:
        """True if a worker can resume now."""
        return any(each.resumes_at <= self._world.now for each in self.workers)

    @property
    def next_at(self) -> datetime | None:
        """Return when the next worker resumes."""
        return min((each.resumes_at for each in self.workers), default=None)

    def stop(self) -> None:
        """Stop every worker."""
        for each in self.workers:
            each.greenlet.throw(GreenletExit)

    def log(self, line: str) -> None:
        """Add a line to the run's timeline."""
        self.trace.append((self._world.elapsed, line))
