"""A running parent's report of its host, of NATS and of its enclave, and when it counts."""

import copy

import pytest

from firstline.diagnosis.diagnose import CRITERIA
from firstline.diagnosis.evidence import (
    Answering,
    HostEvidence,
    HostReport,
    LogCounts,
    UnitDetail,
    Unknown,
)
from firstline.diagnosis.failure_domains import HOST_ITSELF, NATS_DOMAINS, Domain
from firstline.diagnosis.health_checks import NO_OBSERVATION, FailureMode, HostHealth, Observation
from firstline.diagnosis.host_report_check import SOURCE, by_report
from firstline.diagnosis.probe_outcome import ProbeOutcome
from tests.builders import AGE_MAX, NOW, QUIET_LOG, A, ago, evidence, report

SILENT = Answering(answers=False, at=NOW, outcome=ProbeOutcome.TIMEOUT)
RUNS = Observation(health=HostHealth.SERVING, fact="the host's enclave runs", source="host report")


def reading(found: HostReport, **fields: object) -> Observation:
    """The check's observation of `A`'s report."""
    seen = evidence(hosts={A: HostEvidence(found, NOW)}, **fields)
    return by_report(A, seen, AGE_MAX, CRITERIA)


def dead(fact: str, failure: FailureMode) -> Observation:
    return Observation(health=HostHealth.DEAD, fact=fact, source="host report", failure=failure)


SICK = dead("the parent reports that it is unhealthy", FailureMode.PARENT_DOWN)


def logged(**found: int) -> LogCounts:
    """The log of a parent that says nothing else."""
    return copy.replace(QUIET_LOG, **found)


def nats(*, gave_up: bool) -> Observation:
    """The parent's word that it has no NATS."""
    return Observation(
        health=HostHealth.DEAD,
        fact="the parent stopped reconnecting to NATS" if gave_up else "the parent has lost NATS",
        source="host report",
        failure=FailureMode.NATS_LOST,
        domains=HOST_ITSELF if gave_up else NATS_DOMAINS,
        shared=Domain.NATS,
    )


CLOSED = logged(nats_closed=1)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, RUNS),
        ({"enclave_unit": "failed"}, RUNS),
        ({"parent_nats_connected": True}, RUNS),
        ({"parent_healthy": None}, NO_OBSERVATION),
        ({"parent_nats_connected": False}, NO_OBSERVATION),
        ({"parent_healthy": False}, SICK),
        ({"parent_healthy": False, "parent_nats_connected": True}, SICK),
        ({"parent_healthy": False, "nats_reachable": True}, SICK),
        ({"parent_healthy": False, "nats_reachable": False}, NO_OBSERVATION),
        # without NATS: what the host itself did is proof, and what NATS did is none
        ({"parent_healthy": False, "parent_nats_connected": False}, nats(gave_up=False)),
        (
            {"parent_healthy": False, "parent_nats_connected": False, "nats_reachable": True},
            nats(gave_up=False),
        ),
        (
            {
                "parent_healthy": False,
                "parent_nats_connected": False,
                "nats_reachable": True,
                "log_counts": CLOSED,
            },
            nats(gave_up=True),
        ),
        (
            {"parent_healthy": False, "parent_nats_connected": False, "log_counts": CLOSED},
            nats(gave_up=False),
        ),
        (
            {"parent_healthy": False, "parent_nats_connected": False, "log_counts": None},
            nats(gave_up=False),
        ),
        (
            {
                "parent_healthy": False,
                "parent_nats_connected": False,
                "nats_reachable": False,
                "log_counts": CLOSED,
            },
            NO_OBSERVATION,
        ),
        # what it logged just now
        ({"enclave_errors_recent": 2}, RUNS),
        (
            {"enclave_errors_recent": 3},
            dead(
                "the parent logged 3 times in two minutes that its enclave accepts no messages",
                FailureMode.ENCLAVE_SILENT,
            ),
        ),
    ],
)
def test_the_report_of_a_running_parent(fields: dict[str, object], expected: Observation) -> None:
    """A parent of unknown health is not fine."""
    assert reading(report(up=True, **fields)) == expected


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        ({"log_counts": logged(pcr_mismatch=1)}, FailureMode.IMAGE_MISMATCH),
        ({"log_counts": logged(handshake_failed=1)}, FailureMode.IMAGE_MISMATCH),
        ({"log_counts": logged(kms_denied=1)}, FailureMode.KMS_REFUSES),
        ({"log_counts": logged(kms_key_unusable=1)}, FailureMode.KMS_REFUSES),
        ({"log_counts": logged(nats_auth=1)}, FailureMode.CREDENTIALS_ENDED),
        ({"credentials_expire_in_hours": -1}, FailureMode.CREDENTIALS_ENDED),
        ({"credentials_expire_in_hours": 0}, FailureMode.PARENT_DOWN),
        ({"log_counts": logged(nats_disconnected=9)}, FailureMode.PARENT_DOWN),
        ({"log_counts": None}, FailureMode.PARENT_DOWN),
    ],
)
def test_a_log_shows_failures_that_no_fix_of_the_host_repairs(
    fields: dict[str, object], failure: FailureMode
) -> None:
    """A refused parent crashes again; a serving host is never suspected because of its log."""
    assert reading(report(up=True, parent_unit="failed", **fields)).failure is failure
    assert reading(report(up=True, **fields)) == RUNS
    looping = UnitDetail(sub="auto-restart", starting_seconds=9)
    boots = report(up=True, parent_unit="activating", parent_unit_detail=looping, **fields)
    assert reading(boots) == Observation(
        health=HostHealth.STARTING, fact="the parent has been starting for 9 s", source=SOURCE
    )
    beyond = FailureMode.UNKNOWN if failure is FailureMode.PARENT_DOWN else failure
    assert reading(report(up=True, parent_unit="unknown", **fields)) == Observation(failure=beyond)


@pytest.mark.parametrize(
    ("answering", "expected"),
    [
        (SILENT, Observation(failure=FailureMode.ENCLAVE_SILENT)),
        (
            copy.replace(SILENT, outcome=ProbeOutcome.FAILED),
            Observation(failure=FailureMode.ENCLAVE_SILENT),
        ),
        (copy.replace(SILENT, at=ago(121)), RUNS),
        (copy.replace(SILENT, answers=True), RUNS),
        (Unknown("no probe"), RUNS),
    ],
)
def test_a_parent_that_calls_itself_healthy_is_not_believed_in_a_silent_fleet(
    answering: Answering | Unknown, expected: Observation
) -> None:
    """It does not notice that its enclave died: it proves nothing then, in either way."""
    assert reading(report(up=True), answering=answering) == expected
