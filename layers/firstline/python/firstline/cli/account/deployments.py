"""The ledger and the archive of the fleet that a command line names."""

from pathlib import Path
from typing import NamedTuple

from firstline.cli import fleets
from firstline.cli.fleets import Place
from firstline.controller.ports.archive import Archive
from firstline.controller.ports.ledger import Ledger
from firstline.errors import InvalidInput


class Deployment(NamedTuple):
    """The ledger and archive of a deployment.

    ``archive`` is None if the records stack has none. ``file`` is the fleet file; None if the
    command line gives only the fleet's name.
    """

    ledger: Ledger
    archive: Archive | None
    file: Path | None


def find(place: Place) -> Deployment:
    """Return the deployment at *place*; raises `InvalidInput` or `DependencyUnavailable`."""
    from firstline.adapters.aws import clients
    from firstline.adapters.aws.ledger import DynamoLedger
    from firstline.adapters.aws.s3_archive import S3Archive
    from firstline.doctor.readers import stacks

    name, file, session = fleets.find(place)
    stack = stacks.records_stack(name)
    outputs = stacks.stack_outputs(stack, session)
    if stacks.LEDGER not in outputs:
        raise InvalidInput(stacks.missing_output(stack, stacks.LEDGER))
    archive = outputs.get(stacks.ARCHIVE)
    return Deployment(
        DynamoLedger(clients.ledger(session), outputs[stacks.LEDGER]),
        S3Archive(clients.archive(session), archive) if archive else None,
        file,
    )
