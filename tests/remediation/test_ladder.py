"""The next fix: only upwards, only a fitting one, and the canary before any other host."""

import copy

import pytest

from firstline.actions.refresh_fleet import REFRESH_FLEET
from firstline.config.profile import Profile
from firstline.diagnosis.diagnose import Diagnosis, HostDiagnosis
from firstline.diagnosis.evidence import Unknown
from firstline.diagnosis.health_checks import FailureMode, HostHealth
from firstline.ids import GroupName, InstanceId
from firstline.incidents.incident import Attempt, Outcome
from firstline.remediation.ladder import (
    Attempts,
    count_attempts,
    gentlest_plan,
    next_plan,
    refresh_parameters,
)
from firstline.remediation.limits import AttemptRecord
from firstline.remediation.situation import Situation
from tests.builders import (
    FLEET,
    PROFILE,
    A,
    B,
    C,
    ago,
    answered,
    attempt,
    evidence,
    group,
    incident,
    targets,
)
from tests.remediation.situations import laddered, limits, policy, situation, spent

VETTID = laddered("restart_parent", "restart_enclave", "replace_instance", "refresh_fleet")
GROUP = GroupName(PROFILE.fleet.group)


def failing(what: FailureMode = FailureMode.ENCLAVE_GONE, *serving: InstanceId) -> Diagnosis:
    """Every host is dead of *what*, but for those that serve."""
    return Diagnosis(
        {
            each: HostDiagnosis(
                HostHealth.SERVING if each in serving else HostHealth.DEAD, failure=what
            )
            for each in FLEET
        }
    )


def failed(action: str, target: InstanceId | GroupName = A) -> Attempt:
    return answered(900, action=action, target=target, helped=False)


def about(profile: Profile = VETTID, *tried: Attempt, **fields: object) -> Situation:
    values = {"diagnosis": failing()} | fields
    return situation(profile=profile, incident=incident(attempts=tried), **values)


@pytest.mark.parametrize(
    ("what", "action"),
    [
        (FailureMode.ENCLAVE_GONE, "restart_enclave"),
        (FailureMode.ENCLAVE_SILENT, "restart_parent"),
        (FailureMode.PARENT_DOWN, "restart_parent"),
        (FailureMode.NATS_LOST, "restart_parent"),
        (FailureMode.HOST_LOST, "replace_instance"),
        (FailureMode.UNKNOWN, "replace_instance"),
        (FailureMode.CREDENTIALS_ENDED, None),
        (FailureMode.IMAGE_MISMATCH, None),
        (FailureMode.KMS_REFUSES, None),
    ],
)
def test_a_rung_is_taken_for_the_failures_that_it_repairs(
    what: FailureMode, action: str | None
) -> None:
    """No restart helps against an image, a key or a credential that is not right."""
    plan = next_plan(about(diagnosis=failing(what)), A)
    assert (plan.action if plan else None) == action


@pytest.mark.parametrize(
    ("tried", "action"),
    [
        ((), "restart_enclave"),
        ((failed("restart_enclave"),), "restart_enclave"),
        ((failed("restart_enclave"),) * 2, "replace_instance"),
        # it never climbs down, whatever fails now
        ((failed("replace_instance"),), "replace_instance"),
        ((failed("replace_instance"),) * 2, "refresh_fleet"),
        ((failed("replace_instance"),) * 2 + (failed("refresh_fleet", GROUP),), "refresh_fleet"),
        ((failed("restart_enclave", B),) * 2, "restart_enclave"),
        ((failed("refresh_fleet", GROUP),), "refresh_fleet"),
    ],
)
def test_the_ladder_only_climbs(tried: tuple[Attempt, ...], action: str) -> None:
    """I20: two tries a rung; a fix of the fleet is a rung of each host."""
    plan = next_plan(about(VETTID, *tried), A)
    assert plan is not None
    assert plan.action == action


def test_the_last_rung_stays_when_all_are_used_up() -> None:
    """The guard of attempts then says why it is over, and a person has it."""
    tried = (failed("restart_enclave"),) * 2
    plan = next_plan(about(laddered("restart_enclave"), *tried), A)
    assert plan is not None
    assert plan.action == "restart_enclave"


def test_attempts_of_other_incidents_count_as_well() -> None:
    """Attempts of an hour ago by another incident count."""
    held = limits(spent(900), spent(1800))
    plan = next_plan(about(limits=held), A)
    assert plan is not None
    assert plan.action == "replace_instance"


@pytest.mark.parametrize(
    ("spendings", "desired", "own", "taken_over"),
    [
        ((), 1, 0, 0),
        # in a group of one, whatever was tried on hosts before it is its own
        ((spent(900, C), spent(999, C)), 1, 0, 2),
        ((spent(900, C), spent(999)), 1, 1, 2),
        ((spent(900, C), spent(3600, C)), 1, 0, 1),
        ((spent(900, C, "restart_parent"),), 1, 0, 0),
        # in a larger one each other host has its own attempts
        ((spent(900, C), spent(999, C)), 2, 0, 0),
        ((spent(900, C), spent(999, C), spent(9, B)), 2, 0, 1),
        ((spent(900, C), spent(999, C), spent(9, B), spent(9, B)), 2, 0, 2),
        ((spent(900, C), spent(999, C), spent(9, B), spent(9)), 2, 1, 2),
        ((spent(900, C),) * 6, 3, 0, 2),
        # a group that wants none has one left
        ((spent(900, C),), 0, 0, 1),
    ],
)
def test_a_host_takes_over_the_attempts_of_hosts_before_it(
    spendings: tuple[AttemptRecord, ...], desired: int, own: int, taken_over: int
) -> None:
    """I20: one that is replaced again and again does not begin from zero."""
    seen = evidence(group=copy.replace(group(A), desired=desired))
    made = count_attempts(about(limits=limits(*spendings), evidence=seen), "restart_enclave", A)
    assert isinstance(made, Attempts)
    assert (made.own, max(made.taken_over, 0)) == (own, taken_over)
    assert made.effective == max(own, taken_over)


