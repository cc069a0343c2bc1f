"""Stored actions of another version, which this one does not know."""

import copy
from datetime import timedelta

import pytest

from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.ids import CommandId, Digest
from firstline.incidents.approvals import Approval
from firstline.incidents.incident import Attempt, Outcome, Status
from firstline.ledger.chain import Kind
from tests.builders import attempt
from tests.controller.rig import START, A, Rig, opened
from tests.remediation.situations import approval, proposal

PLAN = Digest("c" * 64)
WHY = f"this version has no action reboot_host (on {A})"
NEVER_ANSWERED = attempt(action="reboot_host", intended_at=START, lease_until=START)
UNSENT = copy.replace(NEVER_ANSWERED, command=None)
UNDER_WAY = copy.replace(NEVER_ANSWERED, lease_until=START + timedelta(hours=1))
ANSWERED = copy.replace(NEVER_ANSWERED, outcome=Outcome.DONE, answered_at=START)
LONG_OVER = copy.replace(ANSWERED, helped=False)


def stored(status: Status, *attempts: Attempt) -> Rig:
    """An open incident as another version left it, woken once."""
    rig = opened()
    held = copy.replace(rig.incident(), status=status, attempts=attempts)
    rig.store(held, version=held.version)
    return rig


@pytest.mark.parametrize(
    ("status", "held"),
    [
        (Status.REMEDIATING, UNSENT),
        (Status.REMEDIATING, copy.replace(UNSENT, lease_until=UNDER_WAY.lease_until)),
        (Status.REMEDIATING, NEVER_ANSWERED),
        (Status.REMEDIATING, UNDER_WAY),
        (Status.VERIFYING, ANSWERED),
        (Status.INVESTIGATING, LONG_OVER),
    ],
    ids=["unsent", "on its way", "without an answer", "under way", "answered", "over"],
)
def test_a_fix_that_this_version_does_not_know_is_a_persons(status: Status, held: Attempt) -> None:
    """One line names it; nothing of it is sent, read or judged."""
    rig = stored(status, copy.replace(held, target=A, hosts=(A,)))
    reconcile(Wake(rig.id(), 99), rig.system)
    assert rig.incident().status is Status.ESCALATED
    (result,) = rig.entries_of(Kind.ESCALATION)
    assert result["why"] == WHY
    assert rig.fixes == []


@pytest.mark.parametrize("said", [None, copy.replace(approval(), plan=PLAN)])
def test_a_plan_that_this_version_does_not_know_is_a_persons(said: Approval | None) -> None:
    """It cannot be done once a person allows it."""
    rig = stored(Status.INVESTIGATING)
    asked = proposal(said, action="reboot_host", plan=PLAN, until=START + timedelta(hours=1))
    held = rig.incident()
    rig.store(copy.replace(held, proposals=(asked,)), version=held.version)
    reconcile(Wake(rig.id(), 99), rig.system)
    assert [each["why"] for each in rig.entries_of(Kind.ESCALATION)] == [WHY]


def test_a_command_of_another_version_is_not_read() -> None:
    """Its answer would be taken for one of ours."""
    rig = stored(Status.REMEDIATING, copy.replace(UNDER_WAY, command=CommandId("no such command")))
    reconcile(Wake(rig.id(), 99), rig.system)
    assert rig.script.calls["answers"] == 0
