"""Which part of an alarm's metric is read when its incident ends, and what its entry says."""

import copy
import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstline.ledger.entries import AlarmMetricRead
from firstline.monitoring import alarms as detection
from firstline.monitoring.alarm_metric import (
    EXPRESSION_MAX,
    NAME_MAX,
    VALUES_MAX,
    VALUES_MIN,
    WINDOW_MAX,
    ExternalDefinition,
    ExternalMetric,
    external_to_ledger,
    to_ledger,
    window,
)
from tests.builders import NOW, PROFILE

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ALARM = PROFILE.alarms.made[0]
SECONDS = timedelta(seconds=43)
DAY_SECONDS, HOUR_SECONDS = 86_400, 3600


def of(period_seconds: int, length: timedelta = 9 * MINUTE) -> tuple[timedelta, timedelta, int]:
    """Return the window's start and last end, relative to the start, and its count."""
    alarm = copy.replace(ALARM, period_seconds=period_seconds)
    found = window(alarm, NOW, NOW + length)
    assert found.until == NOW + length
    assert found.periods[0] == found.begins
    assert len(found.periods) == found.count
    return found.begins - NOW, found.periods[-1] - NOW, found.count


@pytest.mark.parametrize(
    ("period_seconds", "length", "expected"),
    [
        (60, 9 * MINUTE, (-30 * MINUTE, 8 * MINUTE, 39)),
        (60, 9 * MINUTE + SECONDS, (-30 * MINUTE, 9 * MINUTE, 40)),
        (300, 9 * MINUTE, (-30 * MINUTE, 5 * MINUTE, 8)),
        (60, 4 * HOUR, (61 * MINUTE - MINUTE, 4 * HOUR - MINUTE, 180)),
        (10, HOUR, (30 * MINUTE, HOUR - timedelta(seconds=10), 180)),
        (HOUR_SECONDS, 9 * MINUTE, (-80 * MINUTE, -20 * MINUTE, 2)),
        (HOUR_SECONDS, 9 * HOUR, (6 * HOUR + 40 * MINUTE, 8 * HOUR + 40 * MINUTE, 3)),
        (DAY_SECONDS, MINUTE, (-(28 * HOUR + 20 * MINUTE), -(4 * HOUR + 20 * MINUTE), 2)),
    ],
)
def test_the_window_is_of_whole_periods_around_the_incident(
    period_seconds: int, length: timedelta, expected: tuple[timedelta, timedelta, int]
) -> None:
    """Since half an hour, or one period, before its start; of a long one the newest part."""
    assert of(period_seconds, length) == expected


@given(
    st.sampled_from([10, 30, 60, 300, HOUR_SECONDS, DAY_SECONDS]),
    st.timedeltas(timedelta(days=-30), timedelta(days=30)),
)
def test_the_window_is_bounded(period_seconds: int, length: timedelta) -> None:
    """Also for a signal of the future: its last period is under way, or just over, at the end."""
    alarm = copy.replace(ALARM, period_seconds=period_seconds)
    found = window(alarm, NOW - length, NOW)
    assert 1 <= found.count <= VALUES_MAX
    assert found.count <= max(VALUES_MIN, WINDOW_MAX // found.period)
    assert found.periods[-1] < NOW <= found.periods[-1] + found.period


def test_an_entry_has_a_value_of_each_period_as_text() -> None:
    """And null where there is none; what CloudWatch has of other instants is left out."""
    found = window(ALARM, NOW, NOW + MINUTE)
    values = {NOW - MINUTE: 2.0, NOW: 1 / 3, NOW + SECONDS: 9.0, NOW - 30 * MINUTE: 1_234_567.0}
    entry = to_ledger(ALARM, found, values)
    assert entry == AlarmMetricRead(
        alarm="healthy-hosts",
        begins=NOW - 30 * MINUTE,
        period_seconds=60,
        values=("1.23457e+06", *[None] * 28, "2", "0.333333"),
    )
    longest = window(ALARM, NOW, NOW + 9 * HOUR)
    full = to_ledger(ALARM, longest, dict.fromkeys(longest.periods, -1.23456e-7))
    assert len(json.dumps(full.to_ledger())) < 4000


ERRORS = ExternalDefinition(
    metric="5xx",
    statistic="Sum",
    comparison=">=",
    threshold=10.0,
    period_seconds=300,
    evaluation_periods=5,
    breaching_periods=3,
)


def test_an_entry_of_an_alarm_of_others_says_what_it_judges() -> None:
    """At its own period, with its threshold as text."""
    around = window(ERRORS, NOW, NOW + MINUTE)
    assert external_to_ledger(
        "theirs", ExternalMetric(ERRORS, around, {NOW: 41.0})
    ) == AlarmMetricRead(
        alarm="theirs",
        begins=around.begins,
        period_seconds=300,
        values=(*[None] * 6, "41"),
        metric="5xx",
        definition="5xx (Sum) >= 10 in 3 of 5 periods of 300 s",
        comparison=">=",
        threshold="10",
    )


def test_what_others_wrote_is_redacted_and_cut() -> None:
    """A label and an expression are texts from outside; the threshold stays behind them."""
    odd = copy.replace(ERRORS, metric=f"token=abc {'m' * 300}", statistic="s " * 1024)
    entry = external_to_ledger("theirs", ExternalMetric(odd, window(odd, NOW, NOW), {}))
    assert entry.metric is not None
    assert entry.definition is not None
    assert entry.metric.startswith("token=[secret] m")
    assert len(entry.metric) <= NAME_MAX
    assert len(entry.definition) < NAME_MAX + EXPRESSION_MAX + 60
    assert entry.definition.endswith(") >= 10 in 3 of 5 periods of 300 s")


def test_an_entry_of_an_own_alarm_is_written_as_before() -> None:
    entry = to_ledger(ALARM, window(ALARM, NOW, NOW), {})
    assert set(entry.to_ledger()) == {"alarm", "begins", "period_seconds", "values"}


def test_an_alarm_is_found_by_its_name_with_the_facts_of_the_fleet() -> None:
    """One that the fleet cannot have is none."""
    found = detection.find_alarm("healthy-hosts", PROFILE)
    assert found is not None
    assert found.dimensions["TargetGroup"] == PROFILE.fleet.target_group
    assert detection.find_alarm("http-api-errors", PROFILE) is None
    assert detection.find_alarm("an alarm of others", PROFILE) is None


def test_a_share_is_of_another_metric_or_of_the_quota() -> None:
    made = {each.name: each for each in PROFILE.alarms.made}
    expression = "IF(whole >= 20, 100 * part / whole, 0)"
    assert detection.percent_expression(made["rest-api-errors"]) == expression
    quota = "100 * (part / PERIOD(part)) / SERVICE_QUOTA(part)"
    assert detection.percent_expression(made["kms-near-quota"]) == quota
