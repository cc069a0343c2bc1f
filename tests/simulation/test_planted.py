"""Planted bugs: each is found, or the checkers prove nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firstline.errors import Bug
from firstline.simulation import planted
from firstline.simulation.invariants import CHECKERS
from firstline.simulation.planted import PLANTED, Planted, apply, hunt


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package, to be edited."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(planted.PACKAGE, tmp_path / "firstline", ignore=ignore)
    return tmp_path


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Planted, copied: Path) -> None:
    """Within so many seeds, by a checker of an invariant that it breaks."""
    apply(bug, copied / "firstline")
    assert hunt(bug, copied), f"{bug.name} survived {planted.SEEDS_MAX} seeds"


def test_an_edit_that_does_not_apply_is_an_error(copied: Path) -> None:
    """The source went on without it: the bug must be planted anew."""
    gone = Planted(name="gone", breaks=("I1",), file="paging.py", old="no such line", new="")
    with pytest.raises(Bug, match="applies 0 times"):
        apply(gone, copied / "firstline")
    broken = Planted(name="broken", breaks=("I1",), file="plan.py", old="import msgspec", new="(")
    apply(broken, copied / "firstline")
    with pytest.raises(Bug, match="does not run"):
        hunt(broken, copied)


UNPROVED = {"I3", "I12", "I13"}
"""Checkers that no planted bug stands behind yet."""
SHRUNK = """
from firstline.simulation import found
profile = found.load()
outcome = found.simulate(2, profile)
shorter = found.shortest(2, outcome, profile)
print(sum(map(bool, outcome.choices)), sum(map(bool, shorter.choices)), bool(shorter.violations))
"""


def test_every_checker_is_proved_or_named_as_unproved() -> None:
    """A checker that finds nothing may look for nothing."""
    proved = {each for bug in PLANTED for each in bug.breaks}
    named = {each.partition(" ")[0] for each in CHECKERS}
    assert proved | UNPROVED == named
    assert not proved & UNPROVED


def test_a_violation_is_shrunk_to_what_it_needs(copied: Path) -> None:
    """A bug that needs nothing to go wrong ends with no choice but dull ones."""
    (bug,) = [each for each in PLANTED if each.breaks == ("I25",)]
    apply(bug, copied / "firstline")
    ran = subprocess.run(
        [sys.executable, "-c", SHRUNK],
        env={"PYTHONPATH": str(copied)},
        capture_output=True,
        text=True,
        check=True,
    )
    before, after, still = ran.stdout.split()
    assert int(before) > int(after) == 0
    assert still == "True"
