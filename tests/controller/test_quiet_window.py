"""One trouble, one alert: a recovery by itself is watched, and what comes back joins it."""

import copy
from datetime import timedelta

import pytest

from firstline.config.profile import Profile, Rule, seconds
from firstline.controller.sweep import sweep
from firstline.diagnosis.evidence import AlarmState
from firstline.incidents.incident import Incident, Status
from firstline.incidents.resolve_delay import RESOLVE_DELAY_MIN
from firstline.lab.twin.scenario import HostPlan
from firstline.lab.twin.world import state_change_event
from firstline.ledger.chain import Kind
from firstline.signal import Severity
from firstline.signals.drill_marker import REASON, state_reason
from tests.builders import ALARM_ARN, PROFILE
from tests.controller.rig import START, ZERO, A, B, Rig
from tests.controller.test_announced_drills import saying
from tests.controller.test_operator_commands import allowing, approve, pause
from tests.events import body

QUIET = seconds(PROFILE.policy.quiet_seconds)
AGE_MAX = seconds(PROFILE.policy.incident_age_max_seconds)
SICK = body("unhealthy-hosts")
SICK_ARN = ALARM_ARN.replace("healthy-hosts", "unhealthy-hosts")
UP = (HostPlan(id=A, enclave="up"), HostPlan(id=B, enclave="up"))


def turned(rig: Rig, raw: bytes, arn: str, state: AlarmState) -> None:
    """The alarm turns by itself just now, and its event comes."""
    rig.world.alarms[arn].counts = None
    rig.world.alarms[arn].turn(state, rig.world.now)
    rig.hear(state_change_event(raw, state, rig.world.now))


def rings(rig: Rig, raw: bytes = SICK, arn: str = SICK_ARN) -> None:
    turned(rig, raw, arn, AlarmState.ALARM)


def clears(rig: Rig, raw: bytes = SICK, arn: str = SICK_ARN) -> None:
    turned(rig, raw, arn, AlarmState.OK)


def later(rig: Rig, length: timedelta) -> None:
    rig.world.advance(rig.world.now + length)


def watched(held: Incident) -> bool:
    return held.recovered_at is not None


def verified(held: Incident) -> bool:
    """True if the incident looked at its hosts, and all of them serve."""
    return bool(held.targets) and all(each.verified for each in held.targets)


def recovered(*hosts: HostPlan, raw: bytes = SICK, arn: str = SICK_ARN, **rigged: object) -> Rig:
    """A rig whose incident recovered by itself, and is watched."""
    rig = Rig(*hosts or UP, **rigged)  # type: ignore[arg-type]
    rig.world.watch(SICK_ARN, SICK, None)
    rig.hear(raw)
    rig.world.alarms[ALARM_ARN].counts = None
    rig.until(verified)
    clears(rig, raw, arn)
    rig.until(watched)
    return rig


def minor(severity: Severity, profile: Profile = PROFILE) -> Profile:
    """The profile, in which every rule means trouble of that severity."""

    def of(rule: Rule) -> Rule:
        return copy.replace(rule, severity=severity)

    return copy.replace(profile, rules=tuple(map(of, profile.rules)))


# --- the window ------------------------------------------------------------------------------


def test_a_recovery_by_itself_is_believed_after_a_quiet_window() -> None:
    """Until then it is open, and its alert stands; the record says since when it was over."""
    rig = recovered()
    since = rig.incident().recovered_at
    assert since is not None
    held = rig.at_the_end()
    assert held.status is Status.SELF_RECOVERED
    assert held.ended_at is not None
    assert QUIET <= held.ended_at - since < QUIET + timedelta(minutes=1)
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]
    last = rig.entries_of(Kind.DECISION)[-1]["step"]
    assert last == {"type": "close", "recovered_at": since.isoformat().replace("+00:00", "Z")}


def test_a_window_costs_three_wakes() -> None:
    """One at its end, one that reads the last look, and one that sends the resolve."""
    rig = recovered()
    before = rig.incident().wakes
    looks = rig.script.calls["send"]
    assert rig.at_the_end().wakes - before <= 3
    assert rig.script.calls["send"] - looks == 1


