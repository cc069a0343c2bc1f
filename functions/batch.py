"""Batches from SQS: each record by itself, and one that fails is delivered again."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from firstline.errors import Unavailable


def each_record(event: dict[str, Any], act: Callable[[str], None]) -> PartialItemFailureResponse:
    """Run *act* on each record's body. What it raises is logged and reported, never raised."""
    logger = Logger(service="firstline")

    def handle(record: SQSRecord) -> None:
        try:
            act(record.body)
        except Unavailable as error:
            logger.warning("to be delivered again", why=str(error))
            raise
        except Exception:
            logger.exception("a record failed", message_id=record.message_id)
            raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, handle, processor)
