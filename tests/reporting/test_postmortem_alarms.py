"""Plots of alarms: their states, and the metric of the leading one, as the record has it."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.config.profile import Profile
from firstline.ledger.chain import Kind
from firstline.reporting.postmortem.alarm_plots import definition
from firstline.reporting.postmortem.report import Plot, Report
from firstline.reporting.postmortem.write import write_report
from tests.builders import ALARM_ARN, PROFILE, A, B
from tests.reporting.chains import HEALTHY, Said, at, chain, decision, handed_over, opening, seen

HEALTHY_HOSTS = "HealthyHostCount (Minimum) < 1 count in 3 of 3 periods of 60 s"


def report(*entries: Said) -> Report:
    return write_report(chain(*entries), PROFILE)


def plots(shown: Report) -> dict[str, Plot]:
    return {each.title: each for each in shown.plots}


def saw(seconds: float, **fields: Any) -> Said:  # noqa: ANN401 - as `seen`
    """A decision that read this."""
    return decision(seconds, "wait", observed=seen(**fields))


def test_the_leading_alarms_metric_is_drawn_from_decisions() -> None:
    """With its threshold, and the alarm's definition."""
    both = {"type": "target-health", "states": {A: "healthy", B: "healthy"}}
    one = {"type": "target-health", "states": {A: "healthy", B: "draining"}}
    decisions = (saw(5), saw(10, health=one), saw(20, health=both), decision(30, "close"))
    plot = plots(report(opening(), *decisions))["HealthyHostCount, the metric of healthy-hosts"]
    (line,) = plot.lines
    assert [(each.at, each.value) for each in line.points] == [(at(5), 0), (at(10), 1), (at(20), 2)]
    assert (plot.limit, plot.limit_name, plot.unit) == (1.0, "threshold: < 1", "count")
    assert plot.note == f"as firstline read it; the alarm: {HEALTHY_HOSTS}"


def test_the_readings_count_as_the_metric_does() -> None:
    """Unhealthy targets, or the probe's own answers at its own minutes, each once."""
    name = "UnHealthyHostCount, the metric of unhealthy-hosts"
    shown = report(opening(subject="unhealthy-hosts"), saw(5), saw(6, health=HEALTHY))
    assert [each.value for each in plots(shown)[name].lines[0].points] == [1, 0]
    answering = {"type": "answering", "answers": False, "at": at(3).isoformat()}
    again = answering | {"answers": True, "at": at(8).isoformat()}
    probed = report(
        opening(subject="enclave-answering"),
        *(saw(second, answering=answering) for second in (5, 6)),
        saw(9, answering=again),
        saw(10, answering={"type": "unknown", "why": "so"}),
    )
    points = plots(probed)["EnclaveAnswering, the metric of enclave-answering"].lines[0].points
    assert [(each.at, each.value) for each in points] == [(at(3), 0), (at(8), 1)]
    unread = {"type": "unknown", "why": "denied"}
    blind = report(opening(), saw(5, health=unread), saw(6, health=unread))
    assert "HealthyHostCount, the metric of healthy-hosts" not in plots(blind)


def read(seconds: float, *values: str | None, **other: object) -> Said:
    """The metric of an alarm, as its entry has it."""
    data: dict[str, object] = {"alarm": "response-time", "begins": at(-60).isoformat()}
    data |= {"period_seconds": 60, "values": list(values)}
    return seconds, Kind.METRIC, data | other


RESPONSE_TIME = "TargetResponseTime, the metric of response-time"
ALARM_IS = "TargetResponseTime (p99) > 2.5 seconds in 3 of 5 periods of 60 s"


def test_the_metric_is_drawn_from_cloudwatch_at_the_end() -> None:
    """For any alarm that the profile makes: from before the start, with its threshold."""
    entries = (opening(subject="response-time"), decision(99, "close"))
    shown = report(*entries, read(99, "0.5", "4.25", "1e-1"))
    plot = plots(shown)[RESPONSE_TIME]
    (line,) = plot.lines
    assert [(each.at, each.value) for each in line.points] == [
        (at(-60), 0.5),
        (at(0), 4.25),
        (at(60), 0.1),
    ]
    assert (plot.begins, line.holds) == (at(-60), timedelta(seconds=60))
    assert (plot.limit, plot.limit_name, plot.unit) == (2.5, "threshold: > 2.5", "seconds")
    assert plot.note == f"as CloudWatch had it at the end, per 60 s; the alarm: {ALARM_IS}"


JUDGED: dict[str, object] = {
    "alarm": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:their-errors",
    "metric": "5xx",
    "definition": "5xx (Sum) >= 10 in 1 of 1 periods of 60 s",
    "comparison": ">=",
    "threshold": "10",
}
THEIRS = "5xx, the metric of their-errors"


@pytest.mark.parametrize("profile", [PROFILE, None], ids=["with-its-policy", "without"])
def test_the_metric_of_an_external_alarm_has_its_own_threshold(
    profile: Profile | None,
) -> None:
    """The entry alone says what it judges; CloudWatch names no unit."""
    entries = chain(opening(subject="x"), decision(99, "close"), read(99, "5", "41", **JUDGED))
    plot = plots(write_report(entries, profile))[THEIRS]
    (line,) = plot.lines
    assert [(each.at, each.value) for each in line.points] == [(at(-60), 5), (at(0), 41)]
    assert (plot.begins, line.name, line.holds) == (at(-60), "5xx", timedelta(seconds=60))
    assert (plot.limit, plot.limit_name, plot.unit) == (10.0, "threshold: >= 10", "")
    assert plot.note == (
        "as CloudWatch had it at the end, per 60 s;"
        " the alarm: 5xx (Sum) >= 10 in 1 of 1 periods of 60 s"
    )


