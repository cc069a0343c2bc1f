"""The section of ``docs/SAFETY.md`` on mutants, from ``docs/mutants.jsonl``."""

from collections.abc import Iterator
from pathlib import Path

from tools.mutants import mutants
from tools.mutants.mutants import COUNT, GOAL, TrialResult

SOURCE_MAX = 100
"""The characters of a source line in a table."""


def mutants_section(folder: Path) -> Iterator[str]:
    """Yield the numbers of mutants and kills, and the reason for each survivor."""
    trials = mutants.load(folder / "mutants.jsonl")
    reasons = mutants.reasons(folder / "survivors.toml")
    survivors = [each for each in trials if each.killer is None]
    killed = len(trials) - len(survivors)
    yield "## Mutants\n"
    yield "Small edits of what is safety-critical, each of one place, which a test must fail: a"
    yield "negated condition, a bound that is off by one, a dropped statement, a constant in place"
    yield "of what is returned, `and` for `or`, an emptied collection. The tests are those beside"
    yield "the code; scenarios and the simulation do not count. `./dev prove mutants` tries them:"
    yield f"{len(trials)} of {max(COUNT, len(trials))} have run, {killed} were killed"
    yield f"({killed / max(len(trials), 1):.1%}; the goal is {GOAL:.0%}). An edit that changes"
    yield "nothing counts as a survivor. A survivor is tried again once it has a test, so that the"
    yield "share says less of the mutants that have not run.\n"
    yield "| file | tried | killed |"
    yield "|---|---|---|"
    for file in sorted({each.file for each in trials}):
        tried = [each for each in trials if each.file == file]
        kept = sum(each.killer is not None for each in tried)
        yield f"| `{file.removeprefix(mutants.CORE + '/')}` | {len(tried)} | {kept} |"
    yield ""
    if survivors:
        yield "| survivor | line | with the edit | why it is accepted |"
        yield "|---|---|---|---|"
    for each in survivors:
        lines = f"{_shown(each.before)} | {_shown(each.after)}"
        yield f"| {_place(each)} | {lines} | {reasons.get(each.key, 'no reason yet')} |"
    yield ""


def _place(each: TrialResult) -> str:
    return f"`{each.file.removeprefix(mutants.CORE + '/')}:{each.line}` {each.operator}"


def _shown(line: str) -> str:
    cut = line if len(line) <= SOURCE_MAX else f"{line[:SOURCE_MAX]}..."
    return f"`` {cut.replace('|', '\\|')} ``"
