import pytest

from firstline.diagnosis.diagnose import Diagnosis, Verdict, diagnose, judge
from firstline.diagnosis.evidence import Evidence, HostEvidence, Unknown
from firstline.diagnosis.health_checks import Failure, Life
from tests.builders import AGE_MAX, FLEET, A, B, C, balancer, evidence, group, host, report

UNREAD = Unknown("throttled")
GONE = "the host lists no enclave"
RUNS = "the host's enclave runs"
SICK = "the load balancer finds it unhealthy"
WELL = "the load balancer finds it healthy"
FAILS = "EC2 status checks fail"


def seen(found: HostEvidence | None, **fields: object) -> Evidence:
    """What is known of `A`: its report, and what else is given; the rest is unknown."""
    unread = {"target_health": UNREAD, "group": UNREAD}
    return evidence(hosts={A: found} if found else {}, **unread | fields)


def reporting(**fields: object) -> HostEvidence:
    return HostEvidence(report(up=True, **fields), host().at)


def sick(state: str = "unhealthy") -> dict[str, object]:
    return {"target_health": balancer(state)}


FAILING = {"group": group(*FLEET, health="Unhealthy")}
LACKING, LOST = Failure.ENCLAVE_GONE, Failure.HOST_LOST
DEAD, SERVING, NOTHING = Life.DEAD, Life.SERVING, Life.UNKNOWN


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        # one reader proves nothing of death, and all that there is of serving
        (seen(host()), Verdict(NOTHING, dead=(GONE,), failure=LACKING)),
        (seen(None, **sick()), Verdict(NOTHING, dead=(SICK,))),
        (seen(None, **FAILING), Verdict(NOTHING, dead=(FAILS,), failure=LOST)),
        (seen(host(up=True)), Verdict(SERVING, serving=(RUNS,))),
        (seen(None, **sick("healthy")), Verdict(SERVING, serving=(WELL,))),
        # two readers that agree do
        (seen(host(), **sick()), Verdict(DEAD, dead=(GONE, SICK), failure=LACKING)),
        (seen(host(), **FAILING), Verdict(DEAD, dead=(GONE, FAILS), failure=LACKING)),
        (seen(None, **sick(), **FAILING), Verdict(DEAD, dead=(SICK, FAILS), failure=LOST)),
        (
            seen(host(), **sick(), **FAILING),
            Verdict(DEAD, dead=(GONE, SICK, FAILS), failure=LACKING),
        ),
        (seen(host(up=True), **sick("healthy")), Verdict(SERVING, serving=(RUNS, WELL))),
        # two that disagree leave it unknown, also two against one
        (seen(host(), **sick("healthy")), Verdict(NOTHING, (GONE,), (WELL,), LACKING)),
        (seen(host(up=True), **sick()), Verdict(NOTHING, (SICK,), (RUNS,))),
        (
            seen(host(), **sick("healthy"), **FAILING),
            Verdict(NOTHING, (GONE, FAILS), (WELL,), LACKING),
        ),
        # what is stale, from the future or missing counts as none
        (seen(host(age=120), **sick()), Verdict(DEAD, dead=(GONE, SICK), failure=LACKING)),
        (seen(host(age=120.001), **sick()), Verdict(NOTHING, dead=(SICK,))),
        (seen(host(age=-0.001), **sick()), Verdict(NOTHING, dead=(SICK,))),
        (seen(host(found=UNREAD), **sick()), Verdict(NOTHING, dead=(SICK,))),
        (seen(None), Verdict(NOTHING)),
        (seen(None, **sick("draining")), Verdict(NOTHING)),
        (seen(None, target_health=balancer("unhealthy", B)), Verdict(NOTHING)),
        (seen(None, group=group(B, C, health="Unhealthy")), Verdict(NOTHING)),
        (seen(None, group=group(*FLEET)), Verdict(NOTHING)),
    ],
)
def test_two_readers_that_agree_prove(found: Evidence, verdict: Verdict) -> None:
    """I11, I16: dead or serving only by what was read, and by nobody's word against it."""
    assert judge(A, found, AGE_MAX) == verdict


@pytest.mark.parametrize(
    ("fields", "life"),
    [
        ({}, SERVING),
        ({"parent_healthy": None}, SERVING),
        ({"parent_healthy": False}, NOTHING),
        ({"parent_unit": "failed"}, NOTHING),
        ({"enclave_state": "TERMINATING"}, NOTHING),
        ({"enclave_state": "unknown"}, NOTHING),
        ({"enclave_unit": "failed"}, SERVING),
    ],
)
def test_a_report_proves_by_the_enclave_and_not_by_its_unit(
    fields: dict[str, object], life: Life
) -> None:
    """The unit's state is told and proves nothing."""
    assert judge(A, seen(reporting(**fields)), AGE_MAX).life is life


def test_a_diagnosis_is_of_the_hosts_in_question_alone() -> None:
    """It sorts the hosts by what is known of them, in one order."""
    found = evidence(hosts={C: host(), A: host(), B: host(up=True)})
    told = diagnose(found, (C, A), AGE_MAX)
    assert told.having(DEAD) == (A, C)
    assert told.having(SERVING) == told.having(NOTHING) == ()
    assert told.cause == "2 hosts: 2 dead; its enclave is gone (confidence full)"
    assert diagnose(found, FLEET, AGE_MAX).cause == (
        "3 hosts: 2 dead, 1 unknown; its enclave is gone (confidence partial)"
    )
    assert Diagnosis({}).cause == "no host was looked at"
