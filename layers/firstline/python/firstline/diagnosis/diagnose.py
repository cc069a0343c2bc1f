"""Diagnosis of each host from the evidence, and so of the cause (R19).

A host is *proven dead* when two health checks that share no failure domain find it dead, and none
finds it serving. One check alone, two with one possible cause, or two that disagree leave it
unknown. The failure mode is the host's own report, where it has one.

Evidence counts for ``evidence_age_max_seconds``, two minutes in the shipped policies. Half or more
of the hosts in service, at least two, that lose SSM, NATS or the probe within two minutes have lost
a shared dependency, and these answers do not count. EC2's status checks together with the load
balancer prove any number of hosts. Entries, pages and reports name the source and the domains of
each fact.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations

import msgspec

from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Evidence,
    Group,
    HostHistory,
    HostReport,
    Unknown,
)
from firstline.diagnosis.failure_domains import NO_GREETING, Domain
from firstline.diagnosis.health_checks import (
    Criteria,
    FailureMode,
    HealthCheck,
    HostHealth,
    Observation,
    by_connection,
    by_load_balancer,
    by_probe,
    by_status_checks,
)
from firstline.diagnosis.host_report_check import by_report
from firstline.ids import InstanceId
from firstline.signal import Component

CRITERIA = Criteria()
CHECKS: tuple[HealthCheck, ...] = (
    by_report,
    by_load_balancer,
    by_probe,
    by_connection,
    by_status_checks,
)
"""All health checks; the host's own report comes first, because it decides the failure mode."""
TRANSITIONAL = frozenset({HostHealth.STARTING, HostHealth.STOPPING})
LOSS_WINDOW = timedelta(seconds=120)
"""Hosts lost within this window have lost something that they share."""
LOST_HOSTS_MIN = 2

COMPONENTS = {
    FailureMode.ENCLAVE_GONE: Component.ENCLAVE,
    FailureMode.ENCLAVE_SILENT: Component.ENCLAVE,
    FailureMode.PARENT_DOWN: Component.PARENT,
    FailureMode.NATS_LOST: Component.PARENT,
    FailureMode.CREDENTIALS_ENDED: Component.NATS,
    FailureMode.IMAGE_MISMATCH: Component.ENCLAVE,
    FailureMode.KMS_REFUSES: Component.KMS,
    FailureMode.UNIT_MASKED: Component.HOST,
    FailureMode.UNIT_STOPPED: Component.ENCLAVE,
    FailureMode.UNIT_INVALID: Component.HOST,
    FailureMode.HOST_LOST: Component.HOST,
    FailureMode.UNKNOWN: Component.HOST,
}
"""The affected component of each failure mode (R19)."""


