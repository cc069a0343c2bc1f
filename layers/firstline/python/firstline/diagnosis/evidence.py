"""Evidence: facts read at one time, each of which may be unknown."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.ids import InstanceId
from firstline.signal import SERVICE_CONDITIONS, Condition

type UnitState = Literal[
    "active", "inactive", "failed", "activating", "deactivating", "not-found", "unknown"
]
type UnitLoad = Literal["loaded", "not-found", "masked", "bad-setting", "error"]
type UnitSub = Literal[
    "dead",
    "condition",
    "start-pre",
    "start",
    "start-post",
    "running",
    "exited",
    "reload",
    "stop",
    "stop-sigterm",
    "stop-sigkill",
    "stop-post",
    "final-sigterm",
    "final-sigkill",
    "failed",
    "auto-restart",
]
type UnitResult = Literal[
    "success",
    "protocol",
    "timeout",
    "exit-code",
    "signal",
    "core-dump",
    "watchdog",
    "start-limit-hit",
    "resources",
    "oom-kill",
    "exec-condition",
]
type EnclaveObstacle = Literal["allocator-failed", "no-hugepages", "no-cpus", "no-device"]
type NatsState = Literal["answering", "hung", "refusing", "unreachable"]
type EnclaveState = Literal["RUNNING", "TERMINATING", "EMPTY", "none", "unknown"]


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """A fact that could not be read, and why. It is never the same as *fine*."""

    why: str


NOT_NEEDED = Unknown("this condition does not need it")


class AlarmState(StrEnum):
    """CloudWatch's three states."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class AlarmReading(msgspec.Struct, frozen=True, tag="alarm", omit_defaults=True):
    """The alarm's present state (DescribeAlarms), which may differ from its event's.

    ``suppressed`` is how its actions are suppressed; empty where they are not.
    """

    state: AlarmState
    suppressed: str = ""


class DeletedAlarm(msgspec.Struct, frozen=True, tag="gone"):
    """The alarm no longer exists: no OK will come."""


class FiringAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """An alarm that is in ALARM, as DescribeAlarms shows it.

    ``since`` is its last transition. ``reason`` and ``evaluation`` are CloudWatch's own texts,
    and are parsed as those of its event are; ``metric`` is empty where the alarm has no single
    one. ``suppressed`` is as in `AlarmReading`.
    """

    arn: str
    since: datetime
    reason: str = ""
    evaluation: str = ""
    metric: str = ""
    dimensions: dict[str, str] = {}
    suppressed: str = ""


type AlarmFact = AlarmReading | DeletedAlarm | Unknown


def is_ok(alarm: AlarmFact) -> bool:
    """True if *alarm* is known to be OK."""
    return isinstance(alarm, AlarmReading) and alarm.state is AlarmState.OK


type Alarms = dict[str, AlarmFact]
"""Facts about alarms, by ARN."""


class Instance(msgspec.Struct, frozen=True):
    """One instance as its Auto Scaling group reports it: ``InService``, ``Healthy`` and the like.

    A ``protected`` one is protected from scale-in.
    """

    id: InstanceId
    lifecycle: str
    health: str
    protected: bool = False

    @property
    def in_service(self) -> bool:
        """True if the group counts it as in service."""
        return self.lifecycle == "InService"


class Group(msgspec.Struct, frozen=True, tag="group"):
    """The Auto Scaling group as it is now (R11, R14).

    ``most`` is its maximum, if known; ``suspended`` are its suspended processes.
    """

    desired: int
    instances: tuple[Instance, ...]
    most: int | None = None
    suspended: tuple[str, ...] = ()

    @property
    def has_room(self) -> bool:
        """True if the group may have one instance more."""
        return self.most is not None and self.desired < self.most

    @property
    def at_desired_capacity(self) -> bool:
        """True if as many instances are in service as desired: a lost host is no recovery."""
        return 0 < self.desired <= len(self.in_service())

    @property
    def below_desired_capacity(self) -> bool:
        """True if fewer instances are in service than desired."""
        return len(self.in_service()) < self.desired

    def in_service(self) -> tuple[InstanceId, ...]:
        """Ids of the instances in service, in one stable order."""
        return tuple(sorted(each.id for each in self.instances if each.in_service))

    def launched_since(self, known: tuple[InstanceId, ...]) -> tuple[InstanceId, ...]:
        """The instances in service that are not in *known*."""
        return tuple(each for each in self.in_service() if each not in known)


