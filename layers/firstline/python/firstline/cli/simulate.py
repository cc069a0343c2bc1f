"""``firstline simulate``: the remediator against a failing fleet, one run a seed."""

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from firstline import version
from firstline.cli import export_files
from firstline.cli.main import STOPPED_STATUS
from firstline.cli.output import lines as output
from firstline.cli.output import progress, run_timeline
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

SAVE_INTERVAL_SECONDS = 1.0

Seeds = Annotated[int, typer.Option(min=1, max=10_000_000, help="number of runs")]
Directed = Annotated[
    bool, typer.Option(help="start with one run for each fault of each remote request")
]
Seed = Annotated[int | None, typer.Option(min=0, help="only this seed, step by step")]
First = Annotated[int, typer.Option("--from", min=0, help="the first seed")]
State = Annotated[Path | None, typer.Option(help="continue from this file, and update it")]
Coverage = Annotated[bool, typer.Option("--coverage", help="show how often each fault occurred")]
Hunt = Annotated[
    str | None,
    typer.Option("--planted", help='find the planted bugs whose name contains this; "": all'),
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
    """Simulate; a violation prints its seed and the shortest timeline found for it."""
    if hunt is not None:
        return _hunt(hunt, as_json=as_json)
    if export is not None and seed is None:
        raise InvalidInput("--export requires --seed: it writes the ledger of one run")
    if seed is not None:
        if export is not None:
            export_files.write(seed_run.export_lines(seed_run.run(seed)), export)
        return _print_run(seed, seed_run.simulate(seed), as_json=as_json)
    code = version.digest()
    campaign = campaigns.load(state) if state is not None else Campaign()
    if not campaign.seeds:
        campaign = Campaign(code=code, first=first, next=first)
    elif campaign.code != code:
        raise InvalidInput(f"{state} contains runs of other code: give another file")
    jobs = (
        *(cells()[campaign.directed :] if directed else ()),
        *range(campaign.next, campaign.first + seeds),
    )
    whole = _run(campaign, jobs, state)
    return _print_campaign(campaign, whole=whole, coverage=coverage, as_json=as_json)


def _hunt(text: str, *, as_json: bool) -> int:
    """Plant each of these bugs; return 1 if the checkers miss one."""
    bugs = [each for each in PLANTED_BUGS if text in each.name]
    if not bugs:
        raise InvalidInput(f"unknown planted bug {text!r}: docs/SAFETY.md lists them")
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


def _run(campaign: Campaign, jobs: Sequence[Job], state: Path | None) -> bool:
    """Run *jobs*; return False if an interrupt stopped it."""
    began = saved = time.monotonic()
    before = campaign.seconds
    if state is not None:  # fail now, not after an hour
        campaigns.save(campaign, state)
    try:
        with progress.status_line() as update:
            for number, (job, outcome) in enumerate(campaigns.run(jobs), 1):
                campaign.add(job, outcome)
                now = time.monotonic()
                campaign.seconds = before + now - began
                update(_progress_text(campaign, len(jobs) - number))
                if state is not None and now - saved > SAVE_INTERVAL_SECONDS:
                    campaigns.save(campaign, state)
                    saved = now
    except KeyboardInterrupt:
        return False
    finally:
        if state is not None:
            campaigns.save(campaign, state)
    return True


def _progress_text(campaign: Campaign, left: int) -> str:
    runs = campaign.directed + campaign.seeds
    rate = runs / max(campaign.seconds, 0.001)
    broken = f"{len(campaign.broken)} with a violation" if campaign.broken else "no violation"
    return f"{runs:,} of {runs + left:,} runs, {rate:.0f} a second: {broken}"


def _print_campaign(campaign: Campaign, *, whole: bool, coverage: bool, as_json: bool) -> int:
    """Print the campaign; return 1 if an invariant broke or a fault never occurred."""
    found_of = {each.job: _shortest(each.job) for each in campaign.broken}
    missed = campaign.empty()
    uncovered = bool(missed) and campaign.directed > 0 and whole
    if as_json:
        output.emit(_simulate_line(campaign, found_of, missed))
    else:
        for job, outcome in found_of.items():
            _print_run(job, outcome, as_json=False)
        if coverage:
            print("\n".join(_table(campaign)))
        print(_summary(campaign, missed))
        if uncovered:
            print(f"no run hit: {', '.join(missed)}")
    if not whole:
        on = f"continue with the same --state, or --from {campaign.next}"
        print(f"stopped before seed {campaign.next}: {on}", file=sys.stderr)
        return STOPPED_STATUS
    return 1 if found_of or uncovered else 0


def _shortest(job: Job) -> Outcome:
    """Return the shortest outcome; a directed run, with only its fault, is its own."""
    if isinstance(job, Cell):
        return directed_runs.simulate(job)
    return shrink(job, seed_run.simulate(job))


def _simulate_line(
    campaign: Campaign, outcomes: dict[Job, Outcome], missed: tuple[str, ...]
) -> SimulateLine:
    total = len(cells())
    return SimulateLine(
        directed=campaign.directed,
        seeds=campaign.seeds,
        incidents=campaign.incidents,
        steps=campaign.steps,
        violations=tuple(_violation(job, each) for job, each in outcomes.items()),
        faults_covered=total - len(missed),
        faults_total=total,
        missed=missed,
        seconds=round(campaign.seconds),
    )


def _summary(campaign: Campaign, missed: tuple[str, ...]) -> str:
    total = len(cells())
    ends = f"{len(campaign.broken)} with a violation" if campaign.broken else "no violation"
    return (
        f"{campaign.directed:,} directed and {campaign.seeds:,} random runs,"
        f" {campaign.incidents:,} incidents, {campaign.steps:,} remote requests in"
        f" {campaign.seconds:.0f} s: {ends};"
        f" {total - len(missed)} of {total} faults of effects came"
    )


def _table(campaign: Campaign) -> Iterator[str]:
    """Yield how often each fault of each effect occurred; a dot where it is impossible."""
    kinds = [each for each in Fault if each is not Fault.NONE]
    yield f"{'':26}" + " ".join(f"{each:>14}" for each in kinds)
    for effect in effects():
        cells = (
            "." if impossible(effect, each) else str(campaign.times(effect, each)) for each in kinds
        )
        yield f"{effect:26}" + " ".join(f"{each:>14}" for each in cells)
    reasons = {why for effect in effects() for each in kinds if (why := impossible(effect, each))}
    yield "a dot: " + "; ".join(sorted(reasons))


def _print_run(job: Job, outcome: Outcome, *, as_json: bool) -> int:
    """Print the run step by step; return 1 for a violation."""
    if as_json:
        output.emit(_violation(job, outcome))
    else:
        of = " ".join(job) if isinstance(job, Cell) else f"seed {job}"
        print(f"{of}: {outcome.world}, {outcome.incidents} incidents, hash {outcome.hash}")
        campaign = run_timeline.lines(_rerun(job, outcome))
        for each in (*campaign, *(f"VIOLATED {it}" for it in outcome.violations)):
            print(f"  {each}")
    return 1 if outcome.violations else 0


def _violation(job: Job, outcome: Outcome) -> ViolationLine:
    campaign = run_timeline.lines(_rerun(job, outcome))
    seed, cell = (None, " ".join(job)) if isinstance(job, Cell) else (job, "")
    return ViolationLine(
        seed=seed,
        cell=cell,
        start=outcome.world,
        broken=outcome.violations,
        timeline=tuple(campaign),
    )


def _rerun(job: Job, outcome: Outcome) -> Run:
    return directed_runs.run(job) if isinstance(job, Cell) else seed_run.run(job, outcome.choices)
