"""P1 alarms in ALARM for which no event opened an incident."""

import copy
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from firstline.controller.missed_alarms import PollResult, open_missed_alarms, p1_alarm_arns
from firstline.controller.sweep import SweepResult, sweep
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import SignalKey, incident_id
from firstline.incidents.handled_alarms import handled_alarms
from firstline.incidents.incident import Incident, Status
from firstline.lab.twin import alarm_events, undeployed
from firstline.lab.twin.fleet.alarms import MuteWindow
from firstline.lab.twin.scenario import DEFAULT_HOSTS, HostPlan
from firstline.ledger.chain import Kind
from firstline.signal import Severity
from tests.builders import ALARM_ARN, HOME, PROFILE, incident
from tests.controller.rig import START, ZERO, A, Rig, later, raising
from tests.events import body

ANSWERING = undeployed.alarm_arn("enclave-answering", HOME)
"""Another P1's alarm of the same cause, of the stack's own."""
HOUR = timedelta(hours=1)
FOR_GOOD = tuple(
    copy.replace(each, restart_helps=False, replacement_helps=False) for each in DEFAULT_HOSTS
)


def made(*hosts: HostPlan, **world: Any) -> Rig:  # noqa: ANN401 - what `Rig` takes
    """A rig whose P1's alarm is in ALARM since the start, and that has received no event."""
    rig = Rig(*hosts, **world)
    settings = copy.replace(rig.system.settings, alarms={ANSWERING: "enclave-answering"})
    rig.system = copy.replace(rig.system, settings=settings)
    return rig


def swept(rig: Rig, after: float | datetime) -> SweepResult:
    """A sweep so many seconds after the start, or at that time; events on the way are lost."""
    at = after if isinstance(after, datetime) else START + timedelta(seconds=after)
    rig.world.advance(max(at, rig.world.now))
    return sweep(rig.system)


def muted(until: timedelta = HOUR) -> bytes:
    """The event of the alarm that turned at the start, in a mute window."""
    event = json.loads(ZERO)
    ends = (START + until).isoformat()
    event["detail"]["muteDetail"] = {"muteWindowStart": START.isoformat(), "muteWindowEnd": ends}
    return json.dumps(event).encode()


def beside(rig: Rig, seconds: float) -> None:
    """The other P1's alarm turned so long after the start; its event is lost."""
    at = START + timedelta(seconds=seconds)
    event = alarm_events.alarm_event("enclave-answering", AlarmState.ALARM, at, PROFILE, HOME)
    rig.world.watch(ANSWERING, event, None, AlarmState.ALARM, at)


def handed_over(rig: Rig) -> Incident:
    """The first incident, once a person has it."""
    held = rig.at_the_end()
    assert held.status is Status.ESCALATED
    return held


def test_an_alarm_that_is_on_without_an_event_opens_once_and_pages_once() -> None:
    """As its event would have: the same id, condition and page."""
    rig = made()
    assert swept(rig, 60).missed_alarms == 1
    held = rig.incident()
    assert held.id == incident_id(SignalKey(f"{ALARM_ARN}|-|ALARM|{START.isoformat()}"))
    assert (held.severity, held.alarm_arn, held.signalled_at) == (Severity.P1, ALARM_ARN, START)
    assert rig.notified == {held.id: 1}
    assert rig.entries_of(Kind.SIGNAL)[0]["marks"] == ["unannounced"]
    assert "the sweep found the alarm in ALARM" in rig.entries_of(Kind.SIGNAL)[0]["why"]
    assert [wake.incident for _, wake in rig.waiting] == [held.id]
    assert swept(rig, 61).missed_alarms == 0
    assert rig.notified == {held.id: 1}


def test_an_event_has_a_minute_to_open_by_itself() -> None:
    """Younger than that the alarm is left alone."""
    assert swept(made(), 59.9) == SweepResult()


