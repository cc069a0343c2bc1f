"""Inform: people are informed of each turn of an incident. No page and no fix waits for it."""

import contextlib
from collections.abc import Callable

from firstline.controller.draft import Draft
from firstline.controller.settle import record_delivery, send
from firstline.errors import Conflict, Unavailable
from firstline.incidents.incident import Incident
from firstline.notifications import updates
from firstline.notifications.delivery import NotYet
from firstline.remediation.decision import Decision
from firstline.remediation.progress.update import update
from firstline.remediation.situation import Situation


def informing(draft: Draft, decision: Decision, about: Situation) -> Callable[[Incident], Incident]:
    """What adds the update of *decision* to the incident that its step leaves."""

    def add(incident: Incident) -> Incident:
        found = update(incident, decision, about)
        if found is None:
            return incident
        notes = bool(draft.system.settings.pager_notes_from)
        return updates.queued(incident, found, draft.now, notes=notes)

    return add


def send_updates(draft: Draft) -> None:
    """Send the updates that are due, each once, as long as they are taken; record what came of it.

    What cannot be recorded is sent again at a later wake: a second one notifies no one either.
    """
    draft.now = draft.system.ports.clock.now()
    due = updates.due(draft.incident.pages, draft.now)
    for page in due:
        delivery = send(page, draft.system, tries=1)
        record_delivery(draft, page, delivery)
        if isinstance(delivery, NotYet):
            break
    if due:
        draft.schedule()
        with contextlib.suppress(Conflict, Unavailable):
            draft.commit()
