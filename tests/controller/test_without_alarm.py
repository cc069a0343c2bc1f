"""An incident without an alarm: it stays open for the window, and what comes again joins it."""

import copy
from datetime import timedelta

import pytest

from firstline.config.profile import seconds
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan, Scenario
from firstline.ledger.chain import Kind
from firstline.ledger.export import decode_entry
from firstline.reporting.incident_summary import summarise
from firstline.signal import Condition, Severity
from tests.builders import PROFILE
from tests.controller.rig import A, Rig
from tests.events import EVENTS, edited

QUIET = seconds(PROFILE.policy.quiet_seconds)
SHORT = seconds(PROFILE.policy.short_group_seconds)
NOW: dict[str, object] = {"time": "2026-03-11T04:18:43Z"}
LAUNCH = edited((EVENTS / "autoscaling.launch-failed.json").read_bytes(), NOW)
THROTTLED = (EVENTS / "cloudtrail.kms-throttled.json").read_bytes()
REPORT = edited((EVENTS / "user.report.json").read_bytes(), NOW)
FINDING = (EVENTS / "guardduty.critical.json").read_bytes()
UP = HostPlan(id=A, enclave="up")


def launch(number: int) -> bytes:
    """Another try of the group's."""
    id_ = f"{number:08}-4321-4321-4321-210987654321"
    return edited(LAUNCH, {"detail.ActivityId": id_, "detail.RequestId": id_})


def call(number: int) -> bytes:
    """Another call that was refused."""
    return edited(THROTTLED, {"detail.eventID": f"{number:08}-0000-4000-8000-000000000000"})


def lacking(desired: int = 2, **rigged: object) -> Rig:
    """A rig whose group needs *desired* instances, with one in service."""
    scenario = Scenario(name="short", hosts=(UP,), desired=desired, launches=False)
    return Rig(scenario=scenario, **rigged)  # type: ignore[arg-type]


def wait(rig: Rig, length: timedelta) -> None:
    """Deliver every wake that is due within *length*."""
    until = rig.world.now + length
    while any(at <= until for at, _ in rig.waiting):
        rig.turn()
    rig.world.advance(until)


def subjects(rig: Rig) -> list[str]:
    return [subject for _, subject, _ in rig.world.notices]


# --- what comes again --------------------------------------------------------------------------


def test_it_stays_open_for_the_window_and_is_then_a_persons() -> None:
    """It was paged at once; no read can prove a recovery."""
    rig = Rig(UP)
    rig.hear(THROTTLED)
    assert rig.incident().status is Status.INVESTIGATING
    held = rig.at_the_end()
    assert held.ended_at is not None
    assert held.status is Status.ESCALATED
    assert QUIET <= held.ended_at - held.opened_at < QUIET + timedelta(minutes=1)
    assert held.wakes <= 4


def test_refused_calls_are_one_incident_and_one_notice() -> None:
    """Each one restarts the window; the escalation has no news."""
    rig = Rig(UP)
    for number in range(6):
        rig.hear(call(number))
        wait(rig, timedelta(minutes=10))
    held = rig.at_the_end()
    assert (len(rig.tables.incidents), held.signals, held.returns) == (1, 6, 0)
    assert held.ended_at is not None
    assert held.ended_at - held.opened_at >= timedelta(minutes=50) + QUIET
    assert len(subjects(rig)) == 1
    assert rig.posts == []


def test_a_return_after_the_window_is_sent_again() -> None:
    """It is a trouble of its own by then."""
    rig = Rig(UP)
    rig.hear(call(1))
    rig.at_the_end()
    rig.hear(call(2))
    assert len(rig.tables.incidents) == len(subjects(rig)) == 2


def test_what_comes_for_hours_is_handed_over_at_the_age_that_bounds_it() -> None:
    """No page says so: the first one did."""
    rig = Rig(UP)
    for number in range(20):
        rig.hear(call(number))
        wait(rig, timedelta(minutes=10))
        if rig.incident().ended:
            break
    assert rig.entries_of(Kind.DECISION)[-1]["rule"] == "LimitReached"
    assert len(subjects(rig)) == 1


def test_a_finding_pages_at_once_and_once() -> None:
    """Its incident waits; the page does not."""
    rig = Rig(UP)
    rig.hear(FINDING)
    held = rig.incident()
    assert rig.notified == {held.id: 1}
    rig.at_the_end()
    assert rig.notified == {held.id: 1}


def test_the_end_of_a_users_incident_has_its_findings() -> None:
    """The first notice could not have the inspection's results."""
    rig = Rig(UP)
    rig.hear(REPORT)
    held = rig.at_the_end()
    assert held.status is Status.ESCALATED
    assert [each.key for each in held.pages] == [held.id, f"{held.id}:escalated"]
    assert len(subjects(rig)) == 2


