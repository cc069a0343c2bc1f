"""Runs: no seed breaks an invariant, the same one is the same run, and a list is enough."""

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)
from firstline.lab.simulation import found
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.directed import STARTS, UNSIMULATED
from firstline.lab.simulation.faults import Fault
from firstline.lab.simulation.partial import missing
from tests.builders import FLEET, NOW, A, balancer, group, impaired, report

HASH = "from firstline.lab.simulation import found as f; print(f.simulate({seed}).hash)"


@pytest.mark.parametrize("start", range(len(STARTS)), ids=lambda number: STARTS[number].name)
def test_a_start_breaks_nothing(start: int) -> None:
    """Where nothing goes wrong; CI's `./dev simulate` runs a seed of each start."""
    dull = found.simulate(start, given=())
    assert dull.violations == ()
    assert not any(dull.choices)
    assert {kind for _, kind in dull.coverage} <= {Fault.NONE}


def test_every_known_failure_is_a_start() -> None:
    """S01 to S23, but for what happens before anything runs."""
    shown = {each for start in STARTS for each in start.shows}
    assert shown | set(UNSIMULATED) == {f"S{number:02}" for number in range(1, 24)}
    assert len({each.name for each in STARTS}) == len(STARTS)


@pytest.mark.parametrize("seed", [3, 17, 62])
def test_a_run_is_the_same_in_every_process(seed: int) -> None:
    """Whatever Python's hashes are: otherwise no seed could be shown again."""
    program = [sys.executable, "-c", HASH.format(seed=seed)]
    told = [
        subprocess.run(
            program,
            env=os.environ | {"PYTHONHASHSEED": each},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for each in ("1", "2")
    ]
    assert told == [found.simulate(seed).hash] * 2


def test_the_list_of_choices_is_the_run() -> None:
    """What a seed filled is enough by itself."""
    first = found.simulate(5)
    again = found.simulate(5, given=first.choices)
    assert (again.hash, again.choices) == (first.hash, first.choices)


@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(STARTS) - 1), st.lists(st.integers(0, 9), max_size=80))
def test_no_list_of_choices_breaks_an_invariant(start: int, choices: list[int]) -> None:
    """The same list, drawn by Hypothesis: far more goes wrong at once than by a seed."""
    outcome = found.simulate(start, given=choices)
    assert outcome.violations == ()


def test_choices_are_dull_where_nobody_says_otherwise() -> None:
    """Given ones come first; a seed fills the rest, or nothing does."""
    dull = Choices((5, 1))
    assert [dull.pick(3, 1.0) for _ in range(4)] == [2, 1, 0, 0]
    lively = Choices(seed=1)
    taken = [lively.pick(4, 0.5) for _ in range(200)]
    assert set(taken) == {0, 1, 2, 3}
    assert 60 < taken.count(0) < 140
    assert [Choices(seed=1).pick(4, 0.0) for _ in range(9)] == [0] * 9


def test_what_is_missing_says_nothing() -> None:
    """The answer comes, without what was asked for; what is no evidence of hosts is as it was."""
    assert missing(group(*FLEET)) == group()
    assert missing(balancer()) == TargetHealth({})
    assert missing(Connections({A: "Online"})) == Connections({})
    assert missing(impaired()) == InstanceStatuses({})
    assert missing({A: report()}) == {}
    assert isinstance(missing(Answering(answers=True, at=NOW)), Unknown)
    assert missing("else") == "else"