def test_a_flapping_alarm_is_one_incident_and_one_alert() -> None:
    """Six times in half an hour: one trigger, and one resolve after the last of them."""
    rig = recovered()
    for _ in range(5):
        later(rig, timedelta(minutes=2))
        rings(rig)
        rig.until(lambda held: not watched(held))
        later(rig, timedelta(minutes=2))
        clears(rig)
        rig.until(watched)
    held = rig.at_the_end()
    assert (len(rig.tables.incidents), held.returns, held.status) == (1, 5, Status.SELF_RECOVERED)
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]


def test_what_comes_back_is_verified_from_the_beginning() -> None:
    """Good readings of before the return prove nothing, nor do readings of the alarm."""
    rig = recovered()
    later(rig, timedelta(minutes=14))
    rings(rig)
    held = rig.until(lambda held: not watched(held))
    assert (held.clear_readings, [each.verified for each in held.targets]) == (0, [False, False])
    assert not held.ended
    assert rig.until(verified).returned_at == held.returned_at


def test_a_ring_that_was_over_before_anybody_looked_begins_a_new_window() -> None:
    """Its signal says that it came back, though the alarm is OK by then."""
    rig = recovered()
    later(rig, timedelta(minutes=10))
    rings(rig)
    clears(rig)
    held = rig.until(lambda held: watched(held) and held.returns)
    assert held.recovered_at is not None
    assert held.recovered_at - START > timedelta(minutes=10)


def test_a_signal_from_before_the_recovery_brings_nothing_back() -> None:
    """A late delivery belongs to the trouble that is over."""
    rig = recovered()
    since = rig.incident().recovered_at
    later(rig, timedelta(minutes=1))
    rig.hear(state_change_event(SICK, AlarmState.ALARM, START + timedelta(seconds=5)))
    rig.turn()
    assert (rig.incident().recovered_at, rig.incident().returns) == (since, 0)


def test_a_return_without_a_signal_is_observed() -> None:
    """Its event was lost: the wake at the end of the window finds the alarm in ALARM."""
    rig = recovered()
    rig.world.alarms[SICK_ARN].turn(AlarmState.ALARM, rig.world.now)
    held = rig.until(lambda held: held.returns)
    assert (held.returns, held.ended) == (1, False)
    assert rig.notified == {held.id: 1}


def test_what_comes_back_after_the_window_is_a_trouble_of_its_own() -> None:
    """It opens, and pages."""
    rig = recovered()
    rig.at_the_end()
    rings(rig)
    assert len(rig.tables.incidents) == len(rig.notified) == 2


@pytest.mark.parametrize("said", [REASON, state_reason("0123456789abcdef"), "Threshold Crossed"])
def test_a_drill_ends_with_its_alarm(said: str) -> None:
    """A drill ends with its alarm; an alarm that fires by itself is watched."""
    rig = Rig(*UP)
    rig.world.alarms[ALARM_ARN].counts = None
    rig.hear(saying(said))
    rig.until(verified)
    clears(rig, ZERO, ALARM_ARN)
    held = rig.until(lambda held: watched(held) or held.ended)
    assert held.ended == (said != "Threshold Crossed")


def test_what_a_verified_fix_ended_is_over_at_once() -> None:
    """The fix explains the recovery."""
    rig = Rig(HostPlan(id=A))
    rig.hear()
    held = rig.at_the_end()
    assert (held.status, held.recovered_at) == (Status.RESOLVED, None)
    assert held.ended_at is not None
    assert held.ended_at - START < timedelta(minutes=5)


# --- what is unknown at the end of the window --------------------------------------------------


def test_a_host_that_does_not_answer_the_last_look_is_no_recovery() -> None:
    """Unknown is never fine: its host is verified again, and then a new window begins."""
    rig = recovered()
    rig.script.failing = {"send"}
    held = rig.until(lambda held: held.returns or held.ended)
    assert not held.ended
    rig.script.failing = set()
    held = rig.at_the_end()
    assert (held.status, held.returns) == (Status.SELF_RECOVERED, 1)


def test_a_host_that_is_doubted_in_the_window_is_no_recovery() -> None:
    """The load balancer says that one is unhealthy, and no alarm fires yet."""
    rig = recovered(UP[0], HostPlan(id=B, enclave="up", dies_at_seconds=400))
    held = rig.until(lambda held: held.returns)
    assert [each.verified for each in held.targets] == [False, False]


