"""Requests to AWS that return a fact or the reason why it could not be read."""

from collections.abc import Callable
from typing import Any

from boto3.session import Session
from botocore.config import Config

from firstline.adapters.aws.clients import BROWSING
from firstline.adapters.aws.errors import RAISED, failure_reason
from firstline.doctor.facts import Fact, ReadFailure


def read[T](action: str, ask: Callable[[], T], *absent: str, none: T | None = None) -> Fact[T]:
    """Return the result of *ask*, which needs the IAM *action*; it never raises AWS's errors.

    Returns *none* if the error code is one of *absent*, else a `ReadFailure`.
    """
    try:
        return ask()
    except RAISED as error:
        if (code := failure_reason(error)) is None:
            raise
        return none if none is not None and code in absent else ReadFailure(action, code)


def client(session: Session, service: str, config: Config = BROWSING) -> Any:  # noqa: ANN401 - any
    """Return a client that retries throttled requests."""
    make: Any = session.client  # its stubs have an overload for each literal name
    return make(service, config=config)


def pages(client: Any, operation: str, key: str, **parameters: object) -> list[dict[str, Any]]:  # noqa: ANN401
    """Return the items under *key* in all pages of *operation*; each page has the key."""
    found = client.get_paginator(operation).paginate(**parameters)
    return [each for page in found for each in page[key]]
