"""Readers: the fleet, preflight facts, and the investigation."""

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
    """The current state of the Auto Scaling group, its targets and its alarms."""

    def group(self) -> Group:
        """The managed group.

        Raises `DependencyUnavailable` also if not exactly one has its name.
        """

    def target_health(self) -> TargetHealth | Unknown:
        """The load balancer's target health; Unknown if the profile's fleet has none."""

    def answering(self) -> Answering | Unknown:
        """The result of the probe's last end-to-end request; Unknown without a probe."""

    def statuses(self, hosts: tuple[InstanceId, ...]) -> InstanceStatuses:
        """EC2's status checks of each of *hosts*, at most 50."""

    def alarms(self, arns: tuple[str, ...]) -> Alarms:
        """The alarms' present states, at most 100; `DeletedAlarm` for one that no longer exists."""

    def firing(self, arns: tuple[str, ...]) -> tuple[FiringAlarm, ...]:
        """Those of *arns*, of any number, that are in ALARM."""

    def muted(self, arn: str) -> bool:
        """True if a mute rule suppresses the alarm's actions now."""


class PreflightReader(Protocol):
    """Facts that are read only before a fix, since they are expensive."""

    def key(self) -> KeyState | None:
        """The state of the enclaves' KMS key; None if the profile names none."""

    def stack(self) -> Deployments | None:
        """The fleet's CloudFormation stack; None if the profile names none."""

    def parameters(self) -> Deployments | None:
        """The watched SSM parameters; None if the profile names none."""

    def builds(self) -> Deployments | None:
        """Hosts that build an image now; None if the profile names no tag for them."""

    def image_published(self) -> str | None:
        """PCR0 of the published image; None if the profile names no parameter for it."""

    def images_allowed(self, key: str) -> tuple[str, ...]:
        """Each PCR0 in the policy of the KMS key with this id."""


class InvestigationReader(Protocol):
    """Context for escalations and reports, read once at the end."""

    def metrics(self, start: datetime) -> Metrics:
        """Each metric of the profile's alarms, around *start* and on the days before."""

    def alarm_metric(self, alarm: AlarmDefinition, window: Window) -> Values:
        """The values of *alarm*'s metric, at its own period; empty if CloudWatch has none."""

    def external_metric(
        self, arn: str, signalled_at: datetime, until: datetime
    ) -> ExternalMetric | None:
        """The same for an external alarm; None if it has no single metric or fixed threshold."""

    def issues(self) -> Issues:
        """AWS Health's open issues; `DependencyUnavailable` if the support plan has no API."""

    def launch_template(self) -> Deployments | None:
        """The fleet's launch template; None if the profile names none."""

    def releases(self, since: datetime) -> tuple[str, ...] | None:
        """CodeDeploy's deployments since then, by id; None if the profile names no group."""

    def placement(self, hosts: tuple[InstanceId, ...]) -> Placement:
        """The networks and security groups of *hosts*."""

    def lets_out(self, groups: tuple[str, ...], port: int) -> bool:
        """True if a rule of *groups* allows outbound TCP to *port*, to any address."""

    def routes(self, vpcs: tuple[str, ...]) -> Routes:
        """The routes of *vpcs* over peering connections."""

    def peerings(self, ids: tuple[str, ...]) -> Peerings:
        """The statuses of these peering connections."""
