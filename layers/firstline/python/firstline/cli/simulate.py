"""``firstline simulate``: the remediator against a failing fleet, each run from a seed."""

import time
from collections import Counter
from typing import Annotated

import typer

from firstline.cli import output
from firstline.cli.output import SimulateLine, ViolationLine
from firstline.simulation import found
from firstline.simulation.faults import Fault
from firstline.simulation.found import Outcome

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Seeds = Annotated[int, typer.Option(min=1, max=10_000_000, help="how many runs")]
Seed = Annotated[int | None, typer.Option(min=0, help="this one alone, step by step")]
First = Annotated[int, typer.Option("--from", min=0, help="the first seed")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON document")]


@app.command("simulate")
def run(seeds: Seeds = 200, seed: Seed = None, first: First = 0, as_json: AsJson = False) -> int:
    """Simulate; a violation prints its seed and the shortest timeline that was found for it."""
    profile = found.load()
    if seed is not None:
        return _show(found.simulate(seed, profile), seed, as_json=as_json)
    began, coverage = time.monotonic(), Counter[tuple[str, Fault]]()
    outcomes: dict[int, Outcome] = {}
    incidents = steps = 0
    for number in range(first, first + seeds):
        outcome = found.simulate(number, profile)
        coverage.update(outcome.coverage)
        incidents, steps = incidents + outcome.incidents, steps + outcome.steps
        if outcome.violations:
            outcomes[number] = found.shortest(number, outcome, profile)
            if not as_json:
                _show(outcomes[number], number, as_json=False)
    covered, total = _covered(coverage)
    line = SimulateLine(
        seeds=seeds,
        incidents=incidents,
        steps=steps,
        violations=tuple(_line(number, each) for number, each in outcomes.items()),
        faults_covered=covered,
        faults_total=total,
        seconds=round(time.monotonic() - began),
    )
    if as_json:
        output.emit(line)
    else:
        ends = f"{len(outcomes)} with a violation" if outcomes else "no violation"
        print(
            f"{seeds} runs, {incidents} incidents, {steps} remote requests in {line.seconds} s:"
            f" {ends}; {covered} of {total} faults of the effects seen"
        )
    return 1 if outcomes else 0


def _covered(coverage: Counter[tuple[str, Fault]]) -> tuple[int, int]:
    """Of the effects that were seen: the faults that came, and all that can."""
    effects = {effect for effect, _ in coverage}
    cells = [(each, kind) for each in effects for kind in found.faults_of(each)]
    return sum(1 for each in cells if coverage[each]), len(cells)


def _show(outcome: Outcome, seed: int, *, as_json: bool) -> int:
    if as_json:
        output.emit(_line(seed, outcome))
    else:
        print(f"seed {seed}: {outcome.start}, {outcome.incidents} incidents, hash {outcome.hash}")
        for each in (*outcome.trace, *(f"VIOLATED {it}" for it in outcome.violations)):
            print(f"  {each}")
    return 1 if outcome.violations else 0


def _line(seed: int, outcome: Outcome) -> ViolationLine:
    return ViolationLine(
        seed=seed, start=outcome.start, broken=outcome.violations, timeline=outcome.trace
    )
