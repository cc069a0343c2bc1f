"""The host's own report as a health check: what runs, starts, stops, loops or cannot start."""

import pytest

from firstline.diagnosis.diagnose import CRITERIA
from firstline.diagnosis.evidence import (
    Evidence,
    HostEvidence,
    HostHistory,
    HostReport,
    UnitDetail,
    Unknown,
)
from firstline.diagnosis.health_checks import (
    NO_OBSERVATION,
    NOT_REPAIRABLE_ON_HOST,
    FailureMode,
    HostHealth,
    Observation,
)
from firstline.diagnosis.host_report_check import by_report
from tests.builders import AGE_MAX, NOW, A, B, ago, evidence, host, report

ALLOWANCE = int(CRITERIA.boot_allowance.total_seconds())
GONE = "the host lists no enclave"


def reading(found: HostReport, **fields: object) -> Observation:
    """The check's observation of `A`'s report."""
    seen = evidence(hosts={A: HostEvidence(found, NOW)}, **fields)
    return by_report(A, seen, AGE_MAX, CRITERIA)


def dead(fact: str, failure: FailureMode) -> Observation:
    return Observation(health=HostHealth.DEAD, fact=fact, source="host report", failure=failure)


def starting(fact: str) -> Observation:
    return Observation(health=HostHealth.STARTING, fact=fact, source="host report")


def stopping(what: str) -> Observation:
    fact = f"{what} is being stopped"
    return Observation(health=HostHealth.STOPPING, fact=fact, source="host report")


def enclave(state: str = "active", obstacle: str | None = None, **detail: object) -> HostReport:
    """No enclave is listed, and its unit is so."""
    known = UnitDetail(**detail)  # type: ignore[arg-type]
    return report(enclave_unit=state, enclave_obstacle=obstacle, enclave_unit_detail=known)


def parent(state: str = "failed", **detail: object) -> HostReport:
    """The enclave runs, and the parent's unit is so."""
    known = UnitDetail(**detail)  # type: ignore[arg-type]
    return report(up=True, parent_unit=state, parent_unit_detail=known)


RUNS = Observation(health=HostHealth.SERVING, fact="the host's enclave runs", source="host report")
NONE = dead(GONE, FailureMode.ENCLAVE_GONE)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (report(), NONE),
        (enclave("active", sub="exited", load="loaded"), NONE),
        (enclave("inactive"), NONE),
        (enclave("failed"), NONE),
        # a unit that nobody could read proves nothing
        (enclave("unknown"), NO_OBSERVATION),
        (enclave("not-found"), NO_OBSERVATION),
        # it is about to start
        (
            enclave("activating", sub="start", starting_seconds=ALLOWANCE - 1),
            starting(f"its enclave has been starting for {ALLOWANCE - 1} s"),
        ),
        (enclave("activating", sub="start", starting_seconds=ALLOWANCE), NONE),
        (enclave("activating", sub="start"), starting("its enclave has been starting")),
        (enclave("active", job=True), starting("its enclave has been starting")),
        (
            enclave("inactive", job=True, starting_seconds=9),
            starting("its enclave has been starting for 9 s"),
        ),
        (enclave("active", job=False), NONE),
        # an enclave that loops has failed at once
        (enclave("activating", sub="auto-restart", starting_seconds=1), NONE),
        (enclave("activating", sub="auto-restart"), NONE),
        # it is being stopped
        (enclave("deactivating"), stopping("its enclave")),
        (report(enclave_state="TERMINATING"), stopping("its enclave")),
        # why it cannot start
        *(
            (enclave("failed", obstacle), dead(f"{GONE}: {why}", FailureMode.ENCLAVE_GONE))
            for obstacle, why in (
                ("allocator-failed", "the enclave allocator has failed"),
                ("no-hugepages", "no hugepages are free"),
                ("no-cpus", "no CPUs are reserved for enclaves"),
                ("no-device", "the host has no enclave device"),
            )
        ),
        (enclave("deactivating", "no-cpus"), stopping("its enclave")),
        # states of which nobody knows what they mean
        (report(enclave_state="EMPTY"), NO_OBSERVATION),
        (report(enclave_state="unknown"), NO_OBSERVATION),
    ],
)
def test_an_enclave_is_gone_only_once_its_unit_has_settled(
    found: HostReport, expected: Observation
) -> None:
    """`describe-enclaves` lists none until one has booted; the unit's `active` proves nothing."""
    assert reading(found) == expected


LOADS = (
    ("masked", "the unit is masked", FailureMode.UNIT_MASKED),
    ("bad-setting", "systemd refuses the unit", FailureMode.UNIT_INVALID),
    ("error", "systemd cannot load the unit", FailureMode.UNIT_INVALID),
    ("not-found", "systemd has no unit", FailureMode.UNIT_INVALID),
)


