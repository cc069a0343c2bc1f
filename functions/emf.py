"""Metrics to CloudWatch by embedded metric format: one line for each set of dimensions."""

import functools
from collections.abc import Iterable, Sequence
from itertools import groupby

from aws_lambda_powertools.metrics import EphemeralMetrics

from firstline.monitoring.metric import Metric


def emit(fleet: str, metrics: Iterable[Metric], incidents: Sequence[str] = ()) -> None:
    """Print *metrics* in namespace ``firstline`` with the service *fleet*.

    *incidents* are added to the line for searches of the log, not as a dimension.
    """
    line = _line(fleet)
    line.clear_metrics()  # of what a fault left in it
    ordered = sorted(metrics, key=lambda metric: metric.by)
    for by, together in groupby(ordered, key=lambda metric: metric.by):
        for name, value in by:
            line.add_dimension(name, value)
        for metric in together:
            line.add_metric(metric.name, metric.unit, metric.value)
        if incidents:
            line.add_metadata("incident", ",".join(incidents))
        line.flush_metrics()


@functools.cache
def _line(fleet: str) -> EphemeralMetrics:
    """One object for all lines: flushing empties it, and creating one costs a quarter of a line."""
    return EphemeralMetrics(namespace="firstline", service=fleet)
