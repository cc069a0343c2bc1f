"""Lambda: the schedule to `firstline.controller.sweep`, and the heartbeat."""

from typing import Any

from firstline.adapters import wiring
from firstline.controller import metrics
from firstline.controller.sweep import sweep
from firstline.controller.system import System
from firstline.errors import FirstlineError
from firstline.monitoring.metric import Metric
from functions.emf import emit
from functions.log import logger
from functions.run_metrics import RunMetrics


def handler(event: dict[str, Any], context: object, system: System | None = None) -> None:
    """Sweep once. The heartbeat is sent only by a sweep that could read the due incidents."""
    del event, context
    run = RunMetrics(system or wiring.from_environment())
    swept = sweep(run.system)
    if swept.woken or swept.failed or swept.left:
        counts = {each: getattr(swept, each) for each in ("woken", "failed", "left", "unreadable")}
        logger().info("swept", **counts)
    if swept.missed_alarms:
        logger().info("P1s found without an event", alarms=swept.missed_alarms)
    if swept.poll_failed:
        logger().warning("not every P1's alarm could be read or ingested")
    # by itself, before what could fail: two fleets in one account must not beat for each other
    emit(run.system.profile.fleet.name, metrics.sweep_metrics(swept))
    run.emit(*_open(run.system))


def _open(system: System) -> tuple[Metric, ...]:
    """The number of open incidents; nothing if it cannot be read."""
    try:
        return (metrics.open_incidents_metric(system.ports.store.open_now(metrics.OPEN_MAX)),)
    except FirstlineError as error:
        logger().warning("not counted: %s", error)
        return ()
