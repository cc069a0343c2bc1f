"""Each health check by itself: its answer, and what else may have produced that answer."""

import pytest

from firstline.diagnosis.diagnose import CHECKS, CRITERIA, diagnose_host
from firstline.diagnosis.evidence import (
    Answering,
    Connections,
    Evidence,
    InstanceStatus,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)
from firstline.diagnosis.failure_domains import OUTCOME_DOMAINS, Domain
from firstline.diagnosis.health_checks import (
    NO_OBSERVATION,
    Criteria,
    FailureMode,
    HostHealth,
    Observation,
    by_connection,
    by_load_balancer,
    by_probe,
    by_status_checks,
)
from firstline.diagnosis.probe_outcome import ProbeOutcome
from tests.builders import AGE_MAX, FLEET, A, B, ago, evidence, group, impaired

UNREAD = Unknown("throttled")
OUTCOMES = tuple(OUTCOME_DOMAINS)
PAGE_ALONE = Criteria(health_page_needs_nats=False)
NATS_PARTS = {Domain.NATS, Domain.PATH, Domain.EGRESS}


def target(state: str, reason: str = "") -> Evidence:
    """The load balancer's word on `A`, and the code of its reason."""
    reasons = {A: reason} if reason else {}
    return evidence(target_health=TargetHealth({A: state}, reasons))


def probed(
    outcome: ProbeOutcome | None, *, answers: bool = False, age: float = 0, **fields: object
) -> Evidence:
    """The probe's result so many seconds ago."""
    answering = Answering(answers=answers, at=ago(age), outcome=outcome)
    return evidence(**{"answering": answering} | fields)


def statuses(state: str = "running", **checks: str) -> Evidence:
    """EC2's status checks of `A`."""
    status = InstanceStatus(state, {name.replace("_", " "): it for name, it in checks.items()})
    return evidence(instance_statuses=InstanceStatuses({A: status}))


UNHEALTHY = Observation(
    health=HostHealth.DEAD,
    fact="the load balancer finds it unhealthy",
    source="load balancer",
    domains=frozenset({Domain.LOAD_BALANCER} | NATS_PARTS),
)
HEALTHY = Observation(
    health=HostHealth.SERVING, fact="the load balancer finds it healthy", source="load balancer"
)


@pytest.mark.parametrize(
    ("seen", "reading"),
    [
        (target("unhealthy"), UNHEALTHY),
        (target("unhealthy", "Target.FailedHealthChecks"), UNHEALTHY),
        (target("unhealthy", "Target.Timeout"), UNHEALTHY),
        (target("unhealthy", "Elb.InternalError"), NO_OBSERVATION),
        (target("healthy"), HEALTHY),
        (target("healthy", "Elb.InternalError"), NO_OBSERVATION),
        *(
            (target(each), NO_OBSERVATION)
            for each in ("draining", "initial", "unused", "unavailable")
        ),
        (evidence(target_health=TargetHealth({B: "unhealthy"})), NO_OBSERVATION),
        (evidence(target_health=UNREAD), NO_OBSERVATION),
    ],
)
def test_the_load_balancers_observation(seen: Evidence, reading: Observation) -> None:
    """Its own error says nothing of a target; a target's may be of NATS or of the way there."""
    assert by_load_balancer(A, seen, AGE_MAX, CRITERIA) == reading


def test_a_page_that_needs_no_nats_has_the_load_balancer_alone_as_its_domain() -> None:
    """The profile says what the page needs."""
    found = by_load_balancer(A, target("unhealthy"), AGE_MAX, PAGE_ALONE)
    assert (found.health, found.domains) == (HostHealth.DEAD, frozenset({Domain.LOAD_BALANCER}))


SILENCE: dict[ProbeOutcome, tuple[str, set[Domain]]] = {
    ProbeOutcome.TIMEOUT: (
        "no host answers the end-to-end probe",
        {Domain.NATS, Domain.PATH},
    ),
    ProbeOutcome.NO_RESPONDERS: (
        "no parent is subscribed to the end-to-end probe",
        {Domain.NATS, Domain.EGRESS},
    ),
    ProbeOutcome.UNHEALTHY: (
        "no enclave that answers the end-to-end probe is well",
        set(),
    ),
}


@pytest.mark.parametrize("outcome", [*ProbeOutcome, None])
def test_the_observation_of_each_outcome_of_the_probe(outcome: ProbeOutcome | None) -> None:
    """Only what a host could have answered speaks of it; the rest is the probe's own trouble."""
    found = by_probe(A, probed(outcome), AGE_MAX, CRITERIA)
    if outcome is None or outcome not in SILENCE:
        assert found == NO_OBSERVATION
        return
    fact, domains = SILENCE[outcome]
    assert found == Observation(
        health=HostHealth.DEAD,
        fact=fact,
        source="probe",
        domains=frozenset(domains),
        shared=Domain.NATS,
    )


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize(
    ("age", "life"), [(0, HostHealth.DEAD), (120, HostHealth.DEAD), (121, HostHealth.UNKNOWN)]
)
def test_an_old_silence_says_nothing(outcome: ProbeOutcome, age: float, life: HostHealth) -> None:
    """It is of every host alike, for as long as evidence may be relied on."""
    seen = probed(outcome, age=age)
    assert {by_probe(each, seen, AGE_MAX, CRITERIA).health for each in FLEET} == {life}


