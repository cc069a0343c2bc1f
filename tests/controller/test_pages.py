from datetime import timedelta

import pytest

from firstline.config.fallback_profile import fallback_profile
from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.errors import DependencyUnavailable
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.signal import Disposition, Severity
from tests.controller.rig import DIES, ZERO, C, Crash, Rig, opened
from tests.events import edited

REDELIVERED = edited(ZERO, {"id": "another-delivery"})


def test_a_store_that_is_down_stops_the_record_and_not_the_page() -> None:
    """I1, S16: the page goes out under the key that the later record has."""
    rig = Rig()
    rig.script.failing = {"commit"}
    with pytest.raises(DependencyUnavailable):
        rig.hear()
    assert [action for action, _ in rig.posts] == ["trigger"]
    rig.script.failing = set()
    receipt = rig.hear(REDELIVERED)
    assert rig.notified == {receipt.incident: 1}


def test_a_pager_that_is_down_leaves_the_page_pending() -> None:
    """S15: three tries at once, and the next at most ten seconds after them."""
    rig = Rig()
    rig.script.failing = {"post"}
    rig.hear()
    assert rig.script.calls["post"] == 3
    assert [each["outcome"] for each in rig.entries_of(Kind.PAGE)] == ["pending"]
    rig.turn()
    held = rig.incident()
    assert held.next_wake_at is not None
    assert held.next_wake_at - rig.world.now <= timedelta(seconds=10)
    rig.until(lambda held: held.pages[0].tries == 5)
    rig.script.failing = set()
    rig.until(lambda held: held.pages[0].sent_at)
    result = [each for each in rig.entries_of(Kind.PAGE) if each["channel"] == "pager"]
    assert [each["outcome"] for each in result] == ["pending", "accepted"]
    assert result[1]["tries"] == 6
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
            "summary": f"[vettid us-east-1] firstline: P2 incident {rig.id()}",
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
    assert [each["outcome"] for each in rig.entries_of(Kind.PAGE)] == ["accepted"]


def test_a_pending_page_goes_first() -> None:
    """A wake delivers first, also after the end, until nothing is pending."""
    rig = opened()
    rig.until(lambda held: held.attempts and held.attempts[-1].target == C)
    rig.script.failing = {"post"}
    rig.until(lambda held: held.ended)
    ended = rig.world.now
    while rig.world.now < ended + timedelta(minutes=5):
        rig.turn()
        assert rig.incident().next_wake_at is not None
    rig.script.failing = set()
    held = rig.at_the_end()
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]
    assert rig.waiting == []


def test_a_page_is_recorded_as_sent_before_the_world_is_read() -> None:
    """A worker that dies while it looks leaves no page to be sent again."""
    rig = Rig()
    rig.script.failing = {"post"}
    rig.hear()
    rig.script.failing = set()
    rig.script.before("post", lambda: rig.script.before("alarms", DIES))
    with pytest.raises(Crash):
        rig.at_the_end()
    assert rig.incident().pages[0].sent_at == rig.world.now


def test_a_profile_that_cannot_be_loaded_pages_and_fixes_nothing() -> None:
    """I1: every alarm is unclassified, watched, and handed over in the end."""
    rig = Rig(profile=fallback_profile("no such file"))
    rig.hear()
    held = rig.at_the_end()
    assert (held.severity, held.status, rig.fixes) == (Severity.P2, Status.ESCALATED, [])
    assert rig.notified == {held.id: 1, f"{held.id}:escalated": 1}
    assert rig.world.commands == {}
