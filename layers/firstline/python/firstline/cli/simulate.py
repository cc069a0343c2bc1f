"""``firstline simulate``: the remediator against a failing fleet, each run from a seed."""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from firstline import version
from firstline.cli import exported
from firstline.cli.main import STOPPED
from firstline.cli.output import lines as output
from firstline.cli.output import progress, stepwise
from firstline.cli.output.lines import PlantedLine, SimulateLine, ViolationLine
from firstline.errors import InvalidInput
from firstline.lab.simulation import campaign as campaigns
from firstline.lab.simulation import cells as directed_runs
from firstline.lab.simulation import seed_run
from firstline.lab.simulation.campaign import Campaign, Job
from firstline.lab.simulation.cells import Cell, cells
from firstline.lab.simulation.faults import Fault, effects, impossible
from firstline.lab.simulation.mutants import seed_search
from firstline.lab.simulation.mutants.bugs import PLANTED_BUGS
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.seed_run import Outcome
from firstline.lab.simulation.shrink import shrink

app = typer.Typer(add_completion=False, rich_markup_mode=None)

SAVED_EVERY_SECONDS = 1.0

Seeds = Annotated[int, typer.Option(min=1, max=10_000_000, help="how many runs")]
Directed = Annotated[
    bool, typer.Option(help="begin with one run for each fault of each remote request")
]
Seed = Annotated[int | None, typer.Option(min=0, help="this one alone, step by step")]
First = Annotated[int, typer.Option("--from", min=0, help="the first seed")]
State = Annotated[
    Path | None, typer.Option(help="go on from what this file holds, and keep it up to date")
]
Coverage = Annotated[bool, typer.Option("--coverage", help="tell how often each fault came")]
Hunt = Annotated[
    str | None,
    typer.Option("--planted", help='find the planted bugs whose name holds this; "": all'),
]
Export = Annotated[Path | None, typer.Option(help="with --seed: write its ledger there")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]


@app.command("simulate")
def run(
    seeds: Seeds = 200,
    seed: Seed = None,
    directed: Directed = True,
    first: First = 0,
    state: State = None,
    coverage: Coverage = False,
    hunt: Hunt = None,
    export: Export = None,
    as_json: AsJson = False,
) -> int:
    """Simulate; a violation prints its seed and the shortest timeline that was found for it."""
    if hunt is not None:
        return _hunt(hunt, as_json=as_json)
    if export is not None and seed is None:
        raise InvalidInput("--export goes with --seed: it writes the ledger of one run")
    if seed is not None:
        if export is not None:
            exported.write(seed_run.export_lines(seed_run.run(seed)), export)
        return _show(seed, seed_run.simulate(seed), as_json=as_json)
    code = version.digest()
    told = campaigns.load(state) if state is not None else Campaign()
    if not told.seeds:
        told = Campaign(code=code, first=first, next=first)
    elif told.code != code:
        raise InvalidInput(f"{state} holds runs of other code: its figures cannot be added to")
    jobs = (*(cells()[told.directed :] if directed else ()), *range(told.next, told.first + seeds))
    whole = _run(told, jobs, state)
    return _tell(told, whole=whole, coverage=coverage, as_json=as_json)


def _hunt(text: str, *, as_json: bool) -> int:
    """Plant each of these bugs; 1 if the checkers miss one."""
    bugs = [each for each in PLANTED_BUGS if text in each.name]
    if not bugs:
        raise InvalidInput(f"no planted bug is called {text!r}: docs/SAFETY.md lists them")
    survived, code = 0, version.digest()
    for bug, seed in seed_search.find_seeds(bugs):
        survived += seed is None
        if as_json:
            line = PlantedLine(
                name=bug.name, breaks=bug.breaks, file=bug.file, seed=seed, code=code
            )
            output.emit(line)
        else:
            ends = "SURVIVES" if seed is None else f"seed {seed}"
            print(f"{bug.breaks:12} {ends:10} {bug.file}: {bug.name}", flush=True)
    if not as_json:
        print(f"{len(bugs)} bugs planted, {survived} survived {seed_search.SEEDS_MAX} seeds each")
    return 1 if survived else 0


