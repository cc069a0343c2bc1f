"""Clients of AWS: how long a call may take and how often it may be sent.

Botocore's standard retries send again after a read timeout, a lost connection and HTTP 500, 502,
503 and 504 (botocore 1.44.5, ``retries/standard.py``). AWS takes no client token for a command or
a message, so whatever changes the world is sent once, and its timeout means that nobody knows.
"""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import botocore
from boto3.session import Session
from botocore.client import BaseClient
from botocore.config import Config

from firstline.errors import Bug

if TYPE_CHECKING:
    from mypy_boto3_autoscaling import AutoScalingClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_elbv2 import ElasticLoadBalancingv2Client
    from mypy_boto3_health import HealthClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient


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
AROUND = _config(connect_seconds=1, read_seconds=2, attempts=1)
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

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._made: object | None = None
        self._paginators: dict[str, object] = {}

    def get_paginator(self, operation: str) -> object:
        """The client's own, made once: botocore makes a class for each, half as dear as a call."""
        if operation not in self._paginators:
            self._paginators[operation] = self._client().get_paginator(operation)
        return self._paginators[operation]

    def __getattr__(self, name: str) -> object:
        found: object = getattr(self._client(), name)
        return found

    def _client(self) -> Any:  # noqa: ANN401 - of whichever service
        if self._made is None:
            self._made = self._make()
        return self._made


def lazy[T](make: Callable[[Session], T]) -> Callable[[Session], T]:
    """*make*, whose client is made at its first use: each costs as much as an import.

    Ingest asks three services and reconcile seven, of the fourteen that there are ports for.
    """

    @functools.wraps(make)
    def later(session: Session) -> T:
        return cast("T", _Lazy(lambda: make(session)))

    return later


def once[C: BaseClient](client: C) -> C:
    """*client*, which changes the world; raises `Bug` where it would send something twice.

    It is asked when something is sent: a client that only ingest carries with it is never made.
    """
    options: Any = client.meta.config  # its stubs leave them out
    if (options.retries or {}).get("total_max_attempts") != 1:
        raise Bug("a client that changes the world sends each change once only")
    return client


@lazy
def store(session: Session) -> "DynamoDBClient":
    """For `DynamoStore`."""
    return session.client("dynamodb", config=BEFORE_PAGING)


@lazy
def ledger(session: Session) -> "DynamoDBClient":
    """For `DynamoLedger`."""
    return session.client("dynamodb", config=BROWSING)


@lazy
def archive(session: Session) -> "S3Client":
    """For `S3Archive`, whose writes may be sent again: only the first can succeed."""
    return session.client("s3", config=ARCHIVING)


@lazy
def signing(session: Session) -> "KMSClient":
    """For `KmsSigner`: a signature changes nothing."""
    return session.client("kms", config=ARCHIVING)


@lazy
def secrets(session: Session) -> "SecretsManagerClient":
    """For the pager's routing key."""
    return session.client("secretsmanager", config=BEFORE_PAGING)


@lazy
def wakes(session: Session) -> "SQSClient":
    """For `SqsWakes`."""
    return session.client("sqs", config=MUTATING)


@lazy
def sending(session: Session) -> "SSMClient":
    """For SendCommand."""
    return session.client("ssm", config=MUTATING)


@lazy
def answers(session: Session) -> "SSMClient":
    """For what hosts have answered."""
    return session.client("ssm", config=READING)


@lazy
def groups(session: Session) -> "AutoScalingClient":
    """For the Auto Scaling group."""
    return session.client("autoscaling", config=READING)


@lazy
def scaling(session: Session) -> "AutoScalingClient":
    """For what changes the group."""
    return session.client("autoscaling", config=MUTATING)


@lazy
def targets(session: Session) -> "ElasticLoadBalancingv2Client":
    """For target health."""
    return session.client("elbv2", config=READING)


@lazy
def alarms(session: Session) -> "CloudWatchClient":
    """For alarms' present states."""
    return session.client("cloudwatch", config=READING)


@lazy
def keys(session: Session) -> "KMSClient":
    """For the state of the enclaves' key."""
    return session.client("kms", config=AROUND)


@lazy
def stacks(session: Session) -> "CloudFormationClient":
    """For the fleet's stacks."""
    return session.client("cloudformation", config=AROUND)


@lazy
def parameters(session: Session) -> "SSMClient":
    """For the watched parameters."""
    return session.client("ssm", config=AROUND)


@lazy
def metrics(session: Session) -> "CloudWatchClient":
    """For what metrics were around a start."""
    return session.client("cloudwatch", config=AROUND)


@lazy
def network(session: Session) -> "EC2Client":
    """For security groups, routes and peerings, and the launch template."""
    return session.client("ec2", config=AROUND)


@lazy
def releases(session: Session) -> "CodeDeployClient":
    """For what CodeDeploy did."""
    return session.client("codedeploy", config=AROUND)


@lazy
def health(session: Session) -> "HealthClient":
    """For AWS Health, whose one endpoint is in us-east-1."""
    return session.client("health", region_name="us-east-1", config=AROUND)


@lazy
def team(session: Session) -> "SNSClient":
    """For the team's topic: a page may be waiting behind it."""
    return session.client("sns", config=BEFORE_PAGING)
