"""Alarms of firstline on itself: how they are made, and the metrics of ours that they watch."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

NAMESPACE = "firstline"
"""What the functions emit their metrics under; ``service``, the first dimension, is the fleet."""
MINUTE = Duration.minutes(1)


def own_metric(name: str, statistic: str, fleet: str, **by: str) -> cloudwatch.Metric:
    """A metric that a function of ours emits for *fleet*."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": fleet, **by},
        statistic=statistic,
        period=MINUTE,
    )


def above(  # noqa: PLR0913 - an alarm has these parts
    scope: Construct,
    name: str,
    metric: cloudwatch.IMetric,
    bound: float,
    means: str,
    *,
    minutes: int = 1,
    of: int = 1,
) -> cloudwatch.Alarm:
    """In ALARM when *metric* was above *bound* in *minutes* of the last *of* periods."""
    return cloudwatch.Alarm(
        scope,
        name,
        alarm_description=f"firstline: {means}",
        metric=metric,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        threshold=bound,
        evaluation_periods=of,
        datapoints_to_alarm=minutes,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )


def silent(
    scope: Construct, name: str, metric: cloudwatch.IMetric, minutes: int, means: str
) -> cloudwatch.Alarm:
    """In ALARM when *metric* was below one, or missing, for *minutes*: silence is the trouble."""
    return cloudwatch.Alarm(
        scope,
        name,
        alarm_description=f"firstline: {means}",
        metric=metric,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        threshold=1,
        evaluation_periods=minutes,
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
    )
