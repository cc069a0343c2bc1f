import copy
from datetime import timedelta

import pytest

from firstline.actions.restart_enclave import RESTART_ENCLAVE
from firstline.controller import act
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis.diagnose import Diagnosis, HostDiagnosis
from firstline.diagnosis.evidence import Refreshes, Unknown
from firstline.diagnosis.health_checks import HostHealth
from firstline.diagnosis.preflight import PreflightFacts
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import Token
from firstline.incidents.incident import Status
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import OFF
from firstline.remediation.limits import AttemptRecord, Lease
from tests.builders import OTHER, PROFILE
from tests.controller.rig import FLEET, START, A, B, C, Rig, opened, raising, ready
from tests.controller.test_quiet_window import recovered
from tests.remediation.situations import plan, policy, situation, switch


def test_another_incidents_lease_is_waited_for() -> None:
    """I10: never two fixes in one group; its time running out is enough."""
    rig = ready()
    until = rig.world.now + timedelta(seconds=100)
    group = rig.world.group_name
    rig.tables.leases[group] = Lease(group=group, fence=7, holder=OTHER, until=until)
    rig.until(lambda held: held.current)
    assert rig.world.now >= until
    assert rig.incident().attempts[0].fence == 8


def test_a_lease_that_a_verdict_could_not_free_is_free_at_the_end() -> None:
    """The limits could not be read as the fix was judged, and the incident went on."""
    rig = recovered()
    group = rig.world.group_name
    held = Lease(group=group, fence=7, holder=rig.id(), until=START + timedelta(hours=9))
    rig.tables.leases[group] = held
    assert rig.at_the_end().status is Status.SELF_RECOVERED
    assert rig.tables.leases[group].holder is None


def test_an_incident_that_ends_leaves_another_ones_lease() -> None:
    """Only its holder gives a lease back."""
    rig = ready()
    rig.world.hosts.clear()
    group = rig.world.group_name
    taken = Lease(group=group, fence=7, holder=OTHER, until=START + timedelta(hours=9))
    rig.tables.leases[group] = taken
    assert rig.at_the_end().status is Status.ESCALATED
    assert rig.tables.leases == {group: taken}


def test_a_lease_that_is_taken_just_then_is_not_taken_twice() -> None:
    """The fence that was read does not stand any more, so the intent is not written."""
    rig = ready()
    group = rig.world.group_name
    until = START + timedelta(seconds=60)
    taken = Lease(group=group, fence=1, holder=OTHER, until=until)
    rig.script.after("limits", lambda: rig.tables.leases.update({group: taken}))
    rig.turn()
    assert (rig.fixes, rig.incident().attempts) == ([], ())
    assert rig.at_the_end().status is Status.RESOLVED


def test_the_kill_switch_is_read_before_every_fix() -> None:
    """I15: thrown after the first fix, it stops the second; what runs is still verified."""
    rig = ready()
    rig.turn()
    rig.tables.switch = switch("everything")
    held = rig.until(lambda held: held.attempts[0].helped)
    for _ in range(20):
        rig.turn()
    assert rig.fixes == [A]
    assert held.attempts[0].helped is True


def test_a_fix_is_delivered_within_its_limit_or_not_at_all() -> None:
    """Attempt, entry and command name the same last instant."""
    rig = ready()
    rig.turn()
    (attempt,) = rig.incident().attempts
    (intent,) = [each for each in rig.entries_of(Kind.INTENT) if each["action"] == attempt.action]
    assert attempt.not_after == attempt.intended_at + RESTART_ENCLAVE.delivery_limit
    assert RESTART_ENCLAVE.delivery_limit == timedelta(seconds=60)
    assert intent["not_after"] == attempt.not_after.isoformat(timespec="microseconds")
    (sent,) = rig.world.mutations
    assert int(sent.parameters["NotAfter"]) == int(attempt.not_after.timestamp())


