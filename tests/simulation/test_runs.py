"""Runs: no seed breaks an invariant, the same one is the same run, and a list is enough."""

import os
import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firstline.simulation import found
from firstline.simulation.choices import Choices
from firstline.simulation.faults import Fault, impossible, possible
from firstline.simulation.starts import STARTS

PROFILE = found.load()
SEEDS = 16 * 30
HASH = "from firstline.simulation import found as f; print(f.simulate({seed}, f.load()).hash)"


def test_no_seed_breaks_an_invariant() -> None:
    """Thirty runs of each start; faults of every kind come in them."""
    coverage: Counter[tuple[str, Fault]] = Counter()
    for seed in range(SEEDS):
        outcome = found.simulate(seed, PROFILE)
        assert outcome.violations == (), (seed, outcome.violations, outcome.trace)
        coverage.update(outcome.coverage)
    assert {kind for _, kind in coverage} == set(Fault)
    for effect in ("store.commit", "hosts.send", "pagerduty.post", "wakes.queue"):
        missed = [kind for kind in possible(effect) if not coverage[effect, kind]]
        assert missed == [], effect


@pytest.mark.parametrize("start", range(len(STARTS)), ids=lambda number: STARTS[number].name)
def test_a_dull_run_does_what_its_start_needs(start: int) -> None:
    """With nothing going wrong every start ends well, and is not empty."""
    outcome = found.simulate(start, PROFILE, given=())
    assert outcome.violations == ()
    assert outcome.incidents >= 1
    assert not any(outcome.choices)
    assert {kind for _, kind in outcome.coverage} == {Fault.NONE}


@pytest.mark.parametrize("seed", [3, 17])
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
    assert told == [found.simulate(seed, PROFILE).hash] * 2


def test_the_list_of_choices_is_the_run() -> None:
    """What a seed filled is enough by itself."""
    first = found.simulate(5, PROFILE)
    again = found.simulate(5, PROFILE, given=first.choices)
    assert (again.hash, again.trace, again.choices) == (first.hash, first.trace, first.choices)


@settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(STARTS) - 1), st.lists(st.integers(0, 9), max_size=80))
def test_no_list_of_choices_breaks_an_invariant(start: int, choices: list[int]) -> None:
    """The same list, drawn by Hypothesis: far more goes wrong at once than by a seed."""
    outcome = found.simulate(start, PROFILE, given=choices)
    assert outcome.violations == (), outcome.trace


def test_choices_are_dull_where_nobody_says_otherwise() -> None:
    """Given ones come first; a seed fills the rest, or nothing does."""
    dull = Choices((5, 1))
    assert [dull.pick(3, 1.0) for _ in range(4)] == [2, 1, 0, 0]
    lively = Choices(seed=1)
    taken = [lively.pick(4, 0.5) for _ in range(200)]
    assert set(taken) == {0, 1, 2, 3}
    assert 60 < taken.count(0) < 140
    assert [Choices(seed=1).pick(4, 0.0) for _ in range(9)] == [0] * 9


def test_what_cannot_go_wrong_says_why() -> None:
    """A cell of effects and faults is possible, or has its reason."""
    for effect in ("store.load", "store.commit", "wakes.queue", "hosts.send"):
        assert possible(effect)[0] is Fault.NONE
        for kind in Fault:
            assert (impossible(effect, kind) is None) == (kind in possible(effect))
    assert Fault.TIMEOUT_AFTER not in possible("store.load")
    assert Fault.DUPLICATE in possible("wakes.queue")
    assert Fault.DUPLICATE not in possible("hosts.send")
