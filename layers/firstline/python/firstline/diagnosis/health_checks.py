"""Health checks: each source's observation of one host, and its other possible causes.

A check without knowledge returns `NO_OBSERVATION`. None takes a unit's state for proof that its
enclave runs. The group's own `HealthStatus` is no check: it repeats the load balancer's answer
where the group's health check is ELB, and any caller may set it (SetInstanceHealth).
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import msgspec

from firstline.diagnosis import failure_domains
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
    """The health of a host. One that is starting or stopping is neither dead nor well."""

    DEAD = "dead"
    SERVING = "serving"
    STARTING = "starting"
    STOPPING = "stopping"
    UNKNOWN = "unknown"


class FailureMode(StrEnum):
    """The failure of a host, as far as it is known."""

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
"""Failures that no fix of a host repairs: a new host has the same credentials, image, key and unit.

A unit that a person masked or stopped is left to that person.
"""


class Criteria(msgspec.Struct, frozen=True, kw_only=True):
    """Criteria for judging evidence.

    A host may boot for ``boot_allowance``; ``health_page_needs_nats`` is true where the page
    that the load balancer requests is unhealthy without NATS.
    """

    boot_allowance: timedelta = timedelta(minutes=10)
    health_page_needs_nats: bool = True


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One check's result for one host.

    ``domains`` are other possible causes of the answer while the host is well. ``shared`` is
    the domain whose loss by many hosts at once discounts the answer.
    """

    health: HostHealth = HostHealth.UNKNOWN
    fact: str = ""
    source: str = ""
    failure: FailureMode = FailureMode.UNKNOWN
    domains: Domains = failure_domains.HOST_ITSELF
    shared: Domain | None = None

    @property
    def proof(self) -> str:
        """The fact with its source and its other possible causes."""
        unless = f"; unless {failure_domains.describe(self.domains)} fails" if self.domains else ""
        return f"{self.fact} (source: {self.source}{unless})"


type HealthCheck = Callable[[InstanceId, Evidence, timedelta, Criteria], Observation]
NO_OBSERVATION = Observation()


def by_load_balancer(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Observation:
    """Target health, where the fleet has a load balancer; its own failure is no observation."""
    del age_max
    target_health = evidence.target_health
    if not isinstance(target_health, TargetHealth) or target_health.reasons.get(
        host, ""
    ).startswith("Elb."):
        return NO_OBSERVATION
    match target_health.states.get(host):
        case "unhealthy":
            return Observation(
                health=HostHealth.DEAD,
                fact="the load balancer finds it unhealthy",
                source="load balancer",
                domains=failure_domains.load_balancer_domains(
                    needs_nats=criteria.health_page_needs_nats
                ),
            )
        case "healthy":
            fact = "the load balancer finds it healthy"
            return Observation(health=HostHealth.SERVING, fact=fact, source="load balancer")
        case _:
            return NO_OBSERVATION


def by_probe(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Observation:
    """The end-to-end request: silence concerns all hosts; an answer proves a host that is alone.

    The probe's own failure (no server, refused, full) is no observation of any host.

    While the fleet is silent, a parent's claim to be healthy is not taken for service, because a
    parent does not notice the death of its enclave.
    """
    del criteria
    answering, group = evidence.answering, evidence.group
    if not isinstance(answering, Answering) or not answering.fresh(evidence.at, age_max):
        return NO_OBSERVATION
    if answering.outcome in failure_domains.OUTCOME_DOMAINS:
        return Observation(
            health=HostHealth.DEAD,
            fact=_SILENCE[answering.outcome],
            source="probe",
            domains=failure_domains.OUTCOME_DOMAINS[answering.outcome],
            shared=Domain.NATS,
        )
    if answering.answers and isinstance(group, Group) and group.in_service() == (host,):
        return Observation(
            health=HostHealth.SERVING, fact="it answers the end-to-end probe", source="probe"
        )
    return NO_OBSERVATION


_SILENCE = {
    ProbeOutcome.TIMEOUT: "no host answers the end-to-end probe",
    ProbeOutcome.NO_RESPONDERS: "no parent is subscribed to the end-to-end probe",
    ProbeOutcome.UNHEALTHY: "no enclave that answers the end-to-end probe is well",
}


def by_connection(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Observation:
    """SSM's agent on the host: a lost connection is evidence of death, a kept one is none."""
    del age_max, criteria
    states = evidence.connections.states if isinstance(evidence.connections, Connections) else {}
    if states.get(host) != "ConnectionLost":
        return NO_OBSERVATION
    return Observation(
        health=HostHealth.DEAD,
        fact="SSM has lost its connection",
        source="SSM",
        failure=FailureMode.HOST_LOST,
        domains=failure_domains.CONNECTION_DOMAINS,
        shared=Domain.SSM,
    )


def by_status_checks(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> Observation:
    """EC2's status checks: impaired is evidence of death, and ok proves nothing.

    ``initializing`` and ``insufficient-data`` are unknown (EC2 API, InstanceStatusSummary).
    """
    del age_max, criteria
    statuses = evidence.instance_statuses
    status = statuses.known.get(host) if isinstance(statuses, InstanceStatuses) else None
    checks = status.checks if status is not None else {}
    failed = sorted(check for check, answer in checks.items() if answer == "impaired")
    if not failed:
        return NO_OBSERVATION
    return Observation(
        health=HostHealth.DEAD,
        fact=f"EC2's status checks fail: {', '.join(failed)}",
        source="EC2",
        failure=FailureMode.HOST_LOST,
        domains=failure_domains.EC2_DOMAINS,
    )