def test_what_a_fix_touches_alive_is_spent() -> None:
    """I11: the budget of every later incident counts the hosts that were not proven dead."""
    rig = ready()
    rig.turn()
    work = IncidentUnitOfWork(rig.incident(), rig.system, rig.world.now)
    held = copy.replace(rig.incident(), status=Status.INVESTIGATING, attempts=())
    work.incident = held
    situation_ = situation(
        incident=held,
        limits=rig.system.ports.store.limits(rig.world.group_name),
        surroundings=PreflightFacts(refreshes=Refreshes()),
        diagnosis=Diagnosis(
            {A: HostDiagnosis(HostHealth.DEAD), B: HostDiagnosis(HostHealth.SERVING)}
        ),
    )
    refresh = copy.replace(plan(action="restart_enclave"), hosts=FLEET)
    act.send_fix(work, refresh, situation_)
    assert [each.alive for each in rig.tables.leases[rig.world.group_name].spent] == [(), (B, C)]


@pytest.mark.parametrize(
    "unread",
    [
        {"limits": Unknown("throttled")},
        {"evidence": copy.replace(situation().evidence, group=Unknown("throttled"))},
        {"surroundings": None},
    ],
)
def test_a_fix_without_what_it_rests_on_is_a_bug(unread: dict[str, object]) -> None:
    """The guards never let it come so far; if they did, nothing would be sent."""
    rig = ready()
    work = IncidentUnitOfWork(rig.incident(), rig.system, rig.world.now)
    known: dict[str, object] = {"surroundings": PreflightFacts(refreshes=Refreshes())}
    with pytest.raises(InvariantViolation, match="without readable limits"):
        act.send_fix(work, plan(), situation(**(known | unread)))
    assert rig.fixes == []


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("throttled"), InvariantViolation("the lease is corrupt")]
)
def test_limits_that_cannot_be_read_stop_fixes_until_they_can(error: Exception) -> None:
    """S12: missing or corrupt state is never unlimited."""
    rig = ready()
    rig.script.before("limits", raising(error))
    rig.turn()
    assert rig.fixes == []
    denied = {
        each["guard"] for each in rig.entries_of(Kind.DECISION)[-1]["guards"] if each["denial"]
    }
    assert denied == {
        "switch_is_off",
        "action_is_allowed",
        "no_alarm_is_suppressed",
        "region_is_healthy",
        "calendar_is_open",
        "no_finding_on_target",
        "budget_is_left",
        "breaker_is_closed",
        "one_fix_at_a_time",
        "attempts_are_left",
        "cooldown_is_over",
    }
    assert rig.at_the_end().status is Status.RESOLVED


def test_the_kill_switch_stops_fixes_and_nothing_else() -> None:
    """I5, I15: it pages, looks and decides; once it is off the fix follows."""
    rig = opened(paused=True)
    rig.until(lambda held: held.wakes > 9)
    assert (rig.fixes, len(rig.posts)) == ([], 1)
    assert rig.incident().hosts.keys() == set(FLEET)
    rig.tables.switch = OFF
    assert rig.at_the_end().status is Status.RESOLVED


def test_a_hand_over_with_a_fix_under_way_keeps_the_lease() -> None:
    """I10: no other incident fixes this group before that fix has expired."""
    rig = Rig(profile=policy(wakes_max=3))
    rig.hear()
    held = rig.until(lambda held: held.ended)
    assert held.attempts[-1].outcome is None
    lease = rig.tables.leases[rig.world.group_name]
    assert lease.holder == held.id
    assert lease.until is not None
    assert lease.until > rig.world.now + timedelta(seconds=100)


@pytest.mark.parametrize(("age", "kept"), [(1799, 2), (1800, 1)])
def test_a_fix_is_remembered_for_the_longest_window_that_a_bound_looks_back(
    age: int, kept: int
) -> None:
    """I11: attempts are forgotten earlier than the budget that the same fix has spent."""
    policy = copy.replace(PROFILE.policy, attempts_window_seconds=600, budget_window_seconds=1800)
    rig = Rig(profile=copy.replace(PROFILE, policy=policy))
    group = rig.world.group_name
    at = START + timedelta(seconds=5 - age)
    earlier = AttemptRecord(Token("0" * 32), "restart_enclave", B, at, alive=(B,))
    rig.tables.leases[group] = Lease(group=group, fence=1, spent=(earlier,))
    rig.hear()
    rig.until(lambda held: held.attempts)
    assert rig.incident().attempts[0].intended_at == START + timedelta(seconds=5)
    assert len(rig.tables.leases[group].spent) == kept
