"""``firstline prove``: what takes too long for CI, in parts; the table of each is committed.

A part that was stopped goes on where it stopped, and one with a table of other code begins again.
Each line of a table has the digest of the code that it is of (`firstline.version`; that of
mutants covers the hosts' scripts too).
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer

from firstline import version
from firstline.cli import simulate
from firstline.cli.develop import checkout
from firstline.cli.main import STOPPED_STATUS
from firstline.cli.output.lines import PlantedLine
from firstline.errors import InvalidInput
from firstline.lab.simulation import campaign as campaigns
from firstline.lab.simulation import planted
from firstline.lab.simulation.bug import Planted
from firstline.lab.simulation.bugs import PLANTED
from tools import faults, regressions
from tools.bench import bench
from tools.bench.figure import Figure
from tools.mutants import campaign as mutation
from tools.mutants import mutants

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SEEDS = 20_000


EVERY = "FIRSTLINE_SCENARIOS"
"""The variable that has the tests run every scenario."""


class ScenarioLine(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario whose tests passed on that code."""

    scenario: str
    code: str


class BenchLine(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of a bench's quick form, and whether what it counts holds."""

    bench: str
    figure: str
    holds: bool
    code: str


Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[PART]...", help="else all; --list names them", show_default=False),
]
Listed = Annotated[bool, typer.Option("--list", help="name the parts, and whose table is stale")]
Seed = Annotated[int, typer.Option("--seed", help="which mutants are chosen")]
Count = Annotated[int, typer.Option("--count", min=1, help="how many mutants")]


class Part(NamedTuple):
    """What one part shows, the table in ``docs/`` that it keeps up to date, and its program.

    The program is given the table's path and returns the exit status; ``code`` is the digest that
    each line of a table must have.
    """

    shows: str
    table: str
    run: Callable[[Path], int]
    code: Callable[[], str] = version.digest


@app.command("prove")
def run(
    names: Names = None,
    listed: Listed = False,
    seed: Seed = mutation.SEED,
    count: Count = mutants.COUNT,
) -> int:
    """Run these parts, or all, and print their seconds; status 1 where one fails."""
    folder, parts = checkout() / "docs", chosen(names or [])
    if listed:
        for name, part in parts.items():
            made = "of this code" if is_current(folder / part.table, part.code()) else "STALE"
            print(f"{name:10} docs/{part.table:16} {made:14} {part.shows}")
        return 0
    failed = 0
    for name, part in parts.items():
        began = time.monotonic()
        chosen_run = (
            partial(mutation.run, seed=seed, count=count) if name == "mutants" else part.run
        )
        status = chosen_run(folder / part.table)
        ended = {0: "done", STOPPED_STATUS: "stopped"}.get(status, "FAILED")
        print(f"{name}: docs/{part.table} {ended} after {time.monotonic() - began:.0f} s")
        if status == STOPPED_STATUS:
            return STOPPED_STATUS
        failed |= status
    print("./dev docs draws the documents from the tables")
    return failed


def chosen(names: list[str]) -> dict[str, Part]:
    """The parts of those names, or all; raises `InvalidInput`."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        raise InvalidInput(f"no part {unknown[0]!r}: there are {', '.join(PARTS)}")
    return {name: part for name, part in PARTS.items() if not names or name in names}


def is_current(table: Path, code: str) -> bool:
    """Whether each line of *table* is of *code*."""
    lines = table.read_text().splitlines() if table.exists() else []
    return bool(lines) and all(code in line for line in lines)


def run_campaign(table: Path, seeds: int = SEEDS, *, directed: bool = True) -> int:
    """Directed runs, then so many of seeds that had never run when their code was first tried."""
    told = campaigns.load(table)
    if told.code == version.digest():
        return simulate.run(seeds=seeds, first=told.first, directed=directed, state=table)
    table.unlink(missing_ok=True)
    return simulate.run(seeds=seeds, first=told.next, directed=directed, state=table)


def hunt_bugs(table: Path, bugs: Sequence[Planted] = PLANTED) -> int:
    """Each planted bug with a seed that finds it; the seed of the last time is tried first."""
    code, told = version.digest(), hunted(table)
    found = {name for name, each in told.items() if each.code == code and each.seed is not None}
    left = [bug for bug in bugs if bug.name not in found]
    for bug, seed in planted.hunts(left, {name: each.seed for name, each in told.items()}):
        print(f"{bug.breaks:12} {'SURVIVES' if seed is None else seed:8} {bug.name}", flush=True)
        told[bug.name] = PlantedLine(
            name=bug.name, breaks=bug.breaks, file=bug.file, seed=seed, code=code
        )
        lines = [msgspec.json.encode(told[each.name]) for each in bugs if each.name in told]
        table.write_bytes(b"".join(line + b"\n" for line in lines))
    return 1 if any(told[bug.name].seed is None for bug in bugs) else 0


def hunted(table: Path) -> dict[str, PlantedLine]:
    """The lines of *table* by the names of their bugs."""
    lines = table.read_bytes().splitlines() if table.exists() else []
    read = (msgspec.json.decode(each, type=PlantedLine) for each in lines)
    return {each.name: each for each in read}


def run_scenarios(table: Path) -> int:
    """The tests of each scenario; status 1 where one fails, or the run ends: the table stays."""
    root = checkout()
    tests = root / "tests" / "replay" / "test_scenarios.py"
    command = (sys.executable, "-m", "pytest", "-q", "-n", "auto", str(tests))
    paths = sorted((root / "events" / "scenarios").glob("*.toml"))
    made = [ScenarioLine(scenario=each.stem, code=version.digest()) for each in paths]
    ran = subprocess.run(command, cwd=root, env=os.environ | {EVERY: "all"}, check=False)
    if ran.returncode == 0:
        table.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in made))
    return int(ran.returncode != 0)


def run_benches(table: Path) -> int:
    """Each bench in its quick form; status 1 where a fact that is counted does not hold."""
    benches = bench.chosen(checkout() / "bench", [])
    made = [(path, each) for path in benches for each in bench.measured(path, quick=True)]
    lines = (
        BenchLine(bench=path.stem, figure=each.name, holds=holds(each), code=version.digest())
        for path, each in made
    )
    table.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in lines))
    return int(not all(holds(each) for _, each in made))


def holds(figure: Figure) -> bool:
    """Whether what *figure* counts is as it should be; no time is judged."""
    return not figure.exact or figure.met is not False


PARTS = {
    "campaign": Part(
        "many runs of the simulation break no rule, and every fault comes",
        "campaign.json",
        run_campaign,
    ),
    "planted": Part("each planted bug is found", "planted.jsonl", hunt_bugs),
    "regressions": Part(
        "what was found once is mended, and found again where it is not",
        "regressions.jsonl",
        regressions.run,
    ),
    "faults": Part(
        "each call to AWS may end in seven ways, and no page is lost",
        "faults.jsonl",
        faults.run_all,
    ),
    "scenarios": Part(
        "each scenario ends as it says, and its record and its pages hold",
        "scenarios.jsonl",
        run_scenarios,
    ),
    "benches": Part(
        "each bench runs, and each fact that it counts holds", "benches.jsonl", run_benches
    ),
    "mutants": Part(
        "each small edit of what is safety-critical fails a test",
        "mutants.jsonl",
        mutation.run,
        mutants.digest,
    ),
}
