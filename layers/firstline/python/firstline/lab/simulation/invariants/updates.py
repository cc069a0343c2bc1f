"""Updates: people get the first decision in time in every mode, and few repeats."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from firstline.incidents.incident import Incident
from firstline.lab.simulation.invariants.paging import SKEW, SWEPT_EVERY
from firstline.lab.simulation.run_result import RunResult
from firstline.ledger.entries import PageDelivered
from firstline.notifications.updates import UPDATE_KEY, UPDATES_MAX

DECIDED_WITHIN = timedelta(seconds=30)


def first_decision_in_time(result: RunResult) -> Iterator[str]:
    """I38: the first decision of a page is sent or tried within 30 s, in every mode.

    The time starts at the opening, or at the end of the last fault that may have delayed it.
    """
    for incident in result.incidents:
        if not _opened_a_page(incident):
            continue
        tried = min(_tried(result, incident), default=None)
        if tried is None:
            yield f"{incident.id}: people were never informed of a decision"
        elif tried > (possible := _possible(result, incident.opened_at, tried)):
            yield f"{incident.id}: informed at {tried.time()}, and could be by {possible.time()}"


def updates_do_not_repeat(result: RunResult) -> Iterator[str]:
    """I38: no update repeats the previous one, and their number is limited.

    A rejected update between two counts as a change.
    """
    for incident in result.incidents:
        for before, after in pairwise(_updates(result, incident)):
            next_one = _number(after.event.key) == _number(before.event.key) + 1
            if next_one and before.event.summary == after.event.summary:
                yield f"{incident.id}: an update says what the one before it said"
        if incident.updates > UPDATES_MAX + len(incident.attempts) + 1:
            yield f"{incident.id}: {incident.updates} updates"


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])


def _opened_a_page(incident: Incident) -> bool:
    """True if its own key was paged at the opening; a minor incident has no alert."""
    return any(
        each.traits.pages_on_call
        and (each.key, each.queued_at) == (incident.id, incident.opened_at)
        for each in incident.pages
    )


def _tried(result: RunResult, incident: Incident) -> Iterator[datetime]:
    """Yield when an update was tried, by PagerDuty's log, since a worker may record none."""
    changes: list[Any] = [(each.at, each.body) for each in result.run.backend.pager.alerts.changes]
    for at, body in changes:
        details = body["payload"]["custom_details"]
        if details["incident"] == incident.id and "known" in details:
            yield at
    for record in result.events(PageDelivered):
        if record.event.key == f"{incident.id}:update-1":
            yield record.at


def _possible(result: RunResult, since: datetime, until: datetime) -> datetime:
    """Return the latest possible instant; two workers' clocks may differ.

    After a fault the next sweep wakes the incident.
    """
    late = (*result.fault_windows, *result.unreadable_windows, *result.run.queues.delays)
    over = [over + SWEPT_EVERY for began, over in late if began <= until]
    skew = 2 * SKEW if result.run.skewed else timedelta(0)
    return max([since, *over]) + DECIDED_WITHIN + skew


def _updates(result: RunResult, incident: Incident) -> list[Any]:
    """Return the accepted updates in their order in PagerDuty, by the decision's date.

    A rejected update may be accepted after the one that follows it.
    """
    updates = [
        each
        for each in result.events(PageDelivered)
        if each.event.summary and each.event.key.startswith(f"{incident.id}:{UPDATE_KEY}-")
    ]
    return sorted(updates, key=lambda each: _number(each.event.key))
