"""Departure: why an instance left its Auto Scaling group, from what the group says of it.

An activity names its instance in the midst of prose, and says more while the instance drains
("Terminating EC2 instance: i-0abc - Waiting For ELB Connection Draining.").
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import msgspec

from firstline.ids import CommandId, InstanceId
from firstline.remediation.execution import CLOCKS_APART

FOR_HEALTH = re.compile(
    r"in response to an? (?!user\b).*\b(?:health|status) checks?\b(?!.*\bterminated or stopped\b)"
)
"""The cause of an instance that the group replaced for its health (Auto Scaling guide, "Health
checks"). One that "has been terminated or stopped" somebody ended outside the group, and by a
"user health-check" somebody marked it."""
LEAVES = re.compile(r"\b(?:Terminating|Detaching|to Standby)\b")
"""In the description of an activity that takes an instance out of service."""


class Activity(NamedTuple):
    """What the group did, or does, since ``at`` (DescribeScalingActivities)."""

    id: str
    description: str
    cause: str
    at: datetime


class Departure(msgspec.Struct, frozen=True, tag="departure"):
    """How an instance left its group: ``unhealthy`` if the group replaced it for its health."""

    activity: str
    unhealthy: bool


def departure(
    activities: Iterable[Activity], host: InstanceId, since: datetime
) -> Departure | None:
    """The first that took *host* out of service since *since* or a little before, if any did."""
    found = _of(activities, host, LEAVES, since)
    return Departure(found[0].id, _for_health(found[0])) if found else None


def termination(
    activities: Iterable[Activity], host: InstanceId, since: datetime
) -> CommandId | None:
    """The request that ended *host* since *since* or a little before; the group's own is none."""
    found = _of(activities, host, re.compile(r"\bTerminating\b"), since)
    asked = [each for each in found if not _for_health(each)]
    return CommandId(asked[0].id) if asked else None


def ends(lifecycle: str | None) -> bool:
    """Whether an instance of that lifecycle state leaves its group for good, or has (None)."""
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
            if each.at >= since - CLOCKS_APART
            and kind.search(each.description)
            and named.search(each.description)
        ),
        key=lambda each: each.at,
    )


def _for_health(activity: Activity) -> bool:
    return FOR_HEALTH.search(activity.cause) is not None
