"""I3, I14: a signal that comes late is held against the alarm's present state before it opens."""

from datetime import timedelta

import pytest

from firstline.diagnosis.evidence import AlarmState
from firstline.errors import CommitConflict, Contested, DependencyUnavailable
from firstline.lab.twin.world import state_change_event
from firstline.signal import Disposition
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import START, ZERO, Rig, later

AGE_MAX = timedelta(seconds=PROFILE.policy.signal_age_max_seconds)
OK, ALARM, BLIND = AlarmState.OK, AlarmState.ALARM, AlarmState.INSUFFICIENT_DATA


def delivered(age: timedelta, state: AlarmState) -> Rig:
    """A rig whose alarm was raised long ago and is in *state* now."""
    rig = Rig()
    rig.world.alarms[ALARM_ARN].counts = None
    rig.world.alarms[ALARM_ARN].state = state
    rig.world.advance(START + age)
    return rig


@pytest.mark.parametrize(
    ("beyond", "state", "pages"),
    [(0, OK, 1), (1, OK, 0), (1, ALARM, 1), (1, BLIND, 1)],
)
def test_an_old_alarm_opens_unless_it_is_ok_now(
    beyond: float, state: AlarmState, pages: int
) -> None:
    """S02: up to fifteen minutes it is believed; then the alarm itself is asked."""
    rig = delivered(AGE_MAX + timedelta(seconds=beyond), state)
    receipt = rig.hear()
    assert (len(rig.notified), receipt.incident is not None) == (pages, bool(pages))
    if not pages:
        assert receipt.disposition is Disposition.CONTEXT
        assert receipt.why.startswith("the signal came late, and the alarm is OK now: ")
        (entries,) = rig.tables.entries.values()
        assert '"disposition":"context"' in entries[0].body


def test_what_cannot_be_read_is_not_ok() -> None:
    """Unknown is never fine: it pages."""
    rig = delivered(timedelta(hours=2), OK)
    rig.script.failing = {"alarms"}
    rig.hear()
    assert len(rig.notified) == 1


def test_an_alarm_that_somebody_deleted_is_not_ok() -> None:
    """It fired, and nothing says that the trouble is over."""
    rig = delivered(timedelta(hours=2), OK)
    del rig.world.alarms[ALARM_ARN]
    rig.hear()
    assert len(rig.notified) == 1


def test_a_fresh_alarm_is_not_asked_for() -> None:
    """Nothing stands before its page."""
    rig = Rig()
    rig.hear()
    assert rig.script.calls["alarms"] == 0


@pytest.mark.parametrize(("state", "pages"), [(OK, 0), (ALARM, 1)])
def test_an_alarm_older_than_the_ok_that_came_first_is_held_against_the_present(
    state: AlarmState, pages: int
) -> None:
    """The queue turned them round: the OK was noted, and the older ALARM comes after it."""
    rig = delivered(timedelta(seconds=90), state)
    assert rig.hear(later(30, OK)).disposition is Disposition.RECOVERY
    rig.hear(ZERO)
    assert len(rig.notified) == pages
    assert rig.script.calls["alarms"] == 1


def test_a_newer_alarm_after_an_ok_is_believed() -> None:
    """A new episode always opens."""
    rig = Rig()
    rig.hear(later(-30, OK))
    rig.hear(ZERO)
    assert (len(rig.notified), rig.script.calls["alarms"]) == (1, 0)


def test_an_old_ok_does_not_hide_a_newer_alarm() -> None:
    """The latest transition is stored, in any order of delivery."""
    rig = delivered(timedelta(seconds=90), OK)
    rig.hear(later(60, OK))
    rig.hear(later(-60, OK))
    latest = START.replace(microsecond=0) + timedelta(seconds=60)
    assert rig.tables.heard == {ALARM_ARN: latest}
    assert len(rig.tables.entries) == 2


def test_a_late_alarm_joins_what_is_open() -> None:
    """It is recorded there, without a page."""
    rig = Rig()
    opened = rig.hear().incident
    raw = state_change_event(ZERO, ALARM, START - timedelta(minutes=1))
    assert rig.hear(raw).incident == opened
    assert len(rig.notified) == 1


def test_a_second_delivery_of_what_joined_names_the_open_incident() -> None:
    """Not one that it would have opened, which does not exist."""
    rig = Rig()
    opened = rig.hear().incident
    for _ in range(2):
        assert rig.hear(later(60)).incident == opened
    rig.at_the_end()
    assert rig.hear(later(60)).incident is None


def test_a_contest_that_does_not_end_has_the_event_delivered_again() -> None:
    """Nothing was written, so nothing is lost."""
    rig = Rig()

    def contested() -> None:
        rig.script.before("commit", contested)
        raise CommitConflict(Contested.HEARD)

    rig.script.before("commit", contested)
    with pytest.raises(DependencyUnavailable, match="healthy-hosts is contested: deliver it again"):
        rig.hear()
