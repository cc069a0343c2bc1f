"""How many incidents and remote requests a second the simulation takes, beside a dull run's.

    python bench/simulate.py [SEEDS]

The dull runs take the same starts with nothing going wrong: what faults and switching cost is the
ratio. The aim is a hundred incidents a second on one core.
"""

import sys
import time

from firstline.simulation import found


def main(seeds: int) -> None:
    """Print both sides."""
    rates = []
    for name, given in (("dull", ()), ("seeded", None)):
        began = time.perf_counter()
        outcomes = [found.simulate(seed, given=given) for seed in range(seeds)]
        rates.append(_rate(name, outcomes, time.perf_counter() - began))
    print(f"ratio   {rates[1] / rates[0]:.2f} of the dull runs' incidents a second")


def _rate(name: str, outcomes: list[found.Outcome], seconds: float) -> float:
    incidents = sum(each.incidents for each in outcomes)
    steps = sum(each.steps for each in outcomes)
    print(
        f"{name:<7} {incidents / seconds:.0f} incidents, {len(outcomes) / seconds:.0f} runs,"
        f" {steps / seconds:.0f} remote requests a second"
    )
    return incidents / seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 236)
