"""Demotions: an action whose fixes fail asks a person in later incidents, until it is promoted."""

import copy
from datetime import timedelta

import pytest

from firstline.config.profile import ActionPolicy, Profile
from firstline.controller.operators import commands
from firstline.controller.operators.commands import CommandResult, Promote
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.errors import InvalidInput, InvariantViolation
from firstline.incidents.demotion import ActionTrackRecord, Demotion
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.limits import Lease
from tests.builders import OTHER
from tests.controller.rig import FLEET, START, A, Rig, later, raising
from tests.remediation.situations import laddered

ALICE = "arn:aws:sts::111122223333:assumed-role/oncall/alice"
RESTART = "restart_enclave"


def failing_twice(**policy: int) -> Profile:
    """Restarts alone; two failures in a row demote."""
    numbers = {"demote_after_failed": 2, **policy}
    restarting = laddered(RESTART)
    return copy.replace(restarting, policy=copy.replace(restarting.policy, **numbers))  # type: ignore[arg-type]


def failed(profile: Profile | None = None, **host: object) -> Rig:
    """A rig whose first incident ended with restarts that did not help."""
    plan = {"restart_helps": False, **host}
    rig = Rig(HostPlan(id=A, **plan), profile=profile or failing_twice())  # type: ignore[arg-type]
    rig.hear()
    rig.until(lambda held: held.ended)
    return rig


def lease(rig: Rig) -> Lease:
    return rig.tables.leases[rig.world.group_name]


def stands(rig: Rig) -> Demotion | None:
    """The restart's demotion, if there is one."""
    found = [each.demoted for each in lease(rig).trusts if each.action == RESTART]
    return found[0] if found else None


def promote(rig: Rig, action: str = RESTART) -> CommandResult:
    return execute(
        OperatorRequest(Promote(action=action, why="it was the image"), ALICE), rig.system
    )


def again(rig: Rig, seconds: float = 7200) -> Rig:
    """The same alarm hours later, in an episode of its own."""
    rig.world.advance(START + timedelta(seconds=seconds))
    rig.hear(later(seconds))
    return rig


def test_an_action_whose_fixes_failed_is_demoted_with_a_change_event() -> None:
    """An entry, a change event, and a line of the escalation."""
    rig = failed()
    held = rig.at_the_end()
    (result,) = rig.entries_of(Kind.DEMOTION)
    assert (result["action"], result["failed"], result["autonomy"]) == (RESTART, 2, "approve")
    down = stands(rig)
    assert down is not None
    assert (down.failed, down.incident) == (2, held.id)
    change = next(
        each for each in rig.entries_of(Kind.PAGE) if each["key"] == f"{held.id}:demoted-{RESTART}"
    )
    assert (change["channel"], change["outcome"]) == ("change", "accepted")
    page = next(each for each in held.pages if each.key == f"{held.id}:escalated")
    assert (
        page.details["demoted"] == f"{RESTART}: {down.describe(RESTART, rig.system.origin.where)}"
    )
    assert held.status is Status.ESCALATED


def test_the_ladder_in_which_it_failed_goes_on() -> None:
    """Demoted by its first failure, and tried once more: the attempts are the limit there."""
    rig = failed(failing_twice(demote_after_failed=1))
    assert rig.fixes == [A, A]
    assert len(rig.entries_of(Kind.DEMOTION)) == 1


def test_a_later_incident_asks_a_person_and_is_paged_as_before() -> None:
    """I5: the page goes out at once; the proposal says why it is one."""
    rig = again(failed())
    second = rig.id(1)
    assert rig.notified[second] == 1
    while not rig.incident(1).proposals:
        rig.turn()
    assert rig.fixes == [A, A]
    (asked,) = [each for each in rig.incident(1).pages if each.key.endswith(":approval-1")]
    assert "2 of its fixes in a row did not help" in asked.details["demoted"]
    assert asked.details["approve"].startswith(f"firstline approve {second}")
    assert rig.incident(1).proposals[0].approvable


def test_what_a_person_promoted_goes_by_itself_again() -> None:
    """Written into the lease under a new fence, and into the switch's chain."""
    rig = failed()
    before = lease(rig)
    assert promote(rig) == CommandResult(command="promote", by=ALICE, action=RESTART)
    assert (lease(rig).trusts, lease(rig).fence) == ((), before.fence + 1)
    (result,) = rig.control
    assert {key: result[key] for key in ("change", "action", "failed", "by", "why")} == {
        "change": "promoted",
        "action": RESTART,
        "failed": 2,
        "by": ALICE,
        "why": "it was the image",
    }
    again(rig)
    while not rig.incident(1).attempts:
        rig.turn()
    assert rig.fixes == [A, A, A]


def test_a_fix_that_helped_ends_the_row() -> None:
    """One failure, then a restart that helped: nothing is left of it."""
    rig = failed(failing_twice(attempts_per_target_max=1))
    assert lease(rig).trusts == (ActionTrackRecord(action=RESTART, failed=1),)
    for host in rig.world.hosts.values():
        host.plan = copy.replace(host.plan, restart_helps=True)
    again(rig)
    while not rig.incident(1).ended:
        rig.turn()
    assert rig.incident(1).status is Status.RESOLVED
    assert lease(rig).trusts == ()


