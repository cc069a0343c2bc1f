"""Planted bugs: each is found, or the checkers prove nothing."""

from pathlib import Path

import pytest

from firstline.errors import InvariantViolation
from firstline.lab.simulation import regressions, seed_run
from firstline.lab.simulation.invariants import CHECKERS
from firstline.lab.simulation.mutants import seed_search
from firstline.lab.simulation.mutants.bugs import PLANTED_BUGS
from firstline.lab.simulation.mutants.planted_bug import PlantedBug
from firstline.lab.simulation.mutants.seed_search import find_seed
from firstline.lab.simulation.regressions import REGRESSIONS, Regression
from tools.prove import load_hunts
from tools.regressions import read

DOCS = Path(__file__).parents[3] / "docs"
KNOWN = load_hunts(DOCS / "planted.jsonl")
CHOICES = {each.name: each.choices for each in read(DOCS / "regressions.jsonl")}
BY_NAME = {each.name: each for each in PLANTED_BUGS}
GONE = PlantedBug(
    name="gone", breaks="I1", file="notifications/pages.py", old="no such line", new=""
)
BROKEN = PlantedBug(
    name="broken", breaks="I1", file="remediation/plan.py", old="import msgspec", new="("
)
NUMBERS = {f"I{number}" for number in range(1, 40)}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("bug", PLANTED_BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: PlantedBug) -> None:
    """Within so many seeds, by the checker of the invariant that it breaks.

    The seed that found it the last time is run first (docs/planted.jsonl).
    """
    known = KNOWN[bug.name].seed if bug.name in KNOWN else None
    assert find_seed(bug, known=known) is not None, (
        f"{bug.name} survived {seed_search.SEEDS_MAX} seeds"
    )


def test_an_edit_that_does_not_apply_or_run_is_an_error() -> None:
    """The source went on without it: the bug must be planted anew."""
    with pytest.raises(InvariantViolation, match="applies 0 times"):
        find_seed(GONE)
    with pytest.raises(InvariantViolation, match="does not run"):
        find_seed(BROKEN)


def test_a_start_that_is_not_there_is_an_error() -> None:
    """A bug hunted from it would be hunted for ever."""
    with pytest.raises(InvariantViolation, match="no run begins with 'gone'"):
        list(seed_run.seeds(1, "gone"))


def test_every_invariant_has_a_checker_and_every_checker_a_bug() -> None:
    """A checker that finds nothing may look for nothing."""
    assert {each.partition(" ")[0] for each in CHECKERS} == NUMBERS
    assert {each.breaks for each in PLANTED_BUGS} == set(CHECKERS)
    assert len(BY_NAME) == len(PLANTED_BUGS)


AGAIN = """
import sys
from firstline.lab.simulation import seed_run
seed, *choices = map(int, sys.argv[1:])
print(*seed_run.simulate(seed, choices).violations)
"""


@pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda each: each.name)
def test_what_was_found_once_is_mended(regression: Regression) -> None:
    """Its choices break nothing now, and break what they broke where the mistake is planted.

    Other code asks for other choices: ``./dev prove regressions`` hunts them.
    """
    bug, seed = regressions.planted_bug(regression), regressions.world_seed(regression)
    dense_choices = regressions.dense_choices(CHOICES[regression.name])
    assert seed_run.simulate(seed, dense_choices).violations == ()
    assert seed_search.run(bug, AGAIN, *map(str, (seed, *dense_choices))).startswith(
        f"{bug.breaks}:"
    )


SHRUNK = """
from firstline.lab.simulation import seed_run
from firstline.lab.simulation.shrink import shrink
outcome = seed_run.simulate(2)
shorter = shrink(2, outcome)
print(sum(map(bool, outcome.choices)), sum(map(bool, shorter.choices)), bool(shorter.violations))
"""


def test_a_violation_is_shrunk_to_what_it_needs() -> None:
    """A bug that needs nothing to go wrong ends with no choice but dull ones."""
    (bug,) = [each for each in PLANTED_BUGS if each.breaks == "I25"]
    before, after, still = seed_search.run(bug, SHRUNK).split()
    assert int(before) > int(after) == 0
    assert still == "True"
