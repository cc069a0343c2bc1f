"""An alarm of others, as DescribeAlarms shows it: what it judges, and the queries that give that.

Each raises `KeyError` or `ValueError` for an alarm that is cut.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from firstline.adapters.aws import alarm_types
from firstline.adapters.aws.metric_data import VALUE
from firstline.monitoring.alarm_metric import Comparison, Judged

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
"""Those with a fixed threshold; a band has others."""
PERIOD_SECONDS_MAX = 7 * 24 * 3600
"""An alarm evaluates no longer time."""


def judged_metric(alarm: Mapping[str, Any]) -> Judged | None:
    """What *alarm* judges; None where it has no metric, or a band in place of a threshold."""
    asked = queries(alarm)
    if not asked or "Threshold" not in alarm:
        return None
    evaluated = alarm["EvaluationPeriods"]
    metric, statistic = _metric_and_statistic(returned_query(asked), alarm)
    return Judged(
        metric=metric,
        statistic=statistic,
        comparison=COMPARISONS[alarm["ComparisonOperator"]],
        threshold=float(alarm["Threshold"]),
        period_seconds=period_seconds(asked),
        evaluation_periods=evaluated,
        breaching_periods=alarm.get("DatapointsToAlarm", evaluated),
    )


def queries(alarm: Mapping[str, Any]) -> "list[MetricDataQueryTypeDef]":
    """What GetMetricData is asked for: an expression as it stands; nothing of another kind."""
    if "MetricName" not in alarm:
        return list(alarm.get("Metrics", ()))
    of: MetricTypeDef = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions", []),
    }
    stat = alarm["Statistic"] if "Statistic" in alarm else alarm["ExtendedStatistic"]
    one: MetricStatTypeDef = {"Metric": of, "Period": alarm["Period"], "Stat": stat}
    if "Unit" in alarm:  # an alarm of a unit sees no values of others
        one["Unit"] = alarm["Unit"]
    return [{"Id": VALUE, "MetricStat": one}]


def returned_query(asked: "Sequence[MetricDataQueryTypeDef]") -> "MetricDataQueryTypeDef":
    """The one that is judged; the service's own default is that a query is."""
    (found,) = (each for each in asked if each.get("ReturnData", True))
    return found


def _metric_and_statistic(
    judged_by: "MetricDataQueryTypeDef", alarm: Mapping[str, Any]
) -> tuple[str, str]:
    """The metric and its statistic, or what an expression is called and the expression."""
    if "MetricStat" in judged_by:
        stat = judged_by["MetricStat"]
        return stat["Metric"]["MetricName"], stat["Stat"]
    name = judged_by.get("Label") or alarm_types.metric(alarm)[0] or judged_by["Id"]
    return name, judged_by["Expression"]


def period_seconds(asked: "Sequence[MetricDataQueryTypeDef]") -> int:
    """That of each metric, or of a query of Metrics Insights; an alarm's are the same."""
    stats = [each["MetricStat"]["Period"] for each in asked if "MetricStat" in each]
    found = max(stats + [each["Period"] for each in asked if "Period" in each])
    if not 1 <= found <= PERIOD_SECONDS_MAX:
        raise ValueError(found)
    return found
