from datetime import timedelta

import pytest

from firstline.controller.join_incident import Receipt
from firstline.controller.ports.messaging import Wake
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.signal import Disposition, Severity
from tests.controller.rig import DIES, START, TIMEOUT, ZERO, Crash, Rig, later
from tests.events import EVENTS, body, edited

OK_AGAIN = edited(
    body("healthy-hosts-ok"), {"detail.state.timestamp": "2026-03-11T04:18:43.000+0000"}
)
REDELIVERED = edited(ZERO, {"id": "another-delivery"})


def test_an_alarm_opens_an_incident_pages_and_wakes() -> None:
    """One transaction, then the page, then the wake."""
    rig = Rig()
    receipt = rig.hear()
    held = rig.incident()
    assert receipt == Receipt(Disposition.INCIDENT, receipt.why, held.id)
    assert (held.status, held.version, held.pages[0].sent_at) == (Status.INVESTIGATING, 2, START)
    assert rig.posts == [("trigger", held.id)]
    assert [each["disposition"] for each in rig.entries_of(Kind.SIGNAL)] == ["incident"]
    assert [each["outcome"] for each in rig.entries_of(Kind.PAGE)] == ["accepted"]
    assert rig.waiting == [(START, Wake(held.id, 1))]


def test_a_second_delivery_is_one_incident_and_one_page() -> None:
    """S08: whatever the envelope's id, the transition is the same."""
    rig = Rig()
    first = rig.hear()
    assert rig.hear(REDELIVERED) == first
    assert rig.posts == [("trigger", first.incident)]
    assert len(rig.tables.incidents) == 1
    rig.at_the_end()
    assert rig.hear(REDELIVERED) == first
    assert rig.notified == {first.incident: 1}
    assert (len(rig.tables.incidents), rig.waiting) == (1, [])


LATER = START + timedelta(seconds=180)
"""The instant of the redelivery after a worker died."""


def test_a_second_delivery_pages_when_the_first_died_before_it() -> None:
    """I1: the opening is recorded, the page was never sent."""
    rig = Rig()
    rig.script.before("post", DIES)
    with pytest.raises(Crash):
        rig.hear()
    assert rig.posts == []
    rig.world.advance(LATER)
    rig.hear(REDELIVERED)
    assert rig.notified == {rig.id(): 1}
    assert rig.waiting == [(LATER, Wake(rig.id(), 1))]


def test_a_second_delivery_wakes_when_the_queue_failed_the_first() -> None:
    """The event stays in its queue until its wake is in the other."""
    rig = Rig()
    rig.script.before("queue", TIMEOUT)
    with pytest.raises(DependencyUnavailable):
        rig.hear()
    rig.hear(REDELIVERED)  # at once: the first wake may still be on its way
    assert rig.waiting == []
    rig.world.advance(LATER)
    rig.hear(REDELIVERED)
    assert rig.waiting == [(LATER, Wake(rig.id(), 1))]
    assert rig.notified == {rig.id(): 1}


@pytest.mark.parametrize(("seconds", "wakes"), [(14.999, 0), (15, 1)])
def test_a_second_delivery_leaves_the_first_wake_its_time(seconds: float, wakes: int) -> None:
    """15 s after it was due it counts as lost."""
    rig = Rig()
    rig.script.before("queue", TIMEOUT)
    with pytest.raises(DependencyUnavailable):
        rig.hear()
    due = rig.incident().next_wake_at
    assert due is not None
    rig.world.advance(due + timedelta(seconds=seconds))
    rig.hear(REDELIVERED)
    assert len(rig.waiting) == wakes


def test_a_later_alarm_of_the_cause_joins_its_incident() -> None:
    """S06: neither lost nor doubled, and no second page."""
    rig = Rig()
    first = rig.hear()
    rig.waiting.clear()
    assert rig.hear(later(60)).incident == first.incident
    assert rig.waiting == [(START, Wake(rig.id()))]
    rig.hear(later(60))
    assert len(rig.tables.inboxes[rig.id()]) == 1
    assert rig.posts == [("trigger", first.incident)]


def test_a_delivery_that_joins_twice_at_once_is_one() -> None:
    """Two workers, one transition: the second put is contested and dropped."""
    rig = Rig()
    rig.hear()
    rig.script.after("open_incident", lambda: rig.hear(later(60)))
    rig.hear(later(60))
    assert len(rig.tables.inboxes[rig.id()]) == 1


def test_an_episode_that_ends_just_then_has_the_event_delivered_again() -> None:
    """Between two reads the cause was freed: nothing was written, so nothing is lost."""
    rig = Rig()
    rig.hear()
    rig.script.before("open_incident", rig.tables.causes.clear)
    with pytest.raises(DependencyUnavailable, match="ended just now: deliver again"):
        rig.hear(later(60))
    assert rig.hear(later(60)).incident == rig.id(1)


