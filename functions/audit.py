"""Lambda: the schedule to `controller/archive/audit.py`, and metrics of what it found."""

from firstline.adapters import archive_wiring
from firstline.controller.archive.audit import find_faults
from firstline.controller.archive.fill import ArchiveContext
from firstline.ledger import archive
from firstline.monitoring.metric import Metric
from functions.emf import emit
from functions.log import logger


def handler(event: object, context: object, within: ArchiveContext | None = None) -> None:
    """Audit once. What cannot be read raises: then no audit is counted, and an alarm tells."""
    del event, context
    within = within or archive_wiring.from_environment()
    found = tuple(find_faults(within))
    for each in found:
        logger().error("the archive does not hold", why=each)
    counted = (
        Metric(archive.AUDITS_METRIC, 1, "Count"),
        Metric(archive.FAULTS_METRIC, len(found), "Count"),
    )
    emit(within.fleet, counted)
