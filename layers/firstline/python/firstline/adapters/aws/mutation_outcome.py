"""Refusals: which failures of a call that changes something prove that nothing was changed.

A refusal is named here or it is none: whatever else goes wrong leaves it open whether a host will
run the command, or the group do what it was asked. The service's own faults (HTTP 5xx) and a lost
answer always do.
"""

from http import HTTPStatus

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
)
from botocore.parsers import ResponseParserError

from firstline.adapters.aws.errors import code, status
from firstline.remediation.execution import Refused, Unsettled

NOT_ACCEPTED = frozenset(
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


def outcome(
    error: ClientError | BotoCoreError | ResponseParserError | KeyError,
) -> Refused | Unsettled:
    """What *error* says of the one try."""
    match error:
        case ClientError():
            client_fault = (
                HTTPStatus.BAD_REQUEST <= status(error) < HTTPStatus.INTERNAL_SERVER_ERROR
            )
            refused = client_fault and code(error) in NOT_ACCEPTED
            return Refused(code(error)) if refused else Unsettled(code(error))
        case ConnectTimeoutError() | EndpointConnectionError() | NoCredentialsError():
            # No connection was made, or none was tried, so no byte of the request left. This
            # holds for a client that tries once: with retries an earlier try may have been sent.
            return Refused(type(error).__name__)
        case KeyError():
            return Unsettled("the answer names no command")
        case _:
            return Unsettled(type(error).__name__)
