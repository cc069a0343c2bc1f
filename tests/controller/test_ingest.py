from datetime import timedelta

import pytest

from firstline.controller.ingest import Receipt
from firstline.controller.reconcile import reconcile
from firstline.errors import Unavailable
from firstline.evidence import AlarmState
from firstline.incident import Status
from firstline.ledger import Kind
from firstline.ports import Wake
from firstline.signals import Disposition
from tests.controller.rig import DIES, START, TIMEOUT, ZERO, Crash, Rig, later
from tests.core.events import body, edited

OK_AGAIN = body("healthy-hosts-ok")
REDELIVERED = edited(ZERO, {"id": "another-delivery"})


def test_an_alarm_opens_an_incident_pages_and_wakes() -> None:
    """One transaction, then the page, then the wake."""
    rig = Rig()
    receipt = rig.hear()
    held = rig.incident()
    assert receipt == Receipt(Disposition.INCIDENT, receipt.why, held.id)
    assert (held.status, held.version, held.pages[0].sent_at) == (Status.INVESTIGATING, 2, START)
    assert rig.posts == [("trigger", held.id)]
    assert [each["disposition"] for each in rig.told(Kind.SIGNAL)] == ["incident"]
    assert [each["outcome"] for each in rig.told(Kind.PAGE)] == ["accepted"]
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
    assert len(rig.tables.incidents) == 1


def test_a_second_delivery_pages_when_the_first_died_before_it() -> None:
    """I1: the opening is recorded, the page was never sent."""
    rig = Rig()
    rig.script.before("post", DIES)
    with pytest.raises(Crash):
        rig.hear()
    assert rig.posts == []
    rig.hear(REDELIVERED)
    assert rig.notified == {rig.id(): 1}
    assert rig.waiting == [(START, Wake(rig.id(), 1))]


def test_a_second_delivery_wakes_when_the_queue_failed_the_first() -> None:
    """The event stays in its queue until its wake is in the other."""
    rig = Rig()
    rig.script.before("queue", TIMEOUT)
    with pytest.raises(Unavailable):
        rig.hear()
    rig.hear(REDELIVERED)
    assert rig.waiting == [(START, Wake(rig.id(), 1))]
    assert rig.notified == {rig.id(): 1}


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
    with pytest.raises(Unavailable, match="ended just now: deliver again"):
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
    """S01, S23, I25: nobody is woken, and it is recorded once however often it comes."""
    rig = Rig()
    for _ in range(2):
        receipt = rig.hear(raw)
        assert (receipt.disposition, receipt.incident) == (disposition, None)
    (entries,) = rig.tables.entries.values()
    assert len(entries) == 1
    assert rig.tables.incidents == {}
    assert (rig.posts, rig.waiting) == ([], [])


def test_a_recovery_tells_the_open_incident_to_look() -> None:
    """It goes into the inbox, and resolves nothing by itself."""
    rig = Rig()
    rig.hear()
    rig.waiting.clear()
    assert rig.hear(later(60, AlarmState.OK)).incident == rig.id()
    assert rig.waiting == [(START, Wake(rig.id()))]
    assert rig.posts == [("trigger", rig.id())]


def test_a_store_that_is_down_stops_the_record_and_not_the_page() -> None:
    """I1, S16: the page goes out under the key that the later record has."""
    rig = Rig()
    rig.script.failing = {"commit"}
    with pytest.raises(Unavailable):
        rig.hear()
    assert [action for action, _ in rig.posts] == ["trigger"]
    rig.script.failing = set()
    receipt = rig.hear(REDELIVERED)
    assert rig.notified == {receipt.incident: 1}


def test_a_store_that_is_down_keeps_a_note_in_its_queue() -> None:
    """What opens nothing pages nobody, and is delivered again."""
    rig = Rig()
    rig.script.failing = {"commit"}
    with pytest.raises(Unavailable):
        rig.hear(body("muted"))
    assert rig.posts == []


def test_a_commit_of_which_nothing_is_known_pages_once() -> None:
    """S07: it was written after all, and the second delivery finds it."""
    rig = Rig()
    rig.script.after("commit", TIMEOUT)
    with pytest.raises(Unavailable):
        rig.hear()
    rig.hear(REDELIVERED)
    assert rig.notified == {rig.id(): 1}
    assert rig.incident().pages[0].sent_at is not None


def test_a_pager_that_is_down_leaves_the_page_owed() -> None:
    """S15: three tries at once, and the next at most ten seconds after them."""
    rig = Rig()
    rig.script.failing = {"post"}
    rig.hear()
    assert rig.script.calls["post"] == 3
    assert [each["outcome"] for each in rig.told(Kind.PAGE)] == ["owed"]
    rig.turn()
    held = rig.incident()
    assert held.next_wake_at is not None
    assert held.next_wake_at - rig.world.now <= timedelta(seconds=10)
    rig.until(lambda held: held.pages[0].tries == 5)
    rig.script.failing = set()
    rig.until(lambda held: held.pages[0].sent_at)
    assert [each["outcome"] for each in rig.told(Kind.PAGE)] == ["owed", "accepted"]
    assert rig.told(Kind.PAGE)[1]["tries"] == 6
    assert rig.notified == {held.id: 1}


def test_a_body_that_pagerduty_refuses_is_followed_by_the_minimal_one() -> None:
    """A link made of a monstrous name makes the body too large; fixed words pass."""
    name = "ü" * 40_000
    arn = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{name}"
    raw = edited(ZERO, {"detail.alarmName": name, "resources.0": arn})
    rig = Rig()
    assert rig.hear(raw).disposition is Disposition.INCIDENT
    (received,) = rig.door.pager.alerts.received
    assert received.body == {
        "event_action": "trigger",
        "dedup_key": rig.id(),
        "payload": {
            "summary": f"firstline: P2 incident {rig.id()}",
            "source": "vettid",
            "severity": "error",
        },
    }


def test_reconcile_may_be_quicker_than_the_record_of_the_page() -> None:
    """The sweep or a second delivery woke it: both send, PagerDuty folds, one record stays."""
    rig = Rig()
    rig.script.after("post", lambda: reconcile(Wake(rig.id(), 1), rig.system))
    receipt = rig.hear()
    assert rig.notified == {receipt.incident: 1}
    assert [each["outcome"] for each in rig.told(Kind.PAGE)] == ["accepted"]
