"""``firstline prove``: proofs that are too long for CI, in parts with committed tables.

A stopped part continues where it stopped, and a table of other code starts again. Each line of a
table has the digest of its code (`firstline.version`; for mutants also of the hosts' scripts).
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
from firstline.lab.simulation.mutants import seed_search
from firstline.lab.simulation.mutants.bugs import PLANTED_BUGS
from firstline.lab.simulation.mutants.planted_bug import PlantedBug
from tools import faults, regressions
from tools.bench import bench
from tools.bench.figure import Figure
from tools.mutants import campaign as mutation
from tools.mutants import mutants

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SEEDS = 20_000


EVERY = "FIRSTLINE_SCENARIOS"
"""The environment variable that makes the tests run every scenario."""


class ScenarioLine(msgspec.Struct, frozen=True, kw_only=True):
    """A scenario whose tests passed on that code."""

    scenario: str
    code: str


class BenchLine(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of a bench's quick form, and whether its count is right."""

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
    """The purpose of a part, its table in ``docs/``, and its program.

    The program takes the table's path and returns the exit status; ``code`` is the digest that
    each line of the table must have.
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
    """Run these parts, or all, and print their seconds; status 1 if one fails."""
    folder, parts = checkout() / "docs", select(names or [])
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


def select(names: list[str]) -> dict[str, Part]:
    """Return the parts of those names, or all; raises `InvalidInput`."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        raise InvalidInput(f"no part {unknown[0]!r}: there are {', '.join(PARTS)}")
    return {name: part for name, part in PARTS.items() if not names or name in names}


def is_current(table: Path, code: str) -> bool:
    """Return True if each line of *table* is of *code*."""
    lines = table.read_text().splitlines() if table.exists() else []
    return bool(lines) and all(code in line for line in lines)


def run_campaign(table: Path, seeds: int = SEEDS, *, directed: bool = True) -> int:
    """Run directed runs and seeds that are new to this code."""
    campaign = campaigns.load(table)
    if campaign.code == version.digest():
        return simulate.run(seeds=seeds, first=campaign.first, directed=directed, state=table)
    table.unlink(missing_ok=True)
    return simulate.run(seeds=seeds, first=campaign.next, directed=directed, state=table)


def hunt_bugs(table: Path, bugs: Sequence[PlantedBug] = PLANTED_BUGS) -> int:
    """Find each planted bug by a seed, starting with the last one."""
    code, hunts = version.digest(), load_hunts(table)
    found = {name for name, each in hunts.items() if each.code == code and each.seed is not None}
    left = [bug for bug in bugs if bug.name not in found]
    for bug, seed in seed_search.find_seeds(
        left, {name: each.seed for name, each in hunts.items()}
    ):
        print(f"{bug.breaks:12} {'SURVIVES' if seed is None else seed:8} {bug.name}", flush=True)
        hunts[bug.name] = PlantedLine(
            name=bug.name, breaks=bug.breaks, file=bug.file, seed=seed, code=code
        )
        lines = [msgspec.json.encode(hunts[each.name]) for each in bugs if each.name in hunts]
        table.write_bytes(b"".join(line + b"\n" for line in lines))
    return 1 if any(hunts[bug.name].seed is None for bug in bugs) else 0


def load_hunts(table: Path) -> dict[str, PlantedLine]:
    """Return the lines of *table* by bug."""
    lines = table.read_bytes().splitlines() if table.exists() else []
    read = (msgspec.json.decode(each, type=PlantedLine) for each in lines)
    return {each.name: each for each in read}


def run_scenarios(table: Path) -> int:
    """Run the tests of each scenario; return 1 on a failure or an interruption."""
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
    """Run each bench in its quick form; return 1 if a counted figure is wrong."""
    benches = bench.select(checkout() / "bench", [])
    made = [(path, each) for path in benches for each in bench.measure(path, quick=True)]
    lines = (
        BenchLine(bench=path.stem, figure=each.name, holds=holds(each), code=version.digest())
        for path, each in made
    )
    table.write_bytes(b"".join(msgspec.json.encode(each) + b"\n" for each in lines))
    return int(not all(holds(each) for _, each in made))


def holds(figure: Figure) -> bool:
    """Return True if the count of *figure* is right; times are not judged."""
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
