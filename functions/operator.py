"""Lambda: the operators' function URL to `controller/operators/execute.py`. IAM says who calls."""

import base64
from typing import Any

import msgspec

from firstline.adapters import wiring
from firstline.controller.operators import commands as levers
from firstline.controller.operators.execute import Call, pull
from firstline.controller.system import System
from firstline.errors import FirstlineError, Malformed
from functions.log import logger
from functions.measuring import Measuring


def handler(
    event: dict[str, Any], context: object, system: System | None = None
) -> dict[str, object]:
    """Pull the lever of the request's body; a mistake is answered with one line."""
    del context
    caller = event.get("requestContext", {}).get("authorizer", {}).get("iam", {}).get("userArn")
    if not caller:
        return _answer(403, {"error": "IAM named no caller: sign the request"})
    try:
        measuring = Measuring(system or wiring.from_environment())
        pulled = pull(Call(levers.read(_body(event)), caller), measuring.system)
    except Malformed as error:
        return _answer(400, {"error": str(error)})
    except FirstlineError as error:
        logger().exception("a lever was not pulled", by=caller)
        return _answer(503, {"error": f"nothing is known to be done, try again: {error}"})
    measuring.tell()
    logger().info("a lever was pulled", lever=pulled.lever, by=caller)
    return _answer(200, msgspec.to_builtins(pulled))


def _body(event: dict[str, Any]) -> bytes:
    body: str = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def _answer(status: int, body: object) -> dict[str, object]:
    headers = {"content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": msgspec.json.encode(body).decode()}
