"""Lambda: the schedule to `controller/archive/audit.py`, and metrics of its faults."""

from firstline.adapters import archive_wiring
from firstline.controller.archive.audit import find_faults
from firstline.controller.archive.fill import ArchiveContext
from firstline.ledger import archive
from firstline.monitoring.metric import Metric
from functions.emf import emit
from functions.log import logger


def handler(event: object, context: object, archive_context: ArchiveContext | None = None) -> None:
    """Audit once. An unreadable archive raises: then no audit is counted, which raises an alarm."""
    del event, context
    archive_context = archive_context or archive_wiring.from_environment()
    faults = tuple(find_faults(archive_context))
    for each in faults:
        logger().error("the archive does not hold", why=each)
    metrics = (
        Metric(archive.AUDITS_METRIC, 1, "Count"),
        Metric(archive.FAULTS_METRIC, len(faults), "Count"),
    )
    emit(archive_context.fleet, metrics)