def test_an_alarm_that_cannot_be_read_at_the_end_keeps_it_open() -> None:
    """It is asked again and again, and closed once it is known to be OK, K of K."""
    rig = recovered()
    rig.script.failing = {"alarms"}
    held = rig.until(lambda held: held.clear_readings == 0)
    assert (held.ended, held.returns) == (False, 0)
    rig.script.failing = set()
    assert rig.at_the_end().status is Status.SELF_RECOVERED


def test_an_alarm_that_cannot_be_read_for_long_is_a_persons() -> None:
    """As long as an alarm may drain, counted from the end of the window."""
    rig = recovered()
    since = rig.incident().recovered_at
    rig.script.failing = {"alarms"}
    held = rig.at_the_end()
    assert since is not None
    assert held.ended_at is not None
    lag = seconds(PROFILE.policy.alarm_lag_seconds)
    assert held.status is Status.ESCALATED
    assert lag <= held.ended_at - since - QUIET < lag + timedelta(minutes=1)


def test_an_alarm_that_is_deleted_in_the_window_ends_it() -> None:
    """It had recovered, and nothing is left to watch: no page."""
    rig = recovered()
    del rig.world.alarms[SICK_ARN]
    held = rig.at_the_end()
    assert held.status is Status.SELF_RECOVERED
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]
    assert rig.entries_of(Kind.DECISION)[-1]["why"].endswith("its alarm was deleted")


# --- what comes back as a P1 -------------------------------------------------------------------


def test_a_p2_that_comes_back_as_a_p1_rings() -> None:
    """Under the key of the rise, and once."""
    rig = recovered()
    later(rig, timedelta(minutes=5))
    rings(rig, ZERO, ALARM_ARN)
    rig.turn()
    id_ = rig.id()
    assert rig.notified == {id_: 1, f"{id_}:p1": 1}
    assert rig.incident().severity is Severity.P1


def test_a_p1_that_comes_back_rings_under_a_key_of_its_own() -> None:
    """Its alert may be acknowledged; a trigger under that key would not notify."""
    rig = recovered(raw=ZERO, arn=ALARM_ARN)
    rig.door.pager.alerts.acknowledge(rig.id(), rig.world.now)
    for number in (1, 2):
        later(rig, timedelta(minutes=5))
        rings(rig, ZERO, ALARM_ARN)
        rig.until(lambda held: not watched(held))
        assert rig.notified[f"{rig.id()}:returned-{number}"] == 1
        clears(rig, ZERO, ALARM_ARN)
        rig.until(watched)
    held = rig.at_the_end()
    assert len(rig.tables.incidents) == 1
    assert set(rig.notified.values()) == {1}
    keys = (held.id, f"{held.id}:returned-1", f"{held.id}:returned-2")
    assert rig.posts[-3:] == [("resolve", each) for each in keys]
    first, *_ = (each for each in held.pages if each.key.endswith("returned-1"))
    assert first.summary == "P1 complete outage: it returned, healthy-hosts"


def test_a_p1_that_comes_back_without_its_signal_rings() -> None:
    """Its alarm is read in ALARM at the end of the window."""
    rig = recovered(raw=ZERO, arn=ALARM_ARN)
    rig.world.alarms[ALARM_ARN].turn(AlarmState.ALARM, rig.world.now)
    rig.until(lambda held: held.returns)
    rig.turn()
    assert rig.notified == {rig.id(): 1, f"{rig.id()}:returned-1": 1}


def test_a_lesser_alarm_that_returns_in_a_p1_does_not_page() -> None:
    """The P1 itself is still well."""
    rig = recovered(raw=ZERO, arn=ALARM_ARN)
    later(rig, timedelta(minutes=5))
    rings(rig)
    held = rig.until(lambda held: held.returns)
    assert (held.severity, rig.notified) == (Severity.P1, {held.id: 1})


def test_a_p3_that_returns_is_sent_once() -> None:
    """The team reads of one trouble once."""
    rig = recovered(profile=minor(Severity.P3))
    later(rig, timedelta(minutes=5))
    rings(rig)
    rig.until(lambda held: held.returns)
    clears(rig)
    rig.at_the_end()
    subjects = [subject for _, subject, _ in rig.world.notices]
    assert len(subjects) == 2, subjects
    assert rig.posts == []


