"""Lambda: the schedule to `firstline.controller.sweep`, and the heartbeat."""

from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from firstline.adapters import wiring
from firstline.controller.sweep import sweep
from firstline.controller.system import System


def handler(event: dict[str, Any], context: object, system: System | None = None) -> None:
    """Sweep once. A heartbeat is sent only by a sweep that could read what is due."""
    del event, context
    within = system or wiring.from_environment()
    swept = sweep(within)
    if swept.woken or swept.failed or swept.left:
        Logger(service="firstline").info(
            "swept", woken=swept.woken, failed=swept.failed, left=swept.left
        )
    # two fleets in one account must not beat for each other
    metrics = Metrics(namespace="firstline", service=within.profile.fleet.name)
    metrics.add_metric("Heartbeat", MetricUnit.Count, 1)
    owed_seconds = swept.pages_owed_for.total_seconds()
    metrics.add_metric("PagesOwedSeconds", MetricUnit.Seconds, owed_seconds)
    metrics.flush_metrics()
