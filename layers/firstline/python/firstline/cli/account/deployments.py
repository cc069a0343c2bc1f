"""Deployments: the ledger and the archive of the fleet that a command line names."""

from pathlib import Path
from typing import NamedTuple

from firstline.cli import fleets
from firstline.cli.fleets import Place
from firstline.controller.ports.archive import Archive
from firstline.controller.ports.ledger import Ledger
from firstline.errors import InvalidInput


class Deployment(NamedTuple):
    """What was deployed; ``archive`` is None where the records stack has none.

    ``file`` is the fleet file, None where the command line gives only the fleet's name.
    """

    ledger: Ledger
    archive: Archive | None
    file: Path | None


def find(place: Place) -> Deployment:
    """The deployment at *place*; raises `InvalidInput` or `DependencyUnavailable`."""
    from firstline.adapters.aws import clients
    from firstline.adapters.aws.ledger import DynamoLedger
    from firstline.adapters.aws.s3_archive import S3Archive
    from firstline.doctor.readers import stacks

    name, file, session = fleets.find(place)
    stack = stacks.records_stack(name)
    told = stacks.stack_outputs(stack, session)
    if stacks.LEDGER not in told:
        raise InvalidInput(stacks.missing_output(stack, stacks.LEDGER))
    bucket = told.get(stacks.ARCHIVE)
    return Deployment(
        DynamoLedger(clients.ledger(session), told[stacks.LEDGER]),
        S3Archive(clients.archive(session), bucket) if bucket else None,
        file,
    )
