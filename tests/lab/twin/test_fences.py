"""Fences behind boto3: the table refuses an intent that what people decided came before."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import firstline
from firstline.adapters import wiring
from firstline.adapters.aws.wakes import decode_wake
from firstline.config import fleet_file
from firstline.controller.ingest import ingest
from firstline.controller.operators.commands import Approve, Deny, OperatorCommand, PauseFixes
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.controller.reconcile import reconcile
from firstline.diagnosis.evidence import AlarmState
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.scenario import HostPlan, Scenario
from firstline.lab.twin.world import World
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import START, ZERO, A
from tests.controller.test_operator_commands import ALICE, BOB, HOUR, allowing
from tests.controller.test_preflight import FINDING, FREEZE, KMS_ISSUE

RUNBOOK = Path(firstline.__file__).parent / "profiles" / "runbook.toml"
TRANSACTION = "before-parameter-build.dynamodb.TransactWriteItems"
NOWHERE = "http://127.0.0.1:9/"
"""PagerDuty takes nothing there: its pages stay due."""


class Fleet:
    """One dead host behind the twin's AWS, and a person who allows what is proposed.

    ``word`` is called right before the transaction of the next intent.
    """

    def __init__(self, aws: TwinAws) -> None:
        self.aws, self.world = aws, aws.world
        self.word: Callable[[Fleet], object] | None = None
        self.named: dict[str, str] = {}
        settings = aws.settings(fleet_file.read(RUNBOOK), "enforce", NOWHERE)
        system = wiring.system(settings, aws.session, WorldClock(self.world))
        self.system = copy.replace(system, profile=allowing())
        events: Any = aws.session.events  # its stubs say that no handler answers
        events.register_first(TRANSACTION, self._interrupt)

    def _interrupt(self, params: dict[str, Any], **_: object) -> None:
        """An intent takes the lease."""
        puts = (each.get("Put", {}).get("Item", {}) for each in params["TransactItems"])
        if self.word is not None and any("fence" in each for each in puts):
            word, self.word = self.word, None
            word(self)

    def pull(self, lever: OperatorCommand, by: str = ALICE) -> None:
        execute(OperatorRequest(lever, by), self.system)

    def wake(self) -> None:
        """Every wake that is queued, each at its time."""
        queue = self.system.settings.wakes_queue_url
        for taken in sorted(self.aws.take(queue), key=lambda each: each.due_at):
            self.world.advance(max(taken.due_at, self.world.now))
            reconcile(decode_wake(taken.body), self.system)

    @property
    def fixes(self) -> list[str]:
        """The documents of every command that does more than look."""
        sent = (each.document for each in self.world.commands.values())
        return [each for each in sent if each != "look_host"]

    def allowed(self) -> None:
        """Up to the approval: what follows is a look, and the fix."""
        ingest(ZERO, self.system)
        for _ in range(3):
            self.wake()
        (incident,) = self.system.ports.store.open_now(5)
        loaded = self.system.ports.store.load(incident)
        assert loaded is not None
        self.named = {"incident": incident, "plan": loaded.incident.proposals[-1].plan}
        self.pull(Approve(**self.named))


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    world = World(Scenario(name="fences", hosts=(HostPlan(id=A),)), START, PROFILE.fleet.group)
    world.watch(ALARM_ARN, ZERO, "healthy", AlarmState.ALARM)
    with TwinAws(world, lambda _: None) as aws:
        yield Fleet(aws)


def pause(fleet: Fleet) -> None:
    fleet.pull(PauseFixes(scope="everything", why="a drill", until=fleet.world.now + HOUR))


def put_by_hand(fleet: Fleet) -> None:
    """As the operations runbook says where the operators' function cannot be reached."""
    item: dict[str, Any] = {"pk": {"S": "control"}, "sk": {"S": "switch"}}
    client = fleet.aws.session.client("dynamodb")
    client.put_item(TableName=fleet.system.settings.incidents_table, Item=item)


def deny(fleet: Fleet) -> None:
    fleet.pull(Deny(why="not now", **fleet.named), BOB)


WORDS: dict[str, Callable[[Fleet], object]] = {
    "a pause": pause,
    "an item that is put by hand": put_by_hand,
    "a denial": deny,
    "a finding": lambda fleet: ingest(FINDING, fleet.system),
    "a closed calendar": lambda fleet: ingest(FREEZE, fleet.system),
    "an issue of KMS": lambda fleet: ingest(KMS_ISSUE, fleet.system),
}


def test_an_allowed_fix_is_sent(fleet: Fleet) -> None:
    """The way that the words below cut off."""
    fleet.allowed()
    for _ in range(4):
        fleet.wake()
    assert fleet.fixes == ["restart_enclave"]


@pytest.mark.parametrize("word", WORDS)
def test_what_is_committed_right_before_the_intent_stops_the_fix(fleet: Fleet, word: str) -> None:
    """I15, I18, I22, I35: by the condition checks of its transaction."""
    fleet.allowed()
    fleet.word = WORDS[word]
    for _ in range(4):
        fleet.wake()
    assert fleet.word is None
    assert fleet.fixes == []
