"""GetMetricData: firstline's queries, and the values of an answer."""

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from firstline.adapters.aws.errors import instant
from firstline.config.profile import AlarmDefinition
from firstline.errors import DependencyUnavailable
from firstline.monitoring import alarms as detection

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import (
        MetricDataQueryTypeDef,
        MetricDataResultTypeDef,
        MetricTypeDef,
    )

METRICS_MAX = 100
"""The most metrics of one request.

With a value per quarter of an hour for eight days it is far below the limit of 100,800.
"""
VALUE = "value"
"""The id of the query with an alarm's own values."""


def by_metric(alarms: Iterable[AlarmDefinition]) -> list[AlarmDefinition]:
    """One alarm for each metric, dimensions and statistic, since several may watch the same."""
    unique = {
        (each.namespace, each.metric, each.statistic, *sorted(each.dimensions.items())): each
        for each in alarms
    }
    return list(unique.values())[:METRICS_MAX]


def query(
    id_: str, alarm: AlarmDefinition, period_seconds: int, metric: str = ""
) -> "MetricDataQueryTypeDef":
    """A query of the alarm's metric, or of another *metric* with the same dimensions."""
    aws_metric: MetricTypeDef = {
        "Namespace": alarm.namespace,
        "MetricName": metric or alarm.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in alarm.dimensions.items()],
    }
    stat = alarm.statistic
    return {"Id": id_, "MetricStat": {"Metric": aws_metric, "Period": period_seconds, "Stat": stat}}


def alarm_queries(alarm: AlarmDefinition) -> "list[MetricDataQueryTypeDef]":
    """The queries of *alarm*'s own values, as `VALUE`: its metric, or its share of another."""
    period = alarm.period_seconds
    if not alarm.percent_of:
        return [query(VALUE, alarm, period)]
    parts = [query("part", alarm, period)]
    if alarm.percent_of != detection.QUOTA:
        parts.append(query("whole", alarm, period, alarm.percent_of))
    hidden: list[MetricDataQueryTypeDef] = [{**each, "ReturnData": False} for each in parts]
    return [*hidden, {"Id": VALUE, "Expression": detection.percent_expression(alarm)}]


def values(
    results: "list[MetricDataResultTypeDef]",
) -> dict[str, list[tuple[datetime, float]]]:
    """The values of each query over all pages.

    Raises `DependencyUnavailable` if the last page is incomplete.
    """
    points_of: dict[str, list[tuple[datetime, float]]] = {}
    for each in results:
        points = zip(map(instant, each["Timestamps"]), each["Values"], strict=True)
        points_of.setdefault(each["Id"], []).extend(points)
    ends = {each["Id"]: each["StatusCode"] for each in results}
    if any(code != "Complete" for code in ends.values()):
        raise DependencyUnavailable("investigation: a metric is incomplete")
    return points_of
