"""A host that leaves its group in the midst of its fix, by a person's hand or the group's own."""

import copy
from typing import Literal

import pytest

from firstline.config.profile import Profile
from firstline.incidents.incident import Outcome, Status
from firstline.lab.twin.scenario import HostPlan, Scenario
from firstline.ledger.chain import Kind
from tests.builders import PROFILE
from tests.controller.rig import A, B, Rig
from tests.remediation.situations import laddered

GROUP = PROFILE.fleet.group
REPLACING = laddered("restart_enclave", "replace_instance")


def leaving(
    leaves: Literal["terminated", "detached", "standby", "unhealthy"],
    profile: Profile = REPLACING,
    **host: object,
) -> Rig:
    """The first of two hosts leaves its group 45 s after the alarm, while its restart is judged."""
    plan = {"restart_helps": False, "leaves_at_seconds": 45, "leaves": leaves} | host
    hosts = (HostPlan(id=A, **plan), HostPlan(id=B))  # type: ignore[arg-type]
    rig = Rig(profile=profile, scenario=Scenario(name="test", hosts=hosts))
    rig.hear()
    return rig


@pytest.mark.parametrize("leaves", ["terminated", "detached", "standby"])
def test_a_host_that_somebody_took_away_is_no_failure(
    leaves: Literal["terminated", "detached", "standby"],
) -> None:
    """Neither for the breaker nor for the action's demotion; the others are mended."""
    rig = leaving(leaves)
    held = rig.until(lambda held: held.attempts and held.attempts[0].outcome == "target-left")
    first = held.attempts[0]
    assert (first.target, first.failed) == (A, False)
    assert rig.tables.leases[GROUP].trusts == ()
    assert not any(each.failed for each in rig.tables.leases[GROUP].spent)
    held = rig.at_the_end()
    assert held.status is Status.RESOLVED
    assert [each.target for each in held.attempts] == [A, B]
    result = [each for each in rig.entries_of(Kind.OUTCOME) if each.get("outcome") == "target-left"]
    assert [each["detail"] for each in result] == ["its host was removed"]


def test_a_host_that_its_group_replaced_for_its_health_was_not_helped() -> None:
    """It counts against the action, and the one in its place is looked at."""
    rig = leaving("unhealthy")
    held = rig.until(lambda held: held.attempts and held.attempts[0].helped is not None)
    first = held.attempts[0]
    assert (first.outcome, first.helped, first.failed) == (Outcome.DONE, False, True)
    (trust,) = rig.tables.leases[GROUP].trusts
    assert (trust.action, trust.failed) == ("restart_enclave", 1)
    assert rig.at_the_end().status is Status.RESOLVED


def test_a_host_whose_group_does_not_say_why_it_left_is_judged_late() -> None:
    """The activities cannot be read: it left, and that is no verdict either."""
    rig = leaving("unhealthy")
    rig.script.failing = {"departure"}
    held = rig.until(lambda held: held.attempts and held.attempts[0].helped is not None)
    first = held.attempts[0]
    assert (first.outcome, first.failed) == (Outcome.TARGET_LEFT, False)
    assert first.answered_at is not None
    assert (first.answered_at - first.intended_at) > PROFILE.verify_timeout("restart_enclave")


def test_what_hosts_before_it_used_up_counts_for_a_host() -> None:
    """I20: in a group of one, a new host does not reset the count of restarts."""
    patient = copy.replace(REPLACING.policy, failed_fixes_max=9)
    rig = Rig(
        HostPlan(id=A, relapses_after_seconds=50, replacement_helps=False),
        profile=copy.replace(REPLACING, policy=patient),
    )
    rig.hear()
    held = rig.at_the_end()
    actions = [each.action for each in held.attempts]
    assert actions == ["restart_enclave"] * 2 + ["replace_instance"] * 2
    assert len({each.target for each in held.attempts}) == 2
    (result,) = rig.entries_of(Kind.ESCALATION)
    assert "or its predecessors; the limit is 2" in result["why"]
