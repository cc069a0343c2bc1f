import json
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest

from firstline.decide import decide
from firstline.decision import Fix, HandOver, Look, Step, Wait
from firstline.evidence import AlarmReading, Unknown
from firstline.guards.order import ORDER
from firstline.incident import Incident
from firstline.plan import Plan
from firstline.situation import Situation
from tests.core.builders import (
    ALARM,
    NOW,
    OK,
    OTHER,
    A,
    B,
    C,
    ago,
    answered,
    evidence,
    host,
    hosts,
    incident,
    target,
    targets,
    verifying,
)
from tests.core.situations import limits, situation, spent

FACTS = ("the host lists no enclave", "the load balancer finds it unhealthy")
UNKNOWN = Unknown("throttled")
HEALTHY = evidence(target_health=Unknown("none"))
SETTLED = {"hosts": hosts(A, up=True, age=10)}


def wait(seconds: float) -> Wait:
    return Wait(NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("held", "step"),
    [
        (verifying(answered(19), **SETTLED), wait(1)),
        (verifying(answered(20), hosts=hosts(A, age=9)), wait(1)),
        (verifying(answered(20), hosts={}), Look((A,), ago(-10))),
    ],
)
def test_a_mended_target_settles_and_is_then_read_at_intervals(held: Incident, step: Step) -> None:
    """The first reading comes after the fix has settled, the next ones ten seconds apart."""
    assert decide(situation(incident=held)).step == step


@pytest.mark.parametrize(
    ("held", "alarm", "step"),
    [
        (incident(targets=targets(verified=599)), ALARM, wait(10)),
        (incident(targets=targets(verified=599)), UNKNOWN, wait(10)),
        (incident(targets=targets(verified=600)), UNKNOWN, HandOver()),
        (incident(targets=targets(verified=900), clear_readings=1), OK, wait(10)),
        (incident(targets=(target(A, verified=900), target(B, verified=599))), ALARM, wait(10)),
    ],
)
def test_an_alarm_may_lag_behind_the_last_verified_host(
    held: Incident, alarm: AlarmReading | Unknown, step: Step
) -> None:
    """S05: a window that still drains is waited for, but not for ever."""
    told = decide(situation(incident=held, evidence=evidence(alarm=alarm)))
    assert (told.rule, told.step) == ("alarm to clear", step)


def test_hosts_that_seem_to_serve_are_read_no_oftener_than_the_interval() -> None:
    """The reading that is due last sets the time of the next look."""
    held = incident(hosts=hosts(A, B, up=True, age=10) | hosts(C, up=True, age=4))
    assert decide(situation(incident=held, evidence=HEALTHY)).step == wait(6)


def test_one_silent_host_does_not_keep_another_from_its_fix() -> None:
    """A host without an answer is given up only when nothing else is left to do."""
    held = incident(
        targets=(target(A, silent=9), target(B)), hosts={A: host(found=UNKNOWN), B: host()}
    )
    told = decide(situation(incident=held)).step
    assert isinstance(told, Fix)
    assert told.plan.target == B


class Stop(NamedTuple):
    """A fix that guards stop, and what follows."""

    situation: Situation
    step: Step


@pytest.mark.parametrize(
    "case",
    [
        Stop(situation(mode="observe"), wait(60)),
        Stop(situation(limits=limits(spent(59))), wait(1)),
        Stop(situation(limits=limits(spent(50), holder=OTHER, until=ago(-45))), wait(45)),
        Stop(situation(limits=limits(holder=OTHER, until=ago(-45)), mode="observe"), wait(60)),
        Stop(situation(limits=limits(spent(900), spent(1800))), HandOver()),
        Stop(situation(limits=limits(spent(900), spent(1800)), mode="observe"), HandOver()),
    ],
)
def test_what_follows_a_denial(case: Stop) -> None:
    """A denial that passes is waited out, one with no known end is watched, a final one ends."""
    told = decide(case.situation)
    assert (told.rule, told.step) == ("next fix", case.step)
    assert told.plan is not None
    assert told.plan.target == A
    assert "; ".join(each.denial.why for each in told.answers if each.denial) == told.why


def test_an_entry_tells_the_step_the_facts_and_every_guard() -> None:
    """I25: also the guards that let the plan pass are told."""
    told = json.loads(msgspec.json.encode(decide(situation()).told()))
    plan = Plan(action="restart_enclave", target=A, facts=FACTS)
    facts = list(FACTS)
    assert told["rule"] == "next fix"
    assert told["step"]["plan"] == {"action": plan.action, "target": A, "facts": facts}
    assert told["facts"] == facts
    assert told["plan"] == {"action": plan.action, "target": A, "hash": plan.hash}
    assert told["guards"] == [{"guard": each.__name__, "denial": None} for each in ORDER]
    assert decide(situation(incident=incident(opened_at=ago(7200)))).told()["plan"] is None
