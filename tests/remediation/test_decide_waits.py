import copy
import json
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest

from firstline.diagnosis.evidence import AlarmReading, Unknown
from firstline.incidents.incident import Incident
from firstline.remediation.decide import decide
from firstline.remediation.decision import Escalate, Fix, Look, Step, Wait
from firstline.remediation.guards.order import ALL_GUARDS
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from tests.builders import (
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
from tests.remediation.situations import FACTS, RESTART_ONLY, limits, situation, spent

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
def test_a_repaired_target_settles_and_is_then_read_at_intervals(
    held: Incident, step: Step
) -> None:
    """The first reading comes after the fix has settled, the next ones ten seconds apart."""
    assert decide(situation(incident=held)).step == step


@pytest.mark.parametrize(
    ("held", "alarm", "step"),
    [
        (incident(targets=targets(verified=599)), ALARM, wait(10)),
        (incident(targets=targets(verified=599)), UNKNOWN, wait(10)),
        (incident(targets=targets(verified=600)), UNKNOWN, Escalate()),
        (incident(targets=targets(verified=900), clear_readings=1), OK, wait(10)),
        (incident(targets=(target(A, verified=900), target(B, verified=599))), ALARM, wait(10)),
    ],
)
def test_an_alarm_may_lag_behind_the_last_verified_host(
    held: Incident, alarm: AlarmReading | Unknown, step: Step
) -> None:
    """S05: a window that still drains is waited for, but not for ever."""
    result = decide(situation(incident=held, evidence=evidence(alarm=alarm)))
    assert (result.rule, result.step) == ("AwaitAlarmOk", step)


def test_hosts_that_seem_to_serve_are_read_no_oftener_than_the_interval() -> None:
    """The reading that is due last sets the time of the next look."""
    seen = hosts(A, B, up=True, age=10) | hosts(C, up=True, age=4)
    held = incident(hosts=seen, targets=targets(readings=1))
    assert decide(situation(incident=held, evidence=HEALTHY)).step == wait(6)


def test_hosts_of_which_no_reading_was_good_are_watched() -> None:
    """Each minute; one that seems to serve is confirmed meanwhile, and does not wait for them."""
    seen = hosts(A, B, up=True, age=10) | hosts(C, up=True, age=4)
    unproven = incident(hosts=seen)
    assert decide(situation(incident=unproven, evidence=HEALTHY)).step == wait(56)
    mixed = incident(hosts=seen, targets=(*targets(A, readings=1), *targets(B, C)))
    assert decide(situation(incident=mixed, evidence=HEALTHY)).step == Look((A,), ago(-10))


@pytest.mark.parametrize(
    ("held", "given_up"),
    [
        (incident(opened_at=ago(900)), True),
        (incident(opened_at=ago(899)), False),
        (incident(opened_at=ago(900), attempts=(answered(899, helped=True),)), False),
        (incident(opened_at=ago(900), targets=(target(A, verified=1), target(B))), False),
    ],
)
def test_an_unproven_target_is_escalated_in_the_end(held: Incident, *, given_up: bool) -> None:
    """Counted from the last thing that went forward: a person may see what we cannot."""
    seen = copy.replace(held, hosts=hosts(A, B, C, up=True))
    result = decide(situation(incident=seen, evidence=HEALTHY))
    assert result.rule == "ConfirmTargets"
    assert isinstance(result.step, Escalate) is given_up


def test_one_silent_host_does_not_keep_another_from_its_fix() -> None:
    """A host without an answer is given up only when nothing else is left to do."""
    held = incident(
        targets=(target(A, silent=9), target(B)), hosts={A: host(found=UNKNOWN), B: host()}
    )
    result = decide(situation(incident=held)).step
    assert isinstance(result, Fix)
    assert result.plan.target == B


USED_UP = limits(spent(900), spent(1800))


LATELY = answered(899, target=B, helped=True)


class Stop(NamedTuple):
    """A fix that guards stop, and what follows."""

    situation: Situation
    step: Step


@pytest.mark.parametrize(
    "case",
    [
        Stop(situation(mode="dry-run"), wait(60)),
        Stop(situation(limits=limits(spent(59))), wait(1)),
        Stop(situation(limits=limits(spent(50), holder=OTHER, until=ago(-45))), wait(45)),
        Stop(situation(limits=limits(holder=OTHER, until=ago(-45)), mode="dry-run"), wait(60)),
        Stop(situation(limits=USED_UP, profile=RESTART_ONLY), Escalate()),
        Stop(situation(limits=USED_UP, profile=RESTART_ONLY, mode="dry-run"), Escalate()),
        Stop(situation(incident=incident(opened_at=ago(900)), mode="dry-run"), Escalate()),
        Stop(situation(incident=incident(opened_at=ago(899)), mode="dry-run"), wait(60)),
        Stop(situation(incident=incident(opened_at=ago(900)), limits=limits(spent(59))), wait(1)),
        Stop(
            situation(incident=incident(opened_at=ago(900), attempts=(LATELY,)), mode="dry-run"),
            wait(60),
        ),
    ],
)
def test_the_step_after_a_denial(case: Stop) -> None:
    """A denial that passes is waited out, one with no known end is watched, a final one ends."""
    result = decide(case.situation)
    assert (result.rule, result.step) == ("NextFix", case.step)
    assert result.plan is not None
    assert result.plan.target == A
    assert "; ".join(each.denial.why for each in result.answers if each.denial) == result.why


def test_an_entry_has_the_step_the_facts_and_every_guard() -> None:
    """I25: also the guards that let the plan pass."""
    result = json.loads(msgspec.json.encode(decide(situation()).to_ledger().to_ledger()))
    plan = Plan(action="restart_enclave", target=A, hosts=(A,), facts=FACTS)
    facts = list(FACTS)
    whom = {"action": plan.action, "targets": [A], "hosts": [A], "parameters": {}}
    assert result["rule"] == "NextFix"
    assert result["step"] == {"type": "fix"}
    assert result["facts"] == facts
    assert result["plan"] == whom | {"hash": plan.hash}
    passes = {"denial": None, "overridden": False}
    assert result["guards"] == [{"guard": each.__name__, **passes} for each in ALL_GUARDS]
    assert decide(situation(incident=incident(opened_at=ago(7200)))).to_ledger().plan is None
