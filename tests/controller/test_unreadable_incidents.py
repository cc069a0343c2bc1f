"""An incident that this code cannot read: a person has it, and nothing else is harmed."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.controller.console import read_view
from firstline.controller.operators.commands import Approve, Deny, PauseFixes
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.controller.overdue import BATCHES_MAX, OverdueIncidents
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import DUE_MAX, DueIncident
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import SweepResult, sweep
from firstline.errors import DependencyUnavailable, InvalidInput, Unreadable
from firstline.ids import IncidentId
from firstline.incidents.incident import Status
from firstline.lab.twin.store import Row
from firstline.reporting.console.view import Detail, Overview
from firstline.signal import Severity
from tests.controller.rig import START, Rig, opened

SPOILT = "{}"
NEVER = timedelta(0)


FROM = "[vettid us-east-1]"


def spoil(rig: Rig, number: int = 0, severity: str = "P2") -> IncidentId:
    """Put an incident that nothing can read into the store: due, and older than any other."""
    id_ = IncidentId(f"inc-{number:020x}")
    due_at = START - timedelta(hours=1) + timedelta(seconds=number)
    rig.tables.incidents[id_] = SPOILT
    rig.tables.rows[id_] = Row(
        1, DueIncident(id_, 1, due_at), severity, due_at, Status.INVESTIGATING
    )
    return id_


def keys(rig: Rig) -> set[str]:
    return {key for action, key in rig.posts if action == "trigger"}


# --- reconcile -------------------------------------------------------------------------------


def test_a_wake_of_what_cannot_be_read_pages_a_person_and_is_done() -> None:
    """No retries that end as a dead letter: the sweep wakes it once it can be read."""
    rig = Rig()
    id_ = spoil(rig)
    reconcile(Wake(id_, 1), rig.system)
    reconcile(Wake(id_, 2), rig.system)
    assert rig.notified == {f"{id_}:unreadable": 1}
    assert rig.posts == [("trigger", f"{id_}:unreadable")]


def test_the_page_names_the_incident_since_when_and_what_to_do() -> None:
    rig = Rig()
    id_ = spoil(rig)
    reconcile(Wake(id_, 1), rig.system)
    (received,) = rig.door.pager.alerts.received
    payload: dict[str, Any] = received.body["payload"]  # type: ignore[assignment] # as it was sent
    assert (
        payload["summary"]
        == f"[vettid us-east-1] P2: firstline cannot read the open incident {id_}"
    )
    assert payload["severity"] == "error"
    details = payload["custom_details"]
    assert (details["incident"], details["opened_at"]) == (id_, "2026-03-11T03:18:43+00:00")
    assert "does not fit its schema" in details["why"]
    assert "Handle the incident manually" in details["next"]


def test_it_is_paged_once_for_each_code_that_cannot_read_it() -> None:
    """A rollback after the code that could read it was deployed again is another time."""
    rig = Rig()
    id_ = spoil(rig)
    reconcile(Wake(id_, 1), rig.system)
    rig.door.pager.alerts.resolve(f"{id_}:unreadable", START)
    reconcile(Wake(id_, 1), rig.system)
    assert rig.notified[f"{id_}:unreadable"] == 1
    other = copy.replace(rig.system, settings=copy.replace(rig.system.settings, code="other"))
    reconcile(Wake(id_, 1), other)
    assert rig.notified[f"{id_}:unreadable"] == 2


def test_what_does_not_page_goes_to_the_team() -> None:
    rig = Rig()
    id_ = spoil(rig, severity=Severity.P3)
    reconcile(Wake(id_, 1), rig.system)
    ((_, subject, text),) = rig.world.notices
    assert (subject, rig.notified) == (
        f"{FROM} P3: firstline cannot read the open incident {id_}",
        {},
    )
    assert "Handle the incident manually" in text


@pytest.mark.parametrize("severity", ["", "P0"])
def test_an_unknown_severity_pages_as_the_gravest(severity: str) -> None:
    rig = Rig()
    id_ = spoil(rig, severity=severity)
    reconcile(Wake(id_, 1), rig.system)
    payload: dict[str, Any] = rig.door.pager.alerts.received[0].body["payload"]  # type: ignore[assignment] # as it was sent
    assert payload["severity"] == "critical"
    assert keys(rig) == {f"{id_}:unreadable"}


def test_a_page_that_was_not_accepted_is_tried_again() -> None:
    rig = Rig()
    id_ = spoil(rig)
    rig.script.failing = {"post"}
    with pytest.raises(DependencyUnavailable, match=f"the page of this was not accepted: {id_}"):
        reconcile(Wake(id_, 1), rig.system)
    rig.script.failing = set()
    reconcile(Wake(id_, 1), rig.system)
    assert rig.notified == {f"{id_}:unreadable": 1}


def test_what_can_be_read_again_goes_on() -> None:
    rig = opened()
    text = rig.tables.incidents[rig.id()]
    rig.tables.incidents[rig.id()] = SPOILT
    rig.turn()
    rig.tables.incidents[rig.id()] = text
    rig.world.advance(START + timedelta(seconds=60))
    assert sweep(rig.system).woken == 1
    assert rig.at_the_end().ended


def test_the_attributes_next_to_the_body_may_be_missing() -> None:
    """An item from before severities stood there."""
    error = Unreadable("inc-0", "why")
    assert (error.severity, error.opened_at) == ("", None)


# --- the sweep -------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, DUE_MAX - 1, DUE_MAX, 2 * DUE_MAX])
def test_what_cannot_be_read_starves_no_other(count: int) -> None:
    """It stays the oldest for good, and a readable one behind it is still woken."""
    rig = opened()
    rig.waiting.clear()
    ids = [spoil(rig, number) for number in range(count)]
    rig.world.advance(START + timedelta(seconds=60))
    swept = sweep(rig.system)
    late = timedelta(seconds=60)
    assert swept == SweepResult(1, count, oldest_wake_age=late, unreadable=count)
    assert [wake.incident for _, wake in rig.waiting] == [rig.id()]
    assert keys(rig) == {rig.id(), *(f"{each}:unreadable" for each in ids)}


def test_a_sweep_pages_each_once() -> None:
    rig = Rig()
    id_ = spoil(rig)
    assert sweep(rig.system) == sweep(rig.system) == SweepResult(failed=1, unreadable=1)
    assert rig.posts == [("trigger", f"{id_}:unreadable")]


def test_one_whose_page_was_not_accepted_counts_as_owing_and_late() -> None:
    """Until its page is accepted; then its own metric counts it, and hides no other latency."""
    rig = Rig()
    spoil(rig)
    rig.script.failing = {"post"}
    hour = timedelta(hours=1)
    swept = sweep(rig.system)
    assert swept == SweepResult(failed=1, unreadable=1, oldest_page_age=hour, oldest_wake_age=hour)
    assert rig.script.calls["post"] == 1


def test_pages_of_the_unreadable_end_with_the_sweeps_time() -> None:
    """The incidents come first, and a sweep must live to beat."""
    rig = Rig()
    spoil(rig)
    spoil(rig, 1)
    rig.script.after("post", lambda: rig.world.advance(START + timedelta(seconds=41)))
    swept = sweep(rig.system)
    assert swept.oldest_page_age == timedelta(hours=1) - timedelta(seconds=1)
    assert rig.script.calls["post"] == 1


def test_a_sweep_without_time_counts_those_that_it_could_not_read_as_owing() -> None:
    rig = opened()
    spoil(rig)
    late = START + timedelta(seconds=41)
    # the first load that succeeds is the digest's last
    rig.script.after("load", lambda: rig.script.before("load", lambda: rig.world.advance(late)))
    swept = sweep(rig.system)
    assert (swept.left, swept.failed, swept.unreadable) == (1, 1, 1)
    assert swept.oldest_page_age == swept.oldest_wake_age == timedelta(hours=1)


def test_what_is_due_is_read_in_batches_and_not_for_ever() -> None:
    rig = Rig()
    ids = [spoil(rig, number) for number in range(BATCHES_MAX * DUE_MAX + 1)]
    store = rig.system.ports.store
    assert [each.incident for each in OverdueIncidents(store, START)] == ids[:-1]
    assert rig.script.calls["due"] == BATCHES_MAX
    found = iter(known := OverdueIncidents(store, START))
    next(found)
    assert [each.incident for each in known.waiting] == ids[1:DUE_MAX]


# --- people ----------------------------------------------------------------------------------


def test_a_pause_of_what_cannot_be_read_holds_for_who_can() -> None:
    """A stop that needs the incident's text would not stop the code that is deployed next."""
    rig = Rig()
    id_ = spoil(rig)
    until = START + timedelta(hours=1)
    pulled = execute(
        OperatorRequest(PauseFixes(scope=id_, why="by hand", until=until), "arn"), rig.system
    )
    assert (pulled.scope, [each.scope for each in rig.tables.switch.pauses]) == (id_, [id_])


