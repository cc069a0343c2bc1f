"""The ladder at work: the gentlest fix that fits, one rung after the other, then a person."""

import contextlib
import copy
from collections.abc import Callable
from datetime import timedelta

import pytest

from firstline.config.profile import Profile
from firstline.controller.ports.messaging import Wake
from firstline.incidents.incident import Outcome, Status
from firstline.lab.twin.fleet.group import BY_HAND, Preferences
from firstline.lab.twin.scenario import HostPlan, Scenario
from firstline.ledger.chain import Kind
from tests.builders import PROFILE
from tests.controller.rig import DIES, FLEET, TIMEOUT, A, B, C, Crash, Rig
from tests.remediation.situations import laddered

GROUP = PROFILE.fleet.group
VETTID = laddered("restart_parent", "restart_enclave", "replace_instance")
REPLACING = laddered("restart_enclave", "replace_instance")
REFRESHING = laddered("restart_enclave", "refresh_fleet")


def heard(*hosts: HostPlan, profile: Profile = PROFILE) -> Rig:
    rig = Rig(*hosts, profile=profile)
    rig.hear()
    return rig


def stubborn(*, replacement_helps: bool = True) -> tuple[HostPlan, ...]:
    """Hosts that no restart mends."""
    return tuple(
        HostPlan(id=each, restart_helps=False, replacement_helps=replacement_helps)
        for each in FLEET
    )


@pytest.mark.parametrize(
    ("host", "first"),
    [
        (HostPlan(id=A, parent="down", enclave="up"), "restart_parent"),
        (HostPlan(id=A, nats="lost", enclave="up"), "restart_parent"),
        (HostPlan(id=A, enclave="hung"), "restart_parent"),
        (HostPlan(id=A, enclave="down"), "restart_enclave"),
        (HostPlan(id=A, reachable=False), "replace_instance"),
    ],
    ids=["parent down", "NATS lost", "enclave hung", "enclave gone", "host lost"],
)
def test_the_gentlest_fix_that_fits_is_the_first(host: HostPlan, first: str) -> None:
    """R19: what fails on the host chooses the rung; those below that cannot mend it are skipped."""
    rig = heard(host, profile=VETTID)
    held = rig.at_the_end()
    assert (held.status, [each.action for each in held.attempts]) == (Status.RESOLVED, [first])


def test_a_rung_that_does_not_help_is_climbed() -> None:
    """I20, S04: restarts that "succeeded" and did not help lead to a new instance."""
    rig = heard(HostPlan(id=A, restart_helps=False), profile=REPLACING)
    held = rig.at_the_end()
    tried = [("restart_enclave", A), ("restart_enclave", A), ("replace_instance", A)]
    assert (held.status, rig.tried) == (Status.RESOLVED, tried)
    assert [each.outcome for each in held.attempts] == [Outcome.DONE] * 3
    assert [each.helped for each in held.attempts] == [False, False, True]
    (fresh,) = rig.world.group.in_service(rig.world.now)
    assert [each.id for each in held.targets if each.verified] == [fresh.plan.id] != [A]


def test_a_canary_is_replaced_before_the_others_are_touched() -> None:
    """S21: what mended the first is done to the second and the third, one at a time."""
    patient = copy.replace(PROFILE.policy, failed_fixes_max=9)
    rig = heard(*stubborn(), profile=copy.replace(REPLACING, policy=patient))
    held = rig.at_the_end()
    replaced = [target for action, target in rig.tried if action == "replace_instance"]
    assert (held.status, replaced) == (Status.RESOLVED, [A, B, C])
    assert [each.helped for each in held.attempts if each.action == "replace_instance"] == [
        True
    ] * 3


def test_a_refresh_replaces_all_when_nothing_serves() -> None:
    """R18, I19: from nothing, with the first instance as a canary."""
    rig = heard(*stubborn(), profile=REFRESHING)
    held = rig.at_the_end()
    assert held.status is Status.RESOLVED
    assert rig.tried[-1] == ("refresh_fleet", GROUP)
    assert held.attempts[-1].hosts == FLEET
    assert held.attempts[-1].parameters == {
        "MinHealthyPercentage": "0",
        "CanaryPercentage": "33",
        "CheckpointDelay": "600",
        "InstanceWarmup": "60",
    }
    assert {each.plan.id for each in rig.world.group.in_service(rig.world.now)}.isdisjoint(FLEET)


