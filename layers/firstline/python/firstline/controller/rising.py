"""Rising: a signal that is graver than the incident that it joins is paged by ingest.

Reconcile owes the same page, under the same key, when it takes the signal in. It may never do so:
the incident may be one that this code cannot read, or whose turns fail for another reason.
"""

from firstline.controller import deliver_pages, paged
from firstline.controller.record_external_event import Arrival
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.errors import DependencyUnavailable, InvariantViolation, Unreadable
from firstline.ids import IncidentId
from firstline.incidents.incident import Page
from firstline.notifications import pages as paging
from firstline.notifications.delivery import Accepted
from firstline.notifications.unreadable import known_severity
from firstline.signal import Disposition, Severity
from firstline.signals import episodes


def page_rise(arrival: Arrival, incident: IncidentId, system: System) -> bool:
    """Page *arrival* where it may raise *incident*; False where its page was not accepted.

    A second signal as grave, or a second delivery, never notifies, whatever became of the alert.
    """
    found = arrival.found
    if found.disposition is not Disposition.INCIDENT or not found.severity.pages:
        return True
    if not _raises(found.severity, incident, system):
        return True
    return all(paged.page_once(each, system) for each in _pages(arrival, incident, system))


def mark_sent(draft: IncidentUnitOfWork) -> None:
    """Record the pages of a rise that ingest has sent: they are not sent again.

    A trigger that follows a person's resolve would notify again.
    """
    for page in draft.incident.pages:
        at = paged.sent_at(page.key, draft.system) if _of_rise(page, draft) else None
        if at is not None:
            deliver_pages.record_delivery(draft, page, Accepted(), sent_at=at)


def _of_rise(page: Page, draft: IncidentUnitOfWork) -> bool:
    rises = {paging.key_of_rise(draft.incident.id, each) for each in Severity if each.pages}
    return page.action == "trigger" and page.key in rises and not page.tries


def _raises(severity: Severity, incident: IncidentId, system: System) -> bool:
    """Whether *incident* is known to be less grave, or might be; an ended one is not raised."""
    in_doubt = severity is Severity.P1
    try:
        loaded = system.ports.store.load(incident)
    except Unreadable as error:
        known = known_severity(error)
        return in_doubt or (known is not None and severity < known)
    except (DependencyUnavailable, InvariantViolation):
        return in_doubt
    if loaded is None:
        return in_doubt
    return not loaded.incident.ended and severity < loaded.incident.severity


def _pages(arrival: Arrival, incident: IncidentId, system: System) -> tuple[Page, ...]:
    """As reconcile owes them: of *incident* as the signal alone would have opened it."""
    signal, found = arrival.signal, arrival.found
    now, by = system.ports.clock.now(), system.provenance()
    led = episodes.open_incident(signal, found, system.profile, now, by, id_=incident).incident
    return paging.raised(led, signal, found.why, now, system.profile)
