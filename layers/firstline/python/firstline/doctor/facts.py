"""Facts of an account, as far as they could be read: what `firstline doctor` judges by.

What could not be read is `Unread`, which is never the same as *fine* or *not there*.
"""

from datetime import datetime
from typing import Literal

import msgspec

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.ids import IncidentId, InstanceId

DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "UnauthorizedOperation",
    }
)
"""What services call a missing permission: EC2 and SNS have words of their own."""


class Unread(msgspec.Struct, frozen=True):
    """A fact that could not be read: by which IAM action, and the service's code."""

    action: str
    code: str

    @property
    def denied(self) -> bool:
        """Whether a permission is missing; anything else may pass."""
        return self.code in DENIED


type Read[T] = T | Unread
type KeyType = Literal["string", "stringList", "boolean"]
"""As what a condition key's values are given (IAM, ContextEntry)."""
type Given = tuple[str, KeyType, tuple[str, ...]]
"""A condition key that a request carries, and its values."""
type RoutingKey = Literal["set", "set with a REST key", "empty", "unlike a key"]
type Gone = Literal["not here"]
"""What was asked for by its name, and is not there."""


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
    """A log group, and when something last came in; None where nothing ever did."""

    name: str
    last_at: datetime | None = None


class Agent(msgspec.Struct, frozen=True):
    """SSM's agent on a host: ``Online``, ``ConnectionLost``, ``Inactive``, and its version."""

    host: InstanceId
    state: str
    version: str


class Metric(msgspec.Struct, frozen=True):
    """A metric of CloudWatch; its dimensions in the order of their names."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        told = ", ".join(f"{key}={value}" for key, value in self.dimensions)
        return f"{self.namespace} {self.name} ({told or 'no dimensions'})"


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm of the account; a composite one has no metrics.

    ``since`` is when it turned to its state; ``was_ok`` whether its history knows an OK, and None
    where nobody asked. ``actions`` are those on ALARM, none where they are switched off, by a
    change that was not after ``disabled_at``.
    """

    name: str
    state: str
    since: datetime
    actions: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    missing: str = "missing"
    was_ok: Read[bool] | None = None
    disabled_at: datetime | None = None


class Subscriptions(msgspec.Struct, frozen=True):
    """How many readers of a topic have confirmed, and how many were asked and have not."""

    confirmed: int
    pending: int


class Resource(msgspec.Struct, frozen=True):
    """A resource of a stack: its logical id and its own name."""

    kind: str
    logical_id: str
    name: str


class Source(msgspec.Struct, frozen=True):
    """An event source mapping: its state, and the function that it feeds."""

    state: str
    function: str


class Probed(msgspec.Struct, frozen=True):
    """When the NATS probe last measured within a day, and when its credentials end by that."""

    at: datetime | None
    ends_at: datetime | None = None


class Need(msgspec.Struct, frozen=True):
    """One request: *function* asks *action* of *resource*, with the condition keys `given`.

    ``absent`` are keys that its role's own statements name and that this request does not carry.
    """

    function: str
    action: str
    resource: str
    given: tuple[Given, ...] = ()
    absent: tuple[str, ...] = ()


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What IAM's simulation says of a need, for the role (its ARN) that the function has.

    ``organization`` and ``boundary`` say whether these allow it, None where there is none of them.
    ``statements`` are the policies that decided, ``missing`` keys that a policy asks for.
    """

    role: str
    decision: Literal["allowed", "explicitDeny", "implicitDeny"]
    organization: bool | None = None
    boundary: bool | None = None
    statements: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Meant(msgspec.Struct, frozen=True):
    """What the stack's template says of one resource, by its own name, as one text of JSON.

    ``part`` is what hangs on it: the rule, the queue or topic of a policy, the function, that of a
    schedule too, without the CDK's hash.
    """

    kind: str
    name: str
    part: str
    text: str


class Deployed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands of the app stack, of all that its ``resources`` say that it has.

    ``topics`` go by their outputs; ``queues`` (with how many messages wait), ``rules`` (whether
    they are on), their ``targets`` (ARNs) and ``functions`` (by their state) by their own names,
    and ``sources`` by their UUIDs. What is not there is ``not here``, or no key.

    ``errors`` are of the last day. ``heartbeat`` is the last one of the last day, if any.
    ``rulings`` say whether the functions may do what they need to. ``drift`` has what stands now
    beside what the template says, as one text each, ``not here`` where it is not.
    """

    status: str
    outputs: dict[str, str]
    resources: Read[tuple[Resource, ...]]
    routing_key: Read[RoutingKey]
    topics: dict[str, Read[Subscriptions | Gone]]
    queues: dict[str, Read[int | Gone]]
    rules: Read[dict[str, bool]]
    targets: dict[str, Read[tuple[str, ...]]]
    sources: Read[dict[str, Source]]
    functions: dict[str, Read[str]]
    errors: Read[dict[str, int]]
    heartbeat: Read[datetime | None]
    rulings: Read[dict[Need, Read[Ruling]]]
    drift: Read[dict[Meant, Read[str]]]


class Remembered(msgspec.Struct, frozen=True):
    """What a host reported to an earlier look, and when that look was sent."""

    report: HostReport
    at: datetime


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """All that was read, at ``now``. A name's fact is None where the profile has no such name.

    ``subnets`` and ``security_groups`` are those of the probe's network, each with its VPC.
    ``measured`` says when each metric that an alarm watches last had a value in two weeks.
    ``readers`` are those of the topics, by ARN, that the alarms of others speak to.
    ``looked`` are the hosts' own reports, None where no look was asked for; ``remembered`` are
    the latest that firstline's own looks brought, of each host. ``unreadable`` are the open
    incidents that this code cannot read, and why.
    """

    now: datetime
    groups: Read[tuple[ScalingGroup, ...]]
    tagged: Read[tuple[InstanceId, ...]]
    agents: Read[tuple[Agent, ...]]
    target_groups: Read[tuple[TargetGroup, ...]]
    targets: Read[tuple[InstanceId, ...]] | None
    balancers: Read[tuple[str, ...]]
    http_apis: Read[tuple[Api, ...]]
    rest_apis: Read[tuple[Api, ...]]
    key: Read[str] | None
    log_group: Read[LogGroup | None] | None
    stack: Read[bool] | None
    parameters: Read[tuple[str, ...]] | None
    launch_template: Read[bool] | None
    deployment_group: Read[bool] | None
    subnets: Read[dict[str, str]] | None
    security_groups: Read[dict[str, str]] | None
    probed: Read[Probed] | None
    readers: dict[str, Read[Subscriptions | Gone]]
    alarms: Read[tuple[Alarm, ...]]
    measured: Read[dict[Metric, datetime | None]]
    deployed: Read[Deployed | None]
    remembered: Read[dict[InstanceId, Remembered]]
    unreadable: Read[dict[IncidentId, str]] = {}
    looked: Read[dict[InstanceId, HostReport | Unknown]] | None = None

    def group(self, name: str) -> ScalingGroup | None:
        """The Auto Scaling group of this name, where it is known."""
        return next((each for each in known(self.groups) if each.name == name), None)


def known[T](fact: Read[tuple[T, ...]] | None) -> tuple[T, ...]:
    """What was read, nothing where it was not: that has a finding of its own."""
    return fact if isinstance(fact, tuple) else ()
