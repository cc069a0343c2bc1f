"""Deployments: the ledger and the archive of the fleet that a profile names."""

from pathlib import Path
from typing import NamedTuple

from firstline.config import fleet_file as profiles
from firstline.controller.ports.archive import Archive
from firstline.controller.ports.ledger import Ledger
from firstline.errors import Malformed


class Deployment(NamedTuple):
    """What was deployed; ``archive`` is None where the records stack has none."""

    ledger: Ledger
    archive: Archive | None


def find(profile: Path, region: str) -> Deployment:
    """The deployment for the fleet of *profile*; raises `Malformed` or `Unavailable`."""
    from firstline.adapters.aws import clients
    from firstline.adapters.aws.ledger import DynamoLedger
    from firstline.adapters.aws.s3_archive import S3Archive
    from firstline.doctor.readers import deployed

    stack = deployed.records(profiles.load(profile).fleet.name)
    session = deployed.session(region)
    told = deployed.told(stack, session)
    if deployed.LEDGER not in told:
        raise Malformed(deployed.lacks(stack, deployed.LEDGER))
    bucket = told.get(deployed.ARCHIVE)
    return Deployment(
        DynamoLedger(clients.ledger(session), told[deployed.LEDGER]),
        S3Archive(clients.archive(session), bucket) if bucket else None,
    )
