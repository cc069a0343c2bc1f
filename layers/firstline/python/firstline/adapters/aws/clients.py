"""Clients of AWS: how long a call may take and how often it may be sent.

Botocore's standard retries send again after a read timeout, a lost connection and HTTP 500, 502,
503 and 504 (botocore 1.44.5, ``retries/standard.py``). AWS takes no client token for a command or
a message, so whatever changes the world is sent once, and its timeout means that nobody knows.
"""

import functools
from collections.abc import Callable
from typing import Any, cast

import botocore
from boto3.session import Session
from botocore.client import BaseClient
from botocore.config import Config

from firstline.errors import InvariantViolation

USER_AGENT = f"firstline Botocore/{botocore.__version__}"
"""What CloudTrail calls whoever asked: botocore puts its own together anew for each call, and
that is a sixth of the call's CPU."""


def _config(connect_seconds: int, read_seconds: int, attempts: int) -> Config:
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        tcp_keepalive=True,
        user_agent=USER_AGENT,
    )


BEFORE_PAGING = _config(connect_seconds=1, read_seconds=1, attempts=1)
"""The store and the routing key: a page waits for them, and may not wait long."""
MUTATING = _config(connect_seconds=3, read_seconds=10, attempts=1)
PREFLIGHT = _config(connect_seconds=1, read_seconds=2, attempts=1)
"""Seven of them stand before a fix: what does not answer at once is unknown, and stops it."""
READING = _config(connect_seconds=1, read_seconds=3, attempts=2)
"""Five of them that hang and are tried again still fit into the time that reconcile has."""

BROWSING = _config(connect_seconds=5, read_seconds=20, attempts=5)
"""The whole ledger, or an account: nothing waits for it but a person."""
SIMULATING = _config(connect_seconds=5, read_seconds=20, attempts=10)
"""IAM gives few simulations in a second, and doctor asks for some sixty."""
ARCHIVING = _config(connect_seconds=2, read_seconds=5, attempts=3)
"""Nothing waits for the archive, and what fails comes again."""


class _Lazy:
    """Stands for a client until something of it is asked for."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._client = functools.cache(make)
        # made once each: botocore makes a class for one, which is half as dear as a call
        self.get_paginator = functools.cache(lambda name: self._client().get_paginator(name))

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._client(), name)
        return found


def lazy[T](make: Callable[[Session], T]) -> Callable[[Session], T]:
    """*make*, whose client is made at its first use: each costs as much as an import.

    Ingest asks three services and reconcile seven, of the fourteen that there are ports for.
    """

    def later(session: Session) -> T:
        return cast("T", _Lazy(lambda: make(session)))

    return later


def single_attempt[C: BaseClient](client: C) -> C:
    """*client*, which changes the world.

    Raises `InvariantViolation` where it would send something twice.

    It is asked when something is sent: a client that only ingest carries with it is never made.
    """
    options: Any = client.meta.config  # its stubs leave them out
    if (options.retries or {}).get("total_max_attempts") != 1:
        raise InvariantViolation("a client that changes the world sends each change once only")
    return client


store = lazy(lambda session: session.client("dynamodb", config=BEFORE_PAGING))
"""For `DynamoStore`."""
ledger = lazy(lambda session: session.client("dynamodb", config=BROWSING))
"""For `DynamoLedger`."""
archive = lazy(lambda session: session.client("s3", config=ARCHIVING))
"""For `S3Archive`, whose writes may be sent again: only the first can succeed."""
signing = lazy(lambda session: session.client("kms", config=ARCHIVING))
"""For `KmsSigner`: a signature changes nothing."""
secrets = lazy(lambda session: session.client("secretsmanager", config=BEFORE_PAGING))
"""For the pager's routing key."""
wakes = lazy(lambda session: session.client("sqs", config=MUTATING))
"""For `SqsWakes`."""
sending = lazy(lambda session: session.client("ssm", config=MUTATING))
"""For SendCommand."""
answers = lazy(lambda session: session.client("ssm", config=READING))
"""For what hosts have answered."""
groups = lazy(lambda session: session.client("autoscaling", config=READING))
"""For the Auto Scaling group."""
scaling = lazy(lambda session: session.client("autoscaling", config=MUTATING))
"""For what changes the group."""
targets = lazy(lambda session: session.client("elbv2", config=READING))
"""For target health."""
alarms = lazy(lambda session: session.client("cloudwatch", config=READING))
"""For alarms' present states."""
instances = lazy(lambda session: session.client("ec2", config=READING))
"""For EC2's status checks."""
keys = lazy(lambda session: session.client("kms", config=PREFLIGHT))
"""For the state of the enclaves' key."""
stacks = lazy(lambda session: session.client("cloudformation", config=PREFLIGHT))
"""For the fleet's stacks."""
parameters = lazy(lambda session: session.client("ssm", config=PREFLIGHT))
"""For the watched parameters."""
metrics = lazy(lambda session: session.client("cloudwatch", config=PREFLIGHT))
"""For what metrics were around a start."""
network = lazy(lambda session: session.client("ec2", config=PREFLIGHT))
"""For security groups, routes and peerings, and the launch template."""
releases = lazy(lambda session: session.client("codedeploy", config=PREFLIGHT))
"""For what CodeDeploy did."""
health = lazy(lambda session: session.client("health", region_name="us-east-1", config=PREFLIGHT))
"""For AWS Health, whose one endpoint is in us-east-1."""
team = lazy(lambda session: session.client("sns", config=BEFORE_PAGING))
"""For the team's topic: a page may be waiting behind it."""
