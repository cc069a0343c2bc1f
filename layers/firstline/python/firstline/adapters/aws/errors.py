"""Botocore's failures as ours: what adapters raise instead."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from firstline.errors import Unavailable
from firstline.redaction import redact

CODE_MAX = 80
FAILURES = (ClientError, BotoCoreError, ResponseParserError)
"""What botocore raises when a call fails."""


@contextmanager
def unavailable(dependency: str) -> Iterator[None]:
    """Raise `Unavailable` for any failure of a call inside, or an answer that lacks its parts.

    So an answer is read inside: ``answer[key]`` for what the service always shows, ``.get`` for
    what it may leave out.
    """
    try:
        yield
    except FAILURES as error:
        raise Unavailable(f"{dependency}: {reason(error)}") from error
    except KeyError as error:
        raise Unavailable(f"{dependency}: its answer has no {error}") from error
    except ValueError as error:  # one thing is unpacked where none or several came
        raise Unavailable(f"{dependency}: its answer has other parts than it must") from error


def prove(answer: Mapping[str, object], key: str) -> None:
    """Raise `KeyError` unless *answer* has *key*, by which the service shows that it did it."""
    if not answer[key]:
        raise KeyError(key)


def code(error: ClientError) -> str:
    """The service's own word for the failure, ``AccessDeniedException`` and the like."""
    return redact(str(error.response.get("Error", {}).get("Code", "no code")), CODE_MAX)


def reason(error: Exception) -> str:
    """The code of a `ClientError`; of any other failure, its type's name."""
    return code(error) if isinstance(error, ClientError) else type(error).__name__


def status(error: ClientError) -> int:
    """The HTTP status of the answer, 0 where it had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
