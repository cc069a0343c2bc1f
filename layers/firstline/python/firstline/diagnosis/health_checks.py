"""Health checks: what each source says of one host, and what else may have made it say so.

A check that knows nothing says nothing. None takes a unit's state for proof that its enclave
runs. The group's own `HealthStatus` is no check: it repeats the load balancer's answer where the
group's health check is ELB, and anybody may set it (SetInstanceHealth).
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import msgspec

from firstline.diagnosis import failure_domains as domains
from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Evidence,
    Group,
    InstanceStatuses,
    TargetHealth,
)
from firstline.diagnosis.failure_domains import Domain, Domains
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.ids import InstanceId


class HostHealth(StrEnum):
    """What is known of a host. One that is starting or being stopped is neither dead nor well."""

    DEAD = "dead"
    SERVING = "serving"
    STARTING = "starting"
    STOPPING = "stopping"
    UNKNOWN = "unknown"


class FailureMode(StrEnum):
    """What fails on a host, as far as anybody can tell."""

    ENCLAVE_GONE = "its enclave is gone"
    ENCLAVE_SILENT = "its enclave runs and does not answer"
    PARENT_DOWN = "its parent does not work"
    NATS_LOST = "its parent has lost NATS"
    CREDENTIALS_ENDED = "its NATS credentials have ended"
    IMAGE_MISMATCH = "its enclave is not the image that is expected"
    KMS_REFUSES = "KMS refuses its enclave"
    UNIT_MASKED = "a person masked its unit"
    UNIT_STOPPED = "its unit was stopped on purpose"
    UNIT_INVALID = "systemd cannot load its unit"
    HOST_LOST = "the host is lost"
    UNKNOWN = "unknown"


NOT_REPAIRABLE_ON_HOST = frozenset(
    {
        FailureMode.CREDENTIALS_ENDED,
        FailureMode.IMAGE_MISMATCH,
        FailureMode.KMS_REFUSES,
        FailureMode.UNIT_MASKED,
        FailureMode.UNIT_STOPPED,
        FailureMode.UNIT_INVALID,
    }
)
"""What no fix of a host mends: a new one begins with the same credentials, image, key and unit.

A unit that a person masked or stopped is left to that person.
"""


class Criteria(msgspec.Struct, frozen=True, kw_only=True):
    """How evidence is judged.

    A host may boot for ``boot_allowance``; ``health_page_needs_nats`` says whether the page that
    the load balancer asks is unhealthy without NATS.
    """

    boot_allowance: timedelta = timedelta(minutes=10)
    health_page_needs_nats: bool = True


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one check says of one host.

    ``domains`` are what may have produced the answer while the host is well. ``shared`` is the
    domain whose loss by many hosts at once discounts the answer.
    """

    life: HostHealth = HostHealth.UNKNOWN
    fact: str = ""
    source: str = ""
    failure: FailureMode = FailureMode.UNKNOWN
    domains: Domains = domains.HOST_ITSELF
    shared: Domain | None = None

    @property
    def proof(self) -> str:
        """The fact with its source, and what else would explain it."""
        unless = f"; unless {domains.words(self.domains)} fails" if self.domains else ""
        return f"{self.fact} (source: {self.source}{unless})"


type Check = Callable[[InstanceId, Evidence, timedelta, Criteria], Reading]
NOTHING = Reading()


def by_load_balancer(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Reading:
    """Target health, where the fleet has a load balancer; its own failure says nothing."""
    del age_max
    found = evidence.target_health
    if not isinstance(found, TargetHealth) or found.reasons.get(host, "").startswith("Elb."):
        return NOTHING
    match found.states.get(host):
        case "unhealthy":
            return Reading(
                life=HostHealth.DEAD,
                fact="the load balancer finds it unhealthy",
                source="load balancer",
                domains=domains.of_load_balancer(needs_nats=criteria.health_page_needs_nats),
            )
        case "healthy":
            fact = "the load balancer finds it healthy"
            return Reading(life=HostHealth.SERVING, fact=fact, source="load balancer")
        case _:
            return NOTHING


def by_probe(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Reading:
    """The end-to-end request: its silence is of all hosts; its answer proves one that is alone.

    The probe's own failure (no server, refused, full) says nothing of any host.
    """
    del criteria
    answering, group = evidence.answering, evidence.group
    if not isinstance(answering, Answering) or not answering.fresh(evidence.at, age_max):
        return NOTHING
    if answering.outcome in domains.OF_OUTCOME:
        return Reading(
            life=HostHealth.DEAD,
            fact=_SILENCE[answering.outcome],
            source="probe",
            domains=domains.OF_OUTCOME[answering.outcome],
            shared=Domain.NATS,
        )
    if answering.answers and isinstance(group, Group) and group.in_service() == (host,):
        return Reading(
            life=HostHealth.SERVING, fact="it answers the end-to-end probe", source="probe"
        )
    return NOTHING


_SILENCE = {
    ProbeOutcome.TIMEOUT: "no host answers the end-to-end probe",
    ProbeOutcome.NO_RESPONDERS: "no parent is subscribed to the end-to-end probe",
    ProbeOutcome.UNHEALTHY: "no enclave that answers the end-to-end probe is well",
}


def by_connection(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Reading:
    """SSM's agent on the host: a lost connection speaks against it, a kept one proves nothing."""
    del age_max, criteria
    states = evidence.connections.states if isinstance(evidence.connections, Connections) else {}
    if states.get(host) != "ConnectionLost":
        return NOTHING
    return Reading(
        life=HostHealth.DEAD,
        fact="SSM has lost its connection",
        source="SSM",
        failure=FailureMode.HOST_LOST,
        domains=domains.OF_CONNECTION,
        shared=Domain.SSM,
    )


def by_status_checks(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Reading:
    """EC2's status checks: impaired speaks against the host, and ok proves nothing.

    ``initializing`` and ``insufficient-data`` are unknown (EC2 API, InstanceStatusSummary).
    """
    del age_max, criteria
    found = evidence.instance_statuses
    status = found.known.get(host) if isinstance(found, InstanceStatuses) else None
    checks = status.checks if status is not None else {}
    failed = sorted(check for check, answer in checks.items() if answer == "impaired")
    if not failed:
        return NOTHING
    return Reading(
        life=HostHealth.DEAD,
        fact=f"EC2's status checks fail: {', '.join(failed)}",
        source="EC2",
        failure=FailureMode.HOST_LOST,
        domains=domains.OF_EC2,
    )
