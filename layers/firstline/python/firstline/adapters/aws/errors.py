"""Botocore's failures as ours: what adapters raise instead."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from firstline.errors import Unavailable
from firstline.redaction import redact

CODE_MAX = 80


@contextmanager
def unavailable(dependency: str) -> Iterator[None]:
    """Raise `Unavailable` for any failure of a call inside, or an answer that lacks its parts."""
    try:
        yield
    except ClientError as error:
        raise Unavailable(f"{dependency}: {code(error)}") from error
    except (BotoCoreError, ResponseParserError) as error:
        raise Unavailable(f"{dependency}: {type(error).__name__}") from error
    except KeyError as error:
        raise Unavailable(f"{dependency}: its answer has no {error}") from error


def code(error: ClientError) -> str:
    """The service's own word for the failure, ``AccessDeniedException`` and the like."""
    return redact(str(error.response.get("Error", {}).get("Code", "no code")), CODE_MAX)


def status(error: ClientError) -> int:
    """The HTTP status of the answer, 0 where it had none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
