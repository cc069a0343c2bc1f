"""Widgets: graphs of firstline's metrics, each with its fleet as a dimension."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.alarms import NAMESPACE, own_metric

HEIGHT = 6
HOUR = Duration.hours(1)


def hourly(name: str, fleet: str, **by: str) -> cloudwatch.Metric:
    """Return an hourly sum, labelled by its dimension."""
    label = " ".join(by.values()) or name
    return own_metric(name, "Sum", fleet, **by).with_(period=HOUR, label=label)


def ratio(
    expression: str, metrics: dict[str, cloudwatch.Metric], label: str
) -> cloudwatch.MathExpression:
    """Return *expression* over *metrics*, by the hour."""
    return cloudwatch.MathExpression(
        expression=expression, using_metrics=dict(metrics), label=label, period=HOUR
    )


def graph(
    title: str,
    left: Sequence[cloudwatch.IMetric],
    width: int,
    *,
    right: Sequence[cloudwatch.IMetric] | None = None,
    stacked: bool = False,
) -> cloudwatch.GraphWidget:
    """Return a graph of lines or stacked areas; *right* has its own scale."""
    return cloudwatch.GraphWidget(
        title=title, left=left, right=right or [], width=width, height=HEIGHT, stacked=stacked
    )


def search(name: str, by: str, fleet: str, period: Duration) -> cloudwatch.MathExpression:
    """Return the metric for each recent value of the dimension *by*."""
    found = f'{{{NAMESPACE},{by},service}} MetricName="{name}" service="{fleet}"'
    return cloudwatch.MathExpression(
        expression=f"SEARCH('{found}', 'Sum', {int(period.to_seconds())})",
        using_metrics={},
        label="",
        period=period,
    )
