"""The faults of long runs are repaired: their seeds are clean, and the page says so."""

from pathlib import Path

import pytest

from firstline.lab.simulation import seed_run
from tools.docs.long_runs import load, long_runs

FOLDER = Path(__file__).parents[2] / "docs"
RUNS = load(FOLDER / "long_runs.toml")
SEEDS = sorted({seed for run in RUNS for each in run.found for seed in each.seeds})


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_found_is_clean(seed: int) -> None:
    """A change of starts or of chances makes another run of the seed, which is clean as well."""
    assert seed_run.simulate(seed).violations == ()


def test_the_page_has_each_run_with_its_rate() -> None:
    text = "\n".join(long_runs(FOLDER))
    for run in RUNS:
        assert f"{run.seeds:,} random seeds from {run.first}" in text
        assert f"{run.broken} broke a rule ({run.broken / run.seeds * 100_000:.0f} in" in text
    assert all(str(seed) in text for seed in SEEDS)
