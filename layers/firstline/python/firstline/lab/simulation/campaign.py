"""Campaign: many runs, in order of their seeds, on as many processes as there are cores.

What it came to is one value that can be written down, and gone on from.
"""

import copy
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import active_children
from pathlib import Path

import msgspec

from firstline.errors import Malformed
from firstline.lab.simulation import found
from firstline.lab.simulation.faults import Fault, effects, possible
from firstline.lab.simulation.found import Outcome

PIECE = 16
"""Seeds that one process takes at a time: some seconds of work."""
COVERED_BY = 5_000
"""After so many runs every fault of every effect must have come: the rarest is one in hundreds."""


class Broken(msgspec.Struct, frozen=True):
    """A seed whose run broke an invariant, and what it broke."""

    seed: int
    start: str
    violations: tuple[str, ...]


class Campaign(msgspec.Struct, kw_only=True):
    """All runs so far: ``next`` is the first seed that has not run; ``coverage`` counts faults.

    ``code`` is the digest of the package that ran (`firstline.version`).
    """

    code: str = ""
    first: int = 0
    next: int = 0
    incidents: int = 0
    steps: int = 0
    seconds: float = 0.0
    broken: tuple[Broken, ...] = ()
    coverage: dict[str, int] = {}

    @property
    def seeds(self) -> int:
        """How many ran."""
        return self.next - self.first

    def add(self, seed: int, outcome: Outcome) -> None:
        """One more run."""
        self.next = seed + 1
        self.incidents += outcome.incidents
        self.steps += outcome.steps
        if outcome.violations:
            broken = Broken(seed, outcome.start, outcome.violations)
            self.broken = (*self.broken, broken)
        for (effect, fault), times in outcome.coverage.items():
            key = f"{effect} {fault}"
            self.coverage[key] = self.coverage.get(key, 0) + times

    def times(self, effect: str, fault: Fault) -> int:
        """How often *effect* had *fault*."""
        return self.coverage.get(f"{effect} {fault}", 0)

    def cells(self) -> Iterator[tuple[str, Fault]]:
        """Each effect of the ports with each fault that it can have."""
        return ((each, kind) for each in effects() for kind in possible(each)[1:])

    def empty(self) -> tuple[str, ...]:
        """The cells that no run has hit."""
        return tuple(f"{each} {kind}" for each, kind in self.cells() if not self.times(each, kind))


def run(first: int, last: int) -> Iterator[tuple[int, Outcome]]:
    """Each seed from *first* up to *last*, in order, with what its run came to."""
    workers = min(os.process_cpu_count() or 1, max((last - first) // PIECE, 1))
    if workers == 1:
        yield from ((seed, found.simulate(seed)) for seed in range(first, last))
        return
    with ProcessPoolExecutor(workers, initializer=_deaf) as pool:
        try:
            yield from enumerate(pool.map(_brief, range(first, last), chunksize=PIECE), first)
        except BaseException:  # stopped, or no longer asked: nothing waits for what is under way
            pool.shutdown(wait=False, cancel_futures=True)
            for process in active_children():
                process.terminate()
            raise


def _deaf() -> None:
    """A signal stops the process that counts, and that ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _brief(seed: int) -> Outcome:
    """The run without its choices, which only one that broke something needs."""
    return copy.replace(found.simulate(seed), choices=())


def load(path: Path) -> Campaign:
    """The campaign that *path* holds; a new one where there is none yet. Raises `Malformed`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Campaign)
    except FileNotFoundError:
        return Campaign()
    except OSError as error:
        raise Malformed(f"{path}: cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise Malformed(f"{path}: holds no campaign: {error}") from error


def save(campaign: Campaign, path: Path) -> None:
    """Write it beside, and put it in its place at once: being stopped leaves the old or the new."""
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_bytes(msgspec.json.encode(campaign))
        beside.replace(path)
    except OSError as error:
        raise Malformed(f"{path}: cannot be written: {error.strerror}") from error
