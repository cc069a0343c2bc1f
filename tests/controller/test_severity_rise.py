"""A graver signal joins an open incident: ingest pages it, whether or not reconcile ever can."""

import copy
from datetime import timedelta

import pytest

from firstline.controller.ports.messaging import Wake
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import CorrelationKey
from firstline.incidents.incident import Status
from firstline.lab.twin.world import state_change_event
from firstline.ledger.chain import Kind
from firstline.signal import Severity
from tests.controller.rig import DIES, START, ZERO, Crash, Rig, raising
from tests.controller.test_raise_severity import SICK, rig

SPOILT = "{}"


def later(raw: bytes, seconds: int = 1) -> bytes:
    """Another signal of the same alarm."""
    return state_change_event(raw, AlarmState.ALARM, START + timedelta(seconds=seconds))


def degraded(*, severity: Severity = Severity.P2, readable: bool = True) -> Rig:
    """A rig whose open incident has this severity; one that nothing can read is spoilt."""
    made = rig()
    made.hear(SICK)
    id_ = made.id()
    if not readable:
        made.tables.incidents[id_] = SPOILT
    made.tables.rows[id_] = made.tables.rows[id_]._replace(severity=severity)
    made.waiting.clear()
    made.script.made.clear()
    return made


def rise(made: Rig) -> str:
    return f"{made.id()}:p1"


@pytest.mark.parametrize("readable", [True, False])
def test_a_p1_that_joins_is_paged_before_ingest_answers(*, readable: bool) -> None:
    """I1: after the join, before the wake and the mark that it was processed."""
    made = degraded(readable=readable)
    made.hear(ZERO)
    assert made.notified == {made.id(): 1, rise(made): 1}
    assert made.script.made[-8:] == [
        *("commit", "load", "paged", "routing_key", "post", "commit", "queue", "commit")
    ]


def test_reconcile_does_not_send_what_ingest_sent() -> None:
    """A person may have resolved the alert by then, and a trigger would notify again."""
    made = degraded()
    made.hear(ZERO)
    made.door.pager.alerts.resolve(rise(made), START)
    made.world.advance(START + timedelta(seconds=5))
    made.turn()
    assert made.posts.count(("trigger", rise(made))) == 1
    (page,) = [each for each in made.incident().pages if each.key == rise(made)]
    assert page.sent_at == START
    (entry,) = [each for each in made.entries_of(Kind.PAGE) if each["key"] == rise(made)]
    assert (entry["outcome"], entry["tries"]) == ("accepted", 1)
    assert entry["why"] == "ingest sent it at 2026-03-11T04:18:43+00:00"
    held = made.at_the_end()
    assert held.status is Status.RESOLVED
    assert made.posts[-1] == ("resolve", rise(made))


def test_what_is_noted_and_cannot_be_read_is_sent_again_under_its_key() -> None:
    made = degraded()
    made.hear(ZERO)
    made.script.failing = {"paged"}
    made.turn()
    assert made.posts.count(("trigger", rise(made))) == 2
    assert made.notified[rise(made)] == 1


@pytest.mark.parametrize("readable", [True, False])
def test_a_second_p1_or_delivery_does_not_ring_after_a_persons_resolve(*, readable: bool) -> None:
    """The receipt of a sent page is readable without the incident's body."""
    made = degraded(readable=readable)
    made.hear(ZERO)
    made.door.pager.alerts.resolve(rise(made), START)
    made.hear(ZERO)
    made.hear(later(ZERO))
    assert made.notified[rise(made)] == 1


def test_a_delivery_whose_worker_died_after_the_page_is_folded() -> None:
    made = degraded(readable=False)
    made.script.after("post", DIES)
    with pytest.raises(Crash):
        made.hear(ZERO)
    made.hear(ZERO)
    assert (made.notified[rise(made)], made.posts.count(("trigger", rise(made)))) == (1, 2)


def test_a_delivery_whose_worker_died_before_the_page_sends_it() -> None:
    """Processed is marked behind the page."""
    made = degraded(readable=False)
    made.script.before("post", DIES)
    with pytest.raises(Crash):
        made.hear(ZERO)
    assert rise(made) not in made.notified
    made.hear(ZERO)
    assert made.notified[rise(made)] == 1


def test_a_p1_that_joins_a_p1_is_not_paged_again() -> None:
    """Its opening was paged, or waits in what reconcile can read."""
    made = rig()
    made.hear(ZERO)
    made.script.made.clear()
    made.hear(later(ZERO))
    assert made.notified == {made.id(): 1}
    assert "paged" not in made.script.made


def test_an_ok_that_joins_is_not_paged() -> None:
    made = degraded(readable=False)
    made.hear(state_change_event(SICK, AlarmState.OK, START + timedelta(seconds=5)))
    assert made.notified == {made.id(): 1}


