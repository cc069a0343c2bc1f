"""How many incidents a second the simulation takes, beside a dull run's.

    python bench/simulate.py [SEEDS] [--quick] [--json]

The dull runs take the same starts with nothing going wrong: what faults and switching cost is the
ratio. The aim is a hundred incidents a second on one core, by CPU time. The remote requests a
second are told beside them.
"""

import copy
import time
from collections.abc import Iterator

from firstline.lab.simulation import seed_run
from tools.bench.figure import Figure, run

INCIDENTS_A_SECOND = 100


def bench(seeds: int) -> Iterator[Figure]:
    """Incidents, then requests."""
    dull, seeded = (rates(seeds, preset) for preset in ((), None))
    for unit, ours, theirs in zip(("incidents", "remote requests"), seeded, dull, strict=True):
        figure = Figure(
            name="the simulation",
            figure=ours,
            unit=f"{unit} a second",
            against="nothing goes wrong",
            baseline=theirs,
            ratio=ours / theirs,
        )
        if unit == "incidents":
            aim, met = f"{INCIDENTS_A_SECOND} a second or more", ours >= INCIDENTS_A_SECOND
            figure = copy.replace(figure, aim=aim, met=met)
        yield figure


def rates(seeds: int, preset: tuple[int, ...] | None) -> tuple[float, float]:
    """Incidents and remote requests in a second of one core."""
    began = time.process_time()
    outcomes = [seed_run.simulate(seed, preset=preset) for seed in range(seeds)]
    seconds = time.process_time() - began
    incidents = sum(each.incidents for each in outcomes)
    return incidents / seconds, sum(each.steps for each in outcomes) / seconds


if __name__ == "__main__":
    run(bench, usual=236, quick=3)
