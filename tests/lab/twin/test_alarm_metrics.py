"""The metrics of the twin's alarms agree with the alarms, through both doors."""

from datetime import timedelta
from operator import ge, gt, le, lt

import pytest

from firstline.config import fleet_file as profiles
from firstline.config.profile import MadeAlarm
from firstline.diagnosis.evidence import AlarmState
from firstline.lab.twin import tell
from firstline.lab.twin.fleet.alarm_metrics import breaches, value
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from firstline.monitoring import alarms as detection
from tests.builders import HOME, NOW, PROFILE, PROFILE_FILE

SHIPPED = [profiles.load(PROFILE_FILE.with_name(f"{each}.toml")) for each in ("runbook", "vettid")]
MADE = {each.name: each for profile in SHIPPED for each in detection.made(profile)}
COMPARISONS = {"<": lt, "<=": le, ">": gt, ">=": ge}
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("alarm", MADE.values(), ids=MADE)
def test_a_value_breaches_the_threshold_or_does_not(alarm: MadeAlarm) -> None:
    """As it can be of its unit."""
    beyond, within = value(alarm, breaches=True), value(alarm, breaches=False)
    compare = COMPARISONS[alarm.comparison]
    assert compare(beyond, alarm.threshold)
    assert not compare(within, alarm.threshold)
    assert min(beyond, within) >= 0
    if alarm.unit == "percent":
        assert max(beyond, within) < 100
    if alarm.unit == "count":
        assert beyond == int(beyond)
        assert within == int(within)


def ringing(*turns: tuple[int, AlarmState], since: int = 0) -> World:
    """A world half an hour after its start, whose alarm of the response time rings since then."""
    world = World(Scenario(name="metrics"), NOW, PROFILE.fleet.group)
    arn, at = tell.arn("response-time", HOME), NOW + since * MINUTE
    body = tell.envelope("response-time", AlarmState.ALARM, at, PROFILE, HOME)
    world.watch(arn, body, None, since=at)
    for minutes, state in turns:
        world.tell(arn, state, NOW + minutes * MINUTE)
    world.advance(NOW + 30 * MINUTE)
    return world


def breaching(world: World, name: str = "response-time") -> list[int]:
    """The minutes around the start that breach."""
    minutes = range(-10, 30)
    return [each for each in minutes if breaches(world, MADE[name], NOW + each * MINUTE)]


def test_the_periods_that_led_to_an_alarm_breach_until_it_is_ok() -> None:
    """Three minutes of it lead to ALARM, and the first one that does not breach to OK."""
    assert breaching(ringing()) == list(range(-3, 30))
    assert breaching(ringing((5, AlarmState.OK))) == list(range(-3, 4))
    again = ringing((5, AlarmState.OK), (15, AlarmState.ALARM))
    assert breaching(again) == [*range(-3, 4), *range(12, 30)]
    assert breaching(ringing(since=10)) == list(range(7, 30))


def test_a_metric_that_no_alarm_of_the_world_watches_does_not_breach() -> None:
    assert breaching(ringing(), "healthy-hosts") == []
    assert breaching(ringing(), "kms-near-quota") == []