# --- a group that cannot launch ------------------------------------------------------------------


def test_one_failed_launch_does_not_page() -> None:
    """The group has what it wants: the team reads of it."""
    rig = lacking(desired=1)
    rig.hear(LAUNCH)
    held = rig.at_the_end()
    assert (held.severity, held.condition) == (Severity.P3, Condition.CAPACITY)
    assert rig.posts == []
    assert len(subjects(rig)) == 1


def test_launches_that_fail_are_one_page_once_the_group_was_short_for_long() -> None:
    """Six tries in half an hour: one incident, one page, ten minutes after the first."""
    rig = lacking()
    opened_at = rig.world.now
    for number in range(6):
        rig.hear(launch(number))
        wait(rig, timedelta(minutes=5))
    held = rig.at_the_end()
    assert (len(rig.tables.incidents), held.severity) == (1, Severity.P2)
    assert rig.notified == {f"{held.id}:p2": 1}
    (page,) = (each for each in held.pages if each.channel == "pager")
    assert page.sent_at is not None
    assert SHORT <= page.sent_at - opened_at < SHORT + timedelta(minutes=1)
    assert page.summary.startswith(
        "P2 capacity: 1 of 2 instances are in service; the group is short"
    )


def test_the_ledger_has_the_rise() -> None:
    """A decision of its own, with its reason; reports take its severity."""
    rig = lacking()
    rig.hear(LAUNCH)
    rig.at_the_end()
    raised = [each for each in rig.entries_of(Kind.DECISION) if each["rule"] == "GroupShort"]
    assert [each["step"] for each in raised] == [{"type": "raise-severity", "severity": "P2"}]
    summary = summarise(map(decode_entry, rig.tables.entries[rig.id()]))
    assert (summary.severity, summary.condition) == ("P2", "capacity")
    responses = [(each.severity, each.missed) for each in rig.incident().responses]
    assert responses == [(Severity.P3, False), (Severity.P2, False)]


def test_a_complete_group_resets_the_time() -> None:
    """It was short for five minutes, and then not."""
    rig = lacking()
    rig.hear(launch(1))
    wait(rig, timedelta(minutes=5))
    rig.world.group.desired = 1
    rig.hear(launch(2))
    wait(rig, timedelta(minutes=1))
    assert rig.incident().short_since is None
    rig.world.group.desired = 2
    rig.hear(launch(3))
    wait(rig, timedelta(minutes=6))
    assert rig.posts == []
    rig.at_the_end()
    assert len(rig.posts) == 1


def test_the_group_is_read_before_it_pages() -> None:
    """An instance came into service meanwhile, without an event."""
    rig = lacking()
    rig.hear(LAUNCH)
    wait(rig, timedelta(minutes=1))
    rig.world.group.desired = 1
    rig.at_the_end()
    assert rig.posts == []


def test_a_group_that_cannot_be_read_is_taken_for_short() -> None:
    """Unknown is never fine: what lasts as long pages."""
    rig = lacking(desired=1)
    rig.script.failing = {"group"}
    rig.hear(LAUNCH)
    held = rig.at_the_end()
    assert rig.notified == {f"{held.id}:p2": 1}
    (page,) = (each for each in held.pages if each.channel == "pager")
    assert page.summary.startswith(
        "P2 capacity: the group cannot be read; the group is short of instances since"
    )


def test_a_group_that_is_short_at_the_end_of_the_window_is_waited_for() -> None:
    """It is not given up before it is known whether it is grave."""
    policy = copy.replace(PROFILE.policy, short_group_seconds=1500)
    rig = lacking(profile=copy.replace(PROFILE, policy=policy))
    rig.hear(LAUNCH)
    held = rig.at_the_end()
    assert rig.notified == {f"{held.id}:p2": 1}
    assert held.ended_at is not None
    assert held.ended_at - held.opened_at >= timedelta(seconds=1500)


@pytest.mark.parametrize("severity", [Severity.P1, Severity.P2])
def test_what_pages_already_is_not_raised(severity: Severity) -> None:
    """A profile may page for each trouble of launches at once."""
    rules = tuple(
        copy.replace(each, severity=severity) if each.source == "aws.autoscaling" else each
        for each in PROFILE.rules
    )
    rig = lacking(profile=copy.replace(PROFILE, rules=rules))
    rig.hear(LAUNCH)
    held = rig.at_the_end()
    assert rig.notified == {held.id: 1}
    assert "GroupShort" not in {each["rule"] for each in rig.entries_of(Kind.DECISION)}
