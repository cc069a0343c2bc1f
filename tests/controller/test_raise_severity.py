"""Several alarms of one trouble: one incident, which can rise while it is open."""

import itertools
from datetime import timedelta

import pytest

from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import sweep
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable
from firstline.incidents.incident import Status
from firstline.lab.twin.world import state_change_event
from firstline.ledger.chain import Kind
from firstline.signal import Condition, Severity
from tests.builders import ALARM_ARN
from tests.controller.rig import START, ZERO, Rig
from tests.events import body

SICK = body("unhealthy-hosts")
SICK_ARN = ALARM_ARN.replace("healthy-hosts", "unhealthy-hosts")


def rig() -> Rig:
    """A rig that watches both alarms."""
    made = Rig()
    made.world.watch(SICK_ARN, SICK, "unhealthy")
    return made


def test_a_complete_outage_takes_in_the_alarms_around_it() -> None:
    """One incident and one page for all related alarms."""
    made = rig()
    made.hear(ZERO)
    made.hear(SICK)
    held = made.at_the_end()
    assert len(made.tables.incidents) == 1
    assert held.status is Status.RESOLVED
    assert held.joined == (Condition.ENCLAVE_DOWN,)
    assert made.notified == {held.id: 1}
    assert all(each.state is AlarmState.OK for each in made.world.alarms.values())


def test_a_p2_that_becomes_a_p1_pages_under_its_own_key_and_closes_both() -> None:
    """I2: one notification a key, and resolving closes all."""
    made = rig()
    made.hear(SICK)
    first = made.incident()
    assert (first.severity, made.notified) == (Severity.P2, {first.id: 1})
    made.hear(ZERO)
    made.until(lambda held: held.severity is Severity.P1)
    assert made.notified == {first.id: 1, f"{first.id}:p1": 1}
    assert (made.world.now - START).total_seconds() < 60
    held = made.at_the_end()
    assert (held.status, held.condition) == (Status.RESOLVED, Condition.COMPLETE_OUTAGE)
    assert made.posts[-2:] == [("resolve", first.id), ("resolve", f"{first.id}:p1")]
    assert made.entries_of(Kind.SIGNAL)[1]["leads"] == {
        "severity": "P1",
        "condition": "complete-outage",
    }


@pytest.mark.parametrize("order", sorted(set(itertools.permutations([ZERO, SICK, ZERO, SICK]))))
def test_any_order_and_any_repeat_is_one_incident_and_one_p1(order: tuple[bytes, ...]) -> None:
    """Metamorphic: the same transitions, however they come, end in the same way."""
    made = rig()
    for raw in order:
        made.hear(raw)
    held = made.at_the_end()
    assert len(made.tables.incidents) == 1
    assert (held.status, held.severity) == (Status.RESOLVED, Severity.P1)
    assert set(held.alarms) == {ALARM_ARN, SICK_ARN}
    assert set(made.notified.values()) == {1}


def test_a_rise_whose_wake_is_lost_is_paged_by_the_next_sweep() -> None:
    """I1: though its incident is not late, no wake can be queued, and ingest could not page."""
    made = rig()
    made.hear(SICK)
    made.world.advance(START + timedelta(seconds=50))
    reconcile(Wake(made.id(), 1), made.system)
    made.waiting.clear()
    made.script.failing = {"queue", "post"}
    with pytest.raises(DependencyUnavailable):
        made.hear(ZERO)
    made.script.failing = {"queue"}
    swept = sweep(made.system)
    assert (swept.woken, swept.failed, swept.oldest_wake_age) == (0, 1, timedelta(0))
    assert made.notified == {made.id(): 1, f"{made.id()}:p1": 1}
    assert (made.incident().severity, made.tables.inboxes[made.id()]) == (Severity.P1, {})


def test_a_rise_is_paged_although_nothing_can_be_read() -> None:
    """I1: neither world nor limits stand before the pager; nor does a pager that was down."""
    made = rig()
    made.hear(SICK)
    made.script.failing = {"alarms", "group", "target_health", "limits", "post"}
    with pytest.raises(DependencyUnavailable, match="the page of healthy-hosts was not accepted"):
        made.hear(ZERO)
    made.turn()
    assert f"{made.id()}:p1" not in made.notified
    made.script.failing -= {"post"}
    made.until(lambda held: all(each.sent_at for each in held.pages))
    assert made.notified[f"{made.id()}:p1"] == 1


def test_it_is_not_over_while_one_of_its_alarms_fires() -> None:
    """I4: every alarm that joined must be OK, not the leading one alone."""
    made = rig()
    made.world.alarms[SICK_ARN].counts = None
    made.hear(ZERO)
    made.hear(SICK)
    held = made.until(lambda held: held.targets and all(each.verified for each in held.targets))
    made.until(lambda _: made.world.alarms[ALARM_ARN].state is AlarmState.OK)
    assert not held.ended
    made.world.alarms[SICK_ARN].state = AlarmState.OK
    made.hear(state_change_event(SICK, AlarmState.OK, made.world.now))
    assert made.at_the_end().status is Status.RESOLVED


def test_a_response_is_held_against_its_target() -> None:
    """R01: met when the pager accepts the page, and recorded as missed before."""
    made = Rig()
    made.hear(ZERO)
    made.turn()
    assert made.entries_of(Kind.RESPONSE) == [
        {"severity": "P1", "target_seconds": 60, "seconds": 0, "responded": True, "met": True}
    ]
    made = Rig()
    made.script.failing = {"post"}
    made.hear(ZERO)
    made.until(lambda _: (made.world.now - START).total_seconds() > 90)
    made.script.failing = set()
    made.until(lambda held: held.responses[0].responded_at)
    assert [(each["responded"], each["met"]) for each in made.entries_of(Kind.RESPONSE)] == [
        (False, False),
        (True, False),
    ]
