"""HTTP faults: the possible results of one try of a call to AWS, as bytes before botocore."""

from enum import StrEnum
from http import HTTPStatus


class HttpFault(StrEnum):
    """A result of a try; all but the first two come after the service took effect."""

    THROTTLED = "throttled"
    """Refused by the service's own code, in its protocol's form."""
    FAILED = "failed"
    """HTTP 500 without a body."""
    SLOW = "slow"
    """No answer within the client's read timeout."""
    RESET = "reset"
    """The connection ends without an answer."""
    CUT = "cut"
    """HTTP 200, and only the beginning of a body."""
    EMPTY = "empty"
    """HTTP 200 without a body."""
    GARBLED = "garbled"
    """HTTP 200, and bytes that are no UTF-8."""

    @property
    def effect(self) -> bool:
        """True if the service did what it was asked."""
        return self not in {HttpFault.THROTTLED, HttpFault.FAILED}

    @property
    def retried(self) -> bool:
        """True if botocore's standard retries send again, where the client allows it."""
        return self not in {HttpFault.CUT, HttpFault.EMPTY, HttpFault.GARBLED}


def answer(fault: HttpFault, protocol: str, service: str) -> tuple[HTTPStatus, bytes]:
    """Return status and body of *fault*, which is none of those without an answer (SLOW, RESET)."""
    match fault:
        case HttpFault.THROTTLED:
            return HTTPStatus.BAD_REQUEST, _throttled(protocol, service)
        case HttpFault.FAILED:
            return HTTPStatus.INTERNAL_SERVER_ERROR, b""
        case HttpFault.CUT:
            return HTTPStatus.OK, b'{"Resp' if protocol == "json" else b"<Response><Res"
        case HttpFault.GARBLED:
            return HTTPStatus.OK, b"\xff\xfe\x80"
        case _:
            return HTTPStatus.OK, b""


def _throttled(protocol: str, service: str) -> bytes:
    """Return the throttling errors of DynamoDB, of EC2 and of the others."""
    if protocol == "json":
        own = "ProvisionedThroughputExceededException"
        code = own if service == "dynamodb" else "ThrottlingException"
        return f'{{"__type": "{code}", "message": "Rate exceeded"}}'.encode()
    if protocol == "ec2":
        error = "<Error><Code>RequestLimitExceeded</Code><Message>Rate exceeded</Message></Error>"
        return f"<Response><Errors>{error}</Errors><RequestID>r</RequestID></Response>".encode()
    error = "<Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error>"
    return f"<ErrorResponse>{error}<RequestId>r</RequestId></ErrorResponse>".encode()
