"""Clients of AWS, with their timeouts and retries.

Botocore's standard retries repeat a request after a read timeout, a lost connection and HTTP 500,
502, 503 and 504 (botocore 1.44.5, ``retries/standard.py``). AWS takes no client token for a command
or a message, so a mutation is sent once, and its timeout is an unknown outcome.
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
"""The user agent in CloudTrail. Botocore builds its own for each call, a sixth of the call's CPU.
"""


def _config(connect_seconds: int, read_seconds: int, attempts: int) -> Config:
    return Config(
        connect_timeout=connect_seconds,
        read_timeout=read_seconds,
        retries={"total_max_attempts": attempts, "mode": "standard"},
        tcp_keepalive=True,
        user_agent=USER_AGENT,
    )


BEFORE_PAGING = _config(connect_seconds=1, read_seconds=1, attempts=1)
"""The store and the routing key: pages wait for them."""
MUTATING = _config(connect_seconds=3, read_seconds=10, attempts=1)
PREFLIGHT = _config(connect_seconds=1, read_seconds=2, attempts=1)
"""Seven reads before a fix: one without a prompt answer is unknown, and blocks the fix."""
READING = _config(connect_seconds=1, read_seconds=3, attempts=2)
"""Five reads that hang and are retried still fit into reconcile's timeout."""

BROWSING = _config(connect_seconds=5, read_seconds=20, attempts=5)
"""The whole ledger, or an account: only a person waits for it."""
SIMULATING = _config(connect_seconds=5, read_seconds=20, attempts=10)
"""IAM allows few simulations per second, and doctor sends about sixty."""
ARCHIVING = _config(connect_seconds=2, read_seconds=5, attempts=3)
"""Nothing waits for the archive, and a failed batch is redelivered."""


class _Lazy:
    """Makes its client at the first use."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._client = functools.cache(make)
        # made once each: botocore makes a class for one, which is half as dear as a call
        self.get_paginator = functools.cache(lambda name: self._client().get_paginator(name))

    def __getattr__(self, name: str) -> object:
        attribute: object = getattr(self._client(), name)
        return attribute


def lazy[T](make: Callable[[Session], T]) -> Callable[[Session], T]:
    """*make*, with its client made at the first use, which costs as much as an import.

    Ingest calls three services and reconcile seven, of fourteen.
    """

    def later(session: Session) -> T:
        return cast("T", _Lazy(lambda: make(session)))

    return later


def single_attempt[C: BaseClient](client: C) -> C:
    """Return *client*; raises `InvariantViolation` if it would retry a mutation.

    Called at the sending, so a client that is never used is never made.
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
"""For PagerDuty's routing key."""
wakes = lazy(lambda session: session.client("sqs", config=MUTATING))
"""For `SqsWakes`."""
sending = lazy(lambda session: session.client("ssm", config=MUTATING))
"""For SendCommand."""
answers = lazy(lambda session: session.client("ssm", config=READING))
"""For the hosts' answers."""
groups = lazy(lambda session: session.client("autoscaling", config=READING))
"""For the Auto Scaling group."""
scaling = lazy(lambda session: session.client("autoscaling", config=MUTATING))
"""For mutations of the group."""
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
"""For the metrics around a start."""
network = lazy(lambda session: session.client("ec2", config=PREFLIGHT))
"""For security groups, routes and peerings, and the launch template."""
releases = lazy(lambda session: session.client("codedeploy", config=PREFLIGHT))
"""For CodeDeploy's deployments."""
health = lazy(lambda session: session.client("health", region_name="us-east-1", config=PREFLIGHT))
"""For AWS Health, whose one endpoint is in us-east-1."""
team = lazy(lambda session: session.client("sns", config=BEFORE_PAGING))
"""For the team's topic: a page may wait for it."""
