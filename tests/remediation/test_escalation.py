"""The escalation's details: observations, attempts, denials, and the runbook's next steps."""

import re

import pytest

from firstline.diagnosis.diagnose import Diagnosis, HostDiagnosis
from firstline.diagnosis.health_checks import FailureMode, HostHealth
from firstline.ids import InstanceId
from firstline.incidents.incident import Outcome
from firstline.remediation.decide import decide
from firstline.remediation.decision import Decision, Escalate
from firstline.remediation.escalation import (
    BY_CONDITION,
    BY_FAILURE,
    LISTED_MAX,
    escalation_details,
    next_steps,
)
from firstline.remediation.guards.guard import Answer, Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.rules.rule_name import RuleName
from firstline.signal import Component, Condition, Severity
from tests.builders import A, B, C, answered, attempt, incident, target
from tests.remediation.situations import situation

WHY = Decision(
    step=Escalate(),
    rule=RuleName.NEXT_FIX,
    why="it was tried twice",
    answers=(
        Answer("mode_enforces", None),
        Answer("attempts_are_left", Denial(Reason.ATTEMPTS_EXHAUSTED, "tried twice", final=True)),
        Answer("cooldown_is_over", Denial(Reason.COOLDOWN, "is in cooldown")),
    ),
)
DEAD = HostDiagnosis(HostHealth.DEAD, ("no enclave", "unhealthy"), failure=FailureMode.ENCLAVE_GONE)
SEEN = Diagnosis({A: DEAD, B: HostDiagnosis(HostHealth.UNKNOWN)})


def test_an_escalation_has_observations_attempts_and_denials() -> None:
    """And what helped: a person begins where we ended."""
    tried = (
        answered(9, helped=True),
        answered(5, target=B, helped=False),
        attempt(target=C, helped=False, outcome=Outcome.NOT_SENT),
        attempt(target=C),
    )
    held = incident(attempts=tried, targets=(target(A, verified=1), target(B)))
    result = escalation_details(held, SEEN, WHY)
    assert result["why"] == "it was tried twice"
    assert result["diagnosis"] == (
        "2 hosts: 1 dead, 1 unknown; its enclave is gone (confidence partial); "
        f"{A} dead: no enclave, unhealthy; {B} unknown: no evidence"
    )
    assert result["tried"] == (
        f"restart_enclave on {A}: helped; restart_enclave on {B}: did not help; "
        f"restart_enclave on {C}: was not sent; restart_enclave on {C}: no verdict yet"
    )
    assert result["denied"] == "attempts_are_left: tried twice; cooldown_is_over: is in cooldown"
    assert result["verified"] == A
    assert result["next"].startswith("R13 ")


def test_where_nothing_was_done_it_says_so() -> None:
    """An empty field would leave a person to guess."""
    result = escalation_details(incident(), Diagnosis({}), decide(situation()))
    assert (result["tried"], result["denied"], result["verified"]) == (
        "nothing",
        "nothing",
        "no host",
    )
    assert result["diagnosis"] == "no host was inspected"


@pytest.mark.parametrize("condition", Condition)
def test_every_condition_has_its_steps(condition: Condition) -> None:
    """Each names its step of the runbook by its id."""
    result = next_steps(incident(condition=condition), Diagnosis({}))
    assert result == BY_CONDITION[condition]
    assert all(re.match(r"R\d\d ", each) for each in result)


@pytest.mark.parametrize("failure", BY_FAILURE)
def test_steps_of_failures_come_before_those_of_the_condition(failure: FailureMode) -> None:
    """Each step once."""
    result = next_steps(incident(), Diagnosis({A: HostDiagnosis(HostHealth.DEAD, failure=failure)}))
    assert result[: len(BY_FAILURE[failure])] == BY_FAILURE[failure]
    assert set(BY_CONDITION[Condition.COMPLETE_OUTAGE]) <= set(result)
    assert len(result) == len(set(result))


def test_a_dependency_is_looked_at_first() -> None:
    """No host reaches NATS: what lies between comes first."""
    result = next_steps(incident(), Diagnosis({A: DEAD}, dependency=Component.NATS))
    assert [each.split()[0] for each in result[:3]] == ["R36", "R37", "R38"]


def test_a_large_fleet_is_listed_in_part() -> None:
    """An event for the pager has its bounds."""
    many = {InstanceId(f"i-{number:017x}"): DEAD for number in range(500)}
    held = incident(
        attempts=tuple(answered(9, helped=False) for _ in range(500)),
        targets=tuple(target(each, verified=1) for each in many),
    )
    result = escalation_details(held, Diagnosis(many), WHY)
    assert result["tried"].count("restart_enclave") == LISTED_MAX
    assert result["diagnosis"].count("unhealthy") == LISTED_MAX
    assert sum(map(len, result.values())) < 4_000


@pytest.mark.parametrize(
    ("condition", "severity", "told"),
    [
        (Condition.CAPACITY, Severity.P2, "[auto-scaling, high]"),
        (Condition.AWS_HEALTH, Severity.P1, "[amazon-elastic-compute-cloud-linux, urgent]"),
    ],
)
def test_infrastructure_comes_with_a_case_for_aws(
    condition: Condition, severity: Severity, told: str
) -> None:
    """R46: written, and sent by a person."""
    held = incident(condition=condition, severity=severity)
    case = escalation_details(held, SEEN, WHY)["support_case"]
    assert told in case
    assert f"{condition} of an Auto Scaling group since 2026-03-11T" in case
    assert f"{A} dead: no enclave, unhealthy" in case
    assert "Tried: nothing." in case
    assert "support_case" not in escalation_details(incident(), SEEN, WHY)
