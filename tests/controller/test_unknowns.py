"""A fact that is missing: people are asked, one more look is taken, and then it is done."""

import copy

from firstline.config.profile import Profile
from firstline.controller.operators.commands import Approve, Deny
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from tests.builders import PROFILE
from tests.controller.rig import A, Rig

ALICE = "arn:aws:sts::111122223333:assumed-role/oncall/alice"
UNSAVED = "nothing_is_unsaved"


def fragile() -> Profile:
    """The runbook's profile of a fleet whose enclaves hold what may not be stored yet."""
    return copy.replace(PROFILE, fleet=copy.replace(PROFILE.fleet, restarts_can_lose_vaults=True))


def proposing() -> Rig:
    """An enclave hangs, and its stored data is unknown: the restart was just proposed."""
    rig = Rig(HostPlan(id=A, enclave="hung", restart_blockers=None), profile=fragile())
    rig.hear()
    rig.until(lambda held: held.proposals)
    return rig


def looks(rig: Rig) -> int:
    """The number of looks sent so far."""
    return sum(each.document == "look_host" for each in rig.world.commands.values())


def approve(rig: Rig) -> None:
    execute(
        OperatorRequest(Approve(incident=rig.id(), plan=rig.incident().proposals[-1].plan), ALICE),
        rig.system,
    )


def test_the_page_names_what_is_unknown() -> None:
    """An action that goes by itself may be approved all the same."""
    rig = proposing()
    held = rig.incident()
    (asked,) = held.proposals
    assert (asked.unknowns, asked.approvable) == ((UNSAVED,), True)
    assert rig.asked().summary == f"P1 complete outage: approve restart_enclave? on {A}"
    assert rig.asked().details["unknowns"] == UNSAVED
    (result,) = rig.entries_of(Kind.PROPOSAL)
    assert result["unknowns"] == [UNSAVED]
    assert rig.fixes == []


def test_a_yes_is_done_after_one_more_look() -> None:
    """The guard still denies, and the yes stands above it in the record."""
    rig = proposing()
    approve(rig)
    before = looks(rig)
    rig.turn()
    assert (looks(rig), rig.fixes) == (before + 1, [])
    rig.until(lambda held: held.attempts)
    assert (looks(rig), rig.fixes) == (before + 1, [A])
    decided = [each for each in rig.entries_of(Kind.DECISION) if each["step"]["type"] == "fix"]
    (over,) = [each for each in decided[-1]["guards"] if each["overridden"]]
    assert (over["guard"], over["denial"]["unknown"]) == (UNSAVED, True)
    held = rig.at_the_end()
    assert (held.status, len(held.proposals)) == (Status.RESOLVED, 1)
    assert held.proposals[0].used


def test_a_recovery_after_the_yes_stops_the_fix() -> None:
    """The look finds that the enclave answers."""
    rig = proposing()
    approve(rig)
    rig.world.hosts[A].answers.turn(rig.world.now, holds=True)
    assert rig.at_the_end().status is Status.SELF_RECOVERED
    assert rig.fixes == []


def test_a_no_and_silence_hand_over() -> None:
    """Once each; nothing is done."""
    refused = proposing()
    plan = refused.incident().proposals[-1].plan
    execute(
        OperatorRequest(Deny(incident=refused.id(), plan=plan, why="it holds a vault"), ALICE),
        refused.system,
    )
    assert refused.at_the_end().status is Status.ESCALATED
    silent = proposing()
    held = silent.at_the_end()
    assert (held.status, len(held.proposals)) == (Status.ESCALATED, 1)
    assert refused.fixes == silent.fixes == []
    assert silent.notified[f"{held.id}:approval-1"] == 1


def test_a_no_stands_once_the_fact_is_known() -> None:
    """The profile would let the action go by itself."""
    rig = proposing()
    plan = rig.incident().proposals[-1].plan
    execute(OperatorRequest(Deny(incident=rig.id(), plan=plan, why="not now"), ALICE), rig.system)
    host = rig.world.hosts[A]
    host.plan = copy.replace(host.plan, restart_blockers=0)
    rig.until(lambda held: held.ended)
    assert rig.fixes == []