class TargetHealth(msgspec.Struct, frozen=True, tag="target-health"):
    """The load balancer's state of each target: ``healthy``, ``unhealthy``, ``draining``...

    ``reasons`` are its reason codes; one that begins with ``Elb.`` concerns the load balancer
    itself.
    """

    states: dict[InstanceId, str]
    reasons: dict[InstanceId, str] = {}


class Answering(msgspec.Struct, frozen=True, tag="answering"):
    """The result of the probe's last end-to-end request, sent at ``at``.

    ``outcome`` is what the probe published. It is None where only the answer is known, and then
    silence proves nothing about a host.
    """

    answers: bool
    at: datetime
    outcome: ProbeOutcome | None = None

    def fresh(self, now: datetime, age_max: timedelta) -> bool:
        """True if it is recent enough; a metric's minute may begin after the clock's."""
        return now - self.at <= age_max


class Connections(msgspec.Struct, frozen=True, tag="connections"):
    """SSM's state of its agent on each host: ``Online``, ``ConnectionLost``, ``Inactive``."""

    states: dict[InstanceId, str]


class InstanceStatus(msgspec.Struct, frozen=True):
    """EC2's ``state`` of an instance, and each of its status ``checks`` with its status.

    A check is ``system``, ``instance`` or ``attached EBS``; its status ``ok``, ``impaired``,
    ``initializing``, ``insufficient-data`` or ``not-applicable`` (EC2 API, InstanceStatus).
    """

    state: str
    checks: dict[str, str] = {}


class InstanceStatuses(msgspec.Struct, frozen=True, tag="instance-statuses"):
    """EC2's status of instances; one that EC2 does not know is missing."""

    known: dict[InstanceId, InstanceStatus]


class Refresh(msgspec.Struct, frozen=True):
    """One instance refresh of the group, as Auto Scaling lists it: ``InProgress`` and the like.

    A pending one has not started.
    """

    id: str
    status: str
    started_at: datetime | None

    @property
    def ended(self) -> bool:
        """True if it replaces no instance any more; an unknown status may still do so."""
        return self.status in REFRESH_ENDED

    @property
    def stopped(self) -> bool:
        """True if it replaces no further instance: it has ended, or is being cancelled.

        A rollback replaces instances once more, and one that is baking may still roll back.
        """
        return self.ended or self.status == "Cancelling"


REFRESH_ENDED = frozenset(
    {"Successful", "Failed", "Cancelled", "RollbackFailed", "RollbackSuccessful"}
)
"""The final statuses of a refresh (Auto Scaling API, InstanceRefresh)."""


class Refreshes(msgspec.Struct, frozen=True, tag="refreshes"):
    """The group's instance refreshes, the latest first."""

    known: tuple[Refresh, ...] = ()

    def active(self) -> tuple[Refresh, ...]:
        """The refreshes that have not ended."""
        return tuple(each for each in self.known if not each.ended)


class LogCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of lines in the parent's log of the last 15 minutes, by kind (R25, R35)."""

    nats_disconnected: int
    nats_reconnected: int
    nats_closed: int
    nats_auth: int
    backlog_dropped: int
    enclave_unreachable: int
    pcr_mismatch: int
    handshake_failed: int
    kms_throttled: int
    kms_denied: int
    kms_key_unusable: int
    storage_failed: int
    enclave_memory: int
    user_errors: int
    security_events: int


Pcr0 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{96}\Z")]
"""The measurement of an enclave's image, in lower-case hexadecimal."""


class UnitDetail(msgspec.Struct, frozen=True, kw_only=True):
    """systemd's details of a unit; None where it gave no known word.

    ``job`` is true while a job of the unit is queued or runs. ``starting_seconds`` is the time
    since the first attempt of the present series of starts, while the unit activates. A unit
    with RemainAfterExit is ``stopped`` where a stop job ended its last run, as an operator's
    does.
    """

    load: UnitLoad | None = None
    sub: UnitSub | None = None
    result: UnitResult | None = None
    job: bool | None = None
    starting_seconds: int | None = None
    stopped: bool | None = None


