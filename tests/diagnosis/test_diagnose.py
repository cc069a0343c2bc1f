"""Diagnose: one verdict on each host from all its checks, and what the hosts depend on."""

from datetime import timedelta

import pytest

from firstline.diagnosis.diagnose import (
    COMPONENTS,
    Confidence,
    Diagnosis,
    HostDiagnosis,
    diagnose,
    diagnose_host,
)
from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Evidence,
    HostEvidence,
    UnitDetail,
    Unknown,
)
from firstline.diagnosis.failure_domains import NO_GREETING
from firstline.diagnosis.health_checks import Criteria, FailureMode, HostHealth
from firstline.diagnosis.probe_outcome import ProbeOutcome
from firstline.ids import InstanceId
from firstline.signal import Component
from tests.builders import (
    AGE_MAX,
    FLEET,
    NOW,
    A,
    B,
    C,
    ago,
    balancer,
    evidence,
    group,
    host,
    impaired,
    report,
)

UNREAD = Unknown("throttled")
GONE = "the host lists no enclave (source: host report)"
RUNS = "the host's enclave runs"
SICK = (
    "the load balancer finds it unhealthy (source: load balancer;"
    " unless egress, NATS, the path to NATS or the load balancer fails)"
)
WELL = "the load balancer finds it healthy"
FAILS = "EC2's status checks fail: instance (source: EC2; unless EC2 fails)"
LACKING, LOST = FailureMode.ENCLAVE_GONE, FailureMode.HOST_LOST
DEAD, SERVING, NOTHING = HostHealth.DEAD, HostHealth.SERVING, HostHealth.UNKNOWN
FAILING = {"instance_statuses": impaired()}


def seen(found: HostEvidence | None, **fields: object) -> Evidence:
    """Evidence of `A`: its report, and *fields*; the rest is unknown."""
    unread = {"target_health": UNREAD, "group": UNREAD}
    return evidence(hosts={A: found} if found else {}, **unread | fields)


def sick(state: str = "unhealthy") -> dict[str, object]:
    return {"target_health": balancer(state)}


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        # one check proves nothing of death, and all that there is of serving
        (seen(host()), HostDiagnosis(NOTHING, dead=(GONE,), failure=LACKING)),
        (seen(None, **sick()), HostDiagnosis(NOTHING, dead=(SICK,))),
        (seen(None, **FAILING), HostDiagnosis(NOTHING, dead=(FAILS,), failure=LOST)),
        (seen(host(up=True)), HostDiagnosis(SERVING, serving=(RUNS,))),
        (seen(None, **sick("healthy")), HostDiagnosis(SERVING, serving=(WELL,))),
        # two that share no failure domain do
        (seen(host(), **sick()), HostDiagnosis(DEAD, dead=(GONE, SICK), failure=LACKING)),
        (seen(host(), **FAILING), HostDiagnosis(DEAD, dead=(GONE, FAILS), failure=LACKING)),
        (seen(None, **sick(), **FAILING), HostDiagnosis(DEAD, dead=(SICK, FAILS), failure=LOST)),
        (
            seen(host(), **sick(), **FAILING),
            HostDiagnosis(DEAD, dead=(GONE, SICK, FAILS), failure=LACKING),
        ),
        (seen(host(up=True), **sick("healthy")), HostDiagnosis(SERVING, serving=(RUNS, WELL))),
        # two that disagree leave it unknown, also two against one
        (seen(host(), **sick("healthy")), HostDiagnosis(NOTHING, (GONE,), (WELL,), LACKING)),
        (seen(host(up=True), **sick()), HostDiagnosis(NOTHING, (SICK,), (RUNS,))),
        (
            seen(host(), **sick("healthy"), **FAILING),
            HostDiagnosis(NOTHING, (GONE, FAILS), (WELL,), LACKING),
        ),
        # what is stale, from the future or missing counts as none
        (seen(host(age=120), **sick()), HostDiagnosis(DEAD, dead=(GONE, SICK), failure=LACKING)),
        (seen(host(age=120.001), **sick()), HostDiagnosis(NOTHING, dead=(SICK,))),
        (seen(host(age=-0.001), **sick()), HostDiagnosis(NOTHING, dead=(SICK,))),
        (seen(host(found=UNREAD), **sick()), HostDiagnosis(NOTHING, dead=(SICK,))),
        (seen(None), HostDiagnosis(NOTHING)),
        (seen(None, **sick("draining")), HostDiagnosis(NOTHING)),
        (seen(None, target_health=balancer("unhealthy", B)), HostDiagnosis(NOTHING)),
        (seen(None, instance_statuses=impaired(B, C)), HostDiagnosis(NOTHING)),
        (seen(None, group=group(*FLEET, health="Unhealthy")), HostDiagnosis(NOTHING)),
    ],
)
def test_two_answers_that_share_no_cause_prove(found: Evidence, verdict: HostDiagnosis) -> None:
    """I11, I16: dead or serving only by observations, and by no claim against them."""
    assert diagnose_host(A, found, AGE_MAX) == verdict


