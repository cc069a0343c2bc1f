"""Diagnose: what the evidence says of each host, and so of the cause.

A host is *proven dead* when two different readers say so and none says that it serves; one
reader alone, or two that disagree, leave it unknown (invariants, "proven dead").
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from firstline.evidence import Evidence, Group, HostEvidence, HostReport, TargetHealth
from firstline.ids import InstanceId

READERS_THAT_PROVE = 2


class Life(StrEnum):
    """What is known of a host."""

    DEAD = "dead"
    SERVING = "serving"
    UNKNOWN = "unknown"


class Verdict(msgspec.Struct, frozen=True):
    """One host, and the facts behind what is said of it."""

    life: Life
    dead: tuple[str, ...] = ()
    serving: tuple[str, ...] = ()


class Diagnosis(msgspec.Struct, frozen=True):
    """Each host in question; `cause` puts it into words."""

    hosts: dict[InstanceId, Verdict]

    def having(self, life: Life) -> tuple[InstanceId, ...]:
        """The hosts of which *life* holds, in one stable order."""
        return tuple(sorted(id_ for id_, each in self.hosts.items() if each.life is life))

    @property
    def cause(self) -> str:
        """One sentence for people."""
        counts = {life: len(self.having(life)) for life in Life}
        told = ", ".join(f"{count} {life}" for life, count in counts.items() if count)
        return f"{len(self.hosts)} hosts: {told}" if told else "no host was looked at"


def diagnose(evidence: Evidence, hosts: tuple[InstanceId, ...], age_max: timedelta) -> Diagnosis:
    """What *evidence* supports for each of *hosts*; older host evidence counts as none."""
    return Diagnosis({each: judge(each, evidence, age_max) for each in hosts})


def judge(host: InstanceId, evidence: Evidence, age_max: timedelta) -> Verdict:
    """The verdict on one host from all its readers."""
    readings = (
        _by_report(evidence.hosts.get(host), evidence.at, age_max),
        _by_load_balancer(host, evidence),
        _by_group(host, evidence),
    )
    dead = tuple(fact for life, fact in readings if life is Life.DEAD)
    serving = tuple(fact for life, fact in readings if life is Life.SERVING)
    if len(dead) >= READERS_THAT_PROVE and not serving:
        return Verdict(Life.DEAD, dead, serving)
    if serving and not dead:
        return Verdict(Life.SERVING, dead, serving)
    return Verdict(Life.UNKNOWN, dead, serving)


type Reading = tuple[Life, str]
_NOTHING: Reading = (Life.UNKNOWN, "")


def _by_report(found: HostEvidence | None, now: datetime, age_max: timedelta) -> Reading:
    """Host evidence: nitro-cli is the ground truth, the unit's state proves nothing."""
    if found is None or not found.fresh(now, age_max):
        return _NOTHING
    match found.report:
        case HostReport(enclave_state="none"):
            return Life.DEAD, "the host lists no enclave"
        case HostReport(enclave_state="RUNNING", parent_unit="active", parent_healthy=healthy):
            return _NOTHING if healthy is False else (Life.SERVING, "the host's enclave runs")
        case _:
            return _NOTHING


def _by_load_balancer(host: InstanceId, evidence: Evidence) -> Reading:
    if not isinstance(evidence.target_health, TargetHealth):
        return _NOTHING
    match evidence.target_health.states.get(host):
        case "unhealthy":
            return Life.DEAD, "the load balancer finds it unhealthy"
        case "healthy":
            return Life.SERVING, "the load balancer finds it healthy"
        case _:
            return _NOTHING


def _by_group(host: InstanceId, evidence: Evidence) -> Reading:
    """EC2's status as the group passes it on: it can prove death, and never that one serves."""
    if not isinstance(evidence.group, Group):
        return _NOTHING
    found = next((each for each in evidence.group.instances if each.id == host), None)
    if found is not None and found.health == "Unhealthy":
        return Life.DEAD, "EC2 status checks fail"
    return _NOTHING
