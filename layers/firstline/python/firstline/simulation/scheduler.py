"""Scheduler: every worker is a greenlet, and the one place where they switch is `effect`.

A worker stands for one Lambda invocation. It may be paused at any remote request, outlive its
timeout, and die there; nothing of a dead process runs any more, its ``finally`` included.
"""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from greenlet import GreenletExit, getcurrent, greenlet

from firstline.errors import FirstlineError, Unavailable
from firstline.simulation.choices import Choices
from firstline.simulation.faults import PATIENCE, PAUSE_MAX, SLOW, Fault, possible
from firstline.twin.scenario import Dependency
from firstline.twin.world import World

FAULTS_RARELY = {"commit": 0.03, "queue": 0.05, "send": 0.3, "change": 0.3, "post": 0.1}
"""By the effect's name: the rarer it is in a run, the more often it fails."""
FAULTS_RARELY_ELSE = 0.01
SWITCHES_RARELY = 0.1


class Crash(BaseException):
    """The worker dies here."""


class Worker:
    """One invocation: what it does, since when, until when it may, and when it goes on."""

    def __init__(
        self, name: str, act: Callable[[], object], now: datetime, timeout: timedelta
    ) -> None:
        self.name = name
        self.began = now
        self.dies_at = now + timeout
        self.resumes_at = now
        self.failed: str | None = None
        self.over = False
        self._act = act
        self.greenlet = greenlet(self._run)

    def _run(self) -> None:
        try:
            self._act()
        except (FirstlineError, Crash) as error:
            self.failed = type(error).__name__
        self.over = True


class Scheduler:
    """`Effects` for which every call is a place to switch, fail or die at."""

    def __init__(self, world: World, choices: Choices, heals_at: datetime) -> None:
        self.coverage: Counter[tuple[str, Fault]] = Counter()
        self.steps = 0
        self.trace: list[str] = []
        self.workers: list[Worker] = []
        self._world = world
        self._choices = choices
        self._heals_at = heals_at
        self._hub = getcurrent()
        self._current: Worker | None = None

    # --- the workers' side -------------------------------------------------------------------

    def effect[T](self, dependency: Dependency, name: str, act: Callable[[], T]) -> T:
        """Run *act* as one remote request of the worker that is running."""
        worker = self._current
        if worker is None or getcurrent() is self._hub:
            return act()
        self._switch(worker, self._world.now)
        effect = f"{dependency}.{name}"
        fault = self._fault(effect, worker)
        if fault is Fault.NONE and self._world.scenario.fault(dependency, self._world.elapsed):
            raise Unavailable(f"{effect}: {dependency} is down")
        self._before(worker, fault)
        result = act()
        if fault is Fault.DUPLICATE:
            act()
        if fault is Fault.TIMEOUT_AFTER:
            self._switch(worker, self._world.now + PATIENCE)
            raise Unavailable(f"{effect}: timed out")
        if fault is Fault.CRASH_AFTER:
            raise Crash
        return result

    def _before(self, worker: Worker, fault: Fault) -> None:
        """What happens before the request has its effect, or instead of it."""
        now = self._world.now
        match fault:
            case Fault.ERROR:
                raise Unavailable("failed")
            case Fault.SLOW:
                self._switch(worker, now + SLOW)
            case Fault.PAUSE:
                self._switch(worker, now + PAUSE_MAX)
            case Fault.HANG | Fault.TIMEOUT_BEFORE:
                self._switch(worker, now + PATIENCE)
                raise Unavailable("timed out")
            case Fault.CRASH_BEFORE:
                raise Crash
            case _:
                return

    def sleep(self, duration: timedelta) -> None:
        """The worker waits; others go on."""
        if self._current is not None:
            self._switch(self._current, self._world.now + duration)

    def _switch(self, worker: Worker, until: datetime) -> None:
        """Let the hub decide who goes on; a worker whose time has run out dies."""
        worker.resumes_at = until
        self._hub.switch()
        if self._world.now >= worker.dies_at:
            raise Crash

    def _fault(self, effect: str, worker: Worker) -> Fault:
        self.steps += 1
        kinds = possible(effect)
        rarely = FAULTS_RARELY.get(effect.rpartition(".")[2], FAULTS_RARELY_ELSE)
        healed = self._world.now >= self._heals_at
        number = 0 if healed else self._choices.pick(len(kinds), rarely)
        self.coverage[effect, kinds[number]] += 1
        if number:
            self.note(f"{worker.name}: {effect} {kinds[number]}")
        return kinds[number]

    # --- the hub's side ----------------------------------------------------------------------

    def begin(self, worker: Worker) -> None:
        """Let *worker* take its part."""
        self.workers.append(worker)

    def run_one(self) -> Worker | None:
        """Let one worker go on to its next effect; gives it when it is over."""
        ready = [each for each in self.workers if each.resumes_at <= self._world.now]
        if not ready:
            return None
        worker = ready[self._choices.pick(len(ready), SWITCHES_RARELY)]
        self._current = worker
        worker.greenlet.switch()
        self._current = None
        if worker.over:
            self.workers.remove(worker)
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
        self.trace.append(f"{self._world.elapsed.total_seconds():8.1f} {line}")
