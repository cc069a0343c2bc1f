"""Readings: the fleet, what goes on around it, and what a person would look up."""

from datetime import datetime
from typing import Protocol

from firstline.config.profile import AlarmDefinition
from firstline.diagnosis.evidence import (
    Alarms,
    Answering,
    FiringAlarm,
    Group,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)
from firstline.diagnosis.investigation import Issues, Metrics, Peerings, Placement, Routes
from firstline.diagnosis.preflight import Deployments, KeyState
from firstline.ids import InstanceId
from firstline.monitoring.alarm_metric import ExternalMetric, Values, Window


class Fleet(Protocol):
    """The Auto Scaling group, its targets and its alarms, as they are now."""

    def group(self) -> Group:
        """The managed group.

        Raises `DependencyUnavailable` also when not exactly one has its name.
        """

    def target_health(self) -> TargetHealth | Unknown:
        """What the load balancer says; Unknown when the profile's fleet has none."""

    def answering(self) -> Answering | Unknown:
        """Whether a host answered the probe's last end-to-end request; Unknown without a probe."""

    def statuses(self, hosts: tuple[InstanceId, ...]) -> InstanceStatuses:
        """EC2's status checks of each of *hosts*, at most 50."""

    def alarms(self, arns: tuple[str, ...]) -> Alarms:
        """The alarms' present states, at most 100; Gone for one that does not exist any more."""

    def firing(self, arns: tuple[str, ...]) -> tuple[FiringAlarm, ...]:
        """Those of *arns*, however many, that are in ALARM."""

    def muted(self, arn: str) -> bool:
        """Whether a mute rule keeps the alarm's actions back now."""


class Around(Protocol):
    """What goes on around the fleet: read only when a fix is about to be done."""

    def key(self) -> KeyState | None:
        """The state of the enclaves' KMS key; None where the profile names none."""

    def stack(self) -> Deployments | None:
        """The fleet's CloudFormation stack; None where the profile names none."""

    def parameters(self) -> Deployments | None:
        """The watched SSM parameters; None where the profile names none."""

    def builds(self) -> Deployments | None:
        """Hosts that build an image now; None where the profile names no tag of theirs."""

    def image_published(self) -> str | None:
        """PCR0 of the published image; None where the profile names no parameter of it."""

    def images_allowed(self, key: str) -> tuple[str, ...]:
        """Each PCR0 that the policy of the KMS key with this id names."""


class Background(Protocol):
    """What a person looks up who takes over, or who reads the report: read once, at the end."""

    def metrics(self, start: datetime) -> Metrics:
        """Each metric of the profile's alarms, around *start* and on the days before."""

    def alarm_metric(self, alarm: AlarmDefinition, window: Window) -> Values:
        """The values that *alarm* judges, at its own period; none where CloudWatch has none."""

    def external_metric(
        self, arn: str, signalled_at: datetime, until: datetime
    ) -> ExternalMetric | None:
        """The same of an alarm of others; None where it has no one metric or fixed threshold."""

    def issues(self) -> Issues:
        """AWS Health's open issues; `DependencyUnavailable` where the support plan has no API."""

    def launch_template(self) -> Deployments | None:
        """The fleet's launch template; None where the profile names none."""

    def releases(self, since: datetime) -> tuple[str, ...] | None:
        """CodeDeploy's deployments since then, by id; None where the profile names no group."""

    def placement(self, hosts: tuple[InstanceId, ...]) -> Placement:
        """The networks and security groups of *hosts*."""

    def lets_out(self, groups: tuple[str, ...], port: int) -> bool:
        """Whether a rule of *groups* lets TCP out to *port*, wherever to."""

    def routes(self, vpcs: tuple[str, ...]) -> Routes:
        """The routes of *vpcs* that go over peering connections."""

    def peerings(self, ids: tuple[str, ...]) -> Peerings:
        """The statuses of these peering connections."""
