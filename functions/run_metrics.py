"""Run metrics: the metrics of a handler's commits and calls, emitted after its work."""

from firstline.adapters import wiring
from firstline.controller import metrics as measures
from firstline.controller.commit import with_recorded_changes
from firstline.controller.system import System
from firstline.monitoring.metric import Metric
from functions.emf import emit
from functions.log import logger


class RunMetrics:
    """``system`` is the given one with a recording store; `emit` never raises.

    No page waits for the metrics, and a fault in them must not redeliver a finished message.
    """

    def __init__(self, system: System) -> None:
        self.system, self._changes = with_recorded_changes(system)
        wiring.calls().take()

    def emit(self, *more: Metric) -> None:
        """Emit the metrics of the run, and *more*."""
        changes = self._changes
        incidents = sorted({each.incident.id for each in changes if each.incident})
        try:
            measured = [each for change in changes for each in measures.change_metrics(change)]
            pending = measures.pending_page_metrics(changes, self.system.ports.clock.now())
            metrics = (*more, *measured, *pending, *wiring.calls().take())
            emit(self.system.profile.fleet.name, metrics, incidents)
        except Exception:
            log = logger()
            log.exception("not measured")
