"""Changes: a call that changes something is made once, with the parameters that it declares.

Some failures of such a call prove that nothing was changed.

A refusal is named here or it is none: whatever else goes wrong leaves it open whether a host will
run the command, or the group do what it was asked. The service's own faults (HTTP 5xx) and a lost
answer always do.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus

from botocore.client import BaseClient
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)

from firstline.actions.action import Action
from firstline.adapters.aws import clients
from firstline.adapters.aws.errors import RAISED, code, failure_reason, reason, status
from firstline.errors import InvariantViolation
from firstline.ids import CommandId
from firstline.remediation.execution import Refused, Sending, Sent, Unsettled

REFUSAL_CODES = frozenset(
    {
        # of SendCommand
        "DuplicateInstanceId",
        "InvalidDocument",
        "InvalidDocumentVersion",
        "InvalidInstanceId",
        "InvalidNotificationConfig",
        "InvalidOutputFolder",
        "InvalidParameters",
        "InvalidRole",
        "MaxDocumentSizeExceeded",
        "UnsupportedPlatformType",
        # of the Auto Scaling group's changes
        "ActiveInstanceRefreshNotFound",
        "InstanceRefreshInProgress",
        "LimitExceeded",
        "ScalingActivityInProgress",
        "ValidationError",
        # of every service
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidSignatureException",
        "RequestExpired",
        "Throttling",
        "ThrottlingException",
        "UnrecognizedClientException",
        "ValidationException",
    }
)
"""Codes that come before anything is done (the operations' errors, AWS's common errors)."""


class NotSent(Exception):
    """What must hold of the one call does not hold, so that it is not made."""


def send_once(
    client: BaseClient, action: Action, parameters: Mapping[str, str], send: Callable[[], str]
) -> Sending:
    """Have *send* make its one call of *client*, and return the id of what it began.

    Raises `InvariantViolation` for *parameters* that *action* does not declare, and for a *client*
    that would send something twice.
    """
    _check(action, parameters)
    clients.single_attempt(client)
    try:
        return Sent(CommandId(send()))
    except NotSent as error:
        return Refused(str(error))
    except RAISED as error:
        if failure_reason(error) is None:
            raise
        return _outcome(error)


def _check(action: Action, parameters: Mapping[str, str]) -> None:
    """Every value in full against its pattern: ``$`` alone lets a final newline pass."""
    if parameters.keys() != {each.name for each in action.parameters}:
        raise InvariantViolation(
            f"{action.name} takes other parameters than {', '.join(parameters)}"
        )
    for each in action.parameters:
        if not re.fullmatch(each.pattern, parameters[each.name]):
            raise InvariantViolation(f"{each.name} of {action.name} does not match {each.pattern}")


def _outcome(error: Exception) -> Refused | Unsettled:
    """What *error* says of the one try."""
    match error:
        case ClientError():
            client_fault = (
                HTTPStatus.BAD_REQUEST <= status(error) < HTTPStatus.INTERNAL_SERVER_ERROR
            )
            refused = client_fault and code(error) in REFUSAL_CODES
            return Refused(code(error)) if refused else Unsettled(code(error))
        case ConnectTimeoutError() | EndpointConnectionError() | NoCredentialsError():
            # No connection was made, or none was tried, so no byte of the request left. This
            # holds for a client that tries once: with retries an earlier try may have been sent.
            return Refused(type(error).__name__)
        case KeyError():
            return Unsettled("the answer names no command")
        case _:
            return Unsettled(reason(error))
