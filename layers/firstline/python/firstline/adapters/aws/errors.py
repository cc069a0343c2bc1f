"""Botocore's exceptions as firstline's.

No other module lists them. An adapter that handles some `ClientError` as an answer (a missing key)
catches it inside, and raises the others again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from traceback import walk_tb

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from firstline.errors import DependencyUnavailable
from firstline.redaction import redact
from firstline.signal import is_plausible

CODE_MAX = 80
_PACKAGES = ("botocore", "firstline")
FAILURES = (ClientError, BotoCoreError, ResponseParserError)
"""The exceptions that botocore raises for a failed call."""
PARSER_ERRORS = (AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""The exceptions of its parsers for a foreign answer.

Examples are text that is not UTF-8, HTML, a list in place of an object, and an invalid date
(botocore 1.44.5, ``parsers.py``).
"""
EXPIRED_CODES = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
"""The services' codes for expired or invalid credentials."""
CA_BUNDLE_HINT = "AWS_CA_BUNDLE names the file of trusted certificates"
SIGN_IN_HINT = "sign in (aws sso login, aws configure), or name other credentials by --profile"
RAISED = (*FAILURES, *PARSER_ERRORS)
"""To catch around a call; `failure_reason` separates a failure from a bug of firstline."""

type Describe = Callable[[Exception], str]


@contextmanager
def unavailable(dependency: str, describe_: Describe | None = None) -> Iterator[None]:
    """Raise `DependencyUnavailable` for a failed call inside, or an incomplete answer.

    So read an answer inside: ``answer[key]`` for a mandatory part, ``.get`` for an optional one.
    *say* describes botocore's exceptions: `reason`, or `describe` for a person.
    """
    try:
        yield
    except RAISED as error:
        if (reason_ := failure_reason(error, describe_)) is None:
            raise
        raise DependencyUnavailable(f"{dependency}: {reason_}") from error


def failure_reason(error: Exception, describe_: Describe | None = None) -> str | None:
    """The reason of a failed call or an unreadable answer; None for a bug of firstline."""
    if isinstance(error, FAILURES) or _is_of_botocore(error):
        return (describe_ or reason)(error)
    match error:
        case KeyError():
            return f"its answer has no {error}"
        case IndexError() | ValueError():  # one thing is unpacked where none or several came
            return "its answer has an unexpected form"
        case _:
            return None


def _is_of_botocore(error: Exception) -> bool:
    """True if botocore, or code that it called, raised *error*."""
    frames = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    packages = [name.partition(".")[0] for name in frames]
    return [each for each in packages if each in _PACKAGES][-1:] == ["botocore"]


def require_key(answer: Mapping[str, object], key: str) -> None:
    """Raise `KeyError` unless *answer* has *key*, which proves that the service answered.

    A foreign 200 parses as an empty answer.
    """
    if answer[key] in (None, {}):
        raise KeyError(key)


def instant(at: datetime) -> datetime:
    """*at*; raises `ValueError` for an implausible one, which makes its answer unavailable."""
    if not is_plausible(at):
        raise ValueError(f"{at.isoformat()} cannot be")
    return at


def code(error: ClientError) -> str:
    """The service's error code, such as ``AccessDeniedException``."""
    return redact(str(error.response.get("Error", {}).get("Code", "no code")), CODE_MAX)


def reason(error: Exception) -> str:
    """The code of a `ClientError`; for any other failure, its type's name."""
    return code(error) if isinstance(error, ClientError) else type(error).__name__


def describe(error: Exception) -> str:
    """As `reason`, for a person who can fix it: credentials, a Region, an endpoint."""
    match error:
        case ClientError() if code(error) in EXPIRED_CODES:
            return f"{code(error)}: {SIGN_IN_HINT}"
        case ClientError():
            return code(error)
        case NoCredentialsError() | PartialCredentialsError():
            return f"there are no credentials: {SIGN_IN_HINT}"
        case SSOError() | TokenRetrievalError():
            return f"{error}: {SIGN_IN_HINT}"
        case BotoCoreError():
            return f"{error}: {CA_BUNDLE_HINT}" if isinstance(error, SSLError) else str(error)
        case _:
            return f"its endpoint is not an AWS endpoint ({type(error).__name__})"


def status(error: ClientError) -> int:
    """The HTTP status of the answer, 0 where it had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
