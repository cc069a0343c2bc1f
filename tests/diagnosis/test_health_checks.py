"""Each reader by itself: what it takes for death, what for service, and what for nothing."""

import copy
from datetime import timedelta

import pytest

from firstline.diagnosis.diagnose import COMPONENTS, Confidence, Diagnosis, Verdict, diagnose, judge
from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Evidence,
    HostEvidence,
    LogCounts,
    Unknown,
)
from firstline.diagnosis.health_checks import (
    NOTHING,
    Failure,
    Life,
    Reading,
    by_connection,
    by_probe,
    by_report,
)
from firstline.signal import Component
from tests.builders import AGE_MAX, FLEET, NOW, A, B, ago, evidence, group, host, report

UNREAD = Unknown("throttled")
RUNS = Reading(Life.SERVING, "the host's enclave runs")
STOPPED = Reading(Life.DEAD, "the parent does not run", Failure.PARENT_DOWN)
SICK = "the parent says that it is unhealthy"
SILENT = Answering(answers=False, at=NOW)
ANSWERS = Answering(answers=True, at=NOW)


def saying(**fields: object) -> Evidence:
    """`A` reports this, and its enclave runs."""
    return evidence(hosts={A: HostEvidence(report(up=True, **fields), NOW)})


@pytest.mark.parametrize(
    ("fields", "reading"),
    [
        ({}, RUNS),
        ({"parent_unit": "failed"}, STOPPED),
        ({"parent_unit": "inactive"}, STOPPED),
        # it may come up by itself: it crashes and is started again
        ({"parent_unit": "activating"}, NOTHING),
        ({"parent_unit": "unknown"}, NOTHING),
        ({"parent_healthy": False}, Reading(Life.DEAD, SICK, Failure.PARENT_DOWN)),
        (
            {"parent_healthy": False, "parent_nats_connected": False},
            Reading(Life.DEAD, SICK, Failure.NATS_LOST),
        ),
        # what it depends on fails it
        (
            {"parent_healthy": False, "parent_nats_connected": False, "nats_reachable": False},
            NOTHING,
        ),
    ],
)
def test_a_report_tells_what_fails_on_the_host(fields: dict[str, object], reading: Reading) -> None:
    """R19: enclave, parent or NATS."""
    assert by_report(A, saying(**fields), AGE_MAX) == reading


def logged(**found: int) -> LogCounts:
    """The log of a parent that says nothing else."""
    return LogCounts(**dict.fromkeys(LogCounts.__struct_fields__, 0) | found)


@pytest.mark.parametrize(
    ("fields", "failure"),
    [
        ({"log_counts": logged(pcr_mismatch=1)}, Failure.IMAGE_MISMATCH),
        ({"log_counts": logged(handshake_failed=1)}, Failure.IMAGE_MISMATCH),
        ({"log_counts": logged(kms_denied=1)}, Failure.KMS_REFUSES),
        ({"log_counts": logged(kms_key_unusable=1)}, Failure.KMS_REFUSES),
        ({"log_counts": logged(nats_auth=1)}, Failure.CREDENTIALS_ENDED),
        ({"credentials_expire_in_hours": -1}, Failure.CREDENTIALS_ENDED),
        ({"credentials_expire_in_hours": 0}, Failure.PARENT_DOWN),
        ({"log_counts": logged(nats_disconnected=9)}, Failure.PARENT_DOWN),
    ],
)
def test_a_log_tells_what_no_fix_of_the_host_mends(
    fields: dict[str, object], failure: Failure
) -> None:
    """A parent that is refused crashes again however often it is restarted."""
    assert by_report(A, saying(parent_unit="failed", **fields), AGE_MAX).failure is failure
    assert by_report(A, saying(**fields), AGE_MAX) == RUNS
    crashing = by_report(A, saying(parent_unit="activating", **fields), AGE_MAX)
    beyond = failure is not Failure.PARENT_DOWN
    assert crashing == (Reading(failure=failure) if beyond else NOTHING)


@pytest.mark.parametrize(
    ("counts", "life"),
    [
        (logged(enclave_unreachable=1), Life.DEAD),
        (logged(backlog_dropped=1), Life.DEAD),
        (logged(nats_disconnected=1), Life.UNKNOWN),
        (None, Life.UNKNOWN),
    ],
)
def test_in_a_silent_fleet_a_log_speaks_against_its_host(
    counts: LogCounts | None, life: Life
) -> None:
    """Its enclave runs, and its parent cannot reach it; once it answers, the log is the past."""
    seen = copy.replace(saying(log_counts=counts), answering=SILENT)
    found = by_report(A, seen, AGE_MAX)
    assert (found.life, found.failure) == (life, Failure.ENCLAVE_SILENT)
    assert by_report(A, copy.replace(seen, answering=ANSWERS), AGE_MAX) == RUNS


