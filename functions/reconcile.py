"""Lambda: the wakes queue to `firstline.controller.reconcile`."""

from typing import Any

from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

from firstline.adapters import wiring
from firstline.adapters.wakes import decode_wake
from firstline.controller.reconcile import reconcile
from firstline.controller.system import System
from functions.batch import each_record


def handler(
    event: dict[str, Any], context: object, system: System | None = None
) -> PartialItemFailureResponse:
    """Take one step of each wake's incident; one that failed is delivered again."""
    del context
    within = system or wiring.from_environment()
    return each_record(event, lambda body: reconcile(decode_wake(body), within))
