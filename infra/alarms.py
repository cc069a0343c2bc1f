"""Alarms of firstline on itself, and the metrics of its functions."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

NAMESPACE = "firstline"
"""The namespace of the functions' metrics; the first dimension, ``service``, is the fleet."""
MINUTE = Duration.minutes(1)


def own_metric(name: str, statistic: str, fleet: str, **by: str) -> cloudwatch.Metric:
    """Return a metric that a function of firstline emits for *fleet*."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": fleet, **by},
        statistic=statistic,
        period=MINUTE,
    )


def alarm_above(  # noqa: PLR0913 - an alarm has these parts
    scope: Construct,
    name: str,
    metric: cloudwatch.IMetric,
    bound: float,
    means: str,
    *,
    minutes: int = 1,
    of: int = 1,
) -> cloudwatch.Alarm:
    """Return an alarm for *metric* above *bound* in *minutes* of the last *of* periods."""
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


def alarm_on_silence(
    scope: Construct, name: str, metric: cloudwatch.IMetric, minutes: int, means: str
) -> cloudwatch.Alarm:
    """Return an alarm for *metric* below one, or missing, for *minutes*."""
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
