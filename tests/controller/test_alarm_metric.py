"""The metric of the leading alarm is read once, when its incident ends, and holds nothing back."""

import copy

import pytest

from firstline.config.profile import Profile
from firstline.controller.investigate import INVESTIGATION_DURATION_MAX
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import TIMEOUT, A, Rig
from tests.events import EVENTS, body

UNMENDED = copy.replace(PROFILE, ladders=())
ENDS = [pytest.param(PROFILE, id="closed"), pytest.param(UNMENDED, id="escalated")]
OTHERS = "an alarm of others"
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
    (recorded,) = made.entries_of(Kind.METRIC)
    assert (recorded["alarm"], recorded["period_seconds"]) == ("healthy-hosts", 60)
    assert recorded["begins"] == "2026-03-11T03:48:00Z"
    values = recorded["values"]
    assert values[0] == "2"
    assert values[30] == "0"
    assert (values[-1] == "0") is (held.status is Status.ESCALATED)
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
    assert failed.entries_of(Kind.METRIC) == []
    assert failed.incident().ended_at == read.incident().ended_at
    assert failed.posts == read.posts


@pytest.mark.parametrize("name", ["healthy-hosts", OTHERS])
def test_where_the_turn_took_long_it_is_not_asked_for(name: str) -> None:
    """Earlier reads took the function's time."""
    made = rig(UNMENDED, name)
    made.script.before(
        "releases", lambda: made.world.advance(made.world.now + INVESTIGATION_DURATION_MAX)
    )
    made.hear()
    made.at_the_end()
    assert made.script.calls["alarm_metric"] == made.script.calls["external_metric"] == 0
    assert made.entries_of(Kind.METRIC) == []


@pytest.mark.parametrize("profile", ENDS)
def test_the_entry_of_an_external_alarm_has_its_threshold(profile: Profile) -> None:
    """CloudWatch alone has its threshold, and it is read as often: once."""
    made = rig(profile, OTHERS)
    made.hear()
    held = made.at_the_end()
    assert (made.script.calls["external_metric"], made.script.calls["alarm_metric"]) == (1, 0)
    (recorded,) = made.entries_of(Kind.METRIC)
    assert recorded == recorded | {
        "alarm": OTHERS,
        "begins": "2026-03-11T03:48:00Z",
        "period_seconds": 60,
        "metric": "HealthyHostCount",
        "definition": "HealthyHostCount (Minimum) < 1 in 3 of 3 periods of 60 s",
        "comparison": "<",
        "threshold": "1",
    }
    assert (recorded["values"][0], recorded["values"][30]) == ("2", "0")
    assert (recorded["values"][-1] == "0") is (held.status is Status.ESCALATED)
    at = made.script.made.index("external_metric")
    assert made.script.made[at + 1] == "commit"


def test_an_alarm_of_others_is_read_though_the_profile_makes_one_of_its_name() -> None:
    """The rules know both as healthy-hosts; the threshold is of the one that rang."""
    made = Rig(profile=UNMENDED)
    made.hear()
    held = made.at_the_end()
    assert (held.alarm, held.alarm_arn) == ("healthy-hosts", ALARM_ARN)
    assert (made.script.calls["external_metric"], made.script.calls["alarm_metric"]) == (1, 0)


def test_an_alarm_of_others_that_cannot_be_read_leaves_no_entry() -> None:
    """Nor does one without a threshold; each incident ends in the same turn."""
    read, failed, without = (rig(UNMENDED, OTHERS) for _ in range(3))
    failed.script.before("external_metric", TIMEOUT)
    without.world.watch(ALARM_ARN, body("anomaly-band"), "healthy")
    for each in (read, failed, without):
        each.hear()
        each.at_the_end()
        assert each.script.calls["external_metric"] == 1
        assert each.incident().ended_at == read.incident().ended_at
        assert each.posts == read.posts
    assert failed.entries_of(Kind.METRIC) == without.entries_of(Kind.METRIC) == []


def test_of_an_incident_without_an_alarm_nothing_is_asked() -> None:
    """As that of a finding."""
    made = Rig(HostPlan(id=A, enclave="up"))
    made.hear(FINDING)
    made.at_the_end()
    assert made.script.calls["external_metric"] == made.script.calls["alarm_metric"] == 0
    assert made.entries_of(Kind.METRIC) == []


def test_the_page_of_the_opening_goes_before_it() -> None:
    """And it is asked for only in the turn that ends the incident."""
    made = rig()
    made.hear()
    made.at_the_end()
    calls = made.script.made
    assert calls.index("post") < calls.index("alarm_metric")
    assert "look" not in calls[calls.index("alarm_metric") :]
