"""Lambda: the wakes queue to `firstline.controller.reconcile`."""

from typing import Any

from firstline.adapters import wiring
from firstline.adapters.aws.wakes import decode_wake
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System
from functions.batch import Failures, each_record
from functions.run_metrics import RunMetrics


def handler(event: dict[str, Any], context: object, system: System | None = None) -> Failures:
    """Take one step of each wake's incident; a failed one is redelivered."""
    del context
    run = RunMetrics(system or wiring.from_environment())
    failures = each_record(event, lambda body: reconcile(decode_wake(body), run.system))
    run.emit()
    return failures
