"""Page from ingest a signal that is graver than the incident that it joins.

Reconcile queues the same page, under the same key, when it merges the signal. It may never do so:
the incident may be unreadable, or its runs may fail.

A P1 that joins an incident that is not known to be a P1 is paged under ``<incident>:p1``, and in
doubt it is paged too. A receipt next to the incidents records the page. Neither a second signal nor
a reconcile hours later then notifies again after a person's resolve.
"""

from firstline.controller import deliver_pages, sent_pages
from firstline.controller.record_external_event import Arrival
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.errors import DependencyUnavailable, InvariantViolation, Unreadable
from firstline.ids import IncidentId
from firstline.incidents.incident import Page
from firstline.notifications import pages
from firstline.notifications.delivery import Accepted
from firstline.notifications.unreadable_page import known_severity
from firstline.signal import Disposition, Severity
from firstline.signals import episodes


def page_severity_rise(arrival: Arrival, incident: IncidentId, system: System) -> bool:
    """Page *arrival* if it may raise *incident*; return False if the page was not accepted.

    A second signal of the same severity, or a second delivery, never notifies.
    """
    classification = arrival.classification
    if classification.disposition is not Disposition.INCIDENT or not classification.severity.pages:
        return True
    if not _may_raise(classification.severity, incident, system):
        return True
    pages_ = _rise_pages(arrival, incident, system)
    sent = [sent_pages.page_once(each, system) for each in pages_]
    return all(sent)


def record_ingest_pages(work: IncidentUnitOfWork) -> None:
    """Record the pages of a rise that ingest sent, so they are not sent again.

    A trigger after a person's resolve would notify again.
    """
    for page in work.incident.pages:
        note = sent_pages.receipt_key(page)
        at = sent_pages.sent_at(note, work.system) if _is_rise_page(page, work) else None
        if at is not None:
            deliver_pages.record_delivery(work, page, Accepted(), sent_at=at)


def _is_rise_page(page: Page, work: IncidentUnitOfWork) -> bool:
    rises = {pages.rise_key(work.incident.id, each) for each in Severity if each.pages}
    return page.action == "trigger" and page.key in rises and not page.tries


def _may_raise(severity: Severity, incident: IncidentId, system: System) -> bool:
    """True if *incident* is less grave, or may be; an ended one is not raised."""
    in_doubt = severity is Severity.P1
    try:
        loaded = system.ports.store.load(incident)
    except Unreadable as error:
        stored = known_severity(error)
        return in_doubt or (stored is not None and severity < stored)
    except (DependencyUnavailable, InvariantViolation):
        return in_doubt
    if loaded is None:
        return in_doubt
    return not loaded.incident.ended and severity < loaded.incident.severity


def _rise_pages(arrival: Arrival, incident: IncidentId, system: System) -> tuple[Page, ...]:
    """The pages as reconcile queues them: of *incident* as the signal alone would open it."""
    signal, classification = arrival.signal, arrival.classification
    now, by = system.ports.clock.now(), system.provenance()
    raised = episodes.open_incident(
        signal, classification, system.profile, now, by, id_=incident
    ).incident
    return pages.rise_pages(raised, signal, classification.why, now, system.profile)