@pytest.mark.parametrize(
    ("known", "raised"),
    [(Severity.P3, {"p2"}), (Severity.P2, set()), (Severity.P1, set()), ("P0", set())],
)
def test_a_p2_raises_only_what_is_known_to_be_less_grave(known: Severity, raised: set[str]) -> None:
    """A word of newer code says nothing: P2 was paged at the opening, or will be by its reader."""
    made = degraded(severity=known, readable=False)
    made.hear(later(SICK))
    assert made.notified.keys() - {made.id()} == {f"{made.id()}:{each}" for each in raised}


@pytest.mark.parametrize("known", [Severity.P1, "P0"])
def test_a_p1_raises_whatever_cannot_be_read(known: Severity) -> None:
    """A past page of its own P1 is unknown."""
    made = degraded(severity=known, readable=False)
    made.hear(ZERO)
    assert made.notified[rise(made)] == 1


@pytest.mark.parametrize(("raw", "paged"), [(ZERO, True), (SICK, False)])
def test_only_a_p1_is_paged_in_doubt(raw: bytes, *, paged: bool) -> None:
    """A P2 waits for who can read the store again."""
    made = degraded()
    made.script.failing = {"load"}
    made.hear(later(raw))
    assert (len(made.notified) == 2) is paged


def test_a_cause_that_names_no_incident_is_doubt() -> None:
    made = degraded()
    made.tables.incidents.clear()
    made.hear(ZERO)
    (id_,) = made.tables.rows
    assert made.notified[f"{id_}:p1"] == 1


def test_an_incident_that_ended_meanwhile_is_not_raised() -> None:
    """The signal opens an episode of its own, which pages."""
    made = degraded()
    held = made.incident()
    made.store(copy.replace(held, status=Status.RESOLVED, ended_at=START), version=held.version)
    made.hear(ZERO)
    assert rise(made) not in made.notified


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("throttled"), InvariantViolation("corrupt")]
)
def test_a_join_that_the_store_does_not_take_is_paged_and_comes_again(error: Exception) -> None:
    made = degraded()
    # the opening's own commit comes before, and finds the cause taken
    made.script.before("open_incident", lambda: made.script.before("commit", raising(error)))
    with pytest.raises(type(error)):
        made.hear(ZERO)
    assert made.notified[rise(made)] == 1
    assert made.tables.inboxes[made.id()] == {}


def test_a_page_that_was_not_accepted_comes_again_with_its_signal() -> None:
    """No worker else sends it where the incident cannot be read; the wake is queued as ever."""
    made = degraded(readable=False)
    made.script.failing = {"post"}
    with pytest.raises(
        DependencyUnavailable, match="the page of healthy-hosts was not accepted: deliver it"
    ):
        made.hear(ZERO)
    assert [wake for _, wake in made.waiting] == [Wake(made.id())]
    made.script.failing = set()
    made.hear(ZERO)
    assert made.notified[rise(made)] == 1


def test_a_note_that_cannot_be_written_loses_no_page() -> None:
    made = degraded(readable=False)
    made.script.after(
        "post", lambda: made.script.before("commit", raising(DependencyUnavailable("down")))
    )
    made.hear(ZERO)
    assert (made.notified[rise(made)], made.tables.paged) == (1, {})


def test_a_cause_that_cannot_be_read_pages_as_an_opening_does() -> None:
    """Which incident has it is unknown: the signal comes again, and its page is folded."""
    made = degraded()
    for _ in range(2):
        made.script.before(
            "open_incident", raising(InvariantViolation("a stored item has no incident"))
        )
        with pytest.raises(InvariantViolation):
            made.hear(ZERO)
    (key,) = made.notified.keys() - {made.id()}
    assert made.notified[key] == 1
    assert CorrelationKey("vettid#service") in made.tables.causes


def test_a_second_delivery_of_an_opening_that_cannot_be_read_pages_in_doubt() -> None:
    """Its first worker may have died before the page; the key folds it with one that did not."""
    made = rig()
    made.script.after("commit", DIES)
    with pytest.raises(Crash):
        made.hear(ZERO)
    made.tables.incidents[made.id()] = SPOILT
    receipt = made.hear(ZERO)
    assert (receipt.incident, made.notified) == (made.id(), {made.id(): 1})


def test_a_rise_from_a_team_severity_pages_under_its_own_key() -> None:
    """The key does not depend on what was paged before, which only a reader would know."""
    made = degraded()
    held = made.incident()
    made.store(copy.replace(held, severity=Severity.P3, pages=()), version=held.version)
    made.hear(later(SICK))
    made.turn()
    assert made.posts[1:] == [("trigger", f"{made.id()}:p2")]
    assert [each.key for each in made.incident().pages] == [f"{made.id()}:p2"]
