"""Informing: people have the first decision in time, whatever the mode, and are not flooded."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from firstline.incidents.incident import Incident
from firstline.lab.simulation.invariants.paging import SKEW, SWEPT_EVERY
from firstline.lab.simulation.left import Left
from firstline.ledger.entries import PageDelivered
from firstline.notifications.updates import UPDATE_KEY, UPDATES_MAX

DECIDED_WITHIN = timedelta(seconds=30)


def first_decision_in_time(left: Left) -> Iterator[str]:
    """I38: what opens a page has its first decision sent or tried within 30 s, in every mode.

    From the opening on, or from the end of the last trouble that may have kept it back.
    """
    for held in left.held:
        if not _opened_a_page(held):
            continue
        tried = min(_tried(left, held), default=None)
        if tried is None:
            yield f"{held.id}: people were never informed of a decision"
        elif tried > (possible := _possible(left, held.opened_at, tried)):
            yield f"{held.id}: informed at {tried.time()}, and could be by {possible.time()}"


def each_update_is_a_turn(left: Left) -> Iterator[str]:
    """I38: no update repeats the one before it, and there is an end to them.

    One between them that PagerDuty took at none of its tries was a turn, too.
    """
    for held in left.held:
        for before, after in pairwise(_updates(left, held)):
            next_one = _number(after.event.key) == _number(before.event.key) + 1
            if next_one and before.event.summary == after.event.summary:
                yield f"{held.id}: an update says what the one before it said"
        if held.updates > UPDATES_MAX + len(held.attempts) + 1:
            yield f"{held.id}: {held.updates} updates"


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])


def _opened_a_page(held: Incident) -> bool:
    """Whether its own key was paged when it opened; a minor one has no alert to stand beside."""
    return any(
        each.traits.pages_on_call and (each.key, each.owed_at) == (held.id, held.opened_at)
        for each in held.pages
    )


def _tried(left: Left, held: Incident) -> Iterator[datetime]:
    """When an update of it was tried: as PagerDuty has it, also where no worker recorded it."""
    changes: list[Any] = [(each.at, each.body) for each in left.run.door.pager.alerts.changes]
    for at, body in changes:
        details = body["payload"]["custom_details"]
        if details["incident"] == held.id and "known" in details:
            yield at
    for told in left.of(PageDelivered):
        if told.event.key == f"{held.id}:update-1":
            yield told.at


def _possible(left: Left, since: datetime, until: datetime) -> datetime:
    """The latest that it may be sent; two workers' clocks may differ.

    After a trouble it is the next sweep that wakes the incident.
    """
    late = (*left.troubles, *left.unreadable, *left.run.mail.delays)
    over = [over + SWEPT_EVERY for began, over in late if began <= until]
    skew = 2 * SKEW if left.run.skewed else timedelta(0)
    return max([since, *over]) + DECIDED_WITHIN + skew


def _updates(left: Left, held: Incident) -> list[Any]:
    """Those that were accepted, as PagerDuty shows them: each is dated by its decision.

    One that was refused at first may be accepted after the one that follows it.
    """
    found = [
        each
        for each in left.of(PageDelivered)
        if each.event.summary and each.event.key.startswith(f"{held.id}:{UPDATE_KEY}-")
    ]
    return sorted(found, key=lambda each: _number(each.event.key))
