"""Scaling: fixes through the Auto Scaling group, each sent once, and found by its effect.

None of these calls takes a client token, so a lost answer is searched for in the group's activities
and refreshes. Shapes are those of botocore 1.44.5's service model.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from firstline.actions.catalogue import FIXES
from firstline.adapters.aws import mutation_outcome
from firstline.adapters.aws.errors import instant, unavailable
from firstline.diagnosis.evidence import Refresh, Refreshes
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import CommandId, InstanceId
from firstline.remediation.departure import (
    Activity,
    Departure,
    find_departure,
    find_termination,
    is_leaving,
)
from firstline.remediation.execution import (
    FixOrder,
    ListedRefresh,
    OtherRefresh,
    Sending,
    cancel_refusal,
    cancelled_refresh,
    find_refresh,
)

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import (
        AutoScalingGroupTypeDef,
        InstanceRefreshTypeDef,
        RefreshPreferencesUnionTypeDef,
    )


EXECUTOR = "autoscaling"


class AsgScaling:
    """The `Scaling` port over one Auto Scaling group.

    *sending* must be a client without retries (`clients.scaling`); with another one, `fix` raises
    `InvariantViolation`.
    """

    def __init__(
        self, sending: "AutoScalingClient", reading: "AutoScalingClient", group: str
    ) -> None:
        self._sending = sending
        self._reading = reading
        self._group = group

    def fix(self, order: FixOrder) -> Sending:
        """Send *order* to the group, once."""
        action = FIXES.get(order.action)
        if action is None or action.executor != EXECUTOR:
            raise InvariantViolation(f"{order.action} is not a fix of the group")
        return mutation_outcome.send_once(
            self._sending, action, order.parameters, lambda: self._ask(order)
        )

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """The evidence that the group received *order* at or after *since*.

        Raises `DependencyUnavailable`.
        """
        action = FIXES[order.action]
        if action.undoes_own_fix:
            return cancelled_refresh(order, self.refreshes())
        if action.adds_capacity:
            return self._find_capacity(order)
        if action.replaces_fleet:
            return self._find_refresh(order, since)
        return self._find_termination(order, since)

    def refreshes(self) -> Refreshes:
        """The group's instance refreshes, the latest first; raises `DependencyUnavailable`."""
        with unavailable("scaling"):
            refreshes_ = [
                Refresh(
                    id=each["InstanceRefreshId"],
                    status=each["Status"],
                    started_at=_started_at(each),
                )
                for each in self._described()
            ]
        return Refreshes(tuple(refreshes_))

    def _described(self) -> "list[InstanceRefreshTypeDef]":
        """The latest ten: only one is active at a time, and it is the latest."""
        return self._reading.describe_instance_refreshes(
            AutoScalingGroupName=self._group, MaxRecords=10
        )["InstanceRefreshes"]

    def departure(self, host: InstanceId, since: datetime) -> Departure | None:
        """The departure of *host* at or after *since*; raises `DependencyUnavailable`."""
        return find_departure(self._activities(), host, since)

    def _ask(self, order: FixOrder) -> str:
        """Send it; return the id of the activity or refresh that it started."""
        action, parameters = FIXES[order.action], order.parameters
        if action.undoes_own_fix:
            return self._cancel(order)
        if action.adds_capacity:
            return self._resize(parameters)
        if action.replaces_fleet:
            return self._refresh(parameters)
        ended = self._sending.terminate_instance_in_auto_scaling_group(
            InstanceId=parameters["InstanceId"], ShouldDecrementDesiredCapacity=False
        )
        return ended["Activity"]["ActivityId"]

    def _resize(self, parameters: Mapping[str, str]) -> str:
        """Add one instance; Auto Scaling returns no id."""
        self._sending.set_desired_capacity(
            AutoScalingGroupName=self._group,
            DesiredCapacity=int(parameters["DesiredCapacity"]),
            HonorCooldown=True,
        )
        return f"desired-{parameters['DesiredCapacity']}"

    def _refresh(self, parameters: Mapping[str, str]) -> str:
        """Start a rolling refresh with a checkpoint after the first instance. It skips none."""
        started = self._sending.start_instance_refresh(
            AutoScalingGroupName=self._group,
            Strategy="Rolling",
            Preferences=_preferences(parameters),
        )
        return started["InstanceRefreshId"]

    def _cancel(self, order: FixOrder) -> str:
        """Cancel the refresh and return its id; the request itself names none."""
        try:
            why = cancel_refusal(order, self.refreshes())
        except DependencyUnavailable as error:
            why = str(error)
        if why is not None:
            raise mutation_outcome.NotSent(why)
        ended = self._sending.cancel_instance_refresh(AutoScalingGroupName=self._group)
        return ended["InstanceRefreshId"]

    def _find_refresh(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """A refresh with firstline's preferences, started in time; else any since then."""
        ours = _preferences(order.parameters)
        with unavailable("scaling"):
            refreshes = [
                ListedRefresh(
                    CommandId(each["InstanceRefreshId"]),
                    _started_at(each),
                    ours=ours.items() <= each.get("Preferences", {}).items(),
                )
                for each in self._described()
            ]
        return find_refresh(order, since, refreshes)

    def _find_termination(self, order: FixOrder, since: datetime) -> CommandId | None:
        """The activity that ended it, once the group no longer counts the instance."""
        host = InstanceId(order.parameters["InstanceId"])
        activity = find_termination(self._activities(), host, since)
        if activity is None:
            return None
        with unavailable("scaling"):
            states = {
                each["InstanceId"]: each["LifecycleState"]
                for group in self._groups()
                for each in group["Instances"]
            }
        return activity if is_leaving(states.get(host)) else None

    def _activities(self) -> list[Activity]:
        with unavailable("scaling"):
            pages = self._reading.get_paginator("describe_scaling_activities").paginate(
                AutoScalingGroupName=self._group, PaginationConfig={"PageSize": 100}
            )
            return [
                Activity(
                    id=each["ActivityId"],
                    description=each["Description"],
                    cause=each["Cause"],
                    at=instant(each["StartTime"]),
                )
                for page in pages
                for each in page["Activities"]
            ]

    def _groups(self) -> "list[AutoScalingGroupTypeDef]":
        """The group of that name, which is one page."""
        return self._reading.describe_auto_scaling_groups(AutoScalingGroupNames=[self._group])[
            "AutoScalingGroups"
        ]

    def _find_capacity(self, order: FixOrder) -> CommandId | None:
        """The order's id if the group has the ordered size, set by anyone."""
        with unavailable("scaling"):
            desired = [each["DesiredCapacity"] for each in self._groups()]
        capacity = order.parameters["DesiredCapacity"]
        return CommandId(f"desired-{capacity}") if desired == [int(capacity)] else None


def _started_at(refresh: "InstanceRefreshTypeDef") -> datetime | None:
    """The start; a pending refresh has none."""
    return instant(refresh["StartTime"]) if "StartTime" in refresh else None


def _preferences(parameters: Mapping[str, str]) -> "RefreshPreferencesUnionTypeDef":
    """All preferences of firstline's refresh, which also identify it."""
    canary = int(parameters["CanaryPercentage"])
    return {
        "MinHealthyPercentage": int(parameters["MinHealthyPercentage"]),
        "InstanceWarmup": int(parameters["InstanceWarmup"]),
        "CheckpointPercentages": [canary, 100] if canary < 100 else [100],  # noqa: PLR2004 - percent
        "CheckpointDelay": int(parameters["CheckpointDelay"]),
        "SkipMatching": False,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Ignore",
        "StandbyInstances": "Ignore",
    }
