"""Readers: who says that a host is dead or serves, each from a source of its own.

A reader that knows nothing says nothing. None takes a unit's state for proof that its enclave
runs, nor a parent's word that it is healthy where the fleet does not answer end to end.
"""

import copy
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

import msgspec

from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Evidence,
    Group,
    HostReport,
    TargetHealth,
    Unknown,
)
from firstline.ids import InstanceId


class Life(StrEnum):
    """What is known of a host."""

    DEAD = "dead"
    SERVING = "serving"
    UNKNOWN = "unknown"


class Failure(StrEnum):
    """What fails on a host, as far as anybody can tell."""

    ENCLAVE_GONE = "its enclave is gone"
    ENCLAVE_SILENT = "its enclave runs and does not answer"
    PARENT_DOWN = "its parent does not work"
    NATS_LOST = "its parent has lost NATS"
    CREDENTIALS_ENDED = "its NATS credentials have ended"
    IMAGE_MISMATCH = "its enclave is not the image that is expected"
    KMS_REFUSES = "KMS refuses its enclave"
    HOST_LOST = "the host is lost"
    UNKNOWN = "unknown"


BEYOND_HOSTS = frozenset({Failure.CREDENTIALS_ENDED, Failure.IMAGE_MISMATCH, Failure.KMS_REFUSES})
"""What no fix of a host mends: a new one would begin with the same credentials, image and key."""


class Reading(msgspec.Struct, frozen=True):
    """What one reader says of one host."""

    life: Life = Life.UNKNOWN
    fact: str = ""
    failure: Failure = Failure.UNKNOWN


type Reader = Callable[[InstanceId, Evidence, timedelta], Reading]
NOTHING = Reading()


def by_report(host: InstanceId, evidence: Evidence, age_max: timedelta) -> Reading:
    """Host evidence: nitro-cli is the ground truth, the unit's state proves nothing."""
    found = evidence.hosts.get(host)
    if found is None or not found.fresh(evidence.at, age_max):
        return NOTHING
    report = found.report
    if isinstance(report, Unknown):
        return NOTHING
    return _beyond(_by_state(report, silent=_silent(evidence, age_max)), report)


def _by_state(report: HostReport, *, silent: bool) -> Reading:
    match report:
        case HostReport(enclave_state="none"):
            return Reading(Life.DEAD, "the host lists no enclave", Failure.ENCLAVE_GONE)
        case HostReport(enclave_state="RUNNING", parent_unit="active"):
            return _by_parent(report, silent=silent)
        case HostReport(enclave_state="RUNNING", parent_unit="inactive" | "failed"):
            return Reading(Life.DEAD, "the parent does not run", Failure.PARENT_DOWN)
        case _:
            return NOTHING


def _by_parent(report: HostReport, *, silent: bool) -> Reading:
    """The parent's word; it does not notice that its enclave died, so silence contradicts it."""
    if report.parent_healthy is False:
        if report.nats_reachable is False:
            return NOTHING  # NATS fails it, and nothing on the host does
        lost = report.parent_nats_connected is False
        failure = Failure.NATS_LOST if lost else Failure.PARENT_DOWN
        return Reading(Life.DEAD, "the parent says that it is unhealthy", failure)
    if silent:
        told = report.log_counts
        if told is not None and (told.enclave_unreachable or told.backlog_dropped):
            return Reading(Life.DEAD, "the parent's log says so", Failure.ENCLAVE_SILENT)
        return Reading(failure=Failure.ENCLAVE_SILENT)
    return Reading(Life.SERVING, "the host's enclave runs")


def _beyond(reading: Reading, report: HostReport) -> Reading:
    """*reading*, unless the parent's log says that what fails is beyond the host.

    A parent that is refused its image, its key or its credentials crashes again however often it
    is restarted; nobody who serves is suspected for what stood in a log.
    """
    if reading.life is Life.SERVING:
        return reading
    told, hours = report.log_counts, report.credentials_expire_in_hours
    if told is not None and (told.pcr_mismatch or told.handshake_failed):
        return copy.replace(reading, failure=Failure.IMAGE_MISMATCH)
    if told is not None and (told.kms_denied or told.kms_key_unusable):
        return copy.replace(reading, failure=Failure.KMS_REFUSES)
    if (hours is not None and hours < 0) or (told is not None and told.nats_auth):
        return copy.replace(reading, failure=Failure.CREDENTIALS_ENDED)
    return reading


def by_load_balancer(host: InstanceId, evidence: Evidence, age_max: timedelta) -> Reading:
    """Target health, where the fleet has a load balancer."""
    del age_max
    if not isinstance(evidence.target_health, TargetHealth):
        return NOTHING
    match evidence.target_health.states.get(host):
        case "unhealthy":
            return Reading(Life.DEAD, "the load balancer finds it unhealthy")
        case "healthy":
            return Reading(Life.SERVING, "the load balancer finds it healthy")
        case _:
            return NOTHING


def by_probe(host: InstanceId, evidence: Evidence, age_max: timedelta) -> Reading:
    """The end-to-end request: its silence is of all hosts; its answer proves one that is alone."""
    if _silent(evidence, age_max):
        return Reading(Life.DEAD, "no host answers the end-to-end probe")
    answering, group = evidence.answering, evidence.group
    if not isinstance(answering, Answering) or not isinstance(group, Group):
        return NOTHING
    alone = group.in_service() == (host,)
    if alone and answering.answers and answering.fresh(evidence.at, age_max):
        return Reading(Life.SERVING, "it answers the end-to-end probe")
    return NOTHING


def by_connection(host: InstanceId, evidence: Evidence, age_max: timedelta) -> Reading:
    """SSM's agent on the host: a lost connection speaks against it, a kept one proves nothing."""
    del age_max
    states = evidence.connections.states if isinstance(evidence.connections, Connections) else {}
    if states.get(host) == "ConnectionLost":
        return Reading(Life.DEAD, "SSM has lost its connection", Failure.HOST_LOST)
    return NOTHING


def by_group(host: InstanceId, evidence: Evidence, age_max: timedelta) -> Reading:
    """EC2's status as the group passes it on: it can prove death, and never that one serves."""
    del age_max
    if not isinstance(evidence.group, Group):
        return NOTHING
    found = next((each for each in evidence.group.instances if each.id == host), None)
    if found is not None and found.health == "Unhealthy":
        return Reading(Life.DEAD, "EC2 status checks fail", Failure.HOST_LOST)
    return NOTHING


READERS: tuple[Reader, ...] = (by_report, by_load_balancer, by_probe, by_connection, by_group)
"""All of them; the host's own word on what fails comes first."""


def _silent(evidence: Evidence, age_max: timedelta) -> bool:
    """Whether the last end-to-end request, asked lately, was answered by no host."""
    answering = evidence.answering
    if not isinstance(answering, Answering) or not answering.fresh(evidence.at, age_max):
        return False
    return not answering.answers
