"""Each fix is told to PagerDuty as a change: beside the alert, and nobody is notified."""

from typing import Any

from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.notifications.pages import CHANGE_TRIES_MAX
from tests.builders import PROFILE
from tests.controller.rig import A, B, C, Rig, opened


def told(rig: Rig) -> list[dict[str, Any]]:
    changes: list[Any] = [each.body for each in rig.door.pager.alerts.changes]
    return [each["payload"] for each in changes]


def test_each_fix_that_was_sent_is_a_change() -> None:
    """With the plan that it was, and no page more."""
    rig = opened()
    held = rig.at_the_end()
    assert [each["summary"] for each in told(rig)] == [
        f"firstline: restart_enclave on {each}" for each in (A, B, C)
    ]
    first = held.attempts[0]
    assert told(rig)[0] == {
        "summary": f"firstline: restart_enclave on {A}",
        "timestamp": first.intended_at.isoformat(timespec="seconds"),
        "source": PROFILE.fleet.name,
        "custom_details": {
            "incident": held.id,
            "action": "restart_enclave",
            "target": A,
            "plan": first.plan,
            "at": first.intended_at.isoformat(timespec="seconds"),
        },
    }
    assert rig.notified == {held.id: 1}
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]


def test_a_change_that_is_not_taken_is_dropped_in_the_end() -> None:
    """It holds nothing back, and is of no use for ever."""
    rig = opened()
    rig.script.failing = {"tell_change"}
    held = rig.at_the_end()
    assert (held.status, rig.fixes, told(rig)) == (Status.RESOLVED, [A, B, C], [])
    changes = [each for each in rig.told(Kind.PAGE) if each["channel"] == "change"]
    assert [each["outcome"] for each in changes] == ["owed", "dropped"] * 3
    assert {each["tries"] for each in changes} == {1, CHANGE_TRIES_MAX}
    assert [each for each in held.pages if each.channel == "change"] == []
