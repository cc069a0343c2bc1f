"""Planted bugs: each is found, or the checkers prove nothing."""

from pathlib import Path

import pytest

from firstline.errors import InvariantViolation
from firstline.lab.simulation import found, planted, regressions
from firstline.lab.simulation.bug import Planted
from firstline.lab.simulation.bugs import PLANTED
from firstline.lab.simulation.invariants import CHECKERS
from firstline.lab.simulation.planted import hunt
from firstline.lab.simulation.regressions import REGRESSIONS, Regression
from tools.prove import load_hunts
from tools.regressions import read

DOCS = Path(__file__).parents[3] / "docs"
KNOWN = load_hunts(DOCS / "planted.jsonl")
CHOICES = {each.name: each.choices for each in read(DOCS / "regressions.jsonl")}
BY_NAME = {each.name: each for each in PLANTED}
GONE = Planted(name="gone", breaks="I1", file="notifications/pages.py", old="no such line", new="")
BROKEN = Planted(
    name="broken", breaks="I1", file="remediation/plan.py", old="import msgspec", new="("
)
NUMBERS = {f"I{number}" for number in range(1, 40)}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Planted) -> None:
    """Within so many seeds, by the checker of the invariant that it breaks.

    The seed that found it the last time is run first (docs/planted.jsonl).
    """
    known = KNOWN[bug.name].seed if bug.name in KNOWN else None
    assert hunt(bug, known=known) is not None, f"{bug.name} survived {planted.SEEDS_MAX} seeds"


def test_an_edit_that_does_not_apply_or_run_is_an_error() -> None:
    """The source went on without it: the bug must be planted anew."""
    with pytest.raises(InvariantViolation, match="applies 0 times"):
        hunt(GONE)
    with pytest.raises(InvariantViolation, match="does not run"):
        hunt(BROKEN)


def test_a_start_that_is_not_there_is_an_error() -> None:
    """A bug hunted from it would be hunted for ever."""
    with pytest.raises(InvariantViolation, match="no run begins with 'gone'"):
        list(found.seeds(1, "gone"))


def test_every_invariant_has_a_checker_and_every_checker_a_bug() -> None:
    """A checker that finds nothing may look for nothing."""
    assert {each.partition(" ")[0] for each in CHECKERS} == NUMBERS
    assert {each.breaks for each in PLANTED} == set(CHECKERS)
    assert len(BY_NAME) == len(PLANTED)


AGAIN = """
import sys
from firstline.lab.simulation import found
seed, *choices = map(int, sys.argv[1:])
print(*found.simulate(seed, choices).violations)
"""


@pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda each: each.name)
def test_what_was_found_once_is_mended(regression: Regression) -> None:
    """Its choices break nothing now, and break what they broke where the mistake is planted.

    Other code asks for other choices: ``./dev prove regressions`` hunts them.
    """
    bug, seed = regressions.planted_bug(regression), regressions.seed_of(regression)
    given = regressions.given(CHOICES[regression.name])
    assert found.simulate(seed, given).violations == ()
    assert planted.run(bug, AGAIN, *map(str, (seed, *given))).startswith(f"{bug.breaks}:")


SHRUNK = """
from firstline.lab.simulation import found
outcome = found.simulate(2)
shorter = found.shortest(2, outcome)
print(sum(map(bool, outcome.choices)), sum(map(bool, shorter.choices)), bool(shorter.violations))
"""


def test_a_violation_is_shrunk_to_what_it_needs() -> None:
    """A bug that needs nothing to go wrong ends with no choice but dull ones."""
    (bug,) = [each for each in PLANTED if each.breaks == "I25"]
    before, after, still = planted.run(bug, SHRUNK).split()
    assert int(before) > int(after) == 0
    assert still == "True"