@pytest.mark.parametrize(("load", "why", "failure"), LOADS)
@pytest.mark.parametrize("state", ["inactive", "failed", "activating", "unknown", "not-found"])
def test_a_unit_that_cannot_be_loaded_is_beyond_the_host(
    load: str, why: str, failure: FailureMode, state: str
) -> None:
    """However often it is tried; what it seems to do does not matter."""
    assert reading(enclave(state, load=load)) == dead(f"{why} of its enclave", failure)
    assert reading(parent(state, load=load)) == dead(f"{why} of the parent", failure)
    assert failure in NOT_REPAIRABLE_ON_HOST


def test_a_unit_that_a_person_stopped_is_left_to_that_person() -> None:
    """One that never ran, or that failed, is a fault; so is one that cannot start for the host."""
    stopped = dead("the unit of its enclave was stopped on purpose", FailureMode.UNIT_STOPPED)
    assert reading(enclave("inactive", stopped=True)) == stopped
    assert reading(enclave("inactive", stopped=False)) == NONE
    assert reading(enclave("inactive", stopped=True, job=True)).health is HostHealth.STARTING
    pool = reading(enclave("inactive", "allocator-failed", stopped=True))
    assert pool == dead(f"{GONE}: the enclave allocator has failed", FailureMode.ENCLAVE_GONE)
    assert reading(parent("inactive", stopped=True)) == DOWN
    assert FailureMode.UNIT_STOPPED in NOT_REPAIRABLE_ON_HOST


DOWN = dead("the parent does not run", FailureMode.PARENT_DOWN)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (report(up=True, parent_unit="failed"), DOWN),
        (parent("failed", load="loaded"), DOWN),
        (parent("inactive"), DOWN),
        (parent("unknown"), NO_OBSERVATION),
        (
            parent("activating", sub="start", starting_seconds=5),
            starting("the parent has been starting for 5 s"),
        ),
        # a parent loops in each normal boot, until its enclave listens
        (
            parent("activating", sub="auto-restart", starting_seconds=ALLOWANCE - 1),
            starting(f"the parent has been starting for {ALLOWANCE - 1} s"),
        ),
        (
            parent("activating", sub="auto-restart", starting_seconds=ALLOWANCE),
            dead(f"the parent loops for {ALLOWANCE} s", FailureMode.PARENT_DOWN),
        ),
        (
            parent("activating", sub="start-pre", starting_seconds=ALLOWANCE),
            dead(f"the parent has been starting for {ALLOWANCE} s", FailureMode.PARENT_DOWN),
        ),
        (parent("activating", sub="auto-restart"), starting("the parent has been starting")),
        (parent("failed", job=True), starting("the parent has been starting")),
        (parent("deactivating"), stopping("the parent")),
    ],
)
def test_a_parent_that_does_not_run(found: HostReport, expected: Observation) -> None:
    """One that loops is started again by systemd, and has failed only beyond the allowance."""
    assert reading(found) == expected


BOOTS = starting("the host has just started")


@pytest.mark.parametrize(
    ("uptime", "in_service", "expected"),
    [
        (ALLOWANCE - 1, None, BOOTS),
        (ALLOWANCE, None, NONE),
        (None, ALLOWANCE - 1, BOOTS),
        (None, ALLOWANCE, NONE),
        (9 * ALLOWANCE, ALLOWANCE - 1, BOOTS),
        (None, None, NONE),
    ],
)
def test_a_host_that_has_just_started_is_not_dead_yet(
    uptime: int | None, in_service: float | None, expected: Observation
) -> None:
    """By its own uptime, or since the group has counted on it."""
    entered = None if in_service is None else ago(in_service)
    histories = {A: HostHistory(in_service_at=entered)}
    assert reading(report(uptime_seconds=uptime), histories=histories) == expected
    sound = report(up=True, uptime_seconds=uptime)
    assert reading(sound, histories=histories) == RUNS


@pytest.mark.parametrize(
    "seen",
    [
        evidence(),
        evidence(hosts={B: host()}),
        evidence(hosts={A: host(age=120.001)}),
        evidence(hosts={A: host(age=-0.001)}),
        evidence(hosts={A: host(found=Unknown("no answer in time"))}),
    ],
)
def test_a_report_that_is_missing_or_old_says_nothing(seen: Evidence) -> None:
    """I16: also one from the future."""
    assert by_report(A, seen, AGE_MAX, CRITERIA) == NO_OBSERVATION
    at_the_edge = evidence(hosts={A: host(age=120)})
    assert by_report(A, at_the_edge, AGE_MAX, CRITERIA) == NONE