ANSWERED = ProbeOutcome.ANSWERED


@pytest.mark.parametrize(
    ("seen", "life"),
    [
        (probed(ANSWERED, answers=True, group=group(A)), HostHealth.SERVING),
        (probed(None, answers=True, group=group(A)), HostHealth.SERVING),
        (probed(ANSWERED, answers=True, group=group(A), age=121), HostHealth.UNKNOWN),
        (probed(ANSWERED, answers=True, group=group(B)), HostHealth.UNKNOWN),
        (probed(ANSWERED, answers=True, group=group(*FLEET)), HostHealth.UNKNOWN),
        (probed(ANSWERED, answers=True, group=UNREAD), HostHealth.UNKNOWN),
        (evidence(answering=UNREAD, group=group(A)), HostHealth.UNKNOWN),
    ],
)
def test_an_answer_proves_the_one_host_that_is_there(seen: Evidence, life: HostHealth) -> None:
    """No other host can have sent it."""
    assert by_probe(A, seen, AGE_MAX, CRITERIA).health is life


@pytest.mark.parametrize(
    ("connections", "lost"),
    [
        (Connections({A: "ConnectionLost"}), True),
        (Connections({A: "Inactive"}), False),
        (Connections({A: "Online"}), False),
        (Connections({B: "ConnectionLost"}), False),
        (UNREAD, False),
    ],
)
def test_only_a_lost_connection_speaks_against_a_host(
    connections: Connections | Unknown, *, lost: bool
) -> None:
    """An agent that is there proves nothing of the enclave."""
    found = by_connection(A, evidence(connections=connections), AGE_MAX, CRITERIA)
    gone = Observation(
        health=HostHealth.DEAD,
        fact="SSM has lost its connection",
        source="SSM",
        failure=FailureMode.HOST_LOST,
        domains=frozenset({Domain.SSM, Domain.AGENT, Domain.EGRESS}),
        shared=Domain.SSM,
    )
    assert found == (gone if lost else NO_OBSERVATION)


@pytest.mark.parametrize(
    ("seen", "failed"),
    [
        (statuses(system="ok", instance="impaired"), "instance"),
        (statuses(system="impaired", instance="insufficient-data"), "system"),
        (
            statuses(system="impaired", instance="ok", attached_EBS="impaired"),
            "attached EBS, system",
        ),
        (statuses(system="ok", instance="ok", attached_EBS="ok"), ""),
        (statuses(system="initializing", instance="initializing"), ""),
        (statuses(system="insufficient-data", instance="insufficient-data"), ""),
        (statuses(attached_EBS="not-applicable"), ""),
        (statuses("stopped"), ""),
        (evidence(instance_statuses=impaired(B)), ""),
        (evidence(instance_statuses=UNREAD), ""),
    ],
)
def test_only_an_impaired_status_check_speaks_against_a_host(seen: Evidence, failed: str) -> None:
    """Checks that begin, or lack data, are unknown; all of them ok prove nothing of the enclave."""
    found = by_status_checks(A, seen, AGE_MAX, CRITERIA)
    lost = Observation(
        health=HostHealth.DEAD,
        fact=f"EC2's status checks fail: {failed}",
        source="EC2",
        failure=FailureMode.HOST_LOST,
        domains=frozenset({Domain.EC2}),
    )
    assert found == (lost if failed else NO_OBSERVATION)


def test_the_groups_own_health_status_is_no_check() -> None:
    """It repeats the load balancer where its check is ELB, and any caller may set it."""
    seen = evidence(group=group(*FLEET, health="Unhealthy"), target_health=UNREAD)
    assert [each(A, seen, AGE_MAX, CRITERIA) for each in CHECKS] == [NO_OBSERVATION] * len(CHECKS)
    verdict = diagnose_host(A, evidence(group=group(*FLEET, health="Unhealthy")), AGE_MAX)
    assert (verdict.health, len(verdict.dead)) == (HostHealth.UNKNOWN, 1)


@pytest.mark.parametrize(
    ("seen", "proof"),
    [
        (
            evidence(instance_statuses=impaired(A)),
            "EC2's status checks fail: instance (source: EC2; unless EC2 fails)",
        ),
        (
            probed(ProbeOutcome.UNHEALTHY),
            "no enclave that answers the end-to-end probe is well (source: probe)",
        ),
        (
            evidence(connections=Connections({A: "ConnectionLost"})),
            "SSM has lost its connection (source: SSM; unless SSM, the SSM agent or egress fails)",
        ),
    ],
)
def test_a_proof_names_its_source_and_other_causes(seen: Evidence, proof: str) -> None:
    """A person reads it on the page."""
    found = diagnose_host(A, evidence_without_load_balancer(seen), AGE_MAX)
    assert found.dead == (proof,)


def evidence_without_load_balancer(seen: Evidence) -> Evidence:
    """The same, where the load balancer cannot be read."""
    return evidence(
        answering=seen.answering,
        connections=seen.connections,
        instance_statuses=seen.instance_statuses,
        target_health=UNREAD,
    )