def reporting(**fields: object) -> HostEvidence:
    return HostEvidence(report(up=True, **fields), NOW)


CUT_OFF = reporting(parent_healthy=False, parent_nats_connected=False)


@pytest.mark.parametrize("page_needs_nats", [True, False])
def test_one_lost_nats_is_no_proof_by_the_parent_and_the_load_balancer(
    *, page_needs_nats: bool
) -> None:
    """Unless the page that the load balancer asks is well without NATS."""
    criteria = Criteria(health_page_needs_nats=page_needs_nats)
    verdict = diagnose_host(A, seen(CUT_OFF, **sick()), AGE_MAX, criteria)
    assert len(verdict.dead) == 2
    assert verdict.health is (NOTHING if page_needs_nats else DEAD)
    assert verdict.failure is FailureMode.NATS_LOST


STARTS = UnitDetail(sub="start", starting_seconds=30)
STARTING = HostEvidence(report(enclave_unit="activating", enclave_unit_detail=STARTS), NOW)
STOPPING = HostEvidence(report(enclave_state="TERMINATING"), NOW)


@pytest.mark.parametrize(
    ("found", "life", "fact"),
    [
        (STARTING, HostHealth.STARTING, "its enclave has been starting for 30 s"),
        (STOPPING, HostHealth.STOPPING, "its enclave is being stopped"),
    ],
)
def test_a_host_that_starts_or_stops_is_neither_dead_nor_well(
    found: HostEvidence, life: HostHealth, fact: str
) -> None:
    """The other checks' facts are kept."""
    against = diagnose_host(A, seen(found, **sick(), **FAILING), AGE_MAX)
    assert against == HostDiagnosis(life, (SICK, FAILS), (fact,), LOST)
    beside = diagnose_host(A, seen(found, **sick("healthy")), AGE_MAX)
    assert beside == HostDiagnosis(life, (), (WELL, fact))
    assert diagnose(seen(found, **sick(), **FAILING), (A,), AGE_MAX).having(DEAD) == ()


def test_the_fleets_criteria_say_how_long_a_host_may_start() -> None:
    """`diagnose` judges every host by them."""
    found = seen(STARTING, **sick())
    short = Criteria(boot_allowance=timedelta(seconds=30))
    assert diagnose(found, (A,), AGE_MAX).having(HostHealth.STARTING) == (A,)
    assert diagnose(found, (A,), AGE_MAX, short).having(DEAD) == (A,)


def test_a_silent_fleet_proves_an_enclave_silent_only_with_another_cause() -> None:
    """The parent that calls itself healthy says nothing then, and names what fails."""
    silent = Answering(answers=False, at=NOW, outcome=ProbeOutcome.UNHEALTHY)
    alone = seen(host(up=True), answering=silent, group=group(A))
    assert diagnose_host(A, alone, AGE_MAX).health is NOTHING
    both = seen(host(up=True), answering=silent, group=group(A), **sick())
    verdict = diagnose_host(A, both, AGE_MAX)
    assert (verdict.health, verdict.failure) == (DEAD, FailureMode.ENCLAVE_SILENT)


def test_a_diagnosis_is_of_the_hosts_in_question_alone() -> None:
    """It sorts the hosts by what is known of them, in one order."""
    found = evidence(hosts={C: host(), A: host(), B: host(up=True)})
    result = diagnose(found, (C, A), AGE_MAX)
    assert result.having(DEAD) == (A, C)
    assert result.having(SERVING) == result.having(NOTHING) == ()
    assert result.cause == "2 hosts: 2 dead; its enclave is gone (confidence full)"
    assert diagnose(found, FLEET, AGE_MAX).cause == (
        "3 hosts: 2 dead, 1 unknown; its enclave is gone (confidence partial)"
    )
    assert Diagnosis({}).cause == "no host was inspected"


