"""Facts of an account: the input of `firstline doctor`.

A fact that could not be read is a `ReadFailure`, which differs from an absent resource.
"""

from datetime import datetime
from typing import Literal

import msgspec

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.ids import IncidentId, InstanceId
from firstline.schema_1 import MODES

ACCESS_DENIED_CODES = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
    }
)
"""The error codes of a missing permission; EC2 and SNS have their own."""


class ReadFailure(msgspec.Struct, frozen=True):
    """A fact that could not be read: the IAM action and the service's error code."""

    action: str
    code: str

    @property
    def denied(self) -> bool:
        """True if a permission is missing; other failures may be temporary."""
        return self.code in ACCESS_DENIED_CODES


type Fact[T] = T | ReadFailure
type ContextKeyType = Literal["string", "stringList", "boolean"]
"""The type of a condition key's values (IAM, ContextEntry)."""
type ContextKey = tuple[str, ContextKeyType, tuple[str, ...]]
"""A condition key of a request: its name, type and values."""
type RoutingKeyState = Literal["set", "set with a REST key", "empty", "unlike a key"]
type Missing = Literal["not here"]
"""The fact of a named resource that does not exist."""


class ScalingGroup(msgspec.Struct, frozen=True, kw_only=True):
    """An Auto Scaling group; ``collects`` are the group metrics that it publishes."""

    name: str
    desired: int
    max_size: int = 0
    in_service: tuple[InstanceId, ...] = ()
    suspended: tuple[str, ...] = ()
    collects: tuple[str, ...] = ()


class TargetGroup(msgspec.Struct, frozen=True):
    """A target group and its load balancers, each as CloudWatch's dimensions name it."""

    name: str
    balancers: tuple[str, ...] = ()


class Api(msgspec.Struct, frozen=True):
    """An API; ``protocol`` is ``REST``, ``HTTP`` or ``WEBSOCKET``."""

    id: str
    name: str
    protocol: str


class LogGroup(msgspec.Struct, frozen=True):
    """A log group and its last ingestion; None if it never received anything."""

    name: str
    last_at: datetime | None = None


class Agent(msgspec.Struct, frozen=True):
    """SSM's agent on a host: ``Online``, ``ConnectionLost``, ``Inactive``, and its version."""

    host: InstanceId
    state: str
    version: str


class Metric(msgspec.Struct, frozen=True):
    """A CloudWatch metric; its dimensions are sorted by name."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        dimensions = ", ".join(f"{key}={value}" for key, value in self.dimensions)
        return f"{self.namespace} {self.name} ({dimensions or 'no dimensions'})"


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm of the account; a composite alarm has no metrics.

    ``since`` is its last state change. ``was_ok`` is True if its history has an OK; None if the
    history was not read. ``actions`` are those on ALARM; empty if they are disabled, at the
    latest at ``disabled_at``.
    """

    name: str
    state: str
    since: datetime
    actions: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    missing: str = "missing"
    was_ok: Fact[bool] | None = None
    disabled_at: datetime | None = None


class Subscriptions(msgspec.Struct, frozen=True):
    """The numbers of confirmed and of pending subscriptions of a topic."""

    confirmed: int
    pending: int


class Resource(msgspec.Struct, frozen=True):
    """A resource of a stack: its logical id and its physical name."""

    kind: str
    logical_id: str
    name: str


class EventSourceMapping(msgspec.Struct, frozen=True):
    """An event source mapping: its state and the function that it invokes."""

    state: str
    function: str


class ProbeStatus(msgspec.Struct, frozen=True):
    """The NATS probe's last measurement within a day, and the expiry of its credentials."""

    at: datetime | None
    ends_at: datetime | None = None


class RequiredPermission(msgspec.Struct, frozen=True):
    """One request: *function* calls *action* on *resource* with the condition keys ``context``.

    ``absent`` are keys that statements of its role name and that this request does not carry.
    """

    function: str
    action: str
    resource: str
    context: tuple[ContextKey, ...] = ()
    absent: tuple[str, ...] = ()


