"""Measuring: what a handler's run committed and called, as metrics, after all of it is done."""

from firstline.adapters import wiring
from firstline.controller import metrics as measures
from firstline.controller.commit import with_recorded_changes
from firstline.controller.system import System
from firstline.monitoring.metric import Metric
from functions.emf import emit
from functions.log import logger


class RunMetrics:
    """``system`` is the given one, watched; `tell` emits what came of it, and never raises.

    What is measured is told when the work is done: no page waits for it, and a fault in it must
    not make a message look undone that is done.
    """

    def __init__(self, system: System) -> None:
        self.system, self._changes = with_recorded_changes(system)
        wiring.calls().take()

    def tell(self, *more: Metric) -> None:
        """Emit the metrics of the run, and *more*."""
        changes = self._changes
        incidents = sorted({each.incident.id for each in changes if each.incident})
        try:
            found = [each for change in changes for each in measures.change_metrics(change)]
            owed = measures.pending_page_metrics(changes, self.system.ports.clock.now())
            metrics = (*more, *found, *owed, *wiring.calls().take())
            emit(self.system.profile.fleet.name, metrics, incidents)
        except Exception:
            log = logger()
            log.exception("not measured")
