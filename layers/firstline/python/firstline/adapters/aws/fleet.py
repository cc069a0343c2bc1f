"""Fleet: the present state of the Auto Scaling group, its targets and its alarms."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import batched, chain
from typing import TYPE_CHECKING, NamedTuple

from boto3.session import Session

from firstline.adapters.aws import alarm_types, clients
from firstline.adapters.aws.errors import instant, unavailable
from firstline.config.profile import Profile
from firstline.config.settings import Home
from firstline.controller.ports.messaging import Clock
from firstline.diagnosis import evidence
from firstline.diagnosis.probe_outcome import ProbeOutcome, outcome_of_code
from firstline.errors import DependencyUnavailable
from firstline.ids import InstanceId
from firstline.monitoring.alarms import PROBE_NAMESPACE

if TYPE_CHECKING:
    from mypy_boto3_autoscaling.type_defs import AutoScalingGroupTypeDef
    from mypy_boto3_cloudwatch.type_defs import (
        GetMetricDataOutputTypeDef,
        MetricDataQueryTypeDef,
        MetricTypeDef,
    )
    from mypy_boto3_ec2.type_defs import InstanceStatusTypeDef

PROBE_LOOKBACK = timedelta(minutes=5)
"""The period in which the probe's result is searched for."""
NAMES_MAX = 100
"""The most alarms of one DescribeAlarms."""


class AwsFleet:
    """The fleet of *profile* in the account and Region of *home*."""

    def __init__(self, session: Session, profile: Profile, home: Home, clock: Clock) -> None:
        self._groups = clients.groups(session)
        self._targets = clients.targets(session)
        self._alarms = clients.alarms(session)
        self._instances = clients.instances(session)
        self._profile = profile
        self._place = f"{home.region}:{home.account}"
        self._clock = clock

    def group(self) -> evidence.Group:
        """The managed group.

        Raises `DependencyUnavailable` also if not exactly one has its name.
        """
        name = self._profile.fleet.group
        with unavailable("fleet"):
            pages = self._groups.get_paginator("describe_auto_scaling_groups").paginate(
                AutoScalingGroupNames=[name]
            )
            groups = [
                _group(group)
                for page in pages
                for group in page["AutoScalingGroups"]
                if group["AutoScalingGroupName"] == name
            ]
        if len(groups) != 1:
            raise DependencyUnavailable(
                f"fleet: {len(groups)} Auto Scaling groups have the name {name}"
            )
        return groups[0]

    def target_health(self) -> evidence.TargetHealth | evidence.Unknown:
        """The load balancer's target health; the worst port of a target with several.

        Unknown if the fleet file names no target group.
        """
        target_group = self._profile.fleet.target_group
        if not target_group:
            return evidence.Unknown("the fleet file names no target group")
        with unavailable("fleet"):
            # one answer has all targets of a group, so that it has no pages
            answer = self._targets.describe_target_health(
                TargetGroupArn=f"arn:aws:elasticloadbalancing:{self._place}:{target_group}"
            )
            states: dict[InstanceId, str] = {}
            reasons: dict[InstanceId, str] = {}
            for each in answer["TargetHealthDescriptions"]:
                id_, health = InstanceId(each["Target"]["Id"]), each["TargetHealth"]
                if states.get(id_, "healthy") == "healthy":
                    states[id_] = health["State"]
                    if health["State"] != "healthy":  # which alone has no reason
                        reasons[id_] = health["Reason"]
        return evidence.TargetHealth(states=states, reasons=reasons)

    def answering(self) -> evidence.Answering | evidence.Unknown:
        """The result of the probe's last end-to-end request; raises `DependencyUnavailable`.

        Unknown if the profile has no such probe, or without a recent measurement. An outcome that
        this version does not know is None.
        """
        if self._profile.probe.nats is None:
            return evidence.Unknown("the fleet file has no probe of NATS")
        now = self._clock.now()
        with unavailable("fleet"):
            answer = self._alarms.get_metric_data(
                MetricDataQueries=[_outcome_query(self._profile.fleet.name)],
                StartTime=now - PROBE_LOOKBACK,
                EndTime=now,
                ScanBy="TimestampDescending",
            )
            latest = _latest(answer)
        if latest is None:
            return evidence.Unknown("the probe has no recent measurement")
        at, outcome = latest[0], outcome_of_code(latest[1])
        return evidence.Answering(answers=outcome is ProbeOutcome.ANSWERED, at=at, outcome=outcome)

    def statuses(self, hosts: tuple[InstanceId, ...]) -> evidence.InstanceStatuses:
        """EC2's status checks, including stopped instances.

        Raises `DependencyUnavailable`.
        """
        with unavailable("fleet"):
            pages = self._instances.get_paginator("describe_instance_status").paginate(
                InstanceIds=list(hosts), IncludeAllInstances=True
            )
            statuses_ = [each for page in pages for each in page["InstanceStatuses"]]
            by_host = {InstanceId(each["InstanceId"]): _status(each) for each in statuses_}
        return evidence.InstanceStatuses(by_host)

    def alarms(self, arns: tuple[str, ...]) -> evidence.Alarms:
        """The alarms' present states; Unknown for a foreign one, else `DeletedAlarm` if missing."""
        names = {arn: name for arn in arns if (name := self._alarm_name(arn)) is not None}
        described = self._describe(list(names.values())) if names else _DescribedAlarms()
        return {
            arn: _reading(described, arn)
            if arn in names
            else evidence.Unknown("not the ARN of an alarm of the home account and Region")
            for arn in arns
        }

    def firing(self, arns: tuple[str, ...]) -> tuple[evidence.FiringAlarm, ...]:
        """Those of *arns* that are in ALARM; raises `DependencyUnavailable`."""
        names = [name for arn in arns if (name := self._alarm_name(arn)) is not None]
        with unavailable("fleet"):
            pages = chain.from_iterable(
                self._alarms.get_paginator("describe_alarms").paginate(
                    AlarmNames=some,
                    AlarmTypes=alarm_types.ALARM_TYPES,
                    StateValue="ALARM",
                    PaginationConfig={"PageSize": NAMES_MAX},
                )
                for some in batched(names, NAMES_MAX, strict=False)
            )
            alarms = [each for page in pages for each in alarm_types.alarms_on(page)]
            return tuple(
                alarm_types.firing_alarm(each) for each in alarms if each["StateValue"] == "ALARM"
            )

    def muted(self, arn: str) -> bool:
        """True if a mute rule suppresses the alarm's actions; raises `DependencyUnavailable`.

        CloudWatch calls a rule active during its window (API reference, GetAlarmMuteRule).
        """
        with unavailable("fleet"):
            pages = self._alarms.get_paginator("list_alarm_mute_rules").paginate(
                AlarmName=self._alarm_name(arn) or arn, Statuses=["ACTIVE"]
            )
            rules = [each for page in pages for each in page["AlarmMuteRuleSummaries"]]
            return any(each["Status"] == "ACTIVE" for each in rules)

    def _describe(self, names: list[str]) -> "_DescribedAlarms":
        """The alarms that CloudWatch returns, each with its state."""
        with unavailable("fleet"):
            described = self._alarms.get_paginator("describe_alarms").paginate(
                AlarmNames=names,
                AlarmTypes=alarm_types.ALARM_TYPES,
                PaginationConfig={"PageSize": NAMES_MAX},
            )
            pages = list(described)
            alarms = [each for page in pages for each in alarm_types.alarms_on(page)]
            # a state that is not there makes one alarm unknown; an ARN that is not there, all
            states = [
                (each["AlarmArn"], each.get("StateValue"), alarm_types.suppression_reason(each))
                for each in alarms
            ]
        return _DescribedAlarms(states, all(map(alarm_types.is_complete, pages)))

    def _alarm_name(self, arn: str) -> str | None:
        """The name in *arn*, which is untrusted; None if it is no alarm of this account."""
        place = re.escape(self._place)
        match_ = re.fullmatch(rf"arn:aws:cloudwatch:{place}:alarm:(.{{1,255}})", arn)
        return match_[1] if match_ else None


