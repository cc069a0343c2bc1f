"""Ports: what the core needs from outside. A method makes exactly one remote request.

Two families of adapters implement them: ``adapters/`` over AWS and PagerDuty, and
``twin/memory.py`` over the twin's world. Both pass the contracts in ``tests/adapters``.
Methods raise `Unavailable` when a read fails, or a write of which nothing is known; a mutation
of the fleet never raises: its unknown outcome is `Unsettled`.
"""

from datetime import datetime, timedelta
from typing import Protocol

import msgspec

from firstline.approvals import Approval
from firstline.background import Issues, Metrics, Peerings, Placement, Routes
from firstline.circumstances import Circumstances
from firstline.evidence import (
    Alarms,
    Answering,
    Connections,
    Group,
    HostReport,
    Refreshes,
    TargetHealth,
    Unknown,
)
from firstline.ids import Cause, CommandId, FixTarget, IncidentId, InstanceId, SignalKey, Token
from firstline.incident import Attempt, Incident
from firstline.ledger import Entry
from firstline.limits import Lease, Limits
from firstline.pauses import Switch
from firstline.signals import Signal
from firstline.storm import Openings
from firstline.surroundings import Deployments, KeyState

# --- Store -----------------------------------------------------------------------------------


class Joined(msgspec.Struct, frozen=True):
    """A signal on its way into an open incident's inbox."""

    incident: IncidentId
    signal: Signal


class Loaded(msgspec.Struct, frozen=True):
    """An incident, the inbox that waits for it, and what people said to its proposals."""

    incident: Incident
    inbox: tuple[Signal, ...]
    approvals: tuple[Approval, ...] = ()


class Given(msgspec.Struct, frozen=True):
    """A person's word on a proposal of an incident, which waits for it like a signal."""

    incident: IncidentId
    approval: Approval


class LeaseWrite(msgspec.Struct, frozen=True):
    """The lease to write, and the fence that must still stand when it is written."""

    lease: Lease
    fence_read: int


class Heard(msgspec.Struct, frozen=True):
    """The latest transition of an alarm that was processed: what is older comes late (I3, I14)."""

    arn: str
    at: datetime


class OpeningsWrite(msgspec.Struct, frozen=True):
    """What opened lately in a fleet, to write over the version that it has."""

    fleet: str
    openings: Openings


class CircumstancesWrite(msgspec.Struct, frozen=True):
    """What goes on around a group, to write over the version that it has."""

    group: str
    circumstances: Circumstances


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One transaction: all of it is written, or none.

    ``incident`` is stored with ``version`` one higher than given, if the stored one still has
    the given version (0: if there is none); ``folded`` of its inbox and ``taken`` of its approvals
    are then gone. ``processed`` must be new. ``opens`` claims the cause for the incident and must
    be free; ``closes`` frees it. ``switch`` is stored like the incident, one version higher.
    ``heard`` must not be older than the one that stands.
    """

    incident: Incident | None = None
    entries: tuple[Entry, ...] = ()
    processed: SignalKey | None = None
    opens: Cause | None = None
    closes: Cause | None = None
    joined: Joined | None = None
    folded: tuple[SignalKey, ...] = ()
    given: Given | None = None
    taken: tuple[Approval, ...] = ()
    switch: Switch | None = None
    lease: LeaseWrite | None = None
    heard: Heard | None = None
    openings: OpeningsWrite | None = None
    circumstances: CircumstancesWrite | None = None


class Due(msgspec.Struct, frozen=True):
    """An incident whose wake is overdue, or that owes a page."""

    incident: IncidentId
    generation: int
    next_wake_at: datetime


class Store(Protocol):
    """Incidents, inboxes, processed keys, leases and the ledger."""

    def load(self, incident: IncidentId) -> Loaded | None:
        """The incident with its inbox, read consistently; None if there is none."""
        ...

    def commit(self, change: Change) -> None:
        """Write *change*; raises `Conflict` saying what was contested."""
        ...

    def open_incident(self, cause: Cause) -> IncidentId | None:
        """The incident that has *cause* open now."""
        ...

    def limits(self, group: str) -> Limits:
        """Lease, kill switch and circumstances, read consistently.

        A switch that cannot be understood is on; the others that cannot be raise `Bug`.
        """
        ...

    def switch(self) -> Switch:
        """The kill switch alone, read consistently; one that cannot be understood is on."""
        ...

    def openings(self, fleet: str) -> Openings:
        """What opened lately in *fleet*; what cannot be understood is as if nothing had."""
        ...

    def due(self, by: datetime) -> tuple[Due, ...]:
        """Incidents whose ``next_wake_at`` is not after *by*, oldest first, at most 25."""
        ...

    def entries(self, incident: IncidentId) -> tuple[Entry, ...]:
        """The incident's ledger in order."""
        ...


