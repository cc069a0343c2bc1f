"""The drill's own alarm goes the whole way, and notifies no one."""

import copy
import json

import pytest

from firstline.diagnosis.evidence import AlarmState
from firstline.lab.twin import alarm_events
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from firstline.signal import DRILL_ALARM, Condition, Severity
from tests.builders import HOME, PROFILE
from tests.controller.rig import START, Rig
from tests.controller.test_storms import COUNTED, stranger

ARN = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{DRILL_ALARM}"
RING = alarm_events.alarm_event(DRILL_ALARM, AlarmState.ALARM, START, PROFILE, HOME)


def rung(*hosts: HostPlan, rings: bool = True) -> Rig:
    """A rig whose settings know the drill's alarm, which turned back by itself."""
    rig = Rig(*hosts)
    settings = copy.replace(rig.system.settings, alarms={ARN: DRILL_ALARM})
    rig.system = copy.replace(rig.system, settings=settings)
    rig.world.watch(ARN, RING, None, AlarmState.OK)
    if rings:
        rig.hear(RING)
    return rig


def test_a_drill_is_minor_and_sends_a_change_event() -> None:
    """By the pager's own key and path; it notifies no one, and nothing waits for the morning."""
    rig = rung()
    held = rig.incident()
    assert (held.severity, held.condition) == (Severity.P4, Condition.DRILL)
    assert rig.posts == []
    (change,) = rig.door.pager.alerts.changes
    assert "firstline: a drill passed, no action required" in str(change.body["payload"])
    (page,) = rig.entries_of(Kind.PAGE)
    result = (page["channel"], page["outcome"], page["key"])
    assert result == ("change", "accepted", f"{held.id}:drill")


def test_nothing_is_fixed_and_it_ends_with_its_alarm() -> None:
    """Whatever else is wrong with the fleet: three dead hosts are no business of a drill."""
    rig = rung()
    assert rig.at_the_end().ended
    assert rig.fixes == []
    assert [each.document for each in rig.world.commands.values()] == []


def test_pagerduty_that_does_not_take_it() -> None:
    """Then the drill did not pass: the entry shows it, and the alarm on missed drills fires."""
    rig = rung(rings=False)
    rig.script.failing.add("tell_change")
    rig.script.failing.add("routing_key")
    rig.hear(RING)
    rig.at_the_end()
    assert [each["outcome"] for each in rig.entries_of(Kind.PAGE)] == ["pending", "dropped"]


@pytest.mark.parametrize("order", ["before", "after"])
def test_a_drill_is_no_part_of_a_storm(order: str) -> None:
    """It neither makes one nor drowns in one."""
    rig = rung(rings=order == "before")
    for number in range(COUNTED + (order == "after")):
        raw = stranger(number)
        rig.world.watch(f"stranger-{number}", raw, None)
        rig.hear(raw)
    if order == "after":
        rig.hear(RING)
    opened = [json.loads(entries[0].body)["data"] for entries in rig.tables.entries.values()]
    conditions = [each["condition"] for each in opened]
    assert conditions.count("drill") == 1
    assert sum("a storm" in each["why"] for each in opened) == (order == "after")
