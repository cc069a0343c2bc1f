"""IAM proved: each recorded call is allowed, and each permission is used or has its reason."""

import json
from collections.abc import Iterator

import pytest

from tests.iam.calls import Call, kept
from tests.iam.others import others
from tests.iam.proof import parts, roles
from tests.iam.reasons import OF_FUNCTION, REASONS
from tests.iam.stacks import Stacks
from tests.infra.permissions import allowed, role_of, statements

PROFILES = ("runbook", "vettid")
INLINE_MAX = 10_240
"""As many characters as a role's inline policies may have together, without spaces (IAM quotas)."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stacks]:
    """Give what a deployment with each of the shipped profiles would make."""
    return {name: Stacks(name, tmp_path_factory.mktemp(name)) for name in PROFILES}


CALLS = kept()
REPLAYED = {"ingest", "operator", "reconcile", "sweep"}
"""The functions that a replay runs."""


@pytest.mark.parametrize("call", CALLS, ids=lambda it: f"{it.profile} {it.function} {it.action}")
def test_a_recorded_call_is_allowed(call: Call, deployed: dict[str, Stacks]) -> None:
    """By the role of its function, in the stacks of the profile that it was recorded with."""
    stacks = deployed[call.profile]
    policy = statements(role_of(stacks.made, call.function))
    assert allowed(policy, stacks.request(call)), call


@pytest.mark.parametrize("profile", PROFILES)
def test_each_permission_is_used_or_has_its_reason(
    profile: str, deployed: dict[str, Stacks]
) -> None:
    """Nothing is given that no function asks for: what is new needs a call or a line here."""
    idle = [
        (part.function or part.role, part.action, part.resource)
        for part in parts(deployed[profile], CALLS)
        if not part.used_by and not part.reason
    ]
    assert idle == []


def test_a_reason_is_for_a_permission_that_no_call_uses(deployed: dict[str, Stacks]) -> None:
    """A reason that is not needed any more is removed."""
    found = [part for stacks in deployed.values() for part in parts(stacks, CALLS)]
    idle = [part for part in found if not part.used_by]
    assert REASONS.keys() <= {part.action for part in idle}
    for (function, action, ends), why in OF_FUNCTION.items():
        of = [each for each in idle if (each.function, each.action) == (function, action)]
        assert why in {each.reason for each in of if each.resource.endswith(ends)}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_function_has_calls_but_the_one_that_makes_none(
    profile: str, deployed: dict[str, Stacks]
) -> None:
    """The health probe asks AWS for nothing; what no call is recorded of would prove nothing."""
    functions = {name for _, name in roles(deployed[profile]) if name}
    assert functions - {each.function for each in CALLS} <= {"probe_health"}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_roles_policies_fit_into_iams_quota(profile: str, deployed: dict[str, Stacks]) -> None:
    """With room for names that are longer than these."""
    for role, _ in roles(deployed[profile]):
        text = "".join(
            json.dumps(each["PolicyDocument"], separators=(",", ":"))
            for each in role.properties["Policies"]
        )
        assert len(text) < INLINE_MAX - 1024, role.logical_id


def test_what_no_replay_asks_for_is_kept() -> None:
    """And of the functions that no replay runs, nothing else is."""
    asked = others()
    assert asked <= set(CALLS)
    alone = {each for each in CALLS if each.function not in REPLAYED}
    assert alone == {each for each in asked if each.function not in REPLAYED}


def _of(function: str) -> Iterator[Call]:
    return (each for each in CALLS if each.function == function)


def test_only_reconcile_commands_hosts_and_changes_the_group() -> None:
    """By what was recorded: whoever else asks for it is seen here first."""
    hands = ("ssm:SendCommand", "autoscaling:T", "autoscaling:S", "autoscaling:C")
    assert {each.function for each in CALLS if each.action.startswith(hands)} == {"reconcile"}
    assert all(each.resource != "*" for each in _of("reconcile") if each.action.startswith(hands))
