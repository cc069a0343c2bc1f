"""Lambda: the ledger table's stream to `firstline.controller.archive.fill.fill`."""

from typing import Any

from firstline.adapters import archive_wiring
from firstline.adapters.aws import stream
from firstline.controller.archive.fill import ArchiveContext, anchor, archive
from firstline.controller.archive.reports import write_reports
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.monitoring.metric import Metric
from firstline.reporting.postmortem.report import Report
from functions.emf import emit
from functions.log import logger


def handler(event: dict[str, Any], context: object, within: ArchiveContext | None = None) -> None:
    """Archive a batch and anchor it. What raises comes again, whole, until the stream forgets it.

    Metrics tell of alterations before anything is signed: a key that cannot be used must not hide
    them. A checkpoint in the bucket that is none of ours stops the chain, and not the archive; so
    does a report that cannot be made.
    """
    del context
    within = within or archive_wiring.from_environment()
    archived = archive(map(stream.ledger_change, event["Records"]), within)
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
    except InvalidInput as error:
        logger().error("the chain of checkpoints is broken", why=str(error))
        emit(within.fleet, (Metric("ArchiveFaults", 1, "Count"),))
    try:
        write_reports(archived.heads, within, _page)
    except DependencyUnavailable:
        raise
    except Exception:  # noqa: BLE001 - a report must not keep the ledger from its archive
        logger().exception("a report cannot be made")
        emit(within.fleet, (Metric("ReportFaults", 1, "Count"),))


def _page(reports: tuple[Report, ...]) -> str:
    from firstline.reporting.html.report import page  # noqa: PLC0415 - Jinja, for what ended alone

    return page(reports)
