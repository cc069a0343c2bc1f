"""Cells: each fault of each effect once, in a run in which nothing else goes wrong.

Chance meets a rare request rarely, and a fault of it in one of thousands of runs.
"""

import functools
from typing import NamedTuple

from firstline.errors import InvariantViolation
from firstline.lab.simulation import found
from firstline.lab.simulation.chance import Forced
from firstline.lab.simulation.choices import Choices
from firstline.lab.simulation.directed import STARTS
from firstline.lab.simulation.faults import Fault, effects, possible
from firstline.lab.simulation.found import Outcome
from firstline.lab.simulation.run import Run
from firstline.lab.simulation.starts import Start, draw

LEADS = {"hosts.find": Forced("hosts.fix", Fault.TIMEOUT_AFTER)}
"""What must go wrong before a request is made at all: a command is looked for that was lost."""


class Cell(NamedTuple):
    """A fault of an effect."""

    effect: str
    fault: Fault


def cells() -> tuple[Cell, ...]:
    """All of them, in the order of the ports."""
    return tuple(Cell(each, kind) for each in effects() for kind in possible(each)[1:])


def run(cell: Cell) -> Run:
    """The directed run of *cell*: in the first start whose dull run makes the request."""
    lead = LEADS.get(cell.effect)
    start = _makers()[lead.effect if lead else cell.effect]
    leads = [lead] if lead else []
    return _dull(start, *leads, Forced(cell.effect, cell.fault))


def simulate(cell: Cell) -> Outcome:
    """What the directed run of *cell* came to.

    Raises `InvariantViolation` where it did not meet its fault.
    """
    outcome = found.outcome(run(cell))
    if not outcome.coverage.get((cell.effect, cell.fault)):
        raise InvariantViolation(
            f"{outcome.start}: no request of {cell.effect} that could meet {cell.fault}"
        )
    return outcome


@functools.cache
def _makers() -> dict[str, Start]:
    """The first start whose dull run makes each request."""
    makers: dict[str, Start] = {}
    for start in STARTS:
        for effect, _ in _dull(start).scheduler.coverage:
            makers.setdefault(effect, start)
    return makers


def _dull(start: Start, *forced: Forced) -> Run:
    choices = Choices()
    begun = draw(choices) if start.drawn else start
    return Run(begun, found.load(begun), choices, forced).to_the_end()
