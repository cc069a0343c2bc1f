"""An action is its traits: one with an executor of its own needs no other code."""

import copy
from datetime import datetime

import pytest

from firstline.actions import catalogue
from firstline.actions.restart_enclave import RESTART_ENCLAVE
from firstline.config.profile import ActionPolicy
from firstline.ids import CommandId, InstanceId
from firstline.incidents.incident import Outcome, Status
from firstline.lab.twin.scenario import HostPlan
from firstline.lab.twin.world import World
from firstline.ledger.chain import Kind
from firstline.remediation.execution import FixOrder, Sending, Sent, Unsettled
from tests.controller.rig import A, Rig
from tests.remediation.situations import laddered

POWER_CYCLE = copy.replace(
    RESTART_ENCLAVE, name="power_cycle", executor="management", reports_result=False, unit=""
)


class Management:
    """A board that switches hosts off and on; its first answer may be lost."""

    def __init__(self, world: World, *, lost: bool) -> None:
        self.sent: dict[str, InstanceId] = {}
        self._world = world
        self._lost = lost

    def fix(self, order: FixOrder) -> Sending:
        """Switch the host; as good as a restart of its enclave."""
        host = InstanceId(order.target)
        until = str(int(order.not_after.timestamp()))
        given = {"Unit": "enclave", "Token": order.token, "NotAfter": until}
        self._world.send(RESTART_ENCLAVE.name, [host], given, order.token)
        self.sent[order.token] = host
        return Unsettled("the answer was lost") if self._lost else Sent(CommandId("switched"))

    def find(self, order: FixOrder, since: datetime) -> CommandId | None:
        """The remembered command."""
        del since
        return CommandId("switched") if order.token in self.sent else None


@pytest.mark.parametrize("lost", [False, True], ids=["answered", "lost"])
def test_an_action_of_a_third_executor_repairs_a_host(
    lost: bool,  # noqa: FBT001 - a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is intended, sent once by its executor, found where that answer was lost, and verified."""
    for known in (catalogue.ACTIONS, catalogue.FIXES):
        monkeypatch.setitem(known, POWER_CYCLE.name, POWER_CYCLE)
    profile = laddered(POWER_CYCLE.name)
    own = ActionPolicy(name=POWER_CYCLE.name, autonomy="auto")
    rig = Rig(
        HostPlan(id=A, enclave="down"),
        profile=copy.replace(profile, actions=(*profile.actions, own)),
    )
    board = Management(rig.world, lost=lost)
    ports = copy.replace(rig.system.ports, executors={POWER_CYCLE.executor: board})
    rig.system = copy.replace(rig.system, ports=ports)
    rig.hear()
    held = rig.at_the_end()
    assert held.status is Status.RESOLVED
    (attempt,) = held.attempts
    assert (attempt.action, attempt.outcome, attempt.helped) == ("power_cycle", Outcome.DONE, True)
    assert list(board.sent.values()) == [A]
    (intent,) = (each for each in rig.entries_of(Kind.INTENT) if each["action"] == "power_cycle")
    assert intent["hosts"] == [A]