class _DescribedAlarms(NamedTuple):
    """Alarms by ARN, with their states and the reasons of suppressed actions.

    If ``whole``, an alarm that is not among them does not exist.
    """

    states: Sequence[tuple[str, str | None, str]] = ()
    whole: bool = False


def _status(described: "InstanceStatusTypeDef") -> evidence.InstanceStatus:
    return evidence.InstanceStatus(
        state=described["InstanceState"]["Name"],
        checks={
            "system": described["SystemStatus"]["Status"],
            "instance": described["InstanceStatus"]["Status"],
            # instance types without such a check have no word on it (EC2 API reference)
            "attached EBS": described.get("AttachedEbsStatus", {}).get("Status", "not-applicable"),
        },
    )


def _outcome_query(fleet: str) -> "MetricDataQueryTypeDef":
    """One metric carries the answer and the outcome, so the two cannot disagree."""
    metric: MetricTypeDef = {
        "Namespace": PROBE_NAMESPACE,
        "MetricName": "ProbeOutcome",
        "Dimensions": [{"Name": "service", "Value": fleet}],
    }
    return {"Id": "outcome", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}


def _latest(answer: "GetMetricDataOutputTypeDef") -> tuple[datetime, float] | None:
    """The latest value, which comes first.

    Raises `DependencyUnavailable` for an incomplete answer.
    """
    results = answer["MetricDataResults"]
    complete = [each["StatusCode"] for each in results] == ["Complete"]
    if not complete or answer.get("NextToken"):  # which only an answer with more to come has
        raise DependencyUnavailable("fleet: the probe's outcome is incomplete")
    instants = map(instant, results[0]["Timestamps"])
    values = list(zip(instants, results[0]["Values"], strict=True))
    return values[0] if values else None


def _reading(described: _DescribedAlarms, arn: str) -> evidence.AlarmFact:
    match [each for alarm_arn, *each in described.states if alarm_arn == arn]:
        case [["OK" | "ALARM" | "INSUFFICIENT_DATA" as state, str(why)]]:
            return evidence.AlarmReading(evidence.AlarmState(state), why)
        case [] if described.whole:
            return evidence.DeletedAlarm()
        case []:
            return evidence.Unknown("the answer lists no log alarms, and this may be one")
        case _:
            return evidence.Unknown("the alarm shows no state")


def _group(described: "AutoScalingGroupTypeDef") -> evidence.Group:
    instances = (
        evidence.Instance(
            id=InstanceId(each["InstanceId"]),
            lifecycle=each["LifecycleState"],
            health=each["HealthStatus"],
            protected=each["ProtectedFromScaleIn"],
        )
        for each in described["Instances"]  # shown, though empty, and so are suspended processes
    )
    return evidence.Group(
        desired=described["DesiredCapacity"],
        instances=tuple(instances),
        most=described["MaxSize"],
        suspended=tuple(each["ProcessName"] for each in described["SuspendedProcesses"]),
    )
