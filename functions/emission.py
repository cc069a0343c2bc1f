"""Metrics to CloudWatch by embedded metric format: one line for each set of dimensions."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from firstline.metric import Metric


def emit(fleet: str, metrics: Iterable[Metric], incidents: Sequence[str] = ()) -> None:
    """Print *metrics* in namespace ``firstline`` with the service *fleet*.

    *incidents* are what they are about: in the line for who searches the log, and no dimension.
    """
    ordered = sorted(metrics, key=lambda metric: metric.by)
    for by, together in groupby(ordered, key=lambda metric: metric.by):
        line = EphemeralMetrics(namespace="firstline", service=fleet)
        for name, value in by:
            line.add_dimension(name, value)
        for metric in together:
            line.add_metric(metric.name, MetricUnit(metric.unit), metric.value)
        if incidents:
            line.add_metadata("incident", ",".join(incidents))
        line.flush_metrics()