def test_a_p4_that_flaps_is_one_line_of_the_digest() -> None:
    """It waits for the morning as before, whether it is watched by then or over."""
    rig = recovered(profile=minor(Severity.P4))
    later(rig, timedelta(minutes=5))
    rings(rig)
    rig.until(lambda held: held.returns)
    clears(rig)
    while rig.waiting:
        rig.turn()
    due_at = rig.incident().next_wake_at
    assert due_at is not None
    rig.world.advance(due_at)
    sweep(rig.system)
    ((_, subject, _),) = rig.world.notices
    assert subject == "firstline: minor incidents of vettid, 1 in total"


# --- fixes, people and bounds ------------------------------------------------------------------


def test_what_comes_back_climbs_on_with_what_was_tried() -> None:
    """Of the two restarts that its host may have one is left, and then comes the next rung."""
    policy = copy.replace(PROFILE.policy, cooldown_seconds=500)
    rig = Rig(HostPlan(id=A, restart_helps=False), profile=copy.replace(PROFILE, policy=policy))
    rig.hear()
    rig.until(lambda held: held.attempts and held.attempts[0].failed)
    rig.world.hosts[A].enclave.turn(rig.world.now, holds=True)
    rig.world.hosts[A].parent.turn(rig.world.now, holds=True)
    rig.until(watched)
    assert rig.tried == [("restart_enclave", A)]
    later(rig, timedelta(minutes=3))
    rig.world.hosts[A].enclave.turn(rig.world.now, holds=False)
    rings(rig, ZERO, ALARM_ARN)
    held = rig.until(lambda held: len(held.attempts) > 2)
    assert [each.action for each in held.attempts[:2]] == ["restart_enclave"] * 2
    assert held.attempts[2].action != "restart_enclave"


def test_a_plan_that_waits_for_a_person_outlasts_the_window() -> None:
    """It is not asked again when the trouble comes back, and its alert ends with the incident."""
    rig = Rig(HostPlan(id=A, recovers_at_seconds=60), profile=allowing())
    rig.hear()
    rig.until(lambda held: held.proposals)
    rig.until(watched)
    key = f"{rig.id()}:approval-1"
    assert ("resolve", key) not in rig.posts
    approve(rig)
    held = rig.at_the_end()
    assert (held.status, held.attempts) == (Status.SELF_RECOVERED, ())
    assert rig.notified[key] == 1
    assert ("resolve", key) in rig.posts


def test_a_pause_changes_nothing_of_it() -> None:
    """It stops fixes alone."""
    rig = recovered()
    pause(rig)
    assert rig.at_the_end().status is Status.SELF_RECOVERED


def test_a_window_that_outlasts_the_age_of_an_incident_is_no_reason_to_ring() -> None:
    """It is well; what comes back after that age is a person's, once."""
    rig = recovered()
    later(rig, timedelta(minutes=5))
    opened_at = rig.world.now - AGE_MAX
    rig.store(copy.replace(rig.incident(), opened_at=opened_at), version=rig.incident().version)
    held = rig.at_the_end()
    assert held.status is Status.SELF_RECOVERED


def test_what_flaps_for_longer_is_handed_over_once() -> None:
    """The person was paged once, and is once more at the age that bounds every incident."""
    rig = recovered()
    for _ in range(60):
        if rig.incident().ended:
            break
        later(rig, timedelta(minutes=2))
        rings(rig)
        rig.until(lambda held: held.ended or not watched(held))
        later(rig, timedelta(minutes=2))
        clears(rig)
        rig.until(lambda held: held.ended or watched(held))
    held = rig.at_the_end()
    assert (held.status, len(rig.tables.incidents)) == (Status.ESCALATED, 1)
    assert rig.notified == {held.id: 1, f"{held.id}:escalated": 1}
    assert rig.entries_of(Kind.DECISION)[-1]["rule"] == "LimitReached"


def test_a_page_that_is_late_holds_the_resolve_back() -> None:
    """PagerDuty was down until the end of the window: no page follows the resolve."""
    rig = Rig(*UP)
    rig.world.alarms[ALARM_ARN].counts = None
    rig.script.failing = {"post"}
    rig.hear()
    rig.until(verified)
    clears(rig, ZERO, ALARM_ARN)
    rig.until(lambda held: held.ended)
    rig.script.failing = set()
    held = rig.at_the_end()
    trigger, resolve = (each.sent_at for each in held.pages if each.channel == "pager")
    assert trigger is not None
    assert resolve is not None
    assert resolve - trigger >= RESOLVE_DELAY_MIN
    assert rig.notified == {held.id: 1}
