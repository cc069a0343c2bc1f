"""Campaign: many runs in the order of their seeds, on all cores.

The result is one value that can be saved and resumed.
"""

import copy
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from multiprocessing.synchronize import Event
from pathlib import Path

import msgspec

from firstline.errors import InvalidInput
from firstline.lab.simulation import cells as directed
from firstline.lab.simulation import seed_run
from firstline.lab.simulation.cells import Cell, cells
from firstline.lab.simulation.faults import Fault
from firstline.lab.simulation.seed_run import Outcome

CHUNK_SIZE = 16
"""Seeds that one process takes at a time: some seconds of work."""


type Job = int | Cell
"""A seed, or a cell of effect and fault."""


class BrokenRun(msgspec.Struct, frozen=True):
    """A run that violated an invariant, of a seed or of a directed cell."""

    seed: int | None
    start: str
    violations: tuple[str, ...]
    cell: Cell | None = None

    @property
    def job(self) -> Job:
        """Return the seed or the cell."""
        return self.cell if self.cell is not None else self.seed or 0


class Campaign(msgspec.Struct, kw_only=True):
    """All runs so far: ``next`` is the first seed that has not run; ``coverage`` counts faults.

    ``directed`` counts the runs of cells, which come before the seeds. ``code`` is the digest of
    the package that ran (`firstline.version`).
    """

    code: str = ""
    first: int = 0
    next: int = 0
    directed: int = 0
    incidents: int = 0
    steps: int = 0
    seconds: float = 0.0
    broken: tuple[BrokenRun, ...] = ()
    coverage: dict[str, int] = {}

    @property
    def seeds(self) -> int:
        """Return the number of seeds that ran."""
        return self.next - self.first

    def add(self, of: Job, outcome: Outcome) -> None:
        """Add one run, of a seed or of a cell."""
        seed, cell = (of, None) if isinstance(of, int) else (None, of)
        self.next = self.next if seed is None else seed + 1
        self.directed += cell is not None
        self.incidents += outcome.incidents
        self.steps += outcome.steps
        if outcome.violations:
            broken = BrokenRun(seed, outcome.world, outcome.violations, cell)
            self.broken = (*self.broken, broken)
        for (effect, fault), times in outcome.coverage.items():
            key = f"{effect} {fault}"
            self.coverage[key] = self.coverage.get(key, 0) + times

    def times(self, effect: str, fault: Fault) -> int:
        """Return how often *effect* had *fault*."""
        return self.coverage.get(f"{effect} {fault}", 0)

    def empty(self) -> tuple[str, ...]:
        """Return the cells that no run has met."""
        return tuple(f"{each} {kind}" for each, kind in cells() if not self.times(each, kind))


def run(jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome]]:
    """Run *jobs* in order, and yield each with its outcome."""
    workers = min(os.process_cpu_count() or 1, max(len(jobs) // CHUNK_SIZE, 1))
    if workers == 1:
        yield from ((job, _run_job(job)) for job in jobs)
        return
    stopping = multiprocessing.Event()
    with ProcessPoolExecutor(workers, initializer=_begin_worker, initargs=(stopping,)) as pool:
        try:
            yield from zip(jobs, pool.map(_run_job, jobs, chunksize=CHUNK_SIZE), strict=True)
        except BaseException:  # stopped or abandoned: no run waits for those before it
            stopping.set()
            pool.shutdown(cancel_futures=True)
            raise


def _begin_worker(stopping: Event) -> None:
    """Ignore signals in a worker process; the parent ends it by *stopping*.

    Workers are not killed, because the executor then sometimes prints tracebacks of its threads.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _worker.stopping = stopping


class _Worker:
    """The state of one process."""

    stopping: Event | None = None


_worker = _Worker()


def _run_job(job: Job) -> Outcome:
    """Return the outcome without its choices, which only a violation needs."""
    if _worker.stopping is not None and _worker.stopping.is_set():
        raise CancelledError
    outcome = seed_run.simulate(job) if isinstance(job, int) else directed.simulate(job)
    return copy.replace(outcome, choices=())


def load(path: Path) -> Campaign:
    """Return the campaign in *path*, or a new one if there is none. Raises `InvalidInput`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Campaign)
    except FileNotFoundError:
        return Campaign()
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{path}: holds no campaign: {error}") from error


def save(campaign: Campaign, path: Path) -> None:
    """Write the file atomically: an interruption leaves the old or the new one."""
    temporary = path.with_name(f"{path.name}.new")
    try:
        temporary.write_bytes(msgspec.json.encode(campaign))
        temporary.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be written: {error.strerror}") from error