def test_the_event_of_what_a_sweep_opened_changes_nothing() -> None:
    """Neither while the incident is open nor after its end: it is the same transition."""
    rig = made(*FOR_GOOD)
    swept(rig, 60)
    rig.hear(ZERO)
    assert (len(rig.tables.incidents), rig.tables.inboxes[rig.id()]) == (1, {})
    handed_over(rig)
    posts = rig.posts
    rig.hear(ZERO)
    assert (len(rig.tables.incidents), rig.posts) == (1, posts)


def test_an_event_that_opens_while_a_sweep_looks_is_one_with_it() -> None:
    """Its entry is no sign of an event that opened nothing."""
    rig = made()
    rig.script.before("entries", lambda: rig.hear(ZERO))
    assert swept(rig, 60) == SweepResult()
    assert (len(rig.tables.incidents), rig.tables.inboxes[rig.id()]) == (1, {})


def test_two_sweeps_at_a_time_open_once() -> None:
    """The second begins before the first has written."""
    rig = made()
    rig.world.advance(START + timedelta(minutes=1))
    rig.script.before("commit", lambda: sweep(rig.system))
    sweep(rig.system)
    assert rig.notified == {rig.id(): 1}
    assert len(rig.tables.incidents) == 1


def test_only_a_p1_is_asked_for() -> None:
    """Alarms of the stack's own and of others; neither a P2's nor the drill's."""
    rig = made()
    settings = rig.system.settings
    drill = undeployed.alarm_arn("drill", HOME)
    alarms = {**settings.alarms, drill: "drill", undeployed.alarm_arn("service", HOME): "service"}
    system = copy.replace(rig.system, settings=copy.replace(settings, alarms=alarms))
    assert set(p1_alarm_arns(system)) == {ALARM_ARN, ANSWERING}


def test_a_profile_without_a_p1_asks_for_nothing() -> None:
    """There is nothing to miss."""
    rules = tuple(each for each in PROFILE.rules if each.severity is not Severity.P1)
    rig = Rig(profile=copy.replace(PROFILE, rules=rules))
    assert swept(rig, 60) == SweepResult()
    assert rig.script.calls["firing"] == 0


def test_an_alarm_that_this_transition_makes_no_p1_is_left_alone() -> None:
    """A rule may ask for more than the alarm's name."""
    first = next(each for each in PROFILE.rules if each.subject == "healthy-hosts")
    others = tuple(each for each in PROFILE.rules if each is not first)
    rules = (copy.replace(first, when={"metric": "Other"}), *others)
    rig = Rig(profile=copy.replace(PROFILE, rules=rules))
    assert swept(rig, 60) == SweepResult()
    assert rig.script.calls["firing"] == 1


def test_a_suppressed_alarm_opens_nothing() -> None:
    """Somebody disabled its actions for planned work."""
    rig = made()
    rig.world.disable_actions(ALARM_ARN, START)
    assert swept(rig, 60) == SweepResult()


# --- mutes -----------------------------------------------------------------------------------


def test_an_alarm_that_is_muted_pages_at_the_end_of_its_window() -> None:
    """Also where no event of the window came: firstline may be younger than it."""
    rig = made()
    rig.world.mutes.append(MuteWindow(ALARM_ARN, START, START + HOUR))
    assert swept(rig, 3599) == SweepResult()
    assert swept(rig, 3600).missed_alarms == 1


def test_an_alarm_whose_event_was_muted_pages_at_the_end_of_its_window() -> None:
    """The event stands in the ledger under its own id; the incident has another."""
    rig = made()
    rig.world.mutes.append(MuteWindow(ALARM_ARN, START, START + HOUR))
    rig.hear(muted())
    assert swept(rig, 3599) == SweepResult()
    assert swept(rig, 3600).missed_alarms == 1
    assert rig.notified == {rig.id(): 1}
    assert rig.id() != incident_id(SignalKey(f"{ALARM_ARN}|-|ALARM|{START.isoformat()}"))
    assert swept(rig, 3660).missed_alarms == 0


def test_an_unreadable_mute_follows_its_event() -> None:
    """Until the window of the event ends; without an event the page goes out."""
    rig = made()
    rig.script.failing = {"muted"}
    rig.hear(muted())
    assert swept(rig, 3599) == SweepResult()
    assert swept(rig, 3600).missed_alarms == 1
    unknown = made()
    unknown.script.failing = {"muted", "limits"}
    assert swept(unknown, 60).missed_alarms == 1


