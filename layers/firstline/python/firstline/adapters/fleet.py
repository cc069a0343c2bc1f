"""Fleet: the Auto Scaling group, its targets and its alarms, as AWS shows them now."""

import re
from typing import TYPE_CHECKING

from firstline.adapters.faults import unavailable
from firstline.errors import Unavailable
from firstline.evidence import AlarmReading, AlarmState, Group, Instance, TargetHealth, Unknown
from firstline.ids import InstanceId
from firstline.profile import Profile
from firstline.settings import Home

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client


class AwsFleet:
    """The fleet of *profile* in the account and Region of *home*."""

    def __init__(
        self,
        groups: "AutoScalingClient",
        targets: "ElasticLoadBalancingv2Client",
        alarms: "CloudWatchClient",
        profile: Profile,
        home: Home,
    ) -> None:
        self._groups = groups
        self._targets = targets
        self._alarms = alarms
        self._profile = profile
        self._home = home

    def group(self) -> Group:
        """The managed group; raises `Unavailable` also when not exactly one has its name."""
        name = self._profile.fleet.group
        with unavailable("fleet"):
            pages = self._groups.get_paginator("describe_auto_scaling_groups").paginate(
                AutoScalingGroupNames=[name]
            )
            found = [
                _group(group)
                for page in pages
                for group in page["AutoScalingGroups"]
                if group["AutoScalingGroupName"] == name
            ]
        if len(found) != 1:
            raise Unavailable(f"fleet: {len(found)} Auto Scaling groups are called {name}")
        return found[0]

    def target_health(self) -> TargetHealth | Unknown:
        """What the load balancer says; of a target with several ports, the worst.

        Unknown when the profile names no target group.
        """
        if not self._profile.fleet.target_group:
            return Unknown("the profile names no target group")
        with unavailable("fleet"):
            answer = self._targets.describe_target_health(TargetGroupArn=self._target_group_arn())
            told = [
                (InstanceId(each["Target"]["Id"]), each["TargetHealth"]["State"])
                for each in answer["TargetHealthDescriptions"]
            ]
        states: dict[InstanceId, str] = {}
        for id_, state in told:
            if states.get(id_, "healthy") == "healthy":
                states[id_] = state
        return TargetHealth(states=states)

    def alarm(self, arn: str) -> AlarmReading | Unknown:
        """The alarm's present state; Unknown when it is not ours or does not exist any more."""
        name = self._alarm_name(arn)
        if name is None:
            return Unknown("not the ARN of an alarm of the home account and Region")
        with unavailable("fleet"):
            # without both kinds, composite alarms are left out
            answer = self._alarms.describe_alarms(
                AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
        found = (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ()))
        states = [each.get("StateValue") for each in found if each.get("AlarmArn") == arn]
        match states:
            case ["OK" | "ALARM" | "INSUFFICIENT_DATA" as state]:
                return AlarmReading(AlarmState(state))
            case []:
                return Unknown("the alarm does not exist any more")
            case _:
                return Unknown("the alarm shows no state")

    def _target_group_arn(self) -> str:
        place = f"{self._home.region}:{self._home.account}"
        return f"arn:aws:elasticloadbalancing:{place}:{self._profile.fleet.target_group}"

    def _alarm_name(self, arn: str) -> str | None:
        """The name in *arn*, which came from outside; None when it is no alarm of ours."""
        place = re.escape(f"{self._home.region}:{self._home.account}")
        found = re.fullmatch(rf"arn:aws:cloudwatch:{place}:alarm:(.{{1,255}})", arn)
        return found[1] if found else None


def _group(described: "AutoScalingGroupTypeDef") -> Group:
    instances = (
        Instance(
            id=InstanceId(each["InstanceId"]),
            lifecycle=each["LifecycleState"],
            health=each["HealthStatus"],
        )
        for each in described.get("Instances", ())
    )
    return Group(desired=described["DesiredCapacity"], instances=tuple(instances))