def test_a_parent_that_calls_itself_healthy_is_not_believed_in_a_silent_fleet() -> None:
    """It does not notice that its enclave died: the enclave runs, and does not answer."""
    seen = evidence(hosts={A: host(up=True)}, answering=SILENT)
    assert by_report(A, seen, AGE_MAX) == Reading(failure=Failure.ENCLAVE_SILENT)
    verdict = judge(A, seen, AGE_MAX)
    assert (verdict.life, verdict.failure) == (Life.DEAD, Failure.ENCLAVE_SILENT)


@pytest.mark.parametrize(
    ("answering", "life"),
    [
        (SILENT, Life.DEAD),
        (Answering(answers=False, at=ago(120)), Life.DEAD),
        (Answering(answers=False, at=ago(121)), Life.UNKNOWN),
        (ANSWERS, Life.UNKNOWN),
        (UNREAD, Life.UNKNOWN),
    ],
)
def test_silence_is_of_every_host_and_an_answer_of_none(
    answering: Answering | Unknown, life: Life
) -> None:
    """Nobody knows which of three hosts answered."""
    assert {by_probe(each, evidence(answering=answering), AGE_MAX).life for each in FLEET} == {life}


@pytest.mark.parametrize(
    ("seen", "life"),
    [
        (evidence(group=group(A), answering=ANSWERS), Life.SERVING),
        (evidence(group=group(B), answering=ANSWERS), Life.UNKNOWN),
        (evidence(group=UNREAD, answering=ANSWERS), Life.UNKNOWN),
        (evidence(group=group(A), answering=Answering(answers=True, at=ago(121))), Life.UNKNOWN),
    ],
)
def test_an_answer_proves_the_one_host_that_is_there(seen: Evidence, life: Life) -> None:
    """It can have come from nobody else."""
    assert by_probe(A, seen, AGE_MAX).life is life


@pytest.mark.parametrize(
    ("connections", "life"),
    [
        (Connections({A: "ConnectionLost"}), Life.DEAD),
        (Connections({A: "Inactive"}), Life.UNKNOWN),
        (Connections({A: "Online"}), Life.UNKNOWN),
        (Connections({B: "ConnectionLost"}), Life.UNKNOWN),
        (UNREAD, Life.UNKNOWN),
    ],
)
def test_only_a_lost_connection_speaks_against_a_host(
    connections: Connections | Unknown, life: Life
) -> None:
    """An agent that is there proves nothing of the enclave."""
    assert by_connection(A, evidence(connections=connections), AGE_MAX).life is life


def test_every_failure_is_of_a_component() -> None:
    """R19: none is left out."""
    assert set(COMPONENTS) == set(Failure)


def verdicts(*of: tuple[Life, Failure]) -> Diagnosis:
    return Diagnosis(
        {id_: Verdict(life, failure=what) for id_, (life, what) in zip(FLEET, of, strict=False)}
    )


GONE, STOPS = (Life.DEAD, Failure.ENCLAVE_GONE), (Life.DEAD, Failure.PARENT_DOWN)
UNKNOWN, SERVES = (Life.UNKNOWN, Failure.UNKNOWN), (Life.SERVING, Failure.UNKNOWN)


@pytest.mark.parametrize(
    ("told", "component", "confidence"),
    [
        (verdicts(GONE, GONE), Component.ENCLAVE, Confidence.FULL),
        (verdicts(GONE, SERVES), Component.ENCLAVE, Confidence.FULL),
        (verdicts(GONE, STOPS), None, Confidence.FULL),
        (verdicts(STOPS, UNKNOWN), Component.PARENT, Confidence.PARTIAL),
        (verdicts(UNKNOWN, UNKNOWN), None, Confidence.NONE),
        (verdicts(), None, Confidence.NONE),
    ],
)
def test_a_diagnosis_names_the_component_and_how_sure_it_is(
    told: Diagnosis, component: Component | None, confidence: Confidence
) -> None:
    """An unknown host is never fine."""
    assert (told.component, told.confidence) == (component, confidence)


@pytest.mark.parametrize(
    ("reachable", "age", "dependency"),
    [
        ((False, False), 0, Component.NATS),
        ((False, True), 0, None),
        ((False, None), 0, None),
        ((None, None), 0, None),
        ((False, False), 121, None),
    ],
)
def test_what_fails_every_host_is_what_they_depend_on(
    reachable: tuple[bool | None, ...], age: float, dependency: Component | None
) -> None:
    """No host reaches NATS: then none of them is the cause."""
    found = {
        id_: HostEvidence(report(nats_reachable=each), NOW - timedelta(seconds=age))
        for id_, each in zip(FLEET, reachable, strict=False)
    }
    told = diagnose(evidence(hosts=found), FLEET, AGE_MAX)
    assert told.dependency is dependency
    assert told.component is (dependency or (None if age else Component.ENCLAVE))
    assert ("no host reaches nats" in told.cause) is (dependency is not None)
