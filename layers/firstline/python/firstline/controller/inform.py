"""Inform: people are informed of each turn of an incident. No page and no fix waits for it."""

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


def informing(
    draft: IncidentUnitOfWork, decision: Decision, about: Situation
) -> Callable[[Incident], Incident]:
    """What adds the update of *decision* to the incident that its step leaves."""

    def add(incident: Incident) -> Incident:
        found = update(incident, decision, about)
        if found is None:
            return incident
        notes = bool(draft.system.settings.pager_notes_from)
        return updates.queued(incident, found, draft.now, notes=notes)

    return add


def send_updates(draft: IncidentUnitOfWork) -> None:
    """Send the updates that are due, each once, and record the result.

    Of a notifier that did not take one no other is sent in this turn.

    What cannot be recorded is sent again at a later wake: a second one notifies no one either.
    """
    draft.now = draft.system.ports.clock.now()
    due = updates.due(draft.incident.pages, draft.now)
    down = set[str]()
    for page in due:
        if page.traits.notifier in down:
            continue
        delivery = send(page, draft.system, tries=1)
        record_delivery(draft, page, delivery)
        if isinstance(delivery, NotYet):
            down.add(page.traits.notifier)
    if due:
        draft.schedule()
        with contextlib.suppress(CommitConflict, DependencyUnavailable):
            draft.commit()
