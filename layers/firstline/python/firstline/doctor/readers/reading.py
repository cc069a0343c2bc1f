"""Reading: one fact, or why it could not be read."""

from collections.abc import Callable
from typing import Any

from boto3.session import Session
from botocore.config import Config

from firstline.adapters.aws.clients import BROWSING
from firstline.adapters.aws.errors import RAISED, failure_reason
from firstline.doctor.facts import Read, Unread


def read[T](action: str, ask: Callable[[], T], *absent: str, none: T | None = None) -> Read[T]:
    """What *ask* gives; *none* where the service says by a code of *absent* that it is not there.

    *action* is the IAM action that it needs. Nothing is raised.
    """
    try:
        return ask()
    except RAISED as error:
        if (told := failure_reason(error)) is None:
            raise
        return none if none is not None and told in absent else Unread(action, told)


def client(session: Session, service: str, config: Config = BROWSING) -> Any:  # noqa: ANN401 - any
    """A client that asks again when it is throttled."""
    make: Any = session.client  # its stubs know a name at a time
    return make(service, config=config)


def pages(client: Any, operation: str, key: str, **parameters: object) -> list[dict[str, Any]]:  # noqa: ANN401
    """Everything under *key*, which is shown though empty, of all pages of *operation*."""
    found = client.get_paginator(operation).paginate(**parameters)
    return [each for page in found for each in page[key]]
