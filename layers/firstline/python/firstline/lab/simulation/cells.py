"""Cells: each fault of each effect once, in a run in which nothing else goes wrong.

Random runs make a rare request rarely, and meet a fault of it in one of thousands.
"""

import functools
from typing import NamedTuple

from firstline.errors import InvariantViolation
from firstline.lab.simulation import seed_run
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.fault_injection import ForcedFault
from firstline.lab.simulation.faults import Fault, effects, possible
from firstline.lab.simulation.initial_worlds import InitialWorld, draw_fleet
from firstline.lab.simulation.known_failures import INITIAL_WORLDS
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.seed_run import Outcome

LEADS = {"hosts.find": ForcedFault("hosts.fix", Fault.TIMEOUT_AFTER)}
"""The fault that must come first, where a request follows only a lost command."""


class Cell(NamedTuple):
    """A fault of an effect."""

    effect: str
    fault: Fault


def cells() -> tuple[Cell, ...]:
    """Return every cell, in the order of the ports."""
    return tuple(Cell(each, kind) for each in effects() for kind in possible(each)[1:])


def run(cell: Cell) -> Run:
    """Run *cell* in the first initial world whose uneventful run makes the request."""
    lead = LEADS.get(cell.effect)
    initial = _makers()[lead.effect if lead else cell.effect]
    leads = [lead] if lead else []
    return _dull(initial, *leads, ForcedFault(cell.effect, cell.fault))


def simulate(cell: Cell) -> Outcome:
    """Return the outcome of the directed run of *cell*.

    Raises `InvariantViolation` if the run did not meet its fault.
    """
    outcome = seed_run.outcome(run(cell))
    if not outcome.coverage.get((cell.effect, cell.fault)):
        raise InvariantViolation(
            f"{outcome.world}: no request of {cell.effect} that could meet {cell.fault}"
        )
    return outcome


@functools.cache
def _makers() -> dict[str, InitialWorld]:
    """Return the first initial world whose uneventful run makes each request."""
    makers: dict[str, InitialWorld] = {}
    for initial in INITIAL_WORLDS:
        for effect, _ in _dull(initial).scheduler.coverage:
            makers.setdefault(effect, initial)
    return makers


def _dull(initial: InitialWorld, *forced: ForcedFault) -> Run:
    choices = Choices()
    initial = draw_fleet(choices) if initial.random_fleet else initial
    return Run(initial, seed_run.load_profile(initial), choices, forced).run_to_end()
