"""Lambda: the wakes queue to `firstline.controller.reconcile`."""

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from firstline.adapters import wiring
from firstline.adapters.wakes import decode_wake
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System


def handler(
    event: dict[str, Any], context: object, system: System | None = None
) -> PartialItemFailureResponse:
    """Take one step of each wake's incident; one that failed is delivered again."""
    del context
    within = system or wiring.from_environment()

    def step(record: SQSRecord) -> None:
        reconcile(decode_wake(record.body), within)

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, step, processor)
