"""Lambda: the operators' function URL to `controller/operators/execute.py`.

IAM authenticates the caller.

The URL accepts signed requests only, and the ledger records the ARN that IAM names. A direct
invocation could name any caller: the permission to invoke must be granted to no one.
"""

import base64
from typing import Annotated

import msgspec

from firstline.adapters import wiring
from firstline.controller.operators import commands
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.controller.system import System
from firstline.errors import FirstlineError, InvalidInput
from functions.log import logger
from functions.run_metrics import RunMetrics


class _Iam(msgspec.Struct, frozen=True):
    arn: Annotated[str, msgspec.Meta(pattern=r"^arn:[!-~]+\Z")] = msgspec.field(name="userArn")


class _Authorizer(msgspec.Struct, frozen=True):
    iam: _Iam


class _Context(msgspec.Struct, frozen=True):
    authorizer: _Authorizer


class _Signed(msgspec.Struct, frozen=True):
    """The fields that IAM adds to a request of a function URL (format 2.0)."""

    context: _Context = msgspec.field(name="requestContext")


class _Request(msgspec.Struct, frozen=True):
    """The caller's fields."""

    body: str | None = None
    encoded: bool | None = msgspec.field(name="isBase64Encoded", default=None)


def handler(event: object, context: object, system: System | None = None) -> dict[str, object]:
    """Execute the command in the request's body; a mistake is answered with one line."""
    del context
    try:
        caller = msgspec.convert(event, _Signed).context.authorizer.iam.arn
    except ValueError:  # of another type, or half of a character
        return _answer(403, {"error": "the request has no IAM caller: sign it with SigV4"})
    try:
        command = commands.parse_command(_body(event))
        run = RunMetrics(system or wiring.from_environment())
        result = execute(OperatorRequest(command, caller), run.system)
    except InvalidInput as error:
        return _answer(400, {"error": str(error)})
    except FirstlineError as error:
        logger().exception("an operator command failed", by=caller)
        why = (
            "the command may or may not have taken effect: check `firstline audit show`,"
            f" then retry ({error})"
        )
        return _answer(503, {"error": why})
    run.emit()
    logger().info("an operator command ran", command=result.command, by=caller)
    # a command line of a version before 0.2 reads the command's name as ``lever``
    return _answer(200, {**msgspec.to_builtins(result), "lever": result.command})


def _body(event: object) -> bytes:
    try:
        request = msgspec.convert(event, _Request)
        body = (request.body or "").encode()
        return base64.b64decode(body, validate=True) if request.encoded else body
    except ValueError as error:  # of another type, or no Base64
        raise InvalidInput(
            "the body is not valid: send the operator command as one JSON document"
        ) from error


def _answer(status: int, body: object) -> dict[str, object]:
    headers = {"content-type": "application/json"}
    return {"statusCode": status, "headers": headers, "body": msgspec.json.encode(body).decode()}
