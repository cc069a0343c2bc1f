"""Wiring of archiving, in its own module so that no function that pages or fixes imports it."""

import functools
import os
from pathlib import Path

from boto3.session import Session

from firstline.adapters import profile_loader
from firstline.adapters.aws import clients
from firstline.adapters.aws.kms_signer import KmsSigner
from firstline.adapters.aws.ledger import DynamoLedger
from firstline.adapters.aws.s3_archive import S3Archive
from firstline.adapters.clock import SystemClock
from firstline.config.settings import Settings
from firstline.controller.archive.fill import ArchiveContext
from firstline.controller.ports.messaging import Clock


@functools.cache
def from_environment() -> ArchiveContext:
    """The dependencies of archiving, made once; raises `InvalidInput` without settings."""
    settings = Settings.read(os.environ)
    return archive_context(settings, Session(region_name=settings.home.region), SystemClock())


def archive_context(settings: Settings, session: Session, clock: Clock) -> ArchiveContext:
    """The dependencies over AWS; the policy is the text of the deployed profile."""
    path = Path(settings.profile_path)
    return ArchiveContext(
        archive=S3Archive(clients.archive(session), settings.archive_bucket),
        signer=KmsSigner(clients.signing(session), settings.signing_key),
        ledger=DynamoLedger(clients.ledger(session), settings.ledger_table),
        clock=clock,
        policy=path.read_bytes(),
        fleet=profile_loader.load(path).fleet.name,
    )