@pytest.mark.parametrize("word", [Approve, Deny])
def test_an_answer_to_what_cannot_be_read_is_refused_in_one_line(
    word: type[Approve | Deny],
) -> None:
    rig = Rig()
    id_ = spoil(rig)
    order = word(incident=id_, plan="0" * 12, why="so")
    with pytest.raises(InvalidInput, match=f"{id_} cannot be read by this code: .*: its plans"):
        execute(OperatorRequest(order, "arn"), rig.system)


def test_the_console_has_a_row_for_it_and_the_others_are_right() -> None:
    rig = opened()
    id_ = spoil(rig)
    seen = read_view("", rig.system)
    assert isinstance(seen, Overview)
    good, bad = seen.open
    assert (good.id, good.condition, good.unreadable) == (rig.id(), "complete-outage", "")
    assert (bad.id, bad.severity, bad.owner) == (id_, "P2", "on-call")
    assert bad.condition == "cannot be read"
    assert bad.opened_at == START - timedelta(hours=1)
    assert "does not fit its schema" in bad.unreadable
    assert "Handle the incident manually" in bad.unreadable


def test_its_timeline_is_what_the_ledger_has() -> None:
    rig = opened()
    rig.tables.incidents[rig.id()] = SPOILT
    seen = read_view(rig.id(), rig.system)
    assert isinstance(seen, Detail)
    assert seen.row.condition == "cannot be read"
    assert seen.lines[0].word == "receives"