@pytest.mark.parametrize(
    ("raw", "disposition"),
    [
        (OK_AGAIN, Disposition.RECOVERY),
        (body("muted"), Disposition.CONTEXT),
        (body("replayed-from-archive"), Disposition.CONTEXT),
        (body("first-evaluation-without-data"), Disposition.IGNORED),
        (body("foreign-account"), Disposition.REJECTED),
    ],
)
def test_what_opens_nothing_is_one_entry(raw: bytes, disposition: Disposition) -> None:
    """S01, S23, I25: no page, and one entry for any number of deliveries."""
    rig = Rig()
    for _ in range(2):
        receipt = rig.hear(raw)
        assert (receipt.disposition, receipt.incident) == (disposition, None)
    (entries,) = rig.tables.entries.values()
    assert len(entries) == 1
    assert rig.tables.incidents == {}
    assert (rig.posts, rig.waiting) == ([], [])


def test_a_recovery_wakes_the_open_incident() -> None:
    """It goes into the inbox, and resolves nothing by itself."""
    rig = Rig()
    rig.hear()
    rig.waiting.clear()
    assert rig.hear(later(60, AlarmState.OK)).incident == rig.id()
    assert rig.waiting == [(START, Wake(rig.id()))]
    assert rig.posts == [("trigger", rig.id())]
    rig.turn()
    assert rig.tables.inboxes[rig.id()] == {}


def test_a_worker_that_dies_while_it_joins_loses_nothing() -> None:
    """The signal is processed only when its wake is queued: until then it comes again."""
    rig = Rig()
    rig.hear()
    raw = later(60, AlarmState.OK)
    rig.waiting.clear()
    rig.script.before("queue", DIES)
    with pytest.raises(Crash):
        rig.hear(raw)
    assert rig.waiting == []
    rig.hear(raw)
    assert rig.waiting == [(START, Wake(rig.id()))]
    assert len(rig.tables.inboxes[rig.id()]) == 1


def test_a_store_that_is_down_keeps_a_note_in_its_queue() -> None:
    """A signal that opens nothing is not paged, and is redelivered."""
    rig = Rig()
    rig.script.failing = {"commit"}
    with pytest.raises(DependencyUnavailable):
        rig.hear(body("muted"))
    assert rig.posts == []


def test_a_commit_of_which_nothing_is_known_pages_once() -> None:
    """S07: it was written after all, and the second delivery finds it."""
    rig = Rig()
    rig.script.after("commit", TIMEOUT)
    with pytest.raises(DependencyUnavailable):
        rig.hear()
    rig.hear(REDELIVERED)
    assert rig.notified == {rig.id(): 1}
    assert rig.incident().pages[0].sent_at is not None


def test_a_change_of_the_alarm_wakes_its_open_incident() -> None:
    """A deleted alarm sends no OK: reconcile must look, and it opens nothing by itself."""
    deleted = body("configuration-deleted")
    rig = Rig()
    assert rig.hear(deleted).incident is None
    assert (rig.posts, rig.waiting, rig.tables.incidents) == ([], [], {})
    rig = Rig()
    rig.hear()
    rig.waiting.clear()
    receipt = rig.hear(deleted)
    assert (receipt.disposition, receipt.incident) == (Disposition.CONTEXT, rig.id())
    assert rig.waiting == [(START, Wake(rig.id()))]
    assert rig.posts == [("trigger", rig.id())]


def test_an_alarm_of_the_future_is_never_silent() -> None:
    """Its instant is implausible, so it is a P2 for a person."""
    rig = Rig()
    rig.hear(body("future-dated"))
    held = rig.incident()
    assert (held.severity, held.signalled_at) == (Severity.P2, START)
    assert rig.posts == [("trigger", held.id)]


@pytest.mark.parametrize("year", [1, 50, 1969, 2100, 9999])
def test_an_alarm_of_a_year_that_cannot_be_is_paged_and_ends(year: int) -> None:
    """The investigation is around its receipt."""
    edits: dict[str, object] = {
        "time": f"{year:04}-01-01T00:00:00Z",
        "detail.state.timestamp": f"{year:04}-01-01T00:00:00.000+0000",
    }
    rig = Rig()
    rig.hear(edited(ZERO, edits))
    held = rig.incident()
    assert (held.severity, held.signalled_at) == (Severity.P2, START)
    assert rig.posts == [("trigger", held.id)]
    assert rig.at_the_end().status is Status.ESCALATED


def test_an_alarm_by_another_way_is_refused_and_does_not_hide_the_true_one() -> None:
    """It is one entry; the same transition by EventBridge pages."""
    rig = Rig()
    refused = rig.hear((EVENTS / "sns.alarm.json").read_bytes())
    assert (refused.disposition, refused.incident, rig.posts) == (Disposition.REJECTED, None, [])
    assert len(rig.tables.entries) == 1
    rig.hear()
    assert rig.posts == [("trigger", rig.id())]