class Confidence(StrEnum):
    """The share of hosts whose health is known."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class HostDiagnosis(msgspec.Struct, frozen=True):
    """One host: its health, the facts behind it, and its failure mode."""

    health: HostHealth
    dead: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    failure: FailureMode = FailureMode.UNKNOWN


class Diagnosis(msgspec.Struct, frozen=True):
    """The diagnosis of each host, and a dependency that all of them lack; `cause` is in words."""

    hosts: dict[InstanceId, HostDiagnosis]
    dependency: Component | None = None

    def having(self, health: HostHealth) -> tuple[InstanceId, ...]:
        """The hosts in *health*, in one stable order."""
        return tuple(sorted(id_ for id_, each in self.hosts.items() if each.health is health))

    @property
    def component(self) -> Component | None:
        """The affected component, where the dead hosts agree on one (R19)."""
        if self.dependency is not None:
            return self.dependency
        components = {COMPONENTS[self.hosts[each].failure] for each in self.having(HostHealth.DEAD)}
        return components.pop() if len(components) == 1 else None

    @property
    def confidence(self) -> Confidence:
        """Full when each host is known to be dead or to serve; an unknown one is never fine."""
        unknown = len(self.having(HostHealth.UNKNOWN))
        if unknown == len(self.hosts):
            return Confidence.NONE
        return Confidence.PARTIAL if unknown else Confidence.FULL

    @property
    def cause(self) -> str:
        """One sentence for people."""
        if not self.hosts:
            return "no host was inspected"
        counts = {health: len(self.having(health)) for health in HostHealth}
        states = ", ".join(f"{count} {health}" for health, count in counts.items() if count)
        failures = sorted({str(self.hosts[each].failure) for each in self.having(HostHealth.DEAD)})
        what = f"; {', '.join(failures)}" if failures else ""
        depends = f"; no host reaches {self.dependency}" if self.dependency is not None else ""
        return f"{len(self.hosts)} hosts: {states}{what}{depends} (confidence {self.confidence})"


def diagnose(
    evidence: Evidence,
    hosts: tuple[InstanceId, ...],
    age_max: timedelta,
    criteria: Criteria = CRITERIA,
) -> Diagnosis:
    """Diagnose each of *hosts*; host evidence older than *age_max* counts as none."""
    return Diagnosis(
        hosts={each: diagnose_host(each, evidence, age_max, criteria) for each in hosts},
        dependency=_dependency(evidence, hosts, age_max),
    )


def diagnose_host(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria = CRITERIA
) -> HostDiagnosis:
    """Diagnose one host from all its health checks."""
    observations = [check(host, evidence, age_max, criteria) for check in CHECKS]
    dead = [each for each in observations if each.health is HostHealth.DEAD]
    serving = tuple(each.fact for each in observations if each.health is HostHealth.SERVING)
    facts, failure = tuple(each.proof for each in dead), _failure(observations)
    changing = next((each for each in observations if each.health in TRANSITIONAL), None)
    if changing is not None:
        return HostDiagnosis(changing.health, facts, (*serving, changing.fact), failure)
    if serving:
        return HostDiagnosis(
            HostHealth.UNKNOWN if dead else HostHealth.SERVING, facts, serving, failure
        )
    counted = [
        each
        for each in dead
        if not lost_with_others(host, each.shared, evidence, age_max, criteria)
    ]
    return HostDiagnosis(
        HostHealth.DEAD if is_proven(counted) else HostHealth.UNKNOWN, facts, serving, failure
    )


def is_proven(dead: list[Observation]) -> bool:
    """True if two of these observations share no failure domain: no one cause made both (I11)."""
    pairs = combinations(dead, 2)
    return any(one.source != two.source and not one.domains & two.domains for one, two in pairs)


def lost_with_others(
    host: InstanceId,
    domain: Domain | None,
    evidence: Evidence,
    age_max: timedelta,
    criteria: Criteria = CRITERIA,
) -> bool:
    """True if *host* lost *domain* together with so many others that the domain itself is suspect.

    Many are half of those in service or more, at least two, within `LOSS_WINDOW`. A loss whose
    start the incident did not see counts from now.
    """
    if domain is None or not isinstance(evidence.group, Group):
        return False
    in_service = evidence.group.in_service()
    lost = {each: _lost_at(each, domain, evidence, age_max, criteria) for each in in_service}
    mine = lost.get(host)
    if mine is None:
        return False
    together = [at for at in lost.values() if at is not None and abs(at - mine) <= LOSS_WINDOW]
    return len(together) >= LOST_HOSTS_MIN and 2 * len(together) >= len(in_service)


def _lost_at(
    host: InstanceId, domain: Domain, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> datetime | None:
    """The start of *host*'s loss of *domain*; None if it has not lost it."""
    history = evidence.histories.get(host, HostHistory())
    if domain is Domain.SSM:
        return (history.silent_at or evidence.at) if _agent_lost(host, evidence, age_max) else None
    own = by_report(host, evidence, age_max, criteria)
    if own.failure is FailureMode.NATS_LOST:
        return history.nats_lost_at or evidence.at
    silent = by_probe(host, evidence, age_max, criteria).health is HostHealth.DEAD
    return evidence.at if silent and own.health is not HostHealth.DEAD else None


def _agent_lost(host: InstanceId, evidence: Evidence, age_max: timedelta) -> bool:
    known = evidence.hosts.get(host)
    states = evidence.connections.states if isinstance(evidence.connections, Connections) else {}
    fresh = known is not None and known.fresh(evidence.at, age_max)
    missing = known is not None and fresh and isinstance(known.report, Unknown)
    return missing or states.get(host) == "ConnectionLost"


def _failure(observations: list[Observation]) -> FailureMode:
    """The first known failure mode; the host's own report comes first."""
    known = (each.failure for each in observations if each.failure is not FailureMode.UNKNOWN)
    return next(known, FailureMode.UNKNOWN)


def _dependency(
    evidence: Evidence, hosts: tuple[InstanceId, ...], age_max: timedelta
) -> Component | None:
    """NATS, if it greets no host that reports, or else not the probe."""
    recent = (evidence.hosts[each] for each in hosts if each in evidence.hosts)
    reports = [each.report for each in recent if each.fresh(evidence.at, age_max)]
    known = [each.nats_reachable for each in reports if isinstance(each, HostReport)]
    answering = evidence.answering
    if not known and isinstance(answering, Answering) and answering.fresh(evidence.at, age_max):
        known = [answering.outcome not in NO_GREETING]
    return Component.NATS if known and all(each is False for each in known) else None
