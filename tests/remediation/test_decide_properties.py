import copy
from typing import get_args

import pytest
from hypothesis import Phase, find, given, settings

from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
    DeletedAlarm,
    Group,
    HostReport,
    InstanceStatuses,
    TargetHealth,
)
from firstline.remediation.decide import decide
from firstline.remediation.decision import Close, Fix, Step, Wait
from firstline.remediation.guards.order import ALL_GUARDS, ask_guards, guard_name
from firstline.remediation.limits import Limits
from firstline.remediation.situation import Situation
from tests.builders import AGE_MAX, NOW
from tests.strategies import CALM, situations


@CALM
@given(situations())
def test_every_situation_has_one_next_step_and_always_the_same(held: Situation) -> None:
    """Pure: an equal situation gives an equal decision, and none is without an answer."""
    result = decide(held)
    assert result == decide(copy.deepcopy(held))
    assert result.rule
    assert result.why
    if isinstance(result.step, Wait):
        assert result.step.until > NOW


@CALM
@given(situations())
def test_no_fix_without_every_guard(held: Situation) -> None:
    """I25: a fix is decided if no guard denies, and each guard's answer is in the decision."""
    result = decide(held)
    if result.rule == "NextFix":
        assert result.plan is not None
        assert result.answers == ask_guards(result.plan, held)
        assert [each.guard for each in result.answers] == [guard_name(each) for each in ALL_GUARDS]
        denied = any(each.stops for each in result.answers)
        assert isinstance(result.step, Fix) is not denied
    else:
        assert not isinstance(result.step, Fix)


@pytest.mark.slow
@settings(CALM, max_examples=3 * CALM.max_examples)
@given(situations())
def test_a_fix_has_one_target_that_two_checks_prove_dead(held: Situation) -> None:
    """I11 to I16, read from the world itself and not from what the guards made of it."""
    step = decide(held).step
    if not isinstance(step, Fix):
        return
    (id_,) = step.plan.hosts
    assert step.plan.target == id_
    seen = held.evidence
    assert held.mode == "enforce"
    assert isinstance(held.limits, Limits)
    switch = held.limits.switch
    assert not switch.unreadable
    assert not any(
        held.now < each.until and each.scope in {"everything", held.incident.condition}
        for each in switch.pauses
    )
    assert isinstance(seen.alarm, AlarmReading)
    helped = any(each.helped for each in held.incident.attempts)
    assert helped or seen.alarm.state is not AlarmState.OK
    assert isinstance(seen.group, Group)
    mine = next(each for each in seen.group.instances if each.id == id_)
    assert mine.lifecycle == "InService"
    assert id_ in {each.id for each in held.incident.targets if not each.verified}
    assert held.incident.current is None
    known = seen.instance_statuses
    status = known.known.get(id_) if isinstance(known, InstanceStatuses) else None
    readers = [status is not None and "impaired" in status.checks.values()]
    if isinstance(seen.target_health, TargetHealth):
        readers.append(seen.target_health.states.get(id_) == "unhealthy")
        assert seen.target_health.states.get(id_) != "healthy"
    found = seen.hosts[id_]
    assert found.fresh(NOW, AGE_MAX / 2)
    readers.append(isinstance(found.report, HostReport) and found.report.enclave_state == "none")
    assert sum(readers) >= 2


@pytest.mark.slow
def test_arbitrary_situations_reach_every_kind_of_step() -> None:
    """Otherwise the properties above would hold of nothing."""
    reached: set[type[Step]] = set()

    def every_kind(held: Situation) -> bool:
        reached.add(type(decide(held).step))
        return reached == set(get_args(Step.__value__))

    generate = settings(CALM, phases=[Phase.generate], max_examples=5000)
    find(situations(), every_kind, settings=generate)
    assert reached == set(get_args(Step.__value__))


@pytest.mark.slow
@CALM
@given(situations())
def test_nothing_is_closed_before_all_of_it_is_verified(held: Situation) -> None:
    """I4: K of K for the alarm, and every host in scope; or an alarm was deleted since."""
    if isinstance(decide(held).step, Close):
        gone = any(isinstance(each, DeletedAlarm) for each in held.evidence.alarms.values())
        enough = held.incident.clear_readings >= held.profile.policy.verify_readings
        assert enough or (gone and held.incident.recovered_at is not None)
        assert gone or all(each.verified for each in held.incident.targets)
        assert held.incident.current is None
