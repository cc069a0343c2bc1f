"""Updates: when they are due, after all that a person waits for, and where a note is put."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.config.business_day import BusinessDay
from firstline.config.channels import Routes
from firstline.incidents.incident import Incident, Page
from firstline.notifications import pages as paging
from firstline.notifications import updates
from firstline.notifications.delivery import Accepted
from firstline.notifications.updates import Update
from firstline.signal import Severity
from tests.builders import ID, NOW, PROFILE, incident, signal

ROUTES = Routes()

LATER = NOW + timedelta(seconds=20)
NEWS = Update(turn="fix", line="one host is dead", details={"known": "one host is dead"})


def opened(**fields: object) -> Incident:
    """An incident whose opening page was taken."""
    held = incident(**fields)
    pages = paging.opening_pages(held, signal(), "x", PROFILE)
    for page in pages:
        pages = paging.after_try(pages, page, Accepted(), NOW)
    return copy.replace(held, pages=pages)


def informed(held: Incident, *, notes: bool = True) -> Incident:
    return updates.queue_update(held, NEWS, NOW, notes=notes)


def with_pages(held: Incident, *pages: Page) -> Incident:
    return copy.replace(held, pages=(*held.pages, *pages))


def channels(pages: tuple[Page, ...]) -> list[str]:
    return [each.channel for each in pages]


def test_an_update_is_a_change_and_a_note() -> None:
    """Under a key that no alert has; the note says on which alert's incident it is put."""
    change, note = informed(opened()).pages[1:]
    assert (change.channel, change.key, change.summary) == (
        "change",
        f"{ID}:update-1",
        "P1 complete outage: one host is dead",
    )
    assert change.details == {
        "incident": ID,
        "known": "one host is dead",
        "at": "2026-03-11T04:20:00+00:00",
    }
    assert (note.channel, note.summary, note.details) == ("note", change.summary, {"alert": ID})
    assert channels(informed(opened(), notes=False).pages) == ["pager", "change"]


def test_a_turn_has_one_update() -> None:
    """The next one has the next number."""
    held = informed(opened())
    assert informed(held) == held
    again = updates.queue_update(held, copy.replace(NEWS, turn="next"), NOW, notes=False)
    assert again.pages[-1].key == f"{ID}:update-2"
    assert (again.updates, again.update_turn) == (2, "next")


def test_updates_wait_for_every_page() -> None:
    """For a trigger until it was taken, however late its next try is; for a resolve that is due."""
    held = informed(opened())
    assert channels(updates.due_updates(held.pages, NOW)) == ["change", "note"]
    given_up = with_pages(held, *paging.escalation_pages(held, {}, NOW, ROUTES))
    assert updates.due_updates(given_up.pages, NOW) == ()
    (page,) = paging.due_required_pages(given_up.pages, NOW)
    retried = copy.replace(page, due_at=LATER)
    pages = tuple(retried if each == page else each for each in given_up.pages)
    assert updates.due_updates(pages, NOW) == ()
    resolves = with_pages(held, *paging.resolve_pages(held, NOW))
    assert channels(updates.due_updates(resolves.pages, NOW)) == [
        "change",
        "note",
    ]  # it is held back
    held_back_until = resolves.pages[-1].due_at
    assert updates.due_updates(resolves.pages, held_back_until) == ()


def test_what_was_tried_is_due_again_later() -> None:
    """Each by itself."""
    held = informed(opened())
    change, note = updates.due_updates(held.pages, NOW)
    pages = paging.after_try(held.pages, change, Accepted(), NOW)
    assert updates.due_updates(pages, NOW) == (note,)
    waiting = tuple(copy.replace(each, due_at=LATER) if each == note else each for each in pages)
    assert updates.due_updates(waiting, NOW) == ()
    assert channels(updates.due_updates(waiting, LATER)) == ["note"]


def test_pages_are_tried_before_what_is_quiet() -> None:
    """Whatever was queued first."""
    held = informed(opened())
    given_up = with_pages(held, *paging.escalation_pages(held, {}, NOW, ROUTES))
    assert channels(paging.due_pages(given_up.pages, NOW)) == ["pager", "change", "note"]
    assert channels(paging.due_required_pages(given_up.pages, NOW)) == ["pager"]


@pytest.mark.parametrize("severity", Severity)
def test_only_paging_severities_have_updates(severity: Severity) -> None:
    """Of the rest the fixes alone, and without a note: it has no alert."""
    held = incident(severity=severity)
    pages = severity.pages
    assert bool(informed(held).updates) == pages
    fix = updates.queue_update(held, copy.replace(NEWS, fix=True), NOW, notes=True)
    assert channels(fix.pages) == ["change"]


@pytest.mark.parametrize(
    ("fields", "told"), [({}, False), ({"fix": True}, True), ({"end": True}, True)]
)
def test_there_is_an_end_to_updates(fields: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a case
    """Fixes and the end are never left out."""
    many = opened(updates=updates.UPDATES_MAX)
    after = updates.queue_update(many, copy.replace(NEWS, **fields), NOW, notes=False)
    assert (after != many) == told
    few = opened(updates=updates.UPDATES_MAX - 1)
    assert updates.queue_update(few, NEWS, NOW, notes=False) != few


def test_a_note_is_put_on_the_latest_alert_of_the_incident_itself() -> None:
    """A rise has its own; what is asked, and the hand-over, say something of it."""
    held = opened(severity=Severity.P2)
    risen = copy.replace(held, severity=Severity.P1)
    risen = with_pages(risen, *paging.rise_pages(risen, signal(), "x", NOW, PROFILE))
    risen = with_pages(risen, *paging.escalation_pages(risen, {}, NOW, ROUTES))
    assert risen.pages[-1].key == f"{ID}:escalated"
    asked = with_pages(risen, copy.replace(risen.pages[-1], key=f"{ID}:approval-1"))
    note = informed(asked).pages[-1]
    assert note.details == {"alert": f"{ID}:p1"}


def test_a_line_of_the_digest_holds_no_update_back() -> None:
    """It is pending until the next business day; the incident rose from a P4 since."""
    (line,) = paging.digest_pages(opened(severity=Severity.P4), signal(), ROUTES, BusinessDay())
    held = informed(with_pages(opened(), line))
    assert channels(updates.due_updates(held.pages, NOW)) == ["change", "note"]