@pytest.mark.parametrize("autonomy", ["approve", "recommend"])
def test_what_does_not_go_by_itself_is_not_demoted(autonomy: str) -> None:
    action = ActionPolicy(name=RESTART, autonomy="auto", autonomy_by_condition={})
    asking = copy.replace(failing_twice(), actions=(copy.replace(action, autonomy=autonomy),))  # type: ignore[arg-type]
    rig = Rig(HostPlan(id=A, restart_helps=False), profile=failing_twice())
    rig.hear()
    rig.until(lambda held: held.attempts)
    rig.system = copy.replace(rig.system, profile=asking)
    rig.until(lambda held: any(each.failed for each in held.attempts))
    assert lease(rig).trusts == ()


def test_what_was_never_sent_does_not_count() -> None:
    """SSM refuses the restart: nothing was tried."""
    rig = failed(failing_twice(demote_after_failed=1), registered=False, enclave="down")
    assert not any(each.failed for each in rig.incident().attempts)
    assert rig.entries_of(Kind.DEMOTION) == []


def test_the_way_back_is_never_demoted() -> None:
    """A refresh fails and is cancelled: the refresh is demoted, and cancelling it is not."""
    hosts = [HostPlan(id=each, restart_helps=False, replacement_helps=False) for each in FLEET]
    profile = laddered("refresh_fleet")
    policy = copy.replace(profile.policy, demote_after_failed=1)
    rig = Rig(*hosts, profile=copy.replace(profile, policy=policy))
    rig.hear()
    rig.at_the_end()
    assert "cancel_refresh" in [action for action, _ in rig.tried]
    assert [each.action for each in lease(rig).trusts] == ["refresh_fleet"]


def test_a_verdict_in_the_wake_of_the_hand_over_counts_as_well() -> None:
    """The last fix failed and a person has it, all in one wake: the spending says so."""
    rig = failed(failing_twice(failed_fixes_max=2))
    assert [each.failed for each in lease(rig).spent] == [True, True]
    assert lease(rig).holder is None


def test_a_verdict_whose_lease_is_another_ones_counts_in_its_incident_alone() -> None:
    """The lease ran out and passed on: what the other wrote stays."""
    rig = Rig(HostPlan(id=A, restart_helps=False), profile=failing_twice(demote_after_failed=1))
    rig.hear()
    rig.until(lambda held: held.attempts and held.attempts[0].answered_at)
    rig.tables.leases[rig.world.group_name] = copy.replace(lease(rig), holder=OTHER)
    rig.until(lambda held: held.attempts[0].failed)
    assert (stands(rig), lease(rig).holder) == (None, OTHER)


def test_an_escalation_without_readable_limits() -> None:
    rig = failed()
    rig = again(rig)
    rig.script.failing = {"limits"}
    while not rig.incident(1).ended:
        rig.turn()
    page = next(each for each in rig.incident(1).pages if each.key.endswith(":escalated"))
    assert "demoted" not in page.details


@pytest.mark.parametrize(
    ("action", "why"),
    [
        ("restart_parent", "restart_parent is not demoted; demoted actions: restart_enclave"),
        ("scale_out", "scale_out is not demoted; demoted actions: restart_enclave"),
    ],
)
def test_only_what_is_demoted_is_promoted(action: str, why: str) -> None:
    rig = failed()
    before = lease(rig)
    with pytest.raises(InvalidInput, match=why):
        promote(rig, action)
    assert lease(rig) == before


def test_nothing_is_demoted() -> None:
    with pytest.raises(
        InvalidInput, match=("restart_enclave is not demoted; demoted actions: nothing")
    ):
        promote(Rig())


def test_unreadable_limits_block_a_reinstatement() -> None:
    """S12: a corrupt lease or switch stops every fix, and is mended at the table alone."""
    rig = failed()
    rig.script.before("limits", raising(InvariantViolation("the stored lease does not fit")))
    with pytest.raises(InvalidInput, match="the lease cannot be read, so fixes are blocked"):
        promote(rig)
    rig.tables.switch = KillSwitch(pauses=(), unreadable="corrupt")
    with pytest.raises(
        InvalidInput, match="the switch cannot be read, so fixes are blocked: corrupt"
    ):
        promote(rig)


def test_two_concurrent_writers_both_succeed() -> None:
    """The second one reads again; the action is reinstated once."""
    rig = failed()
    rig.script.before("commit", lambda: promote(rig))
    with pytest.raises(InvalidInput, match="restart_enclave is not demoted"):
        promote(rig)
    assert len(rig.control) == 1


def test_a_promotion_in_the_midst_of_a_fix_loses_neither() -> None:
    """The fence rose: the fix is found by its token, judged, and counted from nothing.

    The next goes out in the wake of the verdict, which is not lost by it.
    """
    rig = again(failed())
    while not rig.incident(1).proposals:
        rig.turn()
    plan = rig.incident(1).proposals[-1].plan
    execute(OperatorRequest(commands.Approve(incident=rig.id(1), plan=plan), ALICE), rig.system)
    rig.script.after("send", lambda: promote(rig))
    while not any(each.failed for each in rig.incident(1).attempts):
        rig.turn()
    assert rig.fixes == [A, A, A, A]
    assert lease(rig).trusts == (ActionTrackRecord(action=RESTART, failed=1),)
    assert [each.failed for each in lease(rig).spent] == [True, False]


def test_an_unknown_action_is_no_lever() -> None:
    body = b'{"command": "promote", "action": "reboot", "why": "x"}'
    with pytest.raises(InvalidInput, match="action: give one of restart_parent, restart_enclave"):
        commands.parse_command(body)
