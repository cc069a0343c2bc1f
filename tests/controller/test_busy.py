"""A store that is busy is no outage: one trouble notifies once, and no alert is left open."""

import contextlib
import copy
from datetime import datetime, timedelta

import pytest

from firstline.controller.commit import (
    ATTEMPTS_DURATION_MAX,
    BUSY_DURATION_MAX,
    TRIES_MAX,
    commit,
    retry_on_conflict,
)
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import AlarmTransition, Change
from firstline.errors import Busy, CommitConflict, Contested, DependencyUnavailable
from firstline.incidents.incident import Status
from firstline.lab.twin.pager.alerts import State
from firstline.ledger.chain import Kind
from tests.builders import ALARM_ARN
from tests.controller.rig import START, ZERO, A, B, C, Rig, ready
from tests.events import body

SICK = body("unhealthy-hosts")
"""A side of the same trouble."""
SICK_ARN = ALARM_ARN.replace("healthy-hosts", "unhealthy-hosts")
MET = CommitConflict(Contested.BUSY)
TRIES_A_SECOND = 30
"""More than fit into the second for which a busy store is waited for."""


def busy(rig: Rig, times: int) -> None:
    """The next so many commits meet another transaction on the same items."""

    def meet() -> None:
        if times > 1:
            busy(rig, times - 1)
        raise MET

    rig.script.before("commit", meet)


def both() -> Rig:
    """A rig that watches both alarms."""
    rig = Rig()
    rig.world.watch(SICK_ARN, SICK, "unhealthy")
    return rig


def delivered(rig: Rig, raw: bytes) -> None:
    """As SQS delivers it: again and again, until it was dealt with."""
    for _ in range(5):
        with contextlib.suppress(DependencyUnavailable):
            rig.hear(raw)
            return
    raise AssertionError


def over(rig: Rig) -> None:
    """The trouble ends; nothing was notified twice or stays open."""
    held = rig.at_the_end()
    assert (len(rig.tables.incidents), held.status) == (1, Status.RESOLVED)
    assert rig.notified == {held.id: 1}
    alerts = rig.door.pager.alerts.by_key.values()
    assert {each.state for each in alerts} == {State.RESOLVED}


@pytest.mark.parametrize("times", [1, 5, TRIES_A_SECOND])
def test_an_opening_that_meets_others_notifies_once(times: int) -> None:
    """Where it has to be delivered again, its page has the key of the retry."""
    rig = both()
    busy(rig, times)
    delivered(rig, ZERO)
    assert rig.world.now - START < 2 * BUSY_DURATION_MAX
    delivered(rig, SICK)
    over(rig)


@pytest.mark.parametrize("times", [1, 5, TRIES_A_SECOND, 2 * TRIES_A_SECOND])
def test_a_side_of_an_open_trouble_joins_it_however_busy_the_store_is(times: int) -> None:
    """Both contend for the cause; the second one does not page."""
    rig = both()
    delivered(rig, ZERO)
    busy(rig, times)
    delivered(rig, SICK)
    assert len(rig.tables.inboxes[rig.id()]) == 1
    over(rig)
    joined = [each for result in rig.entries_of(Kind.SIGNAL) for each in result.get("joined", [])]
    assert "unhealthy-hosts" in {each["subject"] for each in joined}


def test_what_another_worker_opens_while_the_store_is_busy_is_joined() -> None:
    """Two alarms in one second: the second meets the first until its time is over."""
    rig = both()

    def other() -> None:
        rig.hear(ZERO)
        busy(rig, TRIES_A_SECOND)
        raise MET

    rig.script.before("commit", other)
    receipt = rig.hear(SICK)
    assert receipt.incident == rig.id()
    assert rig.waiting[-1][1] == Wake(rig.id())
    over(rig)


def test_a_cause_that_cannot_be_read_then_is_paged() -> None:
    """An unknown cause counts as not open."""
    rig = both()
    rig.script.failing = {"open_incident"}
    busy(rig, TRIES_A_SECOND)
    with pytest.raises(DependencyUnavailable, match="busy store: deliver it again"):
        rig.hear(ZERO)
    assert sum(rig.notified.values()) == 1
    rig.script.failing.clear()
    rig.script.before("commit", bool)
    delivered(rig, ZERO)
    over(rig)


def test_a_page_that_a_busy_store_did_not_record_is_recorded_by_the_next_wake() -> None:
    """The wake is queued all the same, and the second page has the key of the first."""
    rig = both()
    rig.script.after("commit", lambda: busy(rig, TRIES_A_SECOND))
    assert rig.hear(ZERO).incident == rig.id()
    assert (rig.incident().pages[0].sent_at, len(rig.waiting)) == (None, 1)
    over(rig)


@pytest.mark.parametrize("times", [1, 5, TRIES_A_SECOND, 2 * TRIES_A_SECOND])
def test_a_reconcile_that_meets_others_goes_on(times: int) -> None:
    """I9: an intent that was not written was not acted on; the turn begins again."""
    rig = ready()
    busy(rig, times)
    rig.turn()
    over(rig)
    assert rig.fixes == [A, B, C]


def test_a_reconcile_that_meets_others_for_long_is_woken_again() -> None:
    """It ends by itself before its function does, and has sent nothing."""
    rig = ready()
    ((at, wake),) = rig.waiting
    busy(rig, 300)
    with pytest.raises(DependencyUnavailable):
        rig.turn()
    assert rig.world.now - at < ATTEMPTS_DURATION_MAX
    assert rig.fixes == []
    rig.script.before("commit", bool)
    rig.waiting.append((at, wake))
    over(rig)


@pytest.mark.parametrize(
    ("takes", "error", "turns"),
    [(0, MET, 5), (0, Busy("busy"), 5), (6, MET, 2), (11, MET, 1), (11, Busy("busy"), 1)],
)
def test_a_contested_turn_begins_again_while_there_is_time(
    takes: float, error: Exception, turns: int
) -> None:
    """Five times, but none later than ten seconds after the first: reads that hang take long."""
    clock, begun = Rig().system.ports.clock, list[int]()

    def turn() -> None:
        begun.append(1)
        clock.sleep(timedelta(seconds=takes))
        raise error

    with pytest.raises(DependencyUnavailable, match="the turn is contested"):
        retry_on_conflict(turn, "the turn", clock)
    assert len(begun) == turns


class Still:
    """A clock that stands still, as in a recorded incident."""

    def now(self) -> datetime:
        return START

    def sleep(self, duration: timedelta) -> None:
        """It is over at once."""


def test_a_clock_that_stands_still_ends_it_too() -> None:
    """By the number of tries."""
    rig = Rig()
    busy(rig, 1000)
    ports = copy.replace(rig.system.ports, clock=Still())
    with pytest.raises(Busy):
        commit(ports, Change(transition=AlarmTransition("arn", START)))
    assert rig.script.calls["commit"] == TRIES_MAX
