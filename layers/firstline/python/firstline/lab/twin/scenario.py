"""A scenario: a world, a timeline of events and faults, and the expected ending.

Scenarios are TOML files in ``events/scenarios``: data, without conditions.
"""

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from firstline.actions.action import Autonomy
from firstline.config.settings import Mode
from firstline.diagnosis.evidence import AlarmState, EnclaveObstacle
from firstline.diagnosis.failure_domains import Domain
from firstline.errors import InvalidInput
from firstline.ids import InstanceId
from firstline.remediation.kill_switch import EVERYTHING, OFF, KillSwitch, Pause
from firstline.schema_1 import SCENARIO, upgrade_file
from firstline.signal import Condition

type Dependency = Literal[
    "store",
    "pagerduty",
    "secrets",
    "hosts",
    "fleet",
    "wakes",
    "preflight",
    "team",
    "investigation",
]
type FaultKind = Literal["error", "hang", "timeout-after"]


PCR0 = "0123456789abcdef" * 6
"""The default measurement of every image."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class HostPlan(Table, frozen=True, kw_only=True):
    """One host at the start: what runs there, and which fix will help.

    A ``hung`` enclave runs and does not answer; one with ``debug`` attests no PCR. A ``looping``
    parent restarts repeatedly. The enclave's unit may be ``masked``. A person may restart the
    enclave by hand, which takes ``enclave_start_seconds``, or stop its unit, which takes
    ``enclave_stop_seconds`` and leaves it inactive. An ``obstacle``, in the word of an inspection,
    makes every restart of the enclave fail. ``ec2`` is the result of EC2's status checks: by
    default impaired where nothing runs and nothing is reachable. With ``nats`` lost, the parent has
    given up, and a restart finds NATS again; with it unreachable, nothing on the host can. A host
    that is not ``reachable`` leaves commands undelivered; one that is not ``registered`` is unknown
    to SSM, which then refuses the whole command. An enclave may die or recover by itself, and die
    again some time after each restart. A host may leave its group: by a person's hand, or replaced
    by the group where it is ``unhealthy``.
    """

    id: InstanceId
    enclave: Literal["up", "down", "hung"] = "down"
    pcr0: str = PCR0
    debug: bool = False
    masked: bool = False
    protected: bool = False
    parent: Literal["up", "down", "looping"] = "up"
    ec2: Literal["", "ok", "impaired", "initializing", "insufficient-data"] = ""
    restarted_by_hand_at_seconds: int | None = None
    enclave_start_seconds: int | None = None
    stopped_by_hand_at_seconds: int | None = None
    enclave_stop_seconds: int = 20
    obstacle: EnclaveObstacle | None = None
    nats: Literal["connected", "lost", "unreachable"] = "connected"
    parent_restart_helps: bool = True
    restart_helps: bool = True
    replacement_helps: bool = True
    restart_blockers: int | None = 0
    credentials_expire_in_hours: int | None = None
    log_counts: dict[str, int] = {}
    reachable: bool = True
    registered: bool = True
    dies_at_seconds: int | None = None
    recovers_at_seconds: int | None = None
    relapses_after_seconds: int | None = None
    leaves_at_seconds: int | None = None
    leaves: Literal["terminated", "detached", "standby", "unhealthy"] = "terminated"


class EventPlan(Table, frozen=True, kw_only=True):
    """An envelope and when it is delivered.

    Either that of a file, relative to the scenario's, or the transition of the profile's ``alarm``
    to ``state``. A file keeps its own date unless it is not ``dated``: then its date is that of the
    delivery. A file's alarm follows the hosts by its metric, or as it ``counts`` them. Of a
    ``lost`` event the alarm turns, also before the start (negative), and no event comes.
    """

    file: str = ""
    counts: Literal["", "answering", "healthy", "nothing", "unhealthy"] = ""
    alarm: str = ""
    state: AlarmState = AlarmState.ALARM
    at_seconds: int = 0
    dated: bool = True
    lost: bool = False


class OperatorCommandPlan(Table, frozen=True, kw_only=True):
    """An operator's command, and when: on the proposed plan, or on the switch.

    The ``scope`` of a promotion is an action, and of a drill the profile's alarm, which turns as
    soon as the drill is announced.
    """

    command: Literal["approve", "deny", "pause", "resume", "promote", "drill"]
    scope: str = "everything"
    length_seconds: int = 3600
    at_seconds: int = 0


class FaultPlan(Table, frozen=True, kw_only=True):
    """A dependency that fails for a while, hangs, or acts and then times out.

    With ``calls`` = ``changes`` reads succeed, and every change fails.
    """

    dependency: Dependency
    kind: FaultKind = "error"
    calls: Literal["all", "changes"] = "all"
    from_seconds: int = 0
    until_seconds: int


class BreakPlan(Table, frozen=True, kw_only=True):
    """A failure domain that is broken for a while, while the hosts are unchanged."""

    domain: Domain
    from_seconds: int = 0
    until_seconds: int = 7 * 24 * 3600


class UnreadablePlan(Table, frozen=True, kw_only=True):
    """A span in which the incidents that are open at its begin cannot be read.

    Newer code had stored them, and was rolled back; then it is deployed again.
    """

    from_seconds: int
    until_seconds: int


class SpoiltPlan(Table, frozen=True, kw_only=True):
    """So many open P2 incidents from before the start whose items no code can read.

    With a condition the first of them has its correlation key.
    """

    count: int = 1
    condition: Condition | None = None


class MutePlan(Table, frozen=True, kw_only=True):
    """A mute window over the profile's ``alarm`` that no event announces.

    A window that an event announces is known from that event.
    """

    alarm: str
    from_seconds: int = 0
    until_seconds: int


class Expected(Table, frozen=True, kw_only=True):
    """The expected ending: the outcome, the fixed targets in order, the pages' key suffixes.

    ``actions`` are the fixes' names in order, ``denied`` the guards that denied at any time; all of
    the first incident. ``all_actions`` and ``all_denied`` are of every incident, ``incidents`` is
    their number, and ``notifications`` how often PagerDuty notified. ``within`` is the latest end
    of the first incident after the start, in the policy's own terms
    (`firstline.lab.twin.deadline`); the first page comes within a minute from
    ``paged_from_seconds`` on. ``page_texts`` are words that the pages contain, and ``updates``
    words of each update of the first incident, in order. An omitted field expects nothing.
    """

    outcome: Literal["resolved", "escalated", "self-recovered", "recorded", "ignored", "rejected"]
    within: str = ""
    fixes: tuple[str, ...] | None = None
    actions: tuple[str, ...] | None = None
    all_actions: tuple[str, ...] | None = None
    all_denied: tuple[str, ...] | None = None
    incidents: int | None = None
    notifications: int | None = None
    paged_from_seconds: int | None = None
    page_texts: tuple[str, ...] = ()
    updates: tuple[str, ...] | None = None
    denied: tuple[str, ...] | None = None
    pages: tuple[str, ...] | None = None


BEGINS = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)
DEFAULT_HOSTS = (
    HostPlan(id=InstanceId("i-0a1b2c3d4e5f60711")),
    HostPlan(id=InstanceId("i-0a1b2c3d4e5f60712")),
    HostPlan(id=InstanceId("i-0a1b2c3d4e5f60713")),
)
"""Three hosts with dead enclaves that a restart repairs, for a complete outage."""


class Scenario(Table, frozen=True, kw_only=True):
    """The whole file; ``profile`` is one of those that are shipped.

    Events by an alarm's name come from when it ``begins`` on. ``shows`` are the known
    failures, by their ids, that it stands for. ``autonomy`` stands in place of the profile's
    for the actions that it names. It goes on for ``lasts_seconds``, also where nothing is left to
    do. The group wants as many instances as there are hosts, or
    ``desired``, of which some could not be launched then; where no launch succeeds and the event of
    a failed one is delivered, one more than it has. A new instance is in service after
    ``boot_seconds``. With a ``health_check_type`` of ELB the group repeats what the load balancer
    says. Somebody may disable the actions of every alarm, which turns all the same. Where
    ``nats_server`` is hung it sends no INFO line, and where refusing it is full; ``breaks`` are
    failure domains. Incidents may be ``unreadable`` for a while, or ``spoilt`` for good. Where
    nothing ``launches`` AWS has no capacity for a new instance; where the group is
    ``refreshing`` somebody else does it; ``refresh_cancelled``: somebody cancelled one three
    days before. A ``rival`` is a person who refreshes the fleet while it is not known whether
    firstline does. ``key`` and ``stack`` are the states of the enclaves' KMS key and of the
    fleet's stack. An ``unusual`` metric has had this value
    since the start, and 1 before; ``issues`` are AWS Health's, by service. The hosts' security
    group lets NATS's port out where it is allowed, over a ``peering`` of this status, or there
    is ``none``.
    """

    name: str
    story: str = ""
    shows: tuple[str, ...] = ()
    begins: Annotated[datetime, msgspec.Meta(tz=True)] = BEGINS
    profile: Literal["runbook", "vettid"] = "runbook"
    mode: Mode = "enforce"
    autonomy: dict[str, Autonomy] = {}
    paused: bool = False
    switch_corrupt: bool = False
    desired: int | None = None
    lasts_seconds: int = 0
    boot_seconds: int = 120
    health_check_type: Literal["EC2", "ELB"] = "ELB"
    actions_disabled_at_seconds: int | None = None
    nats_server: Literal["up", "hung", "refusing"] = "up"
    breaks: tuple[BreakPlan, ...] = ()
    unreadable: tuple[UnreadablePlan, ...] = ()
    spoilt: SpoiltPlan | None = None
    launches: bool = True
    refreshing: bool = False
    refresh_cancelled: bool = False
    rival: bool = False
    suspended: tuple[str, ...] = ()
    key: str = "Enabled"
    stack: str = "UPDATE_COMPLETE"
    parameters_changed_seconds_ago: int = 7 * 24 * 3600
    template_changed_seconds_ago: int = 7 * 24 * 3600
    published_pcr0: str = PCR0
    allowed_pcr0: str = PCR0
    building: bool = False
    issues: tuple[str, ...] = ()
    unusual: dict[str, float] = {}
    port_allowed: bool = True
    peering: str = "active"
    hosts: tuple[HostPlan, ...] = DEFAULT_HOSTS
    events: tuple[EventPlan, ...] = ()
    faults: tuple[FaultPlan, ...] = ()
    mutes: tuple[MutePlan, ...] = ()
    operator_commands: tuple[OperatorCommandPlan, ...] = ()
    expect: Expected | None = None

    def switch(self, start: datetime) -> KillSwitch:
        """Return the kill switch at the *start*: on for a day if the world is ``paused``."""
        if self.switch_corrupt:
            return KillSwitch(version=1, pauses=(), unreadable="the scenario says so")
        if not self.paused:
            return OFF
        why, until = "the scenario says so", start + timedelta(days=1)
        pause = Pause(scope=EVERYTHING, why=why, by="the scenario", at=start, until=until)
        return KillSwitch(version=1, pauses=(pause,))

    def fault(
        self, dependency: Dependency, elapsed: timedelta, *, change: bool = True
    ) -> FaultKind | None:
        """Return the fault of *dependency* after *elapsed*, for a *change* or a read."""
        at = elapsed.total_seconds()
        for each in self.faults:
            meant = each.dependency == dependency and (change or each.calls == "all")
            if meant and each.from_seconds <= at < each.until_seconds:
                return each.kind
        return None


def ruled(policy: bytes, scenario: Scenario) -> bytes:
    """Return the profile's text *policy* with the autonomy that *scenario* sets.

    The text itself changes, so that the ledger names the policy in force. Raises `InvalidInput` for
    an action without an autonomy in the text.
    """
    for action, autonomy in sorted(scenario.autonomy.items()):
        pattern = rb'(?m)^(name = "%s"\nautonomy = )"[a-z-]+"$' % action.encode()
        policy, count = re.subn(pattern, rb'\1"%s"' % autonomy.encode(), policy)
        if count != 1:
            message = f"{scenario.name}: the profile gives no autonomy to {action!r}"
            raise InvalidInput(message)
    return policy


def load(path: Path) -> Scenario:
    """Return the scenario in *path*; raises `InvalidInput` with one line about the cause."""
    try:
        table = tomllib.loads(path.read_text())
        upgrade_file(table, SCENARIO, str(path))
        return msgspec.convert(table, type=Scenario)
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: is not TOML: {error}"
    except msgspec.ValidationError as error:
        message = f"{path}: is no scenario: {error}"
    raise InvalidInput(message)
