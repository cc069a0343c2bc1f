"""Directed starts about the group itself: its refreshes, and hosts that leave it."""

from collections.abc import Sequence

from firstline.lab.simulation.starts import SOME, UP, ZERO, Start, alarm, fleet, start
from firstline.lab.twin.scenario import FaultPlan

OF_THE_GROUP: Sequence[Start] = (
    start(
        "a cancel is lost, and somebody cancelled a refresh before",
        fleet(*[{"reachable": False, "replacement_helps": False}] * 3),
        alarm(ZERO),
        refresh_cancelled=True,
        faults=(
            FaultPlan(dependency="fleet", calls="changes", from_seconds=600, until_seconds=2400),
        ),
    ),
    start(
        "a refresh is lost, and a person begins another",
        fleet(*[{"reachable": False, "replacement_helps": False}] * 3),
        alarm(ZERO),
        rival=True,
        faults=(FaultPlan(dependency="fleet", calls="changes", until_seconds=900),),
    ),
    start(
        "a person takes a host away in the midst of its restart",
        fleet({"restart_helps": False, "leaves_at_seconds": 45, "leaves": "detached"}, UP),
        alarm(SOME),
    ),
    start(
        "the group replaces a host in the midst of its restart",
        fleet({"restart_helps": False, "leaves_at_seconds": 45, "leaves": "unhealthy"}, UP),
        alarm(SOME),
    ),
    start(
        "a host that relapses is replaced in vain",
        fleet({"relapses_after_seconds": 120, "replacement_helps": False}),
        alarm(SOME),
    ),
)
"""What other hands do to the group while firstline works on it."""
