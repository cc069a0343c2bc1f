"""Reads alarms, the histories of those that are stuck, and metric values."""

import copy
import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

from boto3.session import Session

from firstline.adapters.aws.alarm_types import ALARM_TYPES, alarms_on
from firstline.doctor.facts import Alarm, Fact, Metric
from firstline.doctor.readers.requests import client, pages, read

HISTORY_WINDOW = timedelta(days=30)
"""CloudWatch keeps an alarm's history for 30 days."""
DATA_WINDOW = timedelta(days=14)
QUERIES_MAX = 500
"""The limit of metrics in one GetMetricData request."""
COARSE_SECONDS = 6 * 3600
"""With 500 metrics this stays far below the limit of 100,800 values in one response."""


class AlarmsReader:
    """Reads CloudWatch."""

    def __init__(self, session: Session) -> None:
        self._alarms = client(session, "cloudwatch")

    def all(self) -> Fact[tuple[Alarm, ...]]:
        """Return every alarm of the account and Region."""
        return read("cloudwatch:DescribeAlarms", lambda: tuple(self._all()))

    def with_history(self, alarm: Alarm, now: datetime) -> Alarm:
        """Return *alarm* with ``was_ok`` from its history."""
        was_ok = read("cloudwatch:DescribeAlarmHistory", lambda: self._was_ok(alarm.name, now))
        return copy.replace(alarm, was_ok=was_ok)

    def last_values(
        self, metrics: Iterable[Metric], now: datetime
    ) -> Fact[dict[Metric, datetime | None]]:
        """Return the last datapoint of each metric within two weeks, to six hours."""
        found = list(dict.fromkeys(metrics))
        return read(
            "cloudwatch:GetMetricData",
            lambda: {
                metric: max((at for at, _ in values), default=None)
                for metric, values in self._values(found, "SampleCount", now - DATA_WINDOW, now)
            },
        )

    def daily_sums(
        self, metrics: tuple[Metric, ...], now: datetime
    ) -> "Fact[dict[Metric, DailySum]]":
        """Return each metric's sum over the last day and the time of its last value."""
        since = now - timedelta(days=1)
        return read(
            "cloudwatch:GetMetricData",
            lambda: {
                metric: (
                    round(sum(it for _, it in values)),
                    max((at for at, _ in values), default=None),
                )
                for metric, values in self._values(metrics, "Sum", since, now, 300)
            },
        )

    def latest(
        self, metrics: tuple[Metric, ...], now: datetime
    ) -> "Fact[dict[Metric, tuple[datetime, float] | None]]":
        """Return each metric's last value within a day, with its time."""
        since = now - timedelta(days=1)
        return read(
            "cloudwatch:GetMetricData",
            lambda: {
                metric: max(values, default=None)
                for metric, values in self._values(metrics, "Minimum", since, now, 300)
            },
        )

    def _all(self) -> Iterator[Alarm]:
        found = self._alarms.get_paginator("describe_alarms").paginate(AlarmTypes=ALARM_TYPES)
        for page in found:
            yield from map(_alarm, alarms_on(page))

    def _was_ok(self, name: str, now: datetime) -> bool:
        found = pages(
            self._alarms,
            "describe_alarm_history",
            "AlarmHistoryItems",
            AlarmName=name,
            AlarmTypes=ALARM_TYPES,
            HistoryItemType="StateUpdate",
            StartDate=now - HISTORY_WINDOW,
            EndDate=now,
        )
        states = (json.loads(each["HistoryData"]) for each in found)
        return any("OK" in (_state(each, "oldState"), _state(each, "newState")) for each in states)

    def _values(
        self,
        metrics: Iterable[Metric],
        statistic: str,
        since: datetime,
        now: datetime,
        period_seconds: int = COARSE_SECONDS,
    ) -> Iterator[tuple[Metric, list[tuple[datetime, float]]]]:
        for some in batched(metrics, QUERIES_MAX, strict=False):
            queries = [_query(n, it, statistic, period_seconds) for n, it in enumerate(some)]
            answered: dict[str, list[tuple[datetime, float]]] = {}
            for each in pages(
                self._alarms,
                "get_metric_data",
                "MetricDataResults",
                MetricDataQueries=queries,
                StartTime=since,
                EndTime=now,
            ):
                pairs = zip(each["Timestamps"], each["Values"], strict=True)
                answered.setdefault(each["Id"], []).extend(pairs)
            yield from ((it, answered[f"m{n}"]) for n, it in enumerate(some))


type DailySum = tuple[int, datetime | None]


def _alarm(shown: dict[str, Any]) -> Alarm:
    # absent for an alarm without a state change since CloudWatch records this time
    since = shown.get("StateTransitionedTimestamp", shown["StateUpdatedTimestamp"])
    return Alarm(
        name=shown["AlarmName"],
        state=shown["StateValue"],
        since=since,
        actions=tuple(shown["AlarmActions"]) if shown["ActionsEnabled"] else (),
        disabled_at=None
        if shown["ActionsEnabled"]
        else shown["AlarmConfigurationUpdatedTimestamp"],
        metrics=tuple(_metrics(shown)),
        missing=shown.get("TreatMissingData", "missing"),  # CloudWatch's default
    )


def _metrics(shown: dict[str, Any]) -> Iterator[Metric]:
    """Yield the alarm's metric, or those of its expression; a composite alarm has none."""
    if "MetricName" in shown:
        yield _metric(shown)
    for each in shown.get("Metrics", []):
        if "MetricStat" in each:
            yield _metric(each["MetricStat"]["Metric"])


def _metric(shown: dict[str, Any]) -> Metric:
    # a metric may have no dimension
    given = sorted((each["Name"], each["Value"]) for each in shown.get("Dimensions", []))
    return Metric(shown["Namespace"], shown["MetricName"], tuple(given))


def _state(update: dict[str, Any], which: str) -> str:
    return str(update.get(which, {}).get("stateValue", ""))


def _query(number: int, metric: Metric, statistic: str, period_seconds: int) -> dict[str, Any]:
    shape = {
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
    }
    stat = {"Metric": shape, "Period": period_seconds, "Stat": statistic}
    return {"Id": f"m{number}", "MetricStat": stat}