def test_attempts_of_this_incident_before_the_window_count_too() -> None:
    """It may last longer than what the lease remembers."""
    seen = evidence(group=copy.replace(group(A), desired=1))
    held = about(VETTID, *(failed("restart_enclave", C),) * 2, evidence=seen)
    assert count_attempts(held, "restart_enclave", A) == Attempts(0, 2)


def test_where_the_group_cannot_be_read_nothing_is_taken_over() -> None:
    """No plan is done then."""
    unread = evidence(group=Unknown("throttled"))
    held = about(limits=limits(spent(9, C), spent(9, C), spent(9)), evidence=unread)
    assert count_attempts(held, "restart_enclave", A) == Attempts(1, 0)


def test_a_rung_that_hosts_before_it_used_up_is_climbed() -> None:
    """The ladder counts what the guard counts."""
    seen = evidence(group=copy.replace(group(A), desired=1))
    plan = next_plan(about(limits=limits(spent(9, C), spent(9, C)), evidence=seen), A)
    assert plan is not None
    assert plan.action == "replace_instance"


def test_with_limits_unread_the_last_fitting_rung_meets_the_guards() -> None:
    """They all deny; nothing is unlimited."""
    plan = next_plan(about(limits=Unknown("throttled")), A)
    assert plan is not None
    assert plan.action == "refresh_fleet"


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({}, "refresh_fleet"),
        ({"diagnosis": failing(FailureMode.HOST_LOST, C)}, None),
        ({"evidence": evidence(group=Unknown("throttled"))}, None),
    ],
)
def test_a_fleet_is_refreshed_only_where_nothing_serves(
    fields: dict[str, object], action: str | None
) -> None:
    """A host that serves is not replaced for the sake of another."""
    values = {"diagnosis": failing(FailureMode.HOST_LOST)} | fields
    plan = next_plan(about(laddered("refresh_fleet"), **values), A)
    assert (plan.action if plan else None) == action


def test_a_verified_host_serves() -> None:
    """Even without any observation."""
    held = situation(
        profile=laddered("refresh_fleet"),
        incident=incident(targets=(*targets(A, B), *targets(C, verified=9))),
        diagnosis=Diagnosis({A: HostDiagnosis(HostHealth.DEAD), B: HostDiagnosis(HostHealth.DEAD)}),
    )
    assert next_plan(held, A) is None


def test_the_canary_comes_before_gentler_fixes_of_others() -> None:
    """S09: while a fix of one host did not help, no other is touched."""
    both = Diagnosis(
        {
            A: HostDiagnosis(HostHealth.DEAD, failure=FailureMode.HOST_LOST),
            B: HostDiagnosis(HostHealth.DEAD, failure=FailureMode.ENCLAVE_GONE),
        }
    )
    gentle = gentlest_plan(about(diagnosis=both), (A, B))
    assert gentle is not None
    assert (gentle.action, gentle.target) == ("restart_enclave", B)
    canary = gentlest_plan(about(VETTID, failed("replace_instance"), diagnosis=both), (A, B))
    assert canary is not None
    assert (canary.action, canary.target) == ("replace_instance", A)


def test_an_unsent_fix_makes_no_canary() -> None:
    """S13: it was not tried."""
    refused = attempt(outcome=Outcome.NOT_SENT, answered_at=ago(9), helped=False)
    plan = gentlest_plan(about(VETTID, copy.replace(refused, target=B)), FLEET)
    assert plan is not None
    assert plan.target == A


def test_an_unrepairable_failure_has_no_plan() -> None:
    """A person must."""
    assert gentlest_plan(about(diagnosis=failing(FailureMode.IMAGE_MISMATCH)), FLEET) is None


@pytest.mark.parametrize(
    ("profile", "serving", "percentage"),
    [
        (policy(refresh_from_zero=True), (), "0"),
        (policy(refresh_from_zero=True), (C,), "50"),
        (policy(refresh_from_zero=False), (), "50"),
        (policy(refresh_from_zero=False, healthy_floor_percent=90), (), "90"),
    ],
)
def test_a_refresh_keeps_the_floor(
    profile: Profile, serving: tuple[InstanceId, ...], percentage: str
) -> None:
    """R18, I19: nothing stays only where nothing serves, and the policy allows it."""
    held = about(profile, diagnosis=failing(FailureMode.HOST_LOST, *serving))
    given = refresh_parameters(REFRESH_FLEET.name, held, group(*FLEET))
    assert given["MinHealthyPercentage"] == percentage


@pytest.mark.parametrize(("size", "percentage"), [(1, "100"), (2, "50"), (3, "33"), (7, "14")])
def test_the_canary_of_a_refresh_is_one_instance(size: int, percentage: str) -> None:
    """Rounded down: one of three is 33.3 %, and reaches 33."""
    ids = tuple(InstanceId(f"i-{n:017x}") for n in range(size))
    assert (
        refresh_parameters(REFRESH_FLEET.name, about(), group(*ids))["CanaryPercentage"]
        == percentage
    )
