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


def handler(
    event: dict[str, Any], context: object, archive_context: ArchiveContext | None = None
) -> None:
    """Archive a batch and anchor it. After an exception the stream delivers the batch again.

    Metrics of alterations come before the signing, since a failing key must not hide them. An
    unreadable checkpoint stops the chain, but not the archive; nor does a report that fails.
    """
    del context
    archive_context = archive_context or archive_wiring.from_environment()
    archived = archive(map(stream.ledger_change, event["Records"]), archive_context)
    emit(
        archive_context.fleet,
        (
            Metric("EntriesArchived", archived.entries, "Count"),
            Metric("LedgerAltered", archived.altered, "Count"),
            Metric("LedgerLost", archived.lost, "Count"),
        ),
    )
    try:
        anchor(archived.heads, archive_context)
    except InvalidInput as error:
        logger().error("the chain of checkpoints is broken", why=str(error))
        emit(archive_context.fleet, (Metric("ArchiveFaults", 1, "Count"),))
    try:
        write_reports(archived.heads, archive_context, _page)
    except DependencyUnavailable:
        raise
    except Exception:  # noqa: BLE001 - a report must not keep the ledger from its archive
        logger().exception("a report cannot be made")
        emit(archive_context.fleet, (Metric("ReportFaults", 1, "Count"),))


def _page(reports: tuple[Report, ...]) -> str:
    from firstline.reporting.html.report import page  # noqa: PLC0415 - Jinja, for what ended alone

    return page(reports)
