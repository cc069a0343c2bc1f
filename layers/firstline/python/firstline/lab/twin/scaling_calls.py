"""The Auto Scaling calls that replace, refresh and scale, answered from the world.

Shapes are those of the service model of botocore 1.44.5.
"""

from collections.abc import Mapping
from typing import Any

from firstline.ids import InstanceId
from firstline.lab.twin.fleet.group import NoRefresh, Preferences, RefreshInProgress
from firstline.lab.twin.world import World
from firstline.remediation.departure import Activity

type Parameters = Mapping[str, Any]
type Answer = dict[str, Any]


class RequestError(Exception):
    """The service refuses the call with HTTP 400 and this code."""


def terminate_instance(world: World, parameters: Parameters) -> Answer:
    """Terminate one instance of the group; another is launched unless the group is to shrink."""
    id_ = InstanceId(parameters["InstanceId"])
    host = world.hosts.get(id_)
    if (
        host is None
        or not host.in_service(world.now)
        or parameters["ShouldDecrementDesiredCapacity"]
    ):
        raise RequestError("ValidationError")
    return {"Activity": _activity(world, world.group.replace(id_, world.now))}


def start_instance_refresh(world: World, parameters: Parameters) -> Answer:
    """Start a refresh with its preferences."""
    given = parameters["Preferences"]
    if given.get("SkipMatching"):
        raise RequestError("ValidationError")  # it would replace nothing
    preferences = Preferences(
        min_healthy=given["MinHealthyPercentage"],
        canary=given["CheckpointPercentages"][0],
        delay=given["CheckpointDelay"],
        warmup=given["InstanceWarmup"],
    )
    try:
        return {"InstanceRefreshId": world.group.refresh(preferences).id}
    except RefreshInProgress:
        raise RequestError("InstanceRefreshInProgress") from None


def cancel_instance_refresh(world: World, _: Parameters) -> Answer:
    """Cancel the active refresh."""
    try:
        return {"InstanceRefreshId": world.group.cancel().id}
    except NoRefresh:
        raise RequestError("ActiveInstanceRefreshNotFound") from None


def set_desired_capacity(world: World, parameters: Parameters) -> Answer:
    """Launch up to the desired number."""
    world.group.scale_to(parameters["DesiredCapacity"])
    return {}


def describe_instance_refreshes(world: World, _: Parameters) -> Answer:
    """Return all refreshes, the latest first."""
    return {
        "InstanceRefreshes": [
            {
                "InstanceRefreshId": each.id,
                "AutoScalingGroupName": world.group_name,
                "Status": each.status(world.now),
                "StartTime": each.started_at,
                "Preferences": _described(each.preferences),
            }
            for each in reversed(world.group.refreshes)
        ]
    }


def _described(preferences: Preferences) -> Answer:
    """Return the preferences as the group shows them, defaults included."""
    canary = preferences.canary
    return {
        "MinHealthyPercentage": preferences.min_healthy,
        "MaxHealthyPercentage": 100,
        "InstanceWarmup": preferences.warmup,
        "CheckpointPercentages": sorted({canary, 100}),
        "CheckpointDelay": preferences.delay,
        "SkipMatching": False,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Ignore",
        "StandbyInstances": "Ignore",
    }


def describe_scaling_activities(world: World, _: Parameters) -> Answer:
    """Return all activities, the latest first."""
    return {"Activities": [_activity(world, each) for each in reversed(world.group.activities)]}


def _activity(world: World, activity: Activity) -> Answer:
    return {
        "ActivityId": activity.id,
        "AutoScalingGroupName": world.group_name,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": activity.at,
        "StatusCode": "InProgress",
    }