def test_a_mute_rule_that_somebody_deleted_mutes_no_more() -> None:
    """CloudWatch takes the alarm's actions at once, and sends no event."""
    rig = made()
    rig.hear(muted())
    assert swept(rig, 60).missed_alarms == 1


def test_a_window_that_ends_after_an_episode_pages_again() -> None:
    """The alarm turned before a person got the incident of another, and was muted until now."""
    rig = made(*FOR_GOOD)
    rig.world.mutes.append(MuteWindow(ALARM_ARN, START, START + HOUR))
    rig.hear(muted())
    other = alarm_events.alarm_event("enclave-answering", AlarmState.ALARM, START, PROFILE, HOME)
    rig.world.watch(ANSWERING, other, None)
    rig.hear(other)
    ended_at = handed_over(rig).ended_at
    assert ended_at is not None
    assert ended_at < START + HOUR
    assert swept(rig, 3599).missed_alarms == 0
    assert swept(rig, 3600).missed_alarms == 1
    assert swept(rig, rig.at_the_end_of(1) + timedelta(hours=1)).missed_alarms == 0
    assert len(rig.tables.incidents) == 2


def test_what_cannot_be_remembered_of_mutes_is_asked_for_again() -> None:
    """The sweep says so, and opens nothing that an episode accounts for."""
    rig = made(*FOR_GOOD)
    beside(rig, 0)
    rig.hear(ZERO)
    handed_over(rig)
    rig.script.failing = {"limits"}
    assert swept(rig, 7200).poll_failed
    assert len(rig.tables.incidents) == 1


# --- episodes --------------------------------------------------------------------------------


def test_what_was_handed_over_is_not_opened_again_while_its_alarm_stays() -> None:
    """Three hours of sweeps; once it turns again, the event opens another."""
    rig = made(*FOR_GOOD)
    rig.hear()
    ended_at = handed_over(rig).ended_at
    assert ended_at is not None
    posts = rig.posts
    for minute in range(1, 181):
        assert swept(rig, ended_at + timedelta(minutes=minute)) == SweepResult()
    assert rig.posts == posts
    turned = rig.world.alarms[ALARM_ARN]
    turned.turn(AlarmState.OK, rig.world.now)
    turned.turn(AlarmState.ALARM, rig.world.now + timedelta(seconds=1))
    assert swept(rig, rig.world.now + timedelta(seconds=61)).missed_alarms == 1


@pytest.mark.parametrize(("after_seconds", "opens"), [(0, 0), (0.001, 1)])
def test_another_alarm_that_turned_before_the_end_has_its_person(
    after_seconds: float, opens: int
) -> None:
    """One that turned later, by any clock, is news."""
    rig = made(*FOR_GOOD)
    rig.hear()
    kept = handled_alarms(handed_over(rig))
    assert kept is not None
    until = kept.until
    beside(rig, (until - START).total_seconds() + after_seconds)
    assert swept(rig, until + HOUR).missed_alarms == opens
    assert len(rig.tables.incidents) == 1 + opens


@pytest.mark.parametrize(
    ("changes", "others", "own"),
    [
        ({"status": Status.ESCALATED}, -30, 30),
        ({"status": Status.RESOLVED}, -90, -90),
        ({"status": Status.SELF_RECOVERED}, -90, -90),
    ],
)
def test_what_an_episode_accounts_for(changes: dict[str, Any], others: int, own: int) -> None:
    """A person has what was handed over; an alarm may turn while a worker finds it OK."""
    held = copy.replace(incident(severity=Severity.P1, ended_at=START), **changes)
    found = handled_alarms(held)
    assert found is not None
    assert found.until_for(ALARM_ARN) == START + timedelta(seconds=own)
    assert found.until_for(ANSWERING) == START + timedelta(seconds=others)


