"""Send updates: inform people of each change of an incident. No page and no fix waits for it."""

import contextlib
from collections.abc import Callable

from firstline.controller.deliver_pages import record_delivery, send
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.errors import CommitConflict, DependencyUnavailable
from firstline.incidents.incident import Incident
from firstline.notifications import updates
from firstline.notifications.delivery import NotYet
from firstline.remediation.decision import Decision
from firstline.remediation.progress.update import update
from firstline.remediation.situation import Situation


def update_queuer(
    work: IncidentUnitOfWork, decision: Decision, situation: Situation
) -> Callable[[Incident], Incident]:
    """Return a function that adds the update of *decision* to an incident."""

    def add(incident: Incident) -> Incident:
        new_update = update(incident, decision, situation)
        if new_update is None:
            return incident
        notes = bool(work.system.settings.pager_notes_from)
        return updates.queue_update(incident, new_update, work.now, notes=notes)

    return add


def send_updates(work: IncidentUnitOfWork) -> None:
    """Send each due update once, and record the result.

    After a failure of a notifier no other update goes to it in this run. An update that cannot be
    recorded is sent again at a later wake: a second one notifies no one either.
    """
    work.now = work.system.ports.clock.now()
    due = updates.due_updates(work.incident.pages, work.now)
    unavailable = set[str]()
    for page in due:
        if page.traits.notifier in unavailable:
            continue
        delivery = send(page, work.system, tries=1)
        record_delivery(work, page, delivery)
        if isinstance(delivery, NotYet):
            unavailable.add(page.traits.notifier)
    if due:
        work.schedule()
        with contextlib.suppress(CommitConflict, DependencyUnavailable):
            work.commit()