def test_every_failure_is_of_a_component() -> None:
    """R19: none is left out."""
    assert set(COMPONENTS) == set(FailureMode)


def verdicts(*of: tuple[HostHealth, FailureMode]) -> Diagnosis:
    return Diagnosis(
        {
            id_: HostDiagnosis(life, failure=what)
            for id_, (life, what) in zip(FLEET, of, strict=False)
        }
    )


NO_ENCLAVE, STOPS = (DEAD, FailureMode.ENCLAVE_GONE), (DEAD, FailureMode.PARENT_DOWN)
UNKNOWN, SERVES = (NOTHING, FailureMode.UNKNOWN), (SERVING, FailureMode.UNKNOWN)


@pytest.mark.parametrize(
    ("diagnosis", "component", "confidence"),
    [
        (verdicts(NO_ENCLAVE, NO_ENCLAVE), Component.ENCLAVE, Confidence.FULL),
        (verdicts(NO_ENCLAVE, SERVES), Component.ENCLAVE, Confidence.FULL),
        (verdicts(NO_ENCLAVE, STOPS), None, Confidence.FULL),
        (verdicts(STOPS, UNKNOWN), Component.PARENT, Confidence.PARTIAL),
        (verdicts(UNKNOWN, UNKNOWN), None, Confidence.NONE),
        (verdicts(), None, Confidence.NONE),
    ],
)
def test_a_diagnosis_names_the_component_and_how_sure_it_is(
    diagnosis: Diagnosis, component: Component | None, confidence: Confidence
) -> None:
    """An unknown host is never fine."""
    assert (diagnosis.component, diagnosis.confidence) == (component, confidence)


def probed(outcome: ProbeOutcome, age: float = 0) -> Answering:
    return Answering(answers=outcome is ProbeOutcome.ANSWERED, at=ago(age), outcome=outcome)


REACHED = {"yes": True, "no": False, "unknown": None}


def finding(*reachable: str, age: float = 0) -> dict[InstanceId, HostEvidence]:
    """Reports of hosts about NATS, in their order, so many seconds ago."""
    return {
        id_: HostEvidence(report(nats_reachable=REACHED[each]), ago(age))
        for id_, each in zip(FLEET, reachable, strict=False)
    }


@pytest.mark.parametrize(
    ("hosts", "answering", "fails"),
    [
        (finding("no", "no"), UNREAD, True),
        (finding("no", "yes"), UNREAD, False),
        (finding("no", "unknown"), UNREAD, False),
        (finding("unknown", "unknown"), UNREAD, False),
        (finding("no", "no", age=121), UNREAD, False),
        # what hosts report of NATS stands above the probe's own way there
        (finding("yes"), probed(ProbeOutcome.NO_SERVER), False),
        (finding("unknown"), probed(ProbeOutcome.NO_SERVER), False),
        (finding("no"), probed(ProbeOutcome.ANSWERED), True),
        # where nobody reports, the probe tells whether NATS greeted it
        *(({}, probed(each), each in NO_GREETING) for each in ProbeOutcome),
        (finding("yes", age=121), probed(ProbeOutcome.NO_SERVER), True),
        ({A: host(found=UNREAD)}, probed(ProbeOutcome.CONNECT_TIMEOUT), True),
        ({}, probed(ProbeOutcome.NO_SERVER, age=121), False),
        ({}, Answering(answers=False, at=NOW), False),
        ({}, UNREAD, False),
    ],
)
def test_a_failure_of_every_host_is_their_dependency(
    hosts: dict[InstanceId, HostEvidence], answering: Answering | Unknown, *, fails: bool
) -> None:
    """NATS greets no host: then none of the hosts is the cause."""
    result = diagnose(evidence(hosts=hosts, answering=answering), FLEET, AGE_MAX)
    assert result.dependency is (Component.NATS if fails else None)
    assert ("no host reaches nats" in result.cause) is fails
    if fails:
        assert result.component is Component.NATS


def test_hosts_that_are_only_silent_depend_on_nothing_that_fails() -> None:
    """Lost connections, targets and a probe that times out are no evidence about NATS itself."""
    lost = Connections(dict.fromkeys(FLEET, "ConnectionLost"))
    result = diagnose(
        evidence(connections=lost, answering=probed(ProbeOutcome.TIMEOUT)), FLEET, AGE_MAX
    )
    assert result.dependency is None
