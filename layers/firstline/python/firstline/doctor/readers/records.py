"""Records: what the records stack tells, and the looks that its tables remember."""

from collections.abc import Callable
from typing import NamedTuple

from boto3.session import Session

from firstline.adapters.aws import clients
from firstline.adapters.aws.s3_archive import S3Archive
from firstline.adapters.aws.store import DynamoStore
from firstline.controller.ports.messaging import Clock
from firstline.doctor.facts import Read, Remembered, Unread
from firstline.doctor.readers import deployed
from firstline.doctor.readers.deployment import described
from firstline.doctor.remembered import remembered, unreadable
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import IncidentId, InstanceId

INCIDENTS = "IncidentsTable"
"""The output that names the table of incidents."""
QUERY = "dynamodb:Query"
ACTIONS = {"GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}
"""The IAM actions of what else is asked, by the operation."""


class Records(NamedTuple):
    """The stack's outputs and what it exports, by their names; nothing where it is not there."""

    outputs: dict[str, str]
    exports: dict[str, str]


def records(session: Session, fleet: str) -> Read[Records]:
    """Of *fleet*."""
    stack = described(session, deployed.records(fleet))
    if isinstance(stack, Unread):
        return stack
    told = stack.get("Outputs", [])  # a stack without outputs shows no list of them
    return Records(
        {each["OutputKey"]: each["OutputValue"] for each in told},
        {each["ExportName"]: each["OutputValue"] for each in told if "ExportName" in each},
    )


def looks(
    session: Session, told: Read[Records], clock: Clock
) -> Read[dict[InstanceId, Remembered]]:
    """The latest report of each host in what was recorded lately."""
    if isinstance(told, Unread):
        return told
    outputs = told.outputs
    if not {INCIDENTS, deployed.ARCHIVE} <= outputs.keys():
        return {}
    archive = S3Archive(clients.archive(session), outputs[deployed.ARCHIVE])
    return _read(lambda: remembered(_store(session, outputs, clock), archive))


def unread_incidents(
    session: Session, stack: Read[Records], clock: Clock
) -> Read[dict[IncidentId, str]]:
    """The open incidents that this code cannot read, and why."""
    if isinstance(stack, Unread):
        return stack
    if INCIDENTS not in stack.outputs:
        return {}
    return _read(lambda: unreadable(_store(session, stack.outputs, clock)))


def _store(session: Session, outputs: dict[str, str], clock: Clock) -> DynamoStore:
    table, ledger = outputs[INCIDENTS], outputs.get(deployed.LEDGER, "")
    return DynamoStore(clients.ledger(session), table, ledger, clock)


def _read[T](ask: Callable[[], T]) -> Read[T]:
    try:
        return ask()
    except DependencyUnavailable as error:
        asked = getattr(error.__cause__, "operation_name", "")
        return Unread(ACTIONS.get(asked, QUERY), str(error).partition(": ")[2])
    except InvariantViolation as error:
        return Unread(QUERY, str(error))
