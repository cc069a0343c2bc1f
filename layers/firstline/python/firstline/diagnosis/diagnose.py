"""Diagnose: what the evidence says of each host, and so of the cause (R19).

A host is *proven dead* when two different readers say so and none says that it serves; one
reader alone, or two that disagree, leave it unknown (invariants, "proven dead"). What fails on it
is the host's own word, where it has one.
"""

from datetime import timedelta
from enum import StrEnum

import msgspec

from firstline.diagnosis.evidence import Evidence, HostReport
from firstline.diagnosis.health_checks import READERS, Failure, Life, Reading
from firstline.ids import InstanceId
from firstline.signal import Component

READERS_THAT_PROVE = 2

COMPONENTS = {
    Failure.ENCLAVE_GONE: Component.ENCLAVE,
    Failure.ENCLAVE_SILENT: Component.ENCLAVE,
    Failure.PARENT_DOWN: Component.PARENT,
    Failure.NATS_LOST: Component.PARENT,
    Failure.CREDENTIALS_ENDED: Component.NATS,
    Failure.IMAGE_MISMATCH: Component.ENCLAVE,
    Failure.KMS_REFUSES: Component.KMS,
    Failure.HOST_LOST: Component.HOST,
    Failure.UNKNOWN: Component.HOST,
}
"""Which component each failure is of (R19)."""


class Confidence(StrEnum):
    """How much of what should be known is known."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


class Verdict(msgspec.Struct, frozen=True):
    """One host: what is known of it, the facts behind that, and what fails on it."""

    life: Life
    dead: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()
    failure: Failure = Failure.UNKNOWN


class Diagnosis(msgspec.Struct, frozen=True):
    """Each host in question, and a dependency that fails them all; `cause` puts it into words."""

    hosts: dict[InstanceId, Verdict]
    dependency: Component | None = None

    def having(self, life: Life) -> tuple[InstanceId, ...]:
        """The hosts of which *life* holds, in one stable order."""
        return tuple(sorted(id_ for id_, each in self.hosts.items() if each.life is life))

    @property
    def component(self) -> Component | None:
        """The affected component, where the dead hosts agree on one (R19)."""
        if self.dependency is not None:
            return self.dependency
        found = {COMPONENTS[self.hosts[each].failure] for each in self.having(Life.DEAD)}
        return found.pop() if len(found) == 1 else None

    @property
    def confidence(self) -> Confidence:
        """Full when each host is known to be dead or to serve; an unknown one is never fine."""
        unknown = len(self.having(Life.UNKNOWN))
        if unknown == len(self.hosts):
            return Confidence.NONE
        return Confidence.PARTIAL if unknown else Confidence.FULL

    @property
    def cause(self) -> str:
        """One sentence for people."""
        if not self.hosts:
            return "no host was looked at"
        counts = {life: len(self.having(life)) for life in Life}
        told = ", ".join(f"{count} {life}" for life, count in counts.items() if count)
        failures = sorted({str(self.hosts[each].failure) for each in self.having(Life.DEAD)})
        what = f"; {', '.join(failures)}" if failures else ""
        depends = f"; no host reaches {self.dependency}" if self.dependency is not None else ""
        return f"{len(self.hosts)} hosts: {told}{what}{depends} (confidence {self.confidence})"


def diagnose(evidence: Evidence, hosts: tuple[InstanceId, ...], age_max: timedelta) -> Diagnosis:
    """What *evidence* supports for each of *hosts*; older host evidence counts as none."""
    return Diagnosis(
        hosts={each: judge(each, evidence, age_max) for each in hosts},
        dependency=_dependency(evidence, hosts, age_max),
    )


def judge(host: InstanceId, evidence: Evidence, age_max: timedelta) -> Verdict:
    """The verdict on one host from all its readers."""
    readings = [reader(host, evidence, age_max) for reader in READERS]
    dead = tuple(each.fact for each in readings if each.life is Life.DEAD)
    serving = tuple(each.fact for each in readings if each.life is Life.SERVING)
    if len(dead) >= READERS_THAT_PROVE and not serving:
        return Verdict(Life.DEAD, dead, serving, _failure(readings))
    if serving and not dead:
        return Verdict(Life.SERVING, dead, serving)
    return Verdict(Life.UNKNOWN, dead, serving, _failure(readings))


def _failure(readings: list[Reading]) -> Failure:
    """What the first reader that can tell says; the host itself is asked first."""
    told = (each.failure for each in readings if each.failure is not Failure.UNKNOWN)
    return next(told, Failure.UNKNOWN)


def _dependency(
    evidence: Evidence, hosts: tuple[InstanceId, ...], age_max: timedelta
) -> Component | None:
    """NATS, when every host that reports cannot reach it: then no restart can help."""
    found = (evidence.hosts[each] for each in hosts if each in evidence.hosts)
    reports = [each.report for each in found if each.fresh(evidence.at, age_max)]
    told = [each.nats_reachable for each in reports if isinstance(each, HostReport)]
    return Component.NATS if told and all(each is False for each in told) else None
