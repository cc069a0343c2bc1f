"""Evidence: facts read from the world at one time, each of which may be unknown."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from firstline.ids import InstanceId
from firstline.signals import Condition

type UnitState = Literal[
    "active", "inactive", "failed", "activating", "deactivating", "not-found", "unknown"
]
type EnclaveState = Literal["RUNNING", "TERMINATING", "EMPTY", "none", "unknown"]


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """A fact that could not be read, and why. It is never the same as *fine*."""

    why: str


class AlarmState(StrEnum):
    """CloudWatch's three states."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class AlarmReading(msgspec.Struct, frozen=True, tag="alarm"):
    """The alarm's present state (DescribeAlarms), not the one that an event told."""

    state: AlarmState


class Gone(msgspec.Struct, frozen=True, tag="gone"):
    """The alarm does not exist any more: somebody deleted it, and no OK will come."""


type AlarmFact = AlarmReading | Gone | Unknown
type Alarms = dict[str, AlarmFact]
"""What is known of alarms, by their ARNs."""


class Instance(msgspec.Struct, frozen=True):
    """One instance as its Auto Scaling group sees it: ``InService``, ``Healthy`` and the like."""

    id: InstanceId
    lifecycle: str
    health: str

    @property
    def in_service(self) -> bool:
        """Whether the group counts on it now."""
        return self.lifecycle == "InService"


class Group(msgspec.Struct, frozen=True, tag="group"):
    """The Auto Scaling group as it is now (R11, R14)."""

    desired: int
    instances: tuple[Instance, ...]

    def in_service(self) -> tuple[InstanceId, ...]:
        """Ids of the instances in service, in one stable order."""
        return tuple(sorted(each.id for each in self.instances if each.in_service))


class TargetHealth(msgspec.Struct, frozen=True, tag="target-health"):
    """What the load balancer says of each target: ``healthy``, ``unhealthy``, ``draining``..."""

    states: dict[InstanceId, str]


class HostReport(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """What ``look_host`` printed on one host; the keys are the script's allow-list.

    ``enclave_state`` is ``none`` when nitro-cli listed no enclave, which is the ground truth: a
    unit can be ``active`` while its enclave is gone.
    """

    schema: Literal[1]
    enclave_unit: UnitState
    enclave_unit_restarts: int | None = None
    enclave_state: EnclaveState
    enclave_memory_mib: int | None = None
    enclave_cpus: int | None = None
    parent_unit: UnitState
    parent_unit_restarts: int | None = None
    parent_healthy: bool | None = None
    parent_nats_connected: bool | None = None
    nats_reachable: bool | None = None
    memory_available_mib: int | None = None


class HostEvidence(msgspec.Struct, frozen=True):
    """One host's report, or why there is none, and when it was asked for."""

    report: HostReport | Unknown
    at: datetime

    def fresh(self, now: datetime, age_max: timedelta) -> bool:
        """Whether it may still be relied on; a report from the future may not."""
        return timedelta(0) <= now - self.at <= age_max


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """All that was read for one reconcile, at ``at``; ``hosts`` may be older, each by itself.

    ``alarm`` is the one that leads the incident, ``alarms`` are all that it waits for.
    """

    at: datetime
    alarm: AlarmFact
    alarms: Alarms
    group: Group | Unknown
    target_health: TargetHealth | Unknown
    hosts: dict[InstanceId, HostEvidence]

    def all_clear(self) -> bool:
        """Whether every alarm that the incident waits for is OK; with none, nothing is known."""
        read = self.alarms.values()
        return bool(read) and all(each == AlarmReading(AlarmState.OK) for each in read)


class Need(StrEnum):
    """What a condition needs to know beside the alarm's present state."""

    GROUP = "group"
    TARGET_HEALTH = "target-health"
    HOSTS = "hosts"


NEEDS: dict[Condition, frozenset[Need]] = {
    Condition.COMPLETE_OUTAGE: frozenset(Need),
    Condition.ENCLAVE_DOWN: frozenset(Need),
}
"""Which condition needs which evidence; nothing else is read. A condition not named needs none."""


def needs(condition: Condition) -> frozenset[Need]:
    """What must be read for *condition*."""
    return NEEDS.get(condition, frozenset())