# --- The fleet -------------------------------------------------------------------------------


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """The command was accepted."""

    command: CommandId


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The command was refused, so nothing was sent."""

    why: str


class Unsettled(msgspec.Struct, frozen=True, tag="unsettled"):
    """Nobody knows whether the command was sent: to be settled by looking, never by resending."""

    why: str


type Sending = Sent | Refused | Unsettled


class Pending(msgspec.Struct, frozen=True, tag="pending"):
    """The host has not answered yet."""


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The host's answer: whether the tool calls it a success, its detail, and a look's report."""

    success: bool
    detail: str
    report: HostReport | Unknown


type Answer = Pending | Answered


class LookOrder(msgspec.Struct, frozen=True, kw_only=True):
    """``look_host`` on explicit hosts; parameters are the profile's names."""

    token: Token
    targets: tuple[InstanceId, ...]


class FixOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One fix with one target. A script refuses the token twice and after ``not_after``.

    ``parameters`` are the tool's beside those that follow from the profile.
    """

    token: Token
    action: str
    target: FixTarget
    not_after: datetime
    parameters: dict[str, str] = {}


def ordered(attempt: Attempt) -> FixOrder:
    """What is to be sent for *attempt*, or was."""
    return FixOrder(
        token=attempt.token,
        action=attempt.action,
        target=attempt.target,
        not_after=attempt.not_after,
        parameters=attempt.parameters,
    )


class Hosts(Protocol):
    """Commands on hosts, over SSM and our own documents only."""

    def look(self, order: LookOrder) -> Sending:
        """Send a look to all its targets at once."""
        ...

    def fix(self, order: FixOrder) -> Sending:
        """Send a fix to its one host, once."""
        ...

    def answers(self, command: CommandId) -> dict[InstanceId, Answer]:
        """What each host has answered to *command* so far."""
        ...

    def find(self, token: Token, since: datetime) -> CommandId | None:
        """The command that was sent under *token* at or after *since*, if any was."""
        ...

    def connections(self, hosts: tuple[InstanceId, ...]) -> Connections:
        """What SSM says of its agent on each of *hosts*; one that it does not know is not in it."""
        ...


class Scaling(Protocol):
    """Fixes through the Auto Scaling group. None has a client token, so each is sent once."""

    def fix(self, order: FixOrder) -> Sending:
        """Ask the group for what *order* says, once; `Sent` names the activity or the refresh."""
        ...

    def find(self, order: FixOrder, since: datetime) -> CommandId | None:
        """What shows that the group was asked for it at or after *since*, if anything does."""
        ...

    def refreshes(self) -> Refreshes:
        """The group's instance refreshes, the latest first."""
        ...


class Fleet(Protocol):
    """The Auto Scaling group, its targets and its alarms, as they are now."""

    def group(self) -> Group:
        """The managed group; raises `Unavailable` also when not exactly one has its name."""
        ...

    def target_health(self) -> TargetHealth | Unknown:
        """What the load balancer says; Unknown when the profile's fleet has none."""
        ...

    def answering(self) -> Answering | Unknown:
        """Whether a host answered the probe's last end-to-end request; Unknown without a probe."""
        ...

    def alarms(self, arns: tuple[str, ...]) -> Alarms:
        """The alarms' present states, at most 100; Gone for one that does not exist any more."""
        ...


