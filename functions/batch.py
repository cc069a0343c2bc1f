"""Batches from SQS: each record by itself, and one that fails is delivered again.

Powertools has this too, and imports asyncio and every event source for it: 40 ms, or a twelfth of
what a page waits for in a new execution environment (bench/cold_start.py).
"""

from collections.abc import Callable
from typing import Any, TypedDict

from firstline.errors import DependencyUnavailable
from functions.log import logger


class Failure(TypedDict):
    """A record that is to be delivered again."""

    itemIdentifier: str


class Failures(TypedDict):
    """Lambda's partial batch response: what is not named is done."""

    batchItemFailures: list[Failure]


def each_record(event: dict[str, Any], act: Callable[[str], None]) -> Failures:
    """Run *act* on each record's body. What it raises is logged and reported, never raised."""
    log, failed = logger(), list[Failure]()
    for record in event["Records"]:
        try:
            act(record["body"])
        except DependencyUnavailable as error:
            log.warning("to be delivered again", why=str(error))
            failed.append({"itemIdentifier": record["messageId"]})
        except Exception:
            log.exception("a record failed", message_id=record["messageId"])
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}
