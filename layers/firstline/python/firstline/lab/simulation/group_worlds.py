"""Initial worlds about the group itself: its refreshes, and hosts that leave it."""

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
from firstline.lab.twin.scenario import FaultPlan

GROUP_WORLDS: Sequence[InitialWorld] = (
    world(
        "a cancel is lost, and somebody cancelled a refresh before",
        fleet(*[{"reachable": False, "replacement_helps": False}] * 3),
        alarm(HEALTHY_HOSTS),
        refresh_cancelled=True,
        faults=(
            FaultPlan(dependency="fleet", calls="changes", from_seconds=600, until_seconds=2400),
        ),
    ),
    world(
        "a refresh is lost, and a person begins another",
        fleet(*[{"reachable": False, "replacement_helps": False}] * 3),
        alarm(HEALTHY_HOSTS),
        rival=True,
        faults=(FaultPlan(dependency="fleet", calls="changes", until_seconds=900),),
    ),
    world(
        "a person takes a host away in the midst of its restart",
        fleet({"restart_helps": False, "leaves_at_seconds": 45, "leaves": "detached"}, UP),
        alarm(UNHEALTHY_HOSTS),
    ),
    world(
        "the group replaces a host in the midst of its restart",
        fleet({"restart_helps": False, "leaves_at_seconds": 45, "leaves": "unhealthy"}, UP),
        alarm(UNHEALTHY_HOSTS),
    ),
    world(
        "a host that relapses is replaced in vain",
        fleet({"relapses_after_seconds": 120, "replacement_helps": False}),
        alarm(UNHEALTHY_HOSTS),
    ),
)
"""Changes that others make to the group while firstline works on it."""