@pytest.mark.parametrize("changes", [{"severity": Severity.P2}, {"drill": "d"}, {"ended_at": None}])
def test_what_accounts_for_no_p1(changes: dict[str, Any]) -> None:
    """An episode that was none, was a drill, or goes on."""
    held = incident(status=Status.ESCALATED, severity=Severity.P1, ended_at=START)
    assert handled_alarms(held) is not None
    assert handled_alarms(copy.replace(held, **changes)) is None


def test_an_incident_that_is_claimed_and_gone_hides_no_p1() -> None:
    """Its record cannot be found: the alarm is taken in as if none were open."""
    rig = made()
    beside(rig, 0)
    swept(rig, 60)
    rig.tables.incidents.clear()
    rig.tables.entries.clear()
    assert swept(rig, 61).missed_alarms == 2


def test_an_open_incident_of_the_cause_takes_the_alarm_in() -> None:
    """A P2 whose P1's event was lost rises, and pages so; then it knows the alarm."""
    rig = made(HostPlan(id=A, restart_helps=False))
    rig.hear(body("unhealthy-hosts"))
    assert swept(rig, 60).missed_alarms == 1
    assert swept(rig, 61).missed_alarms == 0
    rig.until(lambda held: held.severity is Severity.P1)
    assert rig.notified == {rig.id(): 1, f"{rig.id()}:p1": 1}
    assert swept(rig, 120).missed_alarms == 0


def test_a_p1_without_an_event_of_what_nothing_can_read_is_paged_once() -> None:
    """I39: the open incident of its cause is spoilt: its page is that of a rise, and no second."""
    rig = made(HostPlan(id=A, restart_helps=False))
    rig.hear(body("unhealthy-hosts"))
    id_ = rig.id()
    rig.tables.incidents[id_] = "{}"
    assert swept(rig, 60).missed_alarms == 1
    assert rig.notified[f"{id_}:p1"] == 1
    beside(rig, 70)
    assert [swept(rig, seconds).missed_alarms for seconds in (61, 120, 180)] == [0, 0, 0]
    assert rig.notified[f"{id_}:p1"] == 1


def test_an_alarm_that_waits_in_the_inbox_is_not_put_there_again() -> None:
    """Until a worker takes it in, the incident does not know it."""
    rig = made(HostPlan(id=A, restart_helps=False))
    rig.hear(body("unhealthy-hosts"))
    rig.world.advance(START + timedelta(minutes=1))
    until = rig.world.now + HOUR
    assert [open_missed_alarms(rig.system, until) for _ in "ab"] == [
        PollResult(opened=1),
        PollResult(),
    ]


def test_an_incident_that_knows_the_alarm_as_less_than_a_p1_takes_it_in() -> None:
    """Its earlier signal was no P1, and neither was the page."""
    rig = made()
    rig.hear(alarm_events.alarm_event("enclave-answering", AlarmState.ALARM, START, PROFILE, HOME))
    held = rig.incident()
    changed = copy.replace(held, alarms=(*held.alarms, ALARM_ARN), severity=Severity.P2)
    rig.store(changed, version=held.version)
    assert swept(rig, 60).missed_alarms == 1


def test_an_incident_of_more_alarms_than_are_kept_is_left_to_a_person() -> None:
    """It may know this one, and is not closed without a person."""
    rig = made()
    rig.hear(alarm_events.alarm_event("enclave-answering", AlarmState.ALARM, START, PROFILE, HOME))
    held = rig.incident()
    rig.store(copy.replace(held, alarms_beyond=1), version=held.version)
    assert swept(rig, 60).missed_alarms == 0


def test_a_transition_that_is_in_the_ledger_twice_is_left_alone() -> None:
    """Its event, and what a sweep made of it, were both found OK."""
    rig = made()
    key = SignalKey(f"{ALARM_ARN}|-|ALARM|{START.isoformat()}")
    rig.hear(muted())
    noted = rig.tables.entries[incident_id(key)]
    rig.tables.entries[incident_id(SignalKey(f"{key}|unannounced"))] = list(noted)
    assert swept(rig, 60) == SweepResult()


# --- no data ---------------------------------------------------------------------------------


