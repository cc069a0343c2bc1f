"""How often AWS is called, by path: each call costs time that a page or a fix waits for."""

from collections.abc import Iterator

import pytest

from firstline.adapters import wiring
from firstline.adapters.aws.wakes import decode_wake
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file
from firstline.controller.ingest import ingest
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.pager.pagerduty import PagerDutyServer
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.adapters.backends import Requests
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import START, ZERO

pytestmark = pytest.mark.slow


class Running:
    """The deployed adapters over one world, and the count of what they ask."""

    def __init__(self, world: World, aws: TwinAws, system: System, requests: Requests) -> None:
        self._world, self._aws, self._system, self._requests = world, aws, system, requests

    def hear(self) -> list[str]:
        """Deliver the event; the calls that it took."""
        self._requests.clear()
        ingest(ZERO, self._system)
        return list(self._requests.calls)

    def wake(self) -> list[str]:
        """Deliver the next wake, at its time; the calls that it took."""
        taken = self._aws.take(self._system.settings.wakes_queue_url)
        self._world.advance(taken[-1].due_at)
        self._requests.clear()
        reconcile(decode_wake(taken[-1].body), self._system)
        return list(self._requests.calls)


@pytest.fixture
def running() -> Iterator[Running]:
    world = World(Scenario(name="requests", paused=True), START, PROFILE.fleet.group)
    world.watch(ALARM_ARN, ZERO, "healthy")
    clock = WorldClock(world)
    pagerduty = PagerDutyServer(lambda: world.now, lambda: None)
    with TwinAws(world, clock.sleep) as aws, pagerduty:
        settings = aws.settings(fleet_file.read(RUNBOOK), "enforce", pagerduty.url)
        requests = Requests()
        requests.listen(aws.session)
        system = wiring.system(settings, aws.session, clock)
        yield Running(world, aws, system, requests)


def test_a_p1_is_paged_after_one_call(running: Running) -> None:
    """One transaction, the routing key, the record of the page, the wake."""
    calls = running.hear()
    assert calls[0] == "dynamodb.TransactWriteItems"
    after = ["dynamodb.TransactWriteItems", "secrets-manager.GetSecretValue", "sqs.SendMessage"]
    assert sorted(calls[1:]) == after


def test_a_duplicate_makes_at_most_two(running: Running) -> None:
    """It finds that it was processed, and that nothing is owed."""
    running.hear()
    assert running.hear() == ["dynamodb.TransactWriteItems", "dynamodb.Query"]


def test_a_quiet_reconcile_makes_at_most_eight(running: Running) -> None:
    """It reads what the condition needs, decides to wait, records it, and queues the next wake.

    A turn that people are informed of has one transaction more.
    """
    running.hear()
    counts = [running.wake() for _ in range(6)]
    informed, *quiet = [each for each in counts if "ssm.SendCommand" not in each]
    assert informed.count("dynamodb.TransactWriteItems") == 2
    assert len(informed) <= 10
    assert all(each.count("dynamodb.TransactWriteItems") == 1 for each in quiet)
    assert all("dynamodb.TransactWriteItems" in each for each in counts)
    assert quiet
    answered = [each for each in quiet if "ssm.ListCommandInvocations" in each]
    assert all(len(each) <= 8 for each in quiet if each not in answered)
    assert all(len(each) <= 9 for each in answered)
    assert not any("kms" in call or "cloudformation" in call for each in counts for call in each)
