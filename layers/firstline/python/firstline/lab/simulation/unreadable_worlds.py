"""Initial worlds with stored incidents that cannot be read, for a while or for good."""

from collections.abc import Sequence

from firstline.lab.simulation.initial_worlds import (
    HEALTHY_HOSTS,
    UNHEALTHY_HOSTS,
    UP,
    InitialWorld,
    alarm,
    fleet,
    world,
)
from firstline.lab.twin.scenario import FaultPlan, SpoiltPlan, UnreadablePlan
from firstline.signal import Condition

UNREADABLE_WORLDS: Sequence[InitialWorld] = (
    world(
        "a P1 joins what only newer code can read",
        fleet({}, UP),
        alarm(UNHEALTHY_HOSTS),
        alarm(HEALTHY_HOSTS, 30),
        unreadable=(UnreadablePlan(from_seconds=20, until_seconds=1500),),
    ),
    world(
        "a P1 joins what nothing can read",
        fleet({}, {}),
        alarm(HEALTHY_HOSTS),
        alarm("enclave-answering", 40),
        spoilt=SpoiltPlan(condition=Condition.ENCLAVE_DOWN),
    ),
    world("nothing can read an old incident", fleet({}), alarm(HEALTHY_HOSTS), spoilt=SpoiltPlan()),
    world(
        "a wake is lost behind what nothing can read",
        fleet({}),
        alarm(HEALTHY_HOSTS),
        spoilt=SpoiltPlan(count=25),
        faults=(FaultPlan(dependency="wakes", until_seconds=300),),
    ),
)
"""Another version of firstline stored the incident, or it is corrupt."""