def without_data(*hosts: HostPlan) -> Rig:
    """The alarm is in ALARM since its first evaluation, which found no data."""
    rig = made(*hosts)
    rig.world.watch(ALARM_ARN, body("first-evaluation-without-data"), None)
    rig.hear(body("first-evaluation-without-data"))
    return rig


SERVING = HostPlan(id=A, enclave="up")


@pytest.mark.parametrize(
    ("host", "failing", "opens"),
    [
        (SERVING, set(), 0),
        (SERVING, {"answering"}, 0),
        (SERVING, {"answering", "target_health"}, 1),
        (HostPlan(id=A), set(), 1),
        (HostPlan(id=A), {"answering"}, 1),
    ],
    ids=["answers", "is healthy", "unknown", "answers nothing", "is unhealthy"],
)
def test_an_alarm_without_data_opens_unless_a_host_serves(
    host: HostPlan, failing: set[str], opens: int
) -> None:
    """The probe says so, or else the load balancer; what is unknown pages."""
    rig = without_data(host)
    rig.script.failing = failing
    assert swept(rig, 60).missed_alarms == opens


def test_a_probe_that_gets_no_answer_stands_above_the_load_balancer() -> None:
    """The probe asks for what users ask for; the load balancer believes a page of the parent."""
    rig = without_data(HostPlan(id=A, recovers_at_seconds=62))
    found = swept(rig, 85)
    assert set(rig.world.target_states().values()) == {"healthy"}
    assert found.missed_alarms == 1


def test_a_probe_without_access_proves_nothing() -> None:
    """The load balancer is asked instead."""
    rig = without_data(SERVING)
    rig.world.scenario = copy.replace(rig.world.scenario, nats_server="refusing")
    assert swept(rig, 60).missed_alarms == 0
    assert rig.script.calls["target_health"] == 1


# --- failures --------------------------------------------------------------------------------


def test_a_read_that_fails_stops_nothing_else_and_shows() -> None:
    """Due incidents are processed; the next sweep polls again."""
    rig = made()
    rig.hear(body("unlisted-http-api-5xx"))
    rig.waiting.clear()
    rig.script.failing = {"firing"}
    found = swept(rig, 60)
    assert (found.woken, found.missed_alarms, found.poll_failed) == (1, 0, True)
    rig.script.failing = set()
    assert swept(rig, 61).missed_alarms == 1


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("throttled"), InvariantViolation("corrupt")]
)
def test_an_alarm_that_fails_does_not_stop_the_others(error: Exception) -> None:
    """The first of two cannot be looked up."""
    rig = made()
    beside(rig, 0)
    rig.script.before("open_incident", raising(error))
    found = swept(rig, 60)
    assert (found.missed_alarms, found.poll_failed) == (1, True)
    assert len(rig.tables.incidents) == 1


def test_no_alarm_is_begun_with_after_the_time_is_over() -> None:
    """A sweep must live to beat."""
    rig = made()
    rig.world.advance(START + timedelta(minutes=1))
    assert open_missed_alarms(rig.system, rig.world.now - timedelta(seconds=1)) == PollResult(
        unread=True
    )
    assert rig.script.calls["firing"] == 0
    until = rig.world.now
    rig.script.after("firing", lambda: rig.world.advance(until + timedelta(seconds=1)))
    assert open_missed_alarms(rig.system, until) == PollResult(unread=True)
    assert not rig.tables.incidents


def test_a_store_that_does_not_take_the_opening_holds_no_page_back() -> None:
    """The page goes out under the key that the next sweep uses again."""
    rig = made()
    rig.script.before("commit", raising(DependencyUnavailable("timed out")))
    found = swept(rig, 60)
    assert (found.missed_alarms, found.poll_failed, len(rig.posts)) == (0, True, 1)
    assert swept(rig, 120).missed_alarms == 1
    assert rig.notified == {rig.id(): 1}


def test_a_late_transition_of_the_same_alarm_opens_by_its_event() -> None:
    """An incident that a sweep opened does not hide the next one."""
    rig = made()
    swept(rig, 60)
    ended = rig.at_the_end()
    assert ended.ended_at is not None
    rig.hear(later((ended.ended_at - START).total_seconds() + 1))
    assert len(rig.tables.incidents) == 2