class HostReport(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """The output of ``look_host`` on one host; the keys are the script's allow-list.

    ``enclave_state`` is ``none`` when nitro-cli listed no enclave, which is the ground truth: a
    unit can be ``active`` while its enclave is gone. ``restart_blockers`` counts the log lines,
    since its unit started, about data in the enclave's memory that was not stored.
    ``enclave_errors_recent`` counts lines of the last two minutes about messages that the
    enclave does not take. ``enclave_debug`` is nitro-cli's DEBUG_MODE flag: such an enclave
    attests no PCR. ``enclave_obstacle`` is why no enclave can start here. ``nats_reachable`` is
    true when NATS sent its INFO line; ``nats_state`` says what came instead.
    """

    schema: Literal[1]
    enclave_unit: UnitState
    enclave_unit_restarts: int | None = None
    enclave_state: EnclaveState
    enclave_memory_mib: int | None = None
    enclave_cpus: int | None = None
    enclave_pcr0: Pcr0 | None = None
    parent_unit: UnitState
    parent_unit_restarts: int | None = None
    parent_healthy: bool | None = None
    parent_nats_connected: bool | None = None
    parent_enclave_connected: bool | None = None
    nats_reachable: bool | None = None
    credentials_expire_in_hours: int | None = None
    vault_processes: int | None = None
    restart_blockers: int | None = None
    log_counts: LogCounts | None = None
    enclave_errors_recent: int | None = None
    memory_available_mib: int | None = None
    enclave_unit_detail: UnitDetail | None = None
    parent_unit_detail: UnitDetail | None = None
    enclave_debug: bool | None = None
    enclave_obstacle: EnclaveObstacle | None = None
    nats_state: NatsState | None = None
    uptime_seconds: int | None = None


class HostEvidence(msgspec.Struct, frozen=True):
    """One host's report, or why there is none, and the time of the request."""

    report: HostReport | Unknown
    at: datetime

    def fresh(self, now: datetime, age_max: timedelta) -> bool:
        """True if it is recent enough; a report from the future is not."""
        return timedelta(0) <= now - self.at <= age_max


class HostHistory(msgspec.Struct, frozen=True, kw_only=True):
    """Start times of a host's states, as far as the incident observed them.

    ``in_service_at`` is None for a host that was already in service at the first reading.
    """

    in_service_at: datetime | None = None
    silent_at: datetime | None = None
    nats_lost_at: datetime | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything read for one reconcile, at ``at``; ``hosts`` may be older, each by itself.

    ``histories`` are the incident's memory of hosts. ``alarm`` leads the incident; ``alarms``
    are all that it waits for.
    """

    at: datetime
    alarm: AlarmFact
    alarms: Alarms
    group: Group | Unknown
    target_health: TargetHealth | Unknown
    hosts: dict[InstanceId, HostEvidence]
    answering: Answering | Unknown = NOT_NEEDED
    connections: Connections | Unknown = NOT_NEEDED
    instance_statuses: InstanceStatuses | Unknown = NOT_NEEDED
    refreshes: Refreshes | Unknown = NOT_NEEDED
    histories: dict[InstanceId, HostHistory] = {}

    def all_clear(self) -> bool:
        """True if every alarm that the incident waits for is OK; false without alarms."""
        read = self.alarms.values()
        return bool(read) and all(map(is_ok, read))


class Need(StrEnum):
    """Evidence that a condition needs in addition to the alarm's present state."""

    GROUP = "group"
    TARGET_HEALTH = "target-health"
    HOSTS = "hosts"
    ANSWERING = "answering"


NEEDS: dict[Condition, frozenset[Need]] = {
    **dict.fromkeys((*SERVICE_CONDITIONS, Condition.MEMORY_PRESSURE), frozenset(Need)),
    Condition.USER_AFFECTED: frozenset({Need.GROUP, Need.HOSTS}),
    Condition.CAPACITY: frozenset({Need.GROUP}),
}
"""The evidence that each condition needs; nothing else is read. Any other condition needs none."""


def needs(condition: Condition) -> frozenset[Need]:
    """The evidence to read for *condition*."""
    return NEEDS.get(condition, frozenset())