def _run(told: Campaign, jobs: Sequence[Job], state: Path | None) -> bool:
    """Run *jobs*; False if somebody stopped it."""
    began = saved = time.monotonic()
    before = told.seconds
    if state is not None:  # a file that cannot be written is told now, and not after an hour
        campaigns.save(told, state)
    try:
        with progress.counting() as tell:
            for number, (job, outcome) in enumerate(campaigns.run(jobs), 1):
                told.add(job, outcome)
                now = time.monotonic()
                told.seconds = before + now - began
                tell(_line(told, len(jobs) - number))
                if state is not None and now - saved > SAVED_EVERY_SECONDS:
                    campaigns.save(told, state)
                    saved = now
    except KeyboardInterrupt:
        return False
    finally:
        if state is not None:
            campaigns.save(told, state)
    return True


def _line(told: Campaign, left: int) -> str:
    runs = told.directed + told.seeds
    rate = runs / max(told.seconds, 0.001)
    broken = f"{len(told.broken)} with a violation" if told.broken else "no violation"
    return f"{runs:,} of {runs + left:,} runs, {rate:.0f} a second: {broken}"


def _tell(told: Campaign, *, whole: bool, coverage: bool, as_json: bool) -> int:
    """What the campaign came to, and its status: 1 where a rule broke or a fault never came."""
    found_of = {each.job: _shortest(each.job) for each in told.broken}
    missed = told.empty()
    uncovered = bool(missed) and told.directed > 0 and whole
    if as_json:
        output.emit(_document(told, found_of, missed))
    else:
        for job, outcome in found_of.items():
            _show(job, outcome, as_json=False)
        if coverage:
            print("\n".join(_table(told)))
        print(_summary(told, missed))
        if uncovered:
            print(f"no run hit: {', '.join(missed)}")
    if not whole:
        on = f"go on with the same --state, or --from {told.next}"
        print(f"stopped before seed {told.next}: {on}", file=sys.stderr)
        return STOPPED
    return 1 if found_of or uncovered else 0


def _shortest(job: Job) -> Outcome:
    """A directed run is as short as it can be: all but its fault is dull."""
    if isinstance(job, Cell):
        return directed_runs.simulate(job)
    return shrink(job, seed_run.simulate(job))


def _document(
    told: Campaign, outcomes: dict[Job, Outcome], missed: tuple[str, ...]
) -> SimulateLine:
    total = len(cells())
    return SimulateLine(
        directed=told.directed,
        seeds=told.seeds,
        incidents=told.incidents,
        steps=told.steps,
        violations=tuple(_violation(job, each) for job, each in outcomes.items()),
        faults_covered=total - len(missed),
        faults_total=total,
        missed=missed,
        seconds=round(told.seconds),
    )


def _summary(told: Campaign, missed: tuple[str, ...]) -> str:
    total = len(cells())
    ends = f"{len(told.broken)} with a violation" if told.broken else "no violation"
    return (
        f"{told.directed:,} directed and {told.seeds:,} random runs,"
        f" {told.incidents:,} incidents, {told.steps:,} remote requests in"
        f" {told.seconds:.0f} s: {ends}; {total - len(missed)} of {total} faults of effects came"
    )


def _table(told: Campaign) -> Iterator[str]:
    """How often each effect had each fault; a dot where it cannot have it."""
    kinds = [each for each in Fault if each is not Fault.NONE]
    yield f"{'':26}" + " ".join(f"{each:>14}" for each in kinds)
    for effect in effects():
        cells = (
            "." if impossible(effect, each) else str(told.times(effect, each)) for each in kinds
        )
        yield f"{effect:26}" + " ".join(f"{each:>14}" for each in cells)
    reasons = {why for effect in effects() for each in kinds if (why := impossible(effect, each))}
    yield "a dot: " + "; ".join(sorted(reasons))


def _show(job: Job, outcome: Outcome, *, as_json: bool) -> int:
    """The run step by step, from its choices."""
    if as_json:
        output.emit(_violation(job, outcome))
    else:
        of = " ".join(job) if isinstance(job, Cell) else f"seed {job}"
        print(f"{of}: {outcome.world}, {outcome.incidents} incidents, hash {outcome.hash}")
        told = stepwise.lines(_again(job, outcome))
        for each in (*told, *(f"VIOLATED {it}" for it in outcome.violations)):
            print(f"  {each}")
    return 1 if outcome.violations else 0


def _violation(job: Job, outcome: Outcome) -> ViolationLine:
    told = stepwise.lines(_again(job, outcome))
    seed, cell = (None, " ".join(job)) if isinstance(job, Cell) else (job, "")
    return ViolationLine(
        seed=seed, cell=cell, start=outcome.world, broken=outcome.violations, timeline=tuple(told)
    )


def _again(job: Job, outcome: Outcome) -> Run:
    return directed_runs.run(job) if isinstance(job, Cell) else seed_run.run(job, outcome.choices)
