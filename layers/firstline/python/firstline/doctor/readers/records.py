"""Reads the records stack: its outputs, and past host reports from its tables."""

from collections.abc import Callable
from typing import NamedTuple

from boto3.session import Session

from firstline.adapters.aws import clients
from firstline.adapters.aws.s3_archive import S3Archive
from firstline.adapters.aws.store import DynamoStore
from firstline.controller.ports.messaging import Clock
from firstline.doctor.facts import Fact, PastHostReport, ReadFailure
from firstline.doctor.past_host_reports import past_host_reports, unreadable_incidents
from firstline.doctor.readers import stacks
from firstline.doctor.readers.deployment import describe_stack
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import IncidentId, InstanceId

INCIDENTS = "IncidentsTable"
"""The output with the name of the incidents table."""
QUERY = "dynamodb:Query"
ACTIONS = {"GetObject": "s3:GetObject", "ListObjectsV2": "s3:ListBucket"}
"""The IAM action of each other operation."""


class RecordsStack(NamedTuple):
    """The stack's outputs and exports; empty if the stack does not exist."""

    outputs: dict[str, str]
    exports: dict[str, str]


def read_records_stack(session: Session, fleet: str) -> Fact[RecordsStack]:
    """Return the outputs and exports of the fleet's records stack."""
    stack = describe_stack(session, stacks.records_stack(fleet))
    if isinstance(stack, ReadFailure):
        return stack
    outputs = stack.get("Outputs", [])  # absent for a stack without outputs
    return RecordsStack(
        {each["OutputKey"]: each["OutputValue"] for each in outputs},
        {each["ExportName"]: each["OutputValue"] for each in outputs if "ExportName" in each},
    )


def read_past_reports(
    session: Session, stack: Fact[RecordsStack], clock: Clock
) -> Fact[dict[InstanceId, PastHostReport]]:
    """Return the latest report of each host in recent records."""
    if isinstance(stack, ReadFailure):
        return stack
    outputs = stack.outputs
    if not {INCIDENTS, stacks.ARCHIVE} <= outputs.keys():
        return {}
    archive = S3Archive(clients.archive(session), outputs[stacks.ARCHIVE])
    return _read(lambda: past_host_reports(_store(session, outputs, clock), archive))


def read_unreadable_incidents(
    session: Session, stack: Fact[RecordsStack], clock: Clock
) -> Fact[dict[IncidentId, str]]:
    """Return the open incidents that this code cannot read, and why."""
    if isinstance(stack, ReadFailure):
        return stack
    if INCIDENTS not in stack.outputs:
        return {}
    return _read(lambda: unreadable_incidents(_store(session, stack.outputs, clock)))


def _store(session: Session, outputs: dict[str, str], clock: Clock) -> DynamoStore:
    table, ledger = outputs[INCIDENTS], outputs.get(stacks.LEDGER, "")
    return DynamoStore(clients.ledger(session), table, ledger, clock)


def _read[T](ask: Callable[[], T]) -> Fact[T]:
    try:
        return ask()
    except DependencyUnavailable as error:
        asked = getattr(error.__cause__, "operation_name", "")
        return ReadFailure(ACTIONS.get(asked, QUERY), str(error).partition(": ")[2])
    except InvariantViolation as error:
        return ReadFailure(QUERY, str(error))
