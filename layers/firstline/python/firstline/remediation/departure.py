"""Departure: why an instance left its Auto Scaling group, from the group's activities.

An activity names its instance within prose, which grows while the instance drains ("Terminating EC2
instance: i-0abc - Waiting For ELB Connection Draining.").

Where the host of a restart is no longer in service, the group's activities are read once a wake. A
person's termination, detachment or standby ends the fix as ``target-left``, which counts neither
for the breaker nor for the demotion. The group's replacement for health is a failure of the fix.
Where no activity explains the departure, the fix ends without a verdict when its time is over.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from firstline.ids import CommandId, InstanceId
from firstline.remediation.execution import COMMAND_SEARCH_MARGIN

HEALTH_CAUSE = re.compile(
    r"in response to an? (?!user\b).*\b(?:health|status) checks?\b(?!.*\bterminated or stopped\b)"
)
"""The cause of an instance that the group replaced for its health (Auto Scaling guide, "Health
checks"). An instance that "has been terminated or stopped" was ended outside the group, and a "user
health-check" was set by a person."""
REMOVAL = re.compile(r"\b(?:Terminating|Detaching|to Standby)\b")
"""In the description of an activity that takes an instance out of service."""


class Activity(NamedTuple):
    """An activity of the group since ``at`` (DescribeScalingActivities)."""

    id: str
    description: str
    cause: str
    at: datetime


class Departure(msgspec.Struct, frozen=True, tag="departure"):
    """An instance's departure: ``unhealthy`` if the group replaced it for its health."""

    activity: str
    unhealthy: bool


def find_departure(
    activities: Iterable[Activity], host: InstanceId, since: datetime
) -> Departure | None:
    """The first activity that took *host* out of service since *since* or a little before."""
    departures = _of(activities, host, REMOVAL, since)
    return Departure(departures[0].id, _for_health(departures[0])) if departures else None


def find_termination(
    activities: Iterable[Activity], host: InstanceId, since: datetime
) -> CommandId | None:
    """The request that ended *host* since *since* or a little before; never the group's own."""
    endings = _of(activities, host, re.compile(r"\bTerminating\b"), since)
    requested = [each for each in endings if not _for_health(each)]
    return CommandId(requested[0].id) if requested else None


def is_leaving(lifecycle: str | None) -> bool:
    """True if an instance of that lifecycle state leaves its group for good, or has left (None)."""
    return lifecycle is None or lifecycle.startswith("Terminat")


def _of(
    activities: Iterable[Activity], host: InstanceId, kind: re.Pattern[str], since: datetime
) -> list[Activity]:
    """The activities of that *kind* that name *host* as a whole word, the earliest first."""
    named = re.compile(rf"(?<![\w-]){re.escape(host)}(?![\w-])")
    return sorted(
        (
            each
            for each in activities
            if each.at >= since - COMMAND_SEARCH_MARGIN
            and kind.search(each.description)
            and named.search(each.description)
        ),
        key=lambda each: each.at,
    )


def _for_health(activity: Activity) -> bool:
    return HEALTH_CAUSE.search(activity.cause) is not None