class Around(Protocol):
    """What goes on around the fleet: read only when a fix is about to be done."""

    def key(self) -> KeyState | None:
        """The state of the enclaves' KMS key; None where the profile names none."""
        ...

    def stack(self) -> Deployments | None:
        """The fleet's CloudFormation stack; None where the profile names none."""
        ...

    def parameters(self) -> Deployments | None:
        """The watched SSM parameters; None where the profile names none."""
        ...

    def builds(self) -> Deployments | None:
        """Hosts that build an image now; None where the profile names no tag of theirs."""
        ...

    def image_published(self) -> str | None:
        """PCR0 of the published image; None where the profile names no parameter of it."""
        ...

    def images_allowed(self, key: str) -> tuple[str, ...]:
        """Each PCR0 that the policy of the KMS key with this id names."""
        ...


class Background(Protocol):
    """What a person looks up who takes over: read once, at a hand-over."""

    def metrics(self, start: datetime) -> Metrics:
        """Each metric of the profile's alarms, around *start* and on the days before."""
        ...

    def issues(self) -> Issues:
        """AWS Health's open issues; `Unavailable` where the support plan has no API."""
        ...

    def launch_template(self) -> Deployments | None:
        """The fleet's launch template; None where the profile names none."""
        ...

    def releases(self, since: datetime) -> tuple[str, ...] | None:
        """CodeDeploy's deployments since then, by id; None where the profile names no group."""
        ...

    def placement(self, hosts: tuple[InstanceId, ...]) -> Placement:
        """The networks and security groups of *hosts*."""
        ...

    def lets_out(self, groups: tuple[str, ...], port: int) -> bool:
        """Whether a rule of *groups* lets TCP out to *port*, wherever to."""
        ...

    def routes(self, vpcs: tuple[str, ...]) -> Routes:
        """The routes of *vpcs* that go over peering connections."""
        ...

    def peerings(self, ids: tuple[str, ...]) -> Peerings:
        """The statuses of these peering connections."""
        ...


# --- People, wakes, time ---------------------------------------------------------------------


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """PagerDuty took it (202)."""


class BadBody(msgspec.Struct, frozen=True, tag="bad-body"):
    """PagerDuty will never take this body (400)."""

    why: str


class NotYet(msgspec.Struct, frozen=True, tag="not-yet"):
    """PagerDuty did not take it this time: throttled, in trouble, or out of reach."""

    why: str


type Delivery = Accepted | BadBody | NotYet


class Pager(Protocol):
    """PagerDuty Events API v2."""

    def routing_key(self) -> str:
        """The integration's key from Secrets Manager, kept for five minutes."""
        ...

    def post(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post *body* (without its routing key) once, within three seconds."""
        ...

    def change(self, routing_key: str, body: dict[str, object]) -> Delivery:
        """Post a change event once; it notifies nobody."""
        ...


class Team(Protocol):
    """The team's topic: what is minor is told there, and wakes nobody."""

    def publish(self, subject: str, message: str) -> Delivery:
        """Publish it once."""
        ...


class Wake(msgspec.Struct, frozen=True):
    """*Look at this incident now.* A generation of 0 says that a signal joined it."""

    incident: IncidentId
    generation: int = 0


class Wakes(Protocol):
    """The delayed queue that feeds reconcile."""

    def queue(self, wake: Wake, delay: timedelta) -> None:
        """Deliver *wake* after *delay*; one beyond 15 minutes is left to the sweep."""
        ...


class Clock(Protocol):
    """The only source of time."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""
        ...

    def sleep(self, duration: timedelta) -> None:
        """Wait; only between tries to page."""
        ...


class Ports(msgspec.Struct, frozen=True):
    """All of them, as one value; ``adapters/wiring.py`` makes it."""

    store: Store
    fleet: Fleet
    hosts: Hosts
    scaling: Scaling
    around: Around
    background: Background
    pager: Pager
    team: Team
    wakes: Wakes
    clock: Clock
