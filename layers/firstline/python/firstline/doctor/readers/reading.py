"""Reading: one fact, or why it could not be read."""

from collections.abc import Callable
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from firstline.adapters.aws import errors as faults
from firstline.adapters.aws.clients import BROWSING
from firstline.doctor.facts import Read, Unread


def read[T](action: str, ask: Callable[[], T], *absent: str, none: T | None = None) -> Read[T]:
    """What *ask* gives; *none* where the service says by a code of *absent* that it is not there.

    *action* is the IAM action that it needs. Nothing is raised.
    """
    try:
        return ask()
    except ClientError as error:
        if none is not None and faults.code(error) in absent:
            return none
        return Unread(action, faults.code(error))
    except (BotoCoreError, ResponseParserError) as error:
        return Unread(action, type(error).__name__)
    except KeyError as error:
        return Unread(action, f"its answer has no {error}")
    except (IndexError, ValueError):
        return Unread(action, "its answer has other parts than it must")


def client(session: Session, service: str, config: Config = BROWSING) -> Any:  # noqa: ANN401 - any
    """A client that asks again when it is throttled."""
    make: Any = session.client  # its stubs know a name at a time
    return make(service, config=config)


def pages(client: Any, operation: str, key: str, **parameters: object) -> list[dict[str, Any]]:  # noqa: ANN401
    """Everything under *key*, which is shown though empty, of all pages of *operation*."""
    found = client.get_paginator(operation).paginate(**parameters)
    return [each for page in found for each in page[key]]