class SimulationResult(msgspec.Struct, frozen=True, kw_only=True):
    """IAM's simulated decision on a permission, for the function's role (an ARN).

    ``organization`` and ``boundary`` are True if these allow it, None if there are none.
    ``statements`` are the policies that decided, ``missing`` keys that a policy needs.
    """

    role: str
    decision: Literal["allowed", "explicitDeny", "implicitDeny"]
    organization: bool | None = None
    boundary: bool | None = None
    statements: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class ExpectedConfig(msgspec.Struct, frozen=True):
    """The template's configuration of one resource, as canonical JSON.

    ``part`` is the stack part that depends on it: the rule, the queue or topic of a policy, the
    function itself, or the function of a schedule.
    """

    kind: str
    name: str
    part: str
    text: str


class StackState(msgspec.Struct, frozen=True, kw_only=True):
    """The actual state of the app stack's resources.

    ``topics`` are keyed by output; ``queues`` (number of waiting messages), ``rules`` (True if
    enabled), their ``targets`` (ARNs) and ``functions`` (state) by physical name; ``sources``
    by UUID. A resource that does not exist is ``not here`` or has no key.

    ``errors`` are of the last day, ``heartbeat`` is the last one within a day. ``simulations``
    are IAM's decisions on the functions' permissions. ``drift`` is the actual configuration for
    each expected one.
    """

    status: str
    outputs: dict[str, str]
    resources: Fact[tuple[Resource, ...]]
    routing_key: Fact[RoutingKeyState]
    topics: dict[str, Fact[Subscriptions | Missing]]
    queues: dict[str, Fact[int | Missing]]
    rules: Fact[dict[str, bool]]
    targets: dict[str, Fact[tuple[str, ...]]]
    sources: Fact[dict[str, EventSourceMapping]]
    functions: dict[str, Fact[str]]
    errors: Fact[dict[str, int]]
    heartbeat: Fact[datetime | None]
    simulations: Fact[dict[RequiredPermission, Fact[SimulationResult]]]
    drift: Fact[dict[ExpectedConfig, Fact[str]]]

    @property
    def mode(self) -> str:
        """The mode of the deployment, in today's word; empty if the stack does not state it."""
        mode = self.outputs.get("Mode", "")
        return MODES.get(mode, mode)


class PastHostReport(msgspec.Struct, frozen=True):
    """A host's report in an earlier inspection, and the time of that inspection's command."""

    report: HostReport
    at: datetime


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """All facts, read at ``now``. A fact is None if the profile does not name its resource.

    ``subnets`` and ``security_groups`` are those of the probe's network, each with its VPC.
    ``last_values`` has each alarm metric's last datapoint within two weeks. ``subscriptions``
    are those of the topics (ARNs) of foreign alarms. ``host_reports`` are None without an
    inspection; ``past_host_reports`` are the latest that firstline collected.
    ``unreadable_incidents`` are open incidents that this code cannot read, and why.
    """

    now: datetime
    groups: Fact[tuple[ScalingGroup, ...]]
    tagged_hosts: Fact[tuple[InstanceId, ...]]
    agents: Fact[tuple[Agent, ...]]
    target_groups: Fact[tuple[TargetGroup, ...]]
    targets: Fact[tuple[InstanceId, ...]] | None
    balancers: Fact[tuple[str, ...]]
    http_apis: Fact[tuple[Api, ...]]
    rest_apis: Fact[tuple[Api, ...]]
    key: Fact[str] | None
    log_group: Fact[LogGroup | None] | None
    stack: Fact[bool] | None
    parameters: Fact[tuple[str, ...]] | None
    launch_template: Fact[bool] | None
    deployment_group: Fact[bool] | None
    subnets: Fact[dict[str, str]] | None
    security_groups: Fact[dict[str, str]] | None
    probe_status: Fact[ProbeStatus] | None
    subscriptions: dict[str, Fact[Subscriptions | Missing]]
    alarms: Fact[tuple[Alarm, ...]]
    last_values: Fact[dict[Metric, datetime | None]]
    deployed: Fact[StackState | None]
    past_host_reports: Fact[dict[InstanceId, PastHostReport]]
    unreadable_incidents: Fact[dict[IncidentId, str]] = {}
    host_reports: Fact[dict[InstanceId, HostReport | Unknown]] | None = None

    def group(self, name: str) -> ScalingGroup | None:
        """Return the Auto Scaling group of this name; None if absent or not read."""
        return next((each for each in or_empty(self.groups) if each.name == name), None)


def or_empty[T](fact: Fact[tuple[T, ...]] | None) -> tuple[T, ...]:
    """Return the fact, or an empty tuple if it was not read: a check reports that."""
    return fact if isinstance(fact, tuple) else ()
