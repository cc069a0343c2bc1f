"""Diagnose: what the evidence says of each host, and so of the cause (R19).

A host is *proven dead* when two health checks say so that share no failure domain, and none says
that it serves; one check alone, two with one possible cause, or two that disagree leave it
unknown. What fails on it is the host's own word, where it has one.
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
from firstline.diagnosis.failure_domains import NO_INFO, Domain
from firstline.diagnosis.health_checks import (
    Check,
    Criteria,
    FailureMode,
    HostHealth,
    Reading,
    by_connection,
    by_load_balancer,
    by_probe,
    by_status_checks,
)
from firstline.diagnosis.host_report_check import by_report
from firstline.ids import InstanceId
from firstline.signal import Component

CRITERIA = Criteria()
CHECKS: tuple[Check, ...] = (
    by_report,
    by_load_balancer,
    by_probe,
    by_connection,
    by_status_checks,
)
"""All of them; the host's own word on what fails comes first."""
CHANGING = frozenset({HostHealth.STARTING, HostHealth.STOPPING})
AT_ONCE = timedelta(seconds=120)
"""Hosts that are lost so close together have lost what they share."""
MANY_MIN = 2

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
"""Which component each failure is of (R19)."""


class Confidence(StrEnum):
    """How much of what should be known is known."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class HostDiagnosis(msgspec.Struct, frozen=True):
    """One host: what is known of it, the facts behind that, and what fails on it."""

    life: HostHealth
    dead: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    failure: FailureMode = FailureMode.UNKNOWN


class Diagnosis(msgspec.Struct, frozen=True):
    """Each host in question, and a dependency that fails them all; `cause` puts it into words."""

    hosts: dict[InstanceId, HostDiagnosis]
    dependency: Component | None = None

    def having(self, life: HostHealth) -> tuple[InstanceId, ...]:
        """The hosts of which *life* holds, in one stable order."""
        return tuple(sorted(id_ for id_, each in self.hosts.items() if each.life is life))

    @property
    def component(self) -> Component | None:
        """The affected component, where the dead hosts agree on one (R19)."""
        if self.dependency is not None:
            return self.dependency
        found = {COMPONENTS[self.hosts[each].failure] for each in self.having(HostHealth.DEAD)}
        return found.pop() if len(found) == 1 else None

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
            return "no host was looked at"
        counts = {life: len(self.having(life)) for life in HostHealth}
        told = ", ".join(f"{count} {life}" for life, count in counts.items() if count)
        failures = sorted({str(self.hosts[each].failure) for each in self.having(HostHealth.DEAD)})
        what = f"; {', '.join(failures)}" if failures else ""
        depends = f"; no host reaches {self.dependency}" if self.dependency is not None else ""
        return f"{len(self.hosts)} hosts: {told}{what}{depends} (confidence {self.confidence})"


def diagnose(
    evidence: Evidence,
    hosts: tuple[InstanceId, ...],
    age_max: timedelta,
    criteria: Criteria = CRITERIA,
) -> Diagnosis:
    """What *evidence* supports for each of *hosts*; older host evidence counts as none."""
    return Diagnosis(
        hosts={each: judge(each, evidence, age_max, criteria) for each in hosts},
        dependency=_dependency(evidence, hosts, age_max),
    )


def judge(
    host: InstanceId, evidence: Evidence, age_max: timedelta, criteria: Criteria = CRITERIA
) -> HostDiagnosis:
    """The verdict on one host from all its health checks."""
    readings = [check(host, evidence, age_max, criteria) for check in CHECKS]
    dead = [each for each in readings if each.life is HostHealth.DEAD]
    serving = tuple(each.fact for each in readings if each.life is HostHealth.SERVING)
    facts, failure = tuple(each.proof for each in dead), _failure(readings)
    changing = next((each for each in readings if each.life in CHANGING), None)
    if changing is not None:
        return HostDiagnosis(changing.life, facts, (*serving, changing.fact), failure)
    if serving:
        return HostDiagnosis(
            HostHealth.UNKNOWN if dead else HostHealth.SERVING, facts, serving, failure
        )
    counted = [
        each for each in dead if not many_lost(host, each.shared, evidence, age_max, criteria)
    ]
    return HostDiagnosis(
        HostHealth.DEAD if proven(counted) else HostHealth.UNKNOWN, facts, serving, failure
    )


def proven(dead: list[Reading]) -> bool:
    """Whether two of these answers share no failure domain: no one cause made both (I11)."""
    pairs = combinations(dead, 2)
    return any(one.source != two.source and not one.domains & two.domains for one, two in pairs)


def many_lost(
    host: InstanceId,
    domain: Domain | None,
    evidence: Evidence,
    age_max: timedelta,
    criteria: Criteria = CRITERIA,
) -> bool:
    """Whether *host* lost *domain* together with so many others that the domain itself is suspect.

    Many are half of those in service or more, at least two, within `AT_ONCE`; where the incident
    did not see it begin, at once.
    """
    if domain is None or not isinstance(evidence.group, Group):
        return False
    in_service = evidence.group.in_service()
    lost = {each: _lost_at(each, domain, evidence, age_max, criteria) for each in in_service}
    mine = lost.get(host)
    if mine is None:
        return False
    together = [at for at in lost.values() if at is not None and abs(at - mine) <= AT_ONCE]
    return len(together) >= MANY_MIN and 2 * len(together) >= len(in_service)


def _lost_at(
    host: InstanceId, domain: Domain, evidence: Evidence, age_max: timedelta, criteria: Criteria
) -> datetime | None:
    """Since when *host* has lost *domain*; None where it has not."""
    history = evidence.histories.get(host, HostHistory())
    if domain is Domain.SSM:
        return (history.silent_at or evidence.at) if _unheard(host, evidence, age_max) else None
    own = by_report(host, evidence, age_max, criteria)
    if own.failure is FailureMode.NATS_LOST:
        return history.nats_lost_at or evidence.at
    silent = by_probe(host, evidence, age_max, criteria).life is HostHealth.DEAD
    return evidence.at if silent and own.life is not HostHealth.DEAD else None


def _unheard(host: InstanceId, evidence: Evidence, age_max: timedelta) -> bool:
    found = evidence.hosts.get(host)
    states = evidence.connections.states if isinstance(evidence.connections, Connections) else {}
    fresh = found is not None and found.fresh(evidence.at, age_max)
    missing = found is not None and fresh and isinstance(found.report, Unknown)
    return missing or states.get(host) == "ConnectionLost"


def _failure(readings: list[Reading]) -> FailureMode:
    """What the first check that can tell says; the host itself is asked first."""
    known = (each.failure for each in readings if each.failure is not FailureMode.UNKNOWN)
    return next(known, FailureMode.UNKNOWN)


def _dependency(
    evidence: Evidence, hosts: tuple[InstanceId, ...], age_max: timedelta
) -> Component | None:
    """NATS, when it greets nobody: no host that reports, or else not the probe."""
    found = (evidence.hosts[each] for each in hosts if each in evidence.hosts)
    reports = [each.report for each in found if each.fresh(evidence.at, age_max)]
    known = [each.nats_reachable for each in reports if isinstance(each, HostReport)]
    answering = evidence.answering
    if not known and isinstance(answering, Answering) and answering.fresh(evidence.at, age_max):
        known = [answering.outcome not in NO_INFO]
    return Component.NATS if known and all(each is False for each in known) else None
