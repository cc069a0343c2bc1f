"""Scheduler: every worker is a greenlet, and the one place where they switch is `effect`.

A worker stands for one Lambda invocation. It may be paused at any remote request, outlive its
timeout, and die there; nothing of a dead process runs any more, its ``finally`` included.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from greenlet import GreenletExit, getcurrent

from firstline.errors import CommitConflict, Contested, DependencyUnavailable
from firstline.lab.simulation.chance import Chance, Forced
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.faults import CONNECTING, LAST_GASP, PATIENCE, SLOW, STALE, Fault
from firstline.lab.simulation.partial import missing
from firstline.lab.simulation.worker import Crash, Worker
from firstline.lab.twin.effects import planned
from firstline.lab.twin.scenario import Dependency
from firstline.lab.twin.world import World

SWITCHES_RARELY = 0.1


class Scheduler:
    """`Effects` for which every call is a place to switch, fail or die at.

    ``troubles`` are when faults of requests began, and when they were over. ``awaited`` says
    whether the hub has something to do now beside letting the workers go on.
    """

    def __init__(
        self, world: World, choices: Choices, heals_at: datetime, forced: Sequence[Forced] = ()
    ) -> None:
        self.coverage: Counter[tuple[str, Fault]] = Counter()
        self.steps = 0
        self.trace: list[tuple[timedelta, str]] = []
        self.troubles: list[tuple[datetime, datetime]] = []
        self.workers: list[Worker] = []
        self.current: Worker | None = None
        self._world = world
        self._choices = choices
        self._hub = getcurrent()
        self._chance = Chance(world, choices, heals_at, forced)
        self._last: dict[str, object] = {}
        self.awaited: Callable[[], bool] = lambda: True

    # --- the workers' side -------------------------------------------------------------------

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act* as one remote request of the worker that is running."""
        worker = self.current
        if worker is None or getcurrent() is self._hub:
            return act()
        self._switch(worker, self._world.now)
        fault = self._fault(name, worker)
        world = self._world
        self._before(worker, name, fault)
        if planned(world, dependency, name):
            raise DependencyUnavailable(f"{name}: {dependency} is down")
        result = self._stale(name, act) if fault is Fault.STALE else act()
        if name == "store.due":
            self._last[name] = result
        return self._after(worker, name, fault, act, result)

    def _before(self, worker: Worker, name: str, fault: Fault) -> None:
        """What happens before the request has its effect, or instead of it."""
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
        """What becomes of the answer, once the request had its effect."""
        match fault:
            case Fault.DUPLICATE:
                act()
            case Fault.TIMEOUT_AFTER:
                self._switch(worker, self._world.now + PATIENCE)
                raise DependencyUnavailable(f"{name}: timed out")
            case Fault.CRASH_AFTER:
                raise Crash
            case Fault.MISSING:
                return missing(result)
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
        """The worker waits; others go on."""
        if self.current is not None:
            self._switch(self.current, self._world.now + duration)

    @property
    def skew(self) -> timedelta:
        """By how much the clock of the worker that is running goes before."""
        return self.current.skew if self.current is not None else timedelta(0)

    def _switch(self, worker: Worker, until: datetime) -> None:
        """Let the hub decide who goes on; a worker whose time has run out dies."""
        worker.resumes_at = min(until, worker.dies_at)
        if self.workers[1:] or worker.resumes_at > self._world.now or self.awaited():
            self._hub.switch()
        if self._world.now >= worker.dies_at:
            raise Crash

    def _fault(self, effect: str, worker: Worker) -> Fault:
        self.steps += 1
        fault = self._chance.fault(effect)
        self.coverage[effect, fault] += 1
        if fault is not Fault.NONE:
            self.note(f"{worker.name}: {effect} {fault}")
            now = self._world.now
            over = worker.dies_at if fault is Fault.PAUSE else now + PATIENCE
            self.troubles.append((now, over))
        return fault

    # --- the hub's side ----------------------------------------------------------------------

    def begin(self, worker: Worker) -> None:
        """Let *worker* take its part."""
        self.workers.append(worker)

    def run_one(self) -> Worker | None:
        """Let one worker go on to its next effect; gives it when it is over."""
        ready = [each for each in self.workers if each.resumes_at <= self._world.now]
        if not ready:
            return None
        worker = ready[self._choices.pick(len(ready), SWITCHES_RARELY)] if ready[1:] else ready[0]
        self.current = worker
        worker.greenlet.switch()
        self.current = None
        if worker.over:
            self.workers.remove(worker)
            if worker.failed:
                self.troubles.append((worker.began, self._world.now))
            return worker
        return None

    @property
    def ready(self) -> bool:
        """Whether a worker could go on now."""
        return any(each.resumes_at <= self._world.now for each in self.workers)

    @property
    def next_at(self) -> datetime | None:
        """When the next worker goes on."""
        return min((each.resumes_at for each in self.workers), default=None)

    def end(self) -> None:
        """Nobody goes on any more."""
        for each in self.workers:
            each.greenlet.throw(GreenletExit)

    def note(self, line: str) -> None:
        """A line of the run's timeline."""
        self.trace.append((self._world.elapsed, line))
