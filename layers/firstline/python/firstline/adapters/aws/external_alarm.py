"""An external alarm, as DescribeAlarms shows it: its metric, its threshold, and its queries.

Each function raises `KeyError` or `ValueError` for a truncated alarm.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from firstline.adapters.aws import alarm_types
from firstline.adapters.aws.metric_data import VALUE
from firstline.monitoring.alarm_metric import Comparison, ExternalDefinition

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import (
        MetricDataQueryTypeDef,
        MetricStatTypeDef,
        MetricTypeDef,
    )

COMPARISONS: dict[str, Comparison] = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanOrEqualToThreshold": "<=",
    "LessThanThreshold": "<",
}
"""The operators of fixed thresholds; a band has others."""
PERIOD_SECONDS_MAX = 7 * 24 * 3600
"""The longest evaluation time of an alarm."""


def judged_metric(alarm: Mapping[str, Any]) -> ExternalDefinition | None:
    """The metric and threshold of *alarm*; None without a metric, or with a band."""
    metric_queries = queries(alarm)
    if not metric_queries or "Threshold" not in alarm:
        return None
    periods = alarm["EvaluationPeriods"]
    metric, statistic = _metric_and_statistic(returned_query(metric_queries), alarm)
    return ExternalDefinition(
        metric=metric,
        statistic=statistic,
        comparison=COMPARISONS[alarm["ComparisonOperator"]],
        threshold=float(alarm["Threshold"]),
        period_seconds=period_seconds(metric_queries),
        evaluation_periods=periods,
        breaching_periods=alarm.get("DatapointsToAlarm", periods),
    )


def queries(alarm: Mapping[str, Any]) -> "list[MetricDataQueryTypeDef]":
    """The queries for GetMetricData; none for another type of alarm."""
    if "MetricName" not in alarm:
        return list(alarm.get("Metrics", ()))
    metric: MetricTypeDef = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions", []),
    }
    stat = alarm["Statistic"] if "Statistic" in alarm else alarm["ExtendedStatistic"]
    stat_query: MetricStatTypeDef = {"Metric": metric, "Period": alarm["Period"], "Stat": stat}
    if "Unit" in alarm:  # an alarm of a unit sees no values of others
        stat_query["Unit"] = alarm["Unit"]
    return [{"Id": VALUE, "MetricStat": stat_query}]


def returned_query(metric_queries: "Sequence[MetricDataQueryTypeDef]") -> "MetricDataQueryTypeDef":
    """The query that the alarm compares; by the service's default a query is returned."""
    (query,) = (each for each in metric_queries if each.get("ReturnData", True))
    return query


def _metric_and_statistic(
    judged_by: "MetricDataQueryTypeDef", alarm: Mapping[str, Any]
) -> tuple[str, str]:
    """The metric and its statistic, or an expression's label and text."""
    if "MetricStat" in judged_by:
        stat = judged_by["MetricStat"]
        return stat["Metric"]["MetricName"], stat["Stat"]
    name = judged_by.get("Label") or alarm_types.metric(alarm)[0] or judged_by["Id"]
    return name, judged_by["Expression"]


def period_seconds(metric_queries: "Sequence[MetricDataQueryTypeDef]") -> int:
    """The period of the metrics, or of a query of Metrics Insights; they are the same."""
    stats = [each["MetricStat"]["Period"] for each in metric_queries if "MetricStat" in each]
    period = max(stats + [each["Period"] for each in metric_queries if "Period" in each])
    if not 1 <= period <= PERIOD_SECONDS_MAX:
        raise ValueError(period)
    return period
