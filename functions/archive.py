"""Lambda: the ledger table's stream to `firstline.controller.archive`."""

from typing import Any

from aws_lambda_powertools import Logger

from firstline.adapters import stream, wiring
from firstline.controller.archive import Archiving, anchor, archive
from firstline.errors import Malformed
from firstline.metric import Metric
from functions.emission import emit


def handler(event: dict[str, Any], context: object, within: Archiving | None = None) -> None:
    """Archive a batch and anchor it. What raises comes again, whole, until the stream forgets it.

    Metrics tell of alterations before anything is signed: a key that cannot be used must not hide
    them. A checkpoint in the bucket that is none of ours stops the chain, and not the archive.
    """
    del context
    within = within or wiring.archiving_from_environment()
    archived = archive(map(stream.change, event["Records"]), within)
    emit(
        within.fleet,
        (
            Metric("EntriesArchived", archived.entries, "Count"),
            Metric("LedgerAltered", archived.altered, "Count"),
            Metric("LedgerLost", archived.lost, "Count"),
        ),
    )
    try:
        anchor(archived.heads, within)
    except Malformed as error:
        Logger(service="firstline").error("the chain of checkpoints is broken", why=str(error))
        emit(within.fleet, (Metric("ArchiveFaults", 1, "Count"),))
