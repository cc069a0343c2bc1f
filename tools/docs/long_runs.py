"""The section of ``docs/SAFETY.md`` on runs over many seeds, from ``docs/long_runs.toml``."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A cause of violations: its seeds, the broken rule, and the repair."""

    seeds: tuple[int, ...]
    what: str
    mended: str


class LongRun(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number of random seeds from the first, run with the code of one commit."""

    commit: str
    first: int
    seeds: int
    found: tuple[Cause, ...] = ()

    @property
    def broken(self) -> int:
        """The number of seeds that broke a rule."""
        return sum(len(each.seeds) for each in self.found)


def load(path: Path) -> tuple[LongRun, ...]:
    """Return the runs in *path*, the latest first."""
    return msgspec.convert(tomllib.loads(path.read_text())["runs"], type=tuple[LongRun, ...])


def long_runs(folder: Path) -> Iterator[str]:
    """Yield range, code and rate of each run, and every violation with its repair."""
    yield "## Long runs before\n"
    for run in load(folder / "long_runs.toml"):
        rate = run.broken / run.seeds * 100_000
        yield f"{run.seeds:,} random seeds from {run.first}, with the code of commit"
        yield f"`{run.commit}`: {run.broken} broke a rule ({rate:.0f} in 100,000; the run before it"
        yield "had 10 in 100,000). Each of them is clean with the code of today.\n"
        yield "| seeds | what broke | what was done |"
        yield "|---|---|---|"
        for each in run.found:
            yield f"| {', '.join(map(str, each.seeds))} | {each.what} | {each.mended} |"
        yield ""
