"""Botocore's failures as ours: what adapters raise instead.

No other module lists what botocore raises. One that treats some `ClientError` as an answer (a key
that is not there) catches that one inside, and raises the others again.
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
"""What botocore raises on purpose when a call fails."""
PARSER_ERRORS = (AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What its parsers raise of an answer that is none of the service's: text that is no UTF-8, HTML,
a list where an object is due, a date that is none (botocore 1.44.5, ``parsers.py``)."""
EXPIRED_CODES = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException"}
)
"""What services call credentials that are over, or were never any."""
CA_BUNDLE_HINT = "AWS_CA_BUNDLE names the file of the certificates that are believed"
SIGN_IN_HINT = "sign in (aws sso login, aws configure), or name other credentials by --profile"
RAISED = (*FAILURES, *PARSER_ERRORS)
"""To catch around a call; `why` tells a failure from an error of our own code."""

type Describe = Callable[[Exception], str]


@contextmanager
def unavailable(dependency: str, say: Describe | None = None) -> Iterator[None]:
    """Raise `DependencyUnavailable` for a failed call inside, or an answer that lacks its parts.

    So an answer is read inside: ``answer[key]`` for what the service always shows, ``.get`` for
    what it may leave out. *say* gives the reason of botocore's own failures: `reason`, or
    `describe` where a person reads it.
    """
    try:
        yield
    except RAISED as error:
        if (told := failure_reason(error, say)) is None:
            raise
        raise DependencyUnavailable(f"{dependency}: {told}") from error


def failure_reason(error: Exception, say: Describe | None = None) -> str | None:
    """Why a call failed or its answer cannot be read; None where *error* is of our own code."""
    if isinstance(error, FAILURES) or _is_of_botocore(error):
        return (say or reason)(error)
    match error:
        case KeyError():
            return f"its answer has no {error}"
        case IndexError() | ValueError():  # one thing is unpacked where none or several came
            return "its answer has other parts than it must"
        case _:
            return None


def _is_of_botocore(error: Exception) -> bool:
    """Whether botocore raised *error*, or what it called: between it and us nobody else is."""
    frames = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    packages = [name.partition(".")[0] for name in frames]
    return [each for each in packages if each in _PACKAGES][-1:] == ["botocore"]


def require_key(answer: Mapping[str, object], key: str) -> None:
    """Raise `KeyError` unless *answer* has *key*, by which the service shows that it did it.

    A 200 whose body is none of the service's reads as an empty answer.
    """
    if answer[key] in (None, {}):
        raise KeyError(key)


def instant(at: datetime) -> datetime:
    """*at*; raises `ValueError`, so that its answer is unavailable, for what can be no instant."""
    if not is_plausible(at):
        raise ValueError(f"{at.isoformat()} cannot be")
    return at


def code(error: ClientError) -> str:
    """The service's own word for the failure, ``AccessDeniedException`` and the like."""
    return redact(str(error.response.get("Error", {}).get("Code", "no code")), CODE_MAX)


def reason(error: Exception) -> str:
    """The code of a `ClientError`; of any other failure, its type's name."""
    return code(error) if isinstance(error, ClientError) else type(error).__name__


def describe(error: Exception) -> str:
    """As `reason`, for a person who may mend it: credentials, a Region, an endpoint."""
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
            return f"what is at its endpoint is none of AWS's ({type(error).__name__})"


def status(error: ClientError) -> int:
    """The HTTP status of the answer, 0 where it had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
