"""Mutations: a call is sent once, with declared parameters only, and its outcome is classified.

Only a listed refusal proves that nothing changed. Any other failure leaves the outcome unknown,
such as a service's own fault (HTTP 5xx) and a lost answer.
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
"""Codes that precede any effect (the operations' errors, AWS's common errors)."""


class NotSent(Exception):
    """A precondition of the call does not hold, so it is not sent."""


def send_once(
    client: BaseClient, action: Action, parameters: Mapping[str, str], send: Callable[[], str]
) -> Sending:
    """Call *send* once, which sends one request of *client* and returns the id of its effect.

    Raises `InvariantViolation` for *parameters* that *action* does not declare, and for a *client*
    with retries.
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
    """Match every value in full: ``$`` alone would accept a final newline."""
    if parameters.keys() != {each.name for each in action.parameters}:
        raise InvariantViolation(
            f"{action.name} takes other parameters than {', '.join(parameters)}"
        )
    for each in action.parameters:
        if not re.fullmatch(each.pattern, parameters[each.name]):
            raise InvariantViolation(f"{each.name} of {action.name} does not match {each.pattern}")


def _outcome(error: Exception) -> Refused | Unsettled:
    """The outcome of a call that raised *error*."""
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
