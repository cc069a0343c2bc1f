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
from firstline.lab.simulation import seed_run
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.faults import Fault
from firstline.lab.simulation.known_failures import INITIAL_WORLDS, UNSIMULATED
from firstline.lab.simulation.partial_evidence import drop_evidence
from tests.builders import FLEET, NOW, A, balancer, group, impaired, report

HASH = "from firstline.lab.simulation import seed_run as f; print(f.simulate({seed}).hash)"


@pytest.mark.parametrize(
    "number", range(len(INITIAL_WORLDS)), ids=lambda number: INITIAL_WORLDS[number].name
)
def test_a_start_breaks_nothing(number: int) -> None:
    """Where nothing goes wrong; CI's `./dev simulate` runs a seed of each start."""
    dull = seed_run.simulate(number, preset=())
    assert dull.violations == ()
    assert not any(dull.choices)
    assert {kind for _, kind in dull.coverage} <= {Fault.NONE}


def test_every_known_failure_is_a_start() -> None:
    """S01 to S23, but for what happens before anything runs."""
    shown = {each for initial in INITIAL_WORLDS for each in initial.covers}
    assert shown | set(UNSIMULATED) == {f"S{number:02}" for number in range(1, 24)}
    assert len({each.name for each in INITIAL_WORLDS}) == len(INITIAL_WORLDS)


@pytest.mark.parametrize("seed", [3, 17, 62])
def test_a_run_is_the_same_in_every_process(seed: int) -> None:
    """Whatever Python's hashes are: otherwise no seed could be shown again."""
    program = [sys.executable, "-c", HASH.format(seed=seed)]
    result = [
        subprocess.run(
            program,
            env=os.environ | {"PYTHONHASHSEED": each},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for each in ("1", "2")
    ]
    assert result == [seed_run.simulate(seed).hash] * 2


def test_the_list_of_choices_is_the_run() -> None:
    """What a seed filled is enough by itself."""
    first = seed_run.simulate(5)
    again = seed_run.simulate(5, preset=first.choices)
    assert (again.hash, again.choices) == (first.hash, first.choices)


@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(INITIAL_WORLDS) - 1), st.lists(st.integers(0, 9), max_size=80))
def test_no_list_of_choices_breaks_an_invariant(number: int, choices: list[int]) -> None:
    """The same list, drawn by Hypothesis: far more goes wrong at once than by a seed."""
    outcome = seed_run.simulate(number, preset=choices)
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
    assert drop_evidence(group(*FLEET)) == group()
    assert drop_evidence(balancer()) == TargetHealth({})
    assert drop_evidence(Connections({A: "Online"})) == Connections({})
    assert drop_evidence(impaired()) == InstanceStatuses({})
    assert drop_evidence({A: report()}) == {}
    assert isinstance(drop_evidence(Answering(answers=True, at=NOW)), Unknown)
    assert drop_evidence("else") == "else"