def test_a_refresh_whose_canary_does_not_serve_is_cancelled() -> None:
    """S09: the first instance alone is replaced, and a person has it."""
    rig = heard(*stubborn(replacement_helps=False), profile=REFRESHING)
    held = rig.at_the_end()
    assert held.status is Status.ESCALATED
    assert [each.action for each in held.attempts][-2:] == ["refresh_fleet", "cancel_refresh"]
    assert [each.helped for each in held.attempts][-2:] == [False, True]
    left = {each.plan.id for each in rig.world.group.in_service(rig.world.now)}
    assert left >= {B, C}
    assert A not in left
    assert f"{held.id}:escalated" in rig.notified


def test_a_cancel_names_the_refresh_that_it_means() -> None:
    """In its intent's entry, in the attempt, and in the plan that is hashed."""
    rig = heard(*stubborn(replacement_helps=False), profile=REFRESHING)
    held = rig.at_the_end()
    refresh, cancel = held.attempts[-2:]
    assert cancel.parameters == {"InstanceRefreshId": refresh.command}
    intents = [each for each in rig.entries_of(Kind.INTENT) if each["action"] == "cancel_refresh"]
    assert [each["parameters"] for each in intents] == [cancel.parameters]


def test_a_lost_cancel_is_not_found_in_what_somebody_cancelled_before() -> None:
    """S09, I9: it is recorded as not sent, and sent again while ours goes on."""
    rig = Rig(
        profile=REFRESHING,
        scenario=Scenario(
            name="test", hosts=stubborn(replacement_helps=False), refresh_cancelled=True
        ),
    )
    rig.hear()
    rig.until(lambda held: held.attempts and held.attempts[-1].action == "refresh_fleet")
    rig.script.before("change", TIMEOUT)
    held = rig.at_the_end()
    first, second = held.attempts[-2:]
    assert (first.action, first.outcome, first.command) == (
        "cancel_refresh",
        Outcome.NOT_SENT,
        None,
    )
    assert (second.outcome, second.helped) == (Outcome.DONE, True)


def test_a_cancel_that_hit_another_refresh_is_a_persons_at_once() -> None:
    """Ours ended and a person's began, between the last look at them and the call."""
    rig = heard(*stubborn(replacement_helps=False), profile=REFRESHING)
    rig.until(lambda held: held.attempts and held.attempts[-1].action == "refresh_fleet")

    def swap() -> None:
        rig.world.group.cancel()
        rig.world.group.refresh(BY_HAND, by_hand=True)

    rig.script.before("change", swap)
    held = rig.at_the_end()
    cancel = held.attempts[-1]
    assert (cancel.outcome, cancel.command, cancel.failed) == (Outcome.ANOTHER, "refresh-1", False)
    assert held.status is Status.ESCALATED
    result = "cancel_refresh targeted refresh-0 but cancelled refresh-1"
    (page,) = [each for each in held.pages if each.key == f"{held.id}:escalated"]
    assert page.details["why"] == result
    assert (
        rig.entries_of(Kind.OUTCOME)[-1] | {"outcome": "another", "detail": result}
        == (rig.entries_of(Kind.OUTCOME)[-1])
    )
    assert rig.tables.leases[GROUP].holder is None


