"""Signals that reach an incident only after it ended."""

import pytest

from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import Change, InboxSignal
from firstline.controller.reconcile import reconcile
from firstline.diagnosis.evidence import AlarmState
from firstline.signals.classify import with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import ALARM_ARN, HOME, PROFILE
from tests.controller.rig import Rig, later


@pytest.mark.parametrize(
    ("state", "failing", "opened"),
    [(AlarmState.OK, set(), 1), (AlarmState.ALARM, set(), 2), (AlarmState.OK, {"alarms"}, 2)],
    ids=["the alarm is OK", "the alarm fires", "the alarm cannot be read"],
)
def test_an_alarm_from_before_the_end_opens_unless_it_is_ok_now(
    state: AlarmState, failing: set[str], opened: int
) -> None:
    """I3, I14: it belongs to the episode that is over, if the world says so."""
    rig = Rig()
    rig.hear()
    rig.at_the_end()
    signal = with_profile_name(parse(later(30), HOME, rig.world.now), PROFILE, {})
    rig.door.store.commit(Change(inbox_signal=InboxSignal(rig.id(), signal)))
    rig.world.alarms[ALARM_ARN].state = state
    rig.script.failing = failing
    reconcile(Wake(rig.id()), rig.system)
    assert len(rig.tables.incidents) == opened
    assert rig.tables.inboxes[rig.id()] == {}
