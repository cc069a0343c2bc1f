"""The metrics of the twin's alarms agree with the alarms, through both doors."""

import json
from collections.abc import Callable
from datetime import timedelta
from operator import ge, gt, le, lt
from typing import Any

import pytest

from firstline.config import fleet_file as profiles
from firstline.config.profile import AlarmDefinition
from firstline.diagnosis.evidence import AlarmState
from firstline.lab.twin import alarm_events, undeployed
from firstline.lab.twin.fleet.alarm_metrics import (
    breaches,
    external,
    external_value,
    value,
    values,
)
from firstline.lab.twin.operations import get_metric_data
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from firstline.monitoring import alarms as detection
from firstline.monitoring.alarm_metric import Comparison, ExternalDefinition
from tests.builders import HOME, NOW, PROFILE, PROFILE_FILE
from tests.events import body, edited

SHIPPED = [profiles.load(PROFILE_FILE.with_name(f"{each}.toml")) for each in ("runbook", "vettid")]
MADE = {each.name: each for profile in SHIPPED for each in detection.deployable_alarms(profile)}
COMPARISONS: dict[Comparison, Callable[[float, float], bool]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("alarm", MADE.values(), ids=MADE)
def test_a_value_breaches_the_threshold_or_does_not(alarm: AlarmDefinition) -> None:
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


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("threshold", [-10.0, -0.5, 0.0, 0.5, 1.0, 2.5, 80.0])
def test_a_value_of_others_breaches_the_threshold_or_does_not(
    comparison: Comparison, threshold: float
) -> None:
    """Whatever the threshold; of a whole one it is whole, and none above 0 is below it."""
    judged = ExternalDefinition(
        metric="M",
        statistic="Sum",
        comparison=comparison,
        threshold=threshold,
        period_seconds=60,
        evaluation_periods=1,
        breaching_periods=1,
    )
    beyond, within = (external_value(judged, breaches=each) for each in (True, False))
    compare = COMPARISONS[comparison]
    assert compare(beyond, threshold)
    assert not compare(within, threshold)
    if threshold.is_integer():
        assert beyond == int(beyond)
        assert within == int(within)
    if threshold >= 0 and comparison in {">", "<="}:
        assert min(beyond, within) >= 0


LIMITS = {
    "unlisted-http-api-5xx": (10.0, "GreaterThanOrEqualToThreshold", 1, 1),
    "healthy-hosts-zero": (1.0, "LessThanThreshold", 3, 3),
    "healthy-hosts-ok": (1.0, "LessThanThreshold", 3, 3),
    "metric-math": (5.0, "GreaterThanThreshold", 3, 2),
    "kms-quota": (80.0, "GreaterThanThreshold", 3, 2),
}


@pytest.mark.parametrize("name", LIMITS)
def test_describe_alarms_shows_the_threshold_that_its_event_names(name: str) -> None:
    """By CloudWatch's own words, of an alarm that is OK too."""
    shown = described(name)
    keys = ("Threshold", "ComparisonOperator", "EvaluationPeriods", "DatapointsToAlarm")
    assert tuple(shown[each] for each in keys) == LIMITS[name]


@pytest.mark.parametrize(
    "name",
    [
        "anomaly-band",
        "composite-suppressed",
        "contributor",
        "log-alarm",
        "missing-data-breaching",
        "set-by-hand",
        "without-reason",
    ],
)
def test_where_the_event_names_no_threshold_none_is_shown(name: str) -> None:
    """Nor of a band, whose reason may name one."""
    assert not {"Threshold", "ComparisonOperator", "EvaluationPeriods"} & set(described(name))


def test_an_alarm_of_one_metric_is_shown_as_one() -> None:
    """An expression is shown with all its parts, and which of them is judged."""
    one = described("unlisted-http-api-5xx")
    assert "Metrics" not in one
    assert (one["MetricName"], one["Period"], one["Statistic"]) == ("5xx", 60, "Sum")
    several = described("metric-math")
    assert "MetricName" not in several
    expression, *parts = several["Metrics"]
    assert expression == {
        "Id": "e1",
        "Expression": "100*m1/MAX([m2,1])",
        "Label": "5xx percent",
        "ReturnData": True,
    }
    assert [(each["MetricStat"]["Stat"], each["ReturnData"]) for each in parts] == [
        ("Sum", False)
    ] * 2


def described(name: str) -> dict[str, Any]:
    """What DescribeAlarms shows of the alarm of that event."""
    raw = body(name)
    (arn,) = json.loads(raw)["resources"]
    world = World(Scenario(name="metrics"), NOW, PROFILE.fleet.group)
    world.watch(arn, raw, None)
    return dict(world.described(arn))


def test_metrics_that_no_alarm_of_the_world_judges_have_no_value() -> None:
    """CloudWatch answers so for a metric that does not exist."""
    queries = [{"Id": "e1", "Expression": "TIME_SERIES(7)", "Period": 60}]
    asked = {"MetricDataQueries": queries, "StartTime": NOW, "EndTime": NOW + MINUTE}
    (result,) = get_metric_data(ringing(), asked)["MetricDataResults"]
    assert (result["Id"], result["Timestamps"], result["Values"]) == ("e1", [], [])


def test_a_metric_has_one_course_for_all_who_watch_it() -> None:
    """An alarm of others over the metric of one that the profile makes sees the same values."""
    world = ringing()
    world.made = (MADE["response-time"],)
    edits: dict[str, object] = {
        "detail.configuration.metrics": [watched_by_response_time(world)],
    }
    raw = edited(body("unlisted-http-api-5xx"), edits)
    (arn,) = json.loads(raw)["resources"]
    world.watch(arn, raw, None)
    found = external(world, arn, NOW, NOW + 9 * MINUTE)
    assert found is not None
    assert found.values == values(world, MADE["response-time"], found.around.periods)


def watched_by_response_time(world: World) -> object:
    """The metric of the alarm, in the words of its event."""
    (alarm,) = world.alarms.values()
    return json.loads(alarm.envelope)["detail"]["configuration"]["metrics"][0]


def ringing(*turns: tuple[int, AlarmState], since: int = 0) -> World:
    """A world half an hour after its start, whose alarm of the response time rings since then."""
    world = World(Scenario(name="metrics"), NOW, PROFILE.fleet.group)
    arn, at = undeployed.alarm_arn("response-time", HOME), NOW + since * MINUTE
    body = alarm_events.alarm_event("response-time", AlarmState.ALARM, at, PROFILE, HOME)
    world.watch(arn, body, None, since=at)
    for minutes, state in turns:
        world.schedule_state(arn, state, NOW + minutes * MINUTE)
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
