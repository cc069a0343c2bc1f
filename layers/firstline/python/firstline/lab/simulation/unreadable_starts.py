"""Directed starts in which stored incidents cannot be read: for a while, or for good."""

from collections.abc import Sequence

from firstline.lab.simulation.starts import SOME, UP, ZERO, Start, alarm, fleet, start
from firstline.lab.twin.scenario import FaultPlan, SpoiltPlan, UnreadablePlan
from firstline.signal import Condition

OF_OTHER_CODE: Sequence[Start] = (
    start(
        "a P1 joins what only newer code can read",
        fleet({}, UP),
        alarm(SOME),
        alarm(ZERO, 30),
        unreadable=(UnreadablePlan(from_seconds=20, until_seconds=1500),),
    ),
    start(
        "a P1 joins what nothing can read",
        fleet({}, {}),
        alarm(ZERO),
        alarm("enclave-answering", 40),
        spoilt=SpoiltPlan(condition=Condition.ENCLAVE_DOWN),
    ),
    start("nothing can read an old incident", fleet({}), alarm(ZERO), spoilt=SpoiltPlan()),
    start(
        "a wake is lost behind what nothing can read",
        fleet({}),
        alarm(ZERO),
        spoilt=SpoiltPlan(count=25),
        faults=(FaultPlan(dependency="wakes", until_seconds=300),),
    ),
)
"""Another version of firstline stored it, or it is spoilt."""
