"""The metric of the leading alarm is read once, when its incident ends, and holds nothing back."""

import copy

import pytest

from firstline.config.profile import Profile
from firstline.controller.background import WITHIN
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import TIMEOUT, A, Rig
from tests.events import EVENTS

UNMENDED = copy.replace(PROFILE, ladders=())
ENDS = [pytest.param(PROFILE, id="closed"), pytest.param(UNMENDED, id="handed-over")]
FINDING = (EVENTS / "guardduty.critical.json").read_bytes()


def rig(profile: Profile = PROFILE, name: str = "healthy-hosts") -> Rig:
    """A rig whose alarm the profile makes under that name."""
    made = Rig(profile=profile)
    settings = copy.replace(made.system.settings, alarms={ALARM_ARN: name})
    made.system = copy.replace(made.system, settings=settings)
    return made


@pytest.mark.parametrize("profile", ENDS)
def test_it_is_read_once_and_recorded_with_the_end(profile: Profile) -> None:
    """From half an hour before the signal to the end, in the commit of the end."""
    made = rig(profile)
    made.hear()
    held = made.at_the_end()
    assert made.script.calls["alarm_metric"] == 1
    (recorded,) = made.told(Kind.METRIC)
    assert (recorded["alarm"], recorded["period_seconds"]) == ("healthy-hosts", 60)
    assert recorded["begins"] == "2026-03-11T03:48:00Z"
    values = recorded["values"]
    assert values[0] == "2"
    assert values[30] == "0"
    assert (values[-1] == "0") is (held.status is Status.HANDED_OVER)
    at = made.script.made.index("alarm_metric")
    assert made.script.made[at + 1] == "commit"


@pytest.mark.parametrize("profile", ENDS)
def test_what_cannot_be_read_leaves_no_entry(profile: Profile) -> None:
    """The incident ends in the same turn, with the same pages."""
    read, failed = rig(profile), rig(profile)
    failed.script.before("alarm_metric", TIMEOUT)
    for each in (read, failed):
        each.hear()
        each.at_the_end()
    assert failed.script.calls["alarm_metric"] == 1
    assert failed.told(Kind.METRIC) == []
    assert failed.incident().ended_at == read.incident().ended_at
    assert failed.posts == read.posts


def test_where_the_turn_took_long_it_is_not_asked_for() -> None:
    """What was read before took the function's time."""
    made = rig(UNMENDED)
    made.script.before("releases", lambda: made.world.advance(made.world.now + WITHIN))
    made.hear()
    made.at_the_end()
    assert made.script.calls["alarm_metric"] == 0
    assert made.told(Kind.METRIC) == []


def test_of_an_alarm_that_the_profile_does_not_make_nothing_is_asked() -> None:
    """It is another's, or none leads the incident."""
    others = rig(name="an alarm of others")
    others.hear()
    finding = Rig(HostPlan(id=A, enclave="up"))
    finding.hear(FINDING)
    for each in (others, finding):
        each.at_the_end()
        assert each.script.calls["alarm_metric"] == 0
        assert each.told(Kind.METRIC) == []


def test_the_page_of_the_opening_goes_before_it() -> None:
    """And it is asked for only in the turn that ends the incident."""
    made = rig()
    made.hear()
    made.at_the_end()
    calls = made.script.made
    assert calls.index("post") < calls.index("alarm_metric")
    assert "look" not in calls[calls.index("alarm_metric") :]
