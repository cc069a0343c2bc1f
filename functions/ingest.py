"""Lambda: the signals queue to `firstline.controller.ingest`."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from firstline.adapters import wiring
from firstline.controller.ingest import ingest
from firstline.controller.system import System


def handler(
    event: dict[str, Any], context: object, system: System | None = None
) -> PartialItemFailureResponse:
    """Take in each record; one that could not be recorded is delivered again."""
    del context
    within = system or wiring.from_environment()

    def take_in(record: SQSRecord) -> None:
        receipt = ingest(record.body.encode(), within)
        Logger(service="firstline").info(
            receipt.why, disposition=receipt.disposition, incident=receipt.incident
        )

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, take_in, processor)
