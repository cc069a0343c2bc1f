"""A storm that asks for more than an account may is refused, and told of."""

from datetime import timedelta

import pytest

from bench import rates, storm
from bench.doors import DOORS
from bench.rates import Asked, Rate
from firstline.adapters.pagerduty.notifier import PagerDutyNotifier
from firstline.cli.event_files import RUNBOOK
from firstline.config import fleet_file as profiles
from firstline.errors import DependencyUnavailable
from firstline.ids import InstanceId, Token
from firstline.lab.twin.memory import ROUTING_KEY
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from firstline.notifications.delivery import Accepted, NotYet
from firstline.remediation.execution import LookOrder, Sent

ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:healthy-hosts"
CHANGE: dict[str, object] = {
    "payload": {"summary": "a fix", "source": "firstline", "timestamp": "2026-03-11T04:18:43Z"}
}


@pytest.mark.parametrize("name", DOORS)
def test_one_call_too_many_is_refused(name: str) -> None:
    """By CloudWatch for a second, by SSM for a second, by PagerDuty for a minute."""
    world = World(Scenario(name="rates"), storm.BEGINS, profiles.load(RUNBOOK).fleet.group)
    asked = Asked(world)
    look = LookOrder(token=Token("0" * 32), targets=(InstanceId("i-0a1b2c3d4e5f60711"),))
    with DOORS[name](world, asked) as door:
        ports = door.system.ports
        notifier = ports.notifier("pager")
        assert isinstance(notifier, PagerDutyNotifier)
        for _ in range(9):
            ports.fleet.alarms((ARN,))
        with pytest.raises(DependencyUnavailable):
            ports.fleet.alarms((ARN,))
        assert isinstance(ports.hosts.look(look), Sent)
        assert not isinstance(ports.hosts.look(look), Sent)
        sent = [notifier.api.change(ROUTING_KEY, CHANGE) for _ in range(121)]
        assert {type(each) for each in sent[:120]} == {Accepted}
        assert isinstance(sent[120], NotYet)
        assert asked.refused == 3
        world.advance(world.now + timedelta(seconds=1))
        ports.fleet.alarms((ARN,))
        assert isinstance(ports.hosts.look(look), Sent)
        assert isinstance(notifier.api.change(ROUTING_KEY, CHANGE), NotYet)
        assert asked.refused == 4


def test_a_storm_in_a_narrow_account_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the bench calls a fact can fail."""
    monkeypatch.setitem(rates.RATES, rates.DESCRIBE_ALARMS, Rate(2, rates.SECOND))
    came = storm.facts("strangers", "memory", 120)
    assert came.refused > 0
    unmet = [
        each.unit for each in storm.held("it", storm.kinds()["strangers"], came) if not each.met
    ]
    assert unmet == ["calls refused", "DescribeAlarms a second"]
