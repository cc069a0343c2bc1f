"""Scaling: fixes through the Auto Scaling group, each sent once, and found by what it began.

None of these calls takes a client token, so that an answer that was lost is looked for: in the
group's activities, in its refreshes. Shapes are those of botocore 1.44.5's service model.
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

    *sending* must be a client that tries once (`clients.scaling`): with another, `fix` raises
    `InvariantViolation`.
    """

    def __init__(
        self, sending: "AutoScalingClient", reading: "AutoScalingClient", group: str
    ) -> None:
        self._sending = sending
        self._reading = reading
        self._group = group

    def fix(self, order: FixOrder) -> Sending:
        """Ask the group for what *order* says, once."""
        action = FIXES.get(order.action)
        if action is None or action.executor != EXECUTOR:
            raise InvariantViolation(f"{order.action} is no fix of the group")
        return mutation_outcome.send_once(
            self._sending, action, order.parameters, lambda: self._ask(order)
        )

    def find(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """What shows that the group was asked for it at or after *since*.

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
            found = [
                Refresh(
                    id=each["InstanceRefreshId"],
                    status=each["Status"],
                    started_at=_started_at(each),
                )
                for each in self._described()
            ]
        return Refreshes(tuple(found))

    def _described(self) -> "list[InstanceRefreshTypeDef]":
        """The latest ten: one goes on at a time, so that no page that follows has an active one."""
        return self._reading.describe_instance_refreshes(
            AutoScalingGroupName=self._group, MaxRecords=10
        )["InstanceRefreshes"]

    def departure(self, host: InstanceId, since: datetime) -> Departure | None:
        """How *host* left the group at or after *since*; raises `DependencyUnavailable`."""
        return find_departure(self._activities(), host, since)

    def _ask(self, order: FixOrder) -> str:
        """Send it; the id of the activity or refresh that it began."""
        action, given = FIXES[order.action], order.parameters
        if action.undoes_own_fix:
            return self._cancel(order)
        if action.adds_capacity:
            return self._resize(given)
        if action.replaces_fleet:
            return self._refresh(given)
        ended = self._sending.terminate_instance_in_auto_scaling_group(
            InstanceId=given["InstanceId"], ShouldDecrementDesiredCapacity=False
        )
        return ended["Activity"]["ActivityId"]

    def _resize(self, given: Mapping[str, str]) -> str:
        """One size more; Auto Scaling gives it no id of its own."""
        self._sending.set_desired_capacity(
            AutoScalingGroupName=self._group,
            DesiredCapacity=int(given["DesiredCapacity"]),
            HonorCooldown=True,
        )
        return f"desired-{given['DesiredCapacity']}"

    def _refresh(self, given: Mapping[str, str]) -> str:
        """A rolling refresh with a checkpoint after the first instance. It skips none."""
        started = self._sending.start_instance_refresh(
            AutoScalingGroupName=self._group, Strategy="Rolling", Preferences=_preferences(given)
        )
        return started["InstanceRefreshId"]

    def _cancel(self, order: FixOrder) -> str:
        """The id of the refresh that was cancelled: the call names none."""
        try:
            why = cancel_refusal(order, self.refreshes())
        except DependencyUnavailable as error:
            why = str(error)
        if why is not None:
            raise mutation_outcome.NotSent(why)
        ended = self._sending.cancel_instance_refresh(AutoScalingGroupName=self._group)
        return ended["InstanceRefreshId"]

    def _find_refresh(self, order: FixOrder, since: datetime) -> CommandId | OtherRefresh | None:
        """One that has our preferences, and began in our time; else any that began since."""
        ours = _preferences(order.parameters)
        with unavailable("scaling"):
            begun = [
                ListedRefresh(
                    CommandId(each["InstanceRefreshId"]),
                    _started_at(each),
                    ours=ours.items() <= each.get("Preferences", {}).items(),
                )
                for each in self._described()
            ]
        return find_refresh(order, since, begun)

    def _find_termination(self, order: FixOrder, since: datetime) -> CommandId | None:
        """The activity that ended it, once the group counts on the instance no more."""
        host = InstanceId(order.parameters["InstanceId"])
        found = find_termination(self._activities(), host, since)
        if found is None:
            return None
        with unavailable("scaling"):
            states = {
                each["InstanceId"]: each["LifecycleState"]
                for group in self._groups()
                for each in group["Instances"]
            }
        return found if is_leaving(states.get(host)) else None

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
        """Of one name there is one group, and so one page."""
        return self._reading.describe_auto_scaling_groups(AutoScalingGroupNames=[self._group])[
            "AutoScalingGroups"
        ]

    def _find_capacity(self, order: FixOrder) -> CommandId | None:
        """An absolute number: whoever set it, the group wants what we want."""
        with unavailable("scaling"):
            wanted = [each["DesiredCapacity"] for each in self._groups()]
        capacity = order.parameters["DesiredCapacity"]
        return CommandId(f"desired-{capacity}") if wanted == [int(capacity)] else None


def _started_at(refresh: "InstanceRefreshTypeDef") -> datetime | None:
    """One that is pending has not started."""
    return instant(refresh["StartTime"]) if "StartTime" in refresh else None


def _preferences(given: Mapping[str, str]) -> "RefreshPreferencesUnionTypeDef":
    """All that a refresh of ours asks for; by these it is known again."""
    canary = int(given["CanaryPercentage"])
    return {
        "MinHealthyPercentage": int(given["MinHealthyPercentage"]),
        "InstanceWarmup": int(given["InstanceWarmup"]),
        "CheckpointPercentages": [canary, 100] if canary < 100 else [100],  # noqa: PLR2004 - percent
        "CheckpointDelay": int(given["CheckpointDelay"]),
        "SkipMatching": False,
        "AutoRollback": False,
        "ScaleInProtectedInstances": "Ignore",
        "StandbyInstances": "Ignore",
    }
