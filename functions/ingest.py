"""Lambda: the signals queue to `firstline.controller.ingest`."""

from typing import Any

from firstline.adapters import wiring
from firstline.controller.ingest import ingest
from firstline.controller.system import System
from firstline.redaction import redact
from functions.batch import Failures, each_record
from functions.log import logger
from functions.run_metrics import RunMetrics


def handler(event: dict[str, Any], context: object, system: System | None = None) -> Failures:
    """Process each event; one that could not be recorded is redelivered."""
    del context
    run = RunMetrics(system or wiring.from_environment())

    def process(body: str) -> None:
        receipt = ingest(body.encode(), run.system)
        logger().info(
            redact(receipt.why), disposition=receipt.disposition, incident=receipt.incident
        )

    failures = each_record(event, process)
    run.emit()
    return failures