def test_a_refresh_that_a_person_began_is_neither_adopted_nor_cancelled() -> None:
    """Ours was never sent; theirs began within its lease, and asks for something else."""
    rig = heard(*stubborn(), profile=laddered("refresh_fleet"))
    rig.script.before("change", TIMEOUT)
    rig.until(lambda held: held.attempts)
    theirs = rig.world.group.refresh(BY_HAND, by_hand=True)
    held = rig.at_the_end()
    (attempt,) = held.attempts
    assert (attempt.outcome, attempt.command, attempt.failed) == (
        Outcome.ANOTHER,
        theirs.id,
        False,
    )
    assert (held.status, theirs.cancelled_at) == (Status.ESCALATED, None)
    (page,) = [each for each in held.pages if each.key == f"{held.id}:escalated"]
    assert page.details["why"] == (
        "cannot tell whether refresh_fleet ran: refresh-0 began since, with other "
        "preferences than the order's"
    )
    assert (
        "refresh_fleet on VettID-Nitro-EnclaveASG: conflicted with another refresh, refresh-0"
        in (page.details["tried"])
    )
    lease = rig.tables.leases[GROUP]
    assert ([each.failed for each in lease.spent], lease.trusts) == ([False], ())


def test_the_breaker_gives_a_person_what_the_ladder_does_not_mend() -> None:
    """S09: at the k-th failed fix, whatever rung is left; the others were never touched."""
    rig = heard(*stubborn(replacement_helps=False), profile=REPLACING)
    held = rig.at_the_end()
    assert (held.status, {target for _, target in rig.tried}) == (Status.ESCALATED, {A})
    assert [each.failed for each in held.attempts] == [True, True, True]
    spent = rig.tables.leases[GROUP].spent
    assert [each.failed for each in spent] == [True, True, True]


def test_a_group_without_capacity_is_waited_for_and_handed_over() -> None:
    """The replacement is not launched: it is escalated."""
    rig = heard(HostPlan(id=A, restart_helps=False), profile=REPLACING)
    rig.world.group.scenario = copy.replace(rig.world.group.scenario, launches=False)
    held = rig.at_the_end()
    assert held.status is Status.ESCALATED
    assert [each.helped for each in held.attempts] == [False, False, False]


@pytest.mark.parametrize("lost", [DIES, TIMEOUT], ids=["crash", "timeout"])
@pytest.mark.parametrize("profile", [laddered("replace_instance"), laddered("refresh_fleet")])
def test_a_change_of_which_nothing_is_known_is_found_and_not_sent_again(
    profile: Profile, lost: Callable[[], object]
) -> None:
    """S07, I9: the group was asked, and the answer is lost."""
    rig = heard(*stubborn(), profile=profile)
    rig.until(lambda held: held.look and not held.hosts)
    rig.script.after("change", lost)
    with contextlib.suppress(Crash):
        rig.turn()
    rig.waiting[:] = [(rig.world.now + timedelta(seconds=200), Wake(rig.id(), 99))]
    held = rig.at_the_end()
    assert held.status is Status.RESOLVED
    begun = len(rig.world.group.refreshes) or len(rig.world.group.activities)
    assert begun == len([each for each in held.attempts if each.outcome is Outcome.DONE])
    assert "found by its effect" in [each.get("detail") for each in rig.entries_of(Kind.OUTCOME)]


def test_a_change_that_the_group_refuses_was_not_made() -> None:
    """Somebody else refreshes the group: ours is refused, and nothing of it is spent on hosts."""
    rig = heard(*stubborn(replacement_helps=False), profile=laddered("refresh_fleet"))
    theirs = Preferences(min_healthy=90, canary=1, delay=9000, warmup=60)
    rig.script.before("change", lambda: rig.world.group.refresh(theirs))
    attempt, *_ = rig.until(lambda held: held.attempts).attempts
    assert (attempt.outcome, attempt.failed) == (Outcome.NOT_SENT, False)


def test_a_fix_that_cannot_be_looked_for_waits() -> None:
    """While the group's activities are unknown, nothing is sent."""
    rig = heard(*stubborn(), profile=laddered("replace_instance"))
    rig.script.before("change", TIMEOUT)
    rig.script.failing = {"find_change"}
    rig.until(lambda held: held.attempts)
    for _ in range(40):
        rig.turn()
    assert rig.incident().attempts[0].outcome is None
    rig.script.failing = set()
    held = rig.at_the_end()
    assert next(each.outcome for each in held.attempts) is Outcome.NOT_SENT
    assert held.status is Status.RESOLVED