def test_an_entrys_alarm_takes_precedence_over_the_policy() -> None:
    """An alarm of others may have a name that the policy gives to one of its own."""
    named = JUDGED | {"alarm": "response-time"}
    shown = plots(report(opening(), decision(99, "close"), read(99, "5", "41", **named)))
    assert shown["5xx, the metric of response-time"].limit == 10.0
    assert RESPONSE_TIME not in shown


def test_periods_without_a_value_are_counted_and_not_drawn() -> None:
    """Nor is what is no number."""
    values = ("0.5", None, "nan", "4.25")
    shown = report(opening(subject="response-time"), decision(200, "close"), read(200, *values))
    plot = plots(shown)[RESPONSE_TIME]
    assert [each.at for each in plot.lines[0].points] == [at(-60), at(120)]
    assert "per 60 s, none in 2 of 4 periods; the alarm" in plot.note


def test_cloudwatch_is_preferred_to_readings_of_decisions() -> None:
    """Of the alarm that leads at the end, which may be another than the one that opened it."""
    decisions = (saw(5), saw(10), decision(30, "close"))
    name = "HealthyHostCount, the metric of healthy-hosts"
    both = plots(report(opening(), *decisions, read(30, "2", "0", alarm="healthy-hosts")))
    assert [each.value for each in both[name].lines[0].points] == [2, 0]
    other = plots(report(opening(), *decisions, read(30, "3", "1")))
    assert RESPONSE_TIME in other
    assert name not in other


@pytest.mark.parametrize(
    "other",
    [
        {"values": []},
        {"values": ["1"]},
        {"values": [None, "2"]},
        {"begins": None},
        {"begins": "9999-12-31T00:00:00Z"},
        {"alarm": "an alarm of others"},
        JUDGED | {"threshold": "high"},
        JUDGED | {"values": ["1"]},
    ],
    ids=str,
)
def test_a_single_value_leaves_the_readings_of_decisions(
    other: dict[str, object],
) -> None:
    """As does the record of an older incident, which has none."""
    entries = (opening(), saw(5), saw(10), decision(30, "close"))
    shown = report(*entries, read(30, "3", "1", **{"alarm": "healthy-hosts"} | other))
    assert shown.plots == report(*entries).plots


@pytest.mark.parametrize("subject", ["response-time", "an alarm of others"])
def test_of_another_metric_there_are_the_alarms_states(subject: str) -> None:
    """By signals and decisions, in the order of time."""
    alarms = {ALARM_ARN: {"type": "alarm", "state": "ALARM"}}
    shown = report(
        opening(subject=subject, arn=ALARM_ARN),
        saw(9, alarms=alarms | {"other": {"type": "unknown", "why": "so"}, "odd": 1}),
        saw(19, alarms={ALARM_ARN: {"type": "alarm", "state": "INSUFFICIENT_DATA"}}),
        saw(29, alarms={ALARM_ARN: {"type": "alarm", "state": "OK"}, "b": {"state": "OK"}}),
    )
    plot = plots(shown)["Alarms"]
    assert [each.name for each in plot.lines] == [subject, "b"]
    points = [(each.at, each.value) for each in plot.lines[0].points]
    assert points == [(at(0), 1), (at(9), 1), (at(19), 0.5), (at(29), 0)]
    assert not any("the metric of" in each for each in plots(shown))


def test_signals_that_joined_count_and_other_events_do_not() -> None:
    """At their own instants."""
    ok = {"arn": ALARM_ARN, "state": "OK", "subject": "x", "signalled_at": at(7).isoformat()}
    joined = {"joined": [ok, {"arn": "i-1", "state": "terminated"}], "leads": None}
    chained = (opening(arn=ALARM_ARN), (9.0, opening()[1], joined))
    (line,) = plots(report(*chained))["Alarms"].lines
    assert [(each.at, each.value) for each in line.points] == [(at(0), 1), (at(7), 0)]


def test_the_definition_is_the_profiles() -> None:
    """Fewer breaching periods than are evaluated, and a share of another metric."""
    made = {each.name: each for each in PROFILE.alarms.made}
    assert definition(made["healthy-hosts"]) == HEALTHY_HOSTS
    assert definition(made["response-time"]) == (
        "TargetResponseTime (p99) > 2.5 seconds in 3 of 5 periods of 60 s"
    )
    errors = copy.replace(made["rest-api-errors"], breaching_periods=None)
    assert definition(errors) == "5XXError (Sum) > 5 percent of Count in 5 of 5 periods of 60 s"


@pytest.mark.parametrize(
    ("subject", "name", "limit"),
    [
        ("response-time", "TargetResponseTime (p99)", 2.5),
        ("response-time", "HealthyHostCount (Minimum)", None),
        ("rest-api-errors", "5XXError (Sum)", None),
        ("kms-throttled", "KmsThrottles (Sum)", None),
        ("an alarm of others", "TargetResponseTime (p99)", None),
    ],
)
def test_a_metric_around_the_start_has_the_threshold_that_fits_it(
    subject: str, name: str, limit: float | None
) -> None:
    """Not of another alarm, of a share, or of a sum, which depends on the period."""
    metrics = [{"name": name, "around": ["9"], "before": ["1", "2", "1"]}]
    shown = report(opening(subject=subject), handed_over(9, metrics=metrics))
    assert [each.limit for each in shown.comparisons] == [limit]
