"""Each guard stops what it protects from, and nothing else."""

import copy
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from firstline.diagnosis.diagnose import Diagnosis, HostDiagnosis
from firstline.diagnosis.evidence import HostEvidence
from firstline.diagnosis.preflight import Image, KeyState, PreflightFacts
from firstline.ids import GroupName, InstanceId
from firstline.remediation.guards import guard as guard_module
from firstline.remediation.guards.blast_radius import budget_is_left
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.order import ALL_GUARDS, ask_guards, guard_name
from firstline.remediation.guards.reason import Reason
from firstline.remediation.kill_switch import KillSwitch
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from firstline.signal import Component
from tests.builders import (
    FLEET,
    NOW,
    A,
    B,
    C,
    ago,
    evidence,
    group,
    host,
    incident,
    report,
    targets,
)
from tests.remediation.guarding import around as surrounding
from tests.remediation.guarding import authority, blast_radius, trouble
from tests.remediation.guarding.cases import (
    ALL_DEAD,
    CALM,
    DEPENDENT,
    FRAGILE,
    GONE,
    NEW,
    OLD,
    OTHER_HOST,
    STOPS,
    THEIRS,
    THROTTLED,
    UNREAD,
    around,
    deployed,
    holding,
    proposed,
    refresh,
    running,
    thrown,
)
from tests.remediation.guarding.passing import PASSES, PLANS
from tests.remediation.situations import (
    approval,
    denials,
    limits,
    plan,
    policy,
    situation,
    spent,
    switch,
)

GUARDS = Path(guard_module.__file__).parent
STOPPED = authority.STOPPED | trouble.STOPPED | blast_radius.STOPPED | surrounding.STOPPED


@pytest.mark.parametrize(
    ("size", "hosts", "denied"), [(14, 2, False), (14, 3, True), (15, 3, False), (9, 2, True)]
)
def test_the_budget_is_a_share_of_the_group(size: int, hosts: int, *, denied: bool) -> None:
    """A fifth of the hosts in service, and at least one."""
    fleet = tuple(InstanceId(f"i-{number:017x}") for number in range(size))
    about = situation(evidence=evidence(group=group(*fleet)))
    denial = budget_is_left(plan(fleet[0], hosts=fleet[:hosts]), about)
    assert (denial is not None) is denied


def test_a_restart_of_the_parent_loses_nothing() -> None:
    """The enclave and what it holds stay."""
    held = situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=holding(2))
    assert "nothing_is_unsaved" not in denials(held, plan(action="restart_parent"))


@pytest.mark.parametrize("guard", STOPPED)
def test_each_guard_alone_stops_its_situations(guard: str) -> None:
    """Without this guard its situations would end in a fix."""
    for stopped, denial in STOPPED[guard]:
        assert denials(stopped, PLANS.get(guard)) == {guard: denial}


def test_every_guard_has_its_situations() -> None:
    """The table is in the guards' order; a guard without a case fails here."""
    assert list(STOPPED) == [guard_name(guard) for guard in ALL_GUARDS]


def test_each_reason_is_of_one_sentence() -> None:
    """A program can rely on it: of what cannot be read the guard says which."""
    used = Counter(
        re.findall(
            r"Denial\(\s*Reason\.(\w+)", "".join(each.read_text() for each in GUARDS.glob("*.py"))
        )
    )
    assert set(used) == {each.name for each in Reason}
    assert {name for name, times in used.items() if times > 1} <= {
        "ATTEMPTS_UNREADABLE",
        "KILL_SWITCH_UNREADABLE",
    }
    assert all(each == each.name.replace("_", " ").title().replace(" ", "") for each in Reason)


@pytest.mark.parametrize("passing", PASSES.values(), ids=PASSES)
def test_the_same_fix_passes_with_one_fact_changed(passing: Situation) -> None:
    """No guard objects, and each is asked and kept, in the order of asking."""
    answers = ask_guards(plan(), passing)
    assert [each.guard for each in answers] == list(STOPPED)
    assert [each.denial for each in answers if each.denial] == []


def test_a_target_outside_the_scope_is_not_ours() -> None:
    """I13: a host of the group is still no target when the incident does not name it."""
    held = situation(
        incident=incident(targets=targets(B, C)),
        diagnosis=situation().diagnosis,
    )
    assert list(denials(held)) == ["targets_are_ours"]


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (plan(A, hosts=(A, B)), f"{A} is not the only host of the plan"),
        (plan(A, hosts=()), f"{A} is not the only host of the plan"),
        (copy.replace(refresh(50), target=GroupName("other")), "other is not the managed group"),
        (
            copy.replace(refresh(50), hosts=(A, B)),
            "the plan does not name every instance in service",
        ),
        (copy.replace(refresh(50), hosts=()), "the plan does not name every instance in service"),
        (
            copy.replace(refresh(50), hosts=(*FLEET, OTHER_HOST)),
            f"{OTHER_HOST} is not in service in the managed group",
        ),
    ],
)
def test_a_plan_names_its_hosts_and_no_other(what: Plan, why: str) -> None:
    """I13: an empty list, a part of the fleet, or another's host is no target."""
    assert denials(situation(), what)["targets_are_ours"].why == why


@pytest.mark.parametrize("action", ["restart_parent", "scale_out"])
def test_a_fix_that_unlocks_no_vault_passes_while_kms_throttles(action: str) -> None:
    """The parent's restart leaves the enclave as it is."""
    assert "kms_is_calm" not in denials(THROTTLED, plan(action=action))


@pytest.mark.parametrize(
    ("what", "verdicts", "left_alone"),
    [
        (plan(), {A: GONE, B: STOPS}, False),
        (plan(), {A: STOPS, B: GONE}, True),
        (plan(), {B: GONE}, True),
        (refresh(50), dict.fromkeys(FLEET, GONE), False),
        (refresh(50), dict.fromkeys(FLEET, GONE) | {C: STOPS}, True),
        (copy.replace(refresh(50), action="scale_out", hosts=()), {A: GONE}, True),
    ],
)
def test_only_hosts_whose_own_enclave_is_gone_are_repaired_without_nats(
    what: Plan, verdicts: dict[InstanceId, HostDiagnosis], *, left_alone: bool
) -> None:
    """Every one that the plan touches: NATS takes no enclave away."""
    result = Diagnosis(verdicts, dependency=Component.NATS)
    assert ("dependency_is_well" in denials(situation(diagnosis=result), what)) is left_alone


def test_unsaved_vaults_of_one_host_are_final_though_another_is_unknown() -> None:
    """Known facts come before unknown ones, for images as for vaults and KMS."""
    known = HostEvidence(report(up=True, restart_blockers=2), NOW)
    held = situation(
        profile=FRAGILE,
        diagnosis=ALL_DEAD,
        incident=incident(hosts={A: host(found=UNREAD), B: known, C: known}),
    )
    why = f"{B} logged 2 storage failures, {C} logged 2 storage failures"
    text = denials(held, refresh(50))["nothing_is_unsaved"]
    assert text == Denial(Reason.VAULTS_UNSAVED, why, final=True)
    dark = copy.replace(held, incident=incident(hosts={}))
    dark = situation(profile=FRAGILE, diagnosis=ALL_DEAD, incident=dark.incident)
    assert denials(dark, refresh(50))["nothing_is_unsaved"].why == (
        f"cannot verify that {A}, {B}, {C} has no unsaved vaults"
    )


def test_a_fact_that_no_person_may_know_is_not_unknown() -> None:
    """A kill switch or limits that cannot be read bar the plan, and no yes overrides that."""
    unreadable = thrown(KillSwitch(pauses=(), unreadable="corrupt"))
    assert not denials(situation(limits=unreadable))["switch_is_off"].unknown
    assert not any(each.unknown for each in denials(situation(limits=UNREAD)).values())


def test_a_persons_no_stands_where_the_action_goes_by_itself() -> None:
    """Also once the fact that was missing is known."""
    text = denials(proposed(approval(granted=False), autonomy="auto"))
    denial = Denial(
        Reason.APPROVAL_DENIED, "arn:of:alice denied restart_enclave: not now", final=True
    )
    assert text == {"action_is_allowed": denial}
    assert denials(proposed(approval(), autonomy="auto")) == {}
    assert denials(proposed(autonomy="auto")) == {}


def test_a_new_instance_needs_no_image_that_runs() -> None:
    """It comes with the published one."""
    image = copy.replace(CALM, image=Image(NEW, (NEW,)))
    held = situation(incident=running(OLD), diagnosis=ALL_DEAD, surroundings=image)
    assert "image_agrees" not in denials(held, plan(action="replace_instance"))
    unknown = situation(incident=incident(hosts={}), diagnosis=ALL_DEAD, surroundings=image)
    assert "image_agrees" not in denials(unknown)


def test_an_undo_passes_the_breaker_and_a_failing_dependency() -> None:
    """S10: recovery always passes, a pause included."""
    cancel = copy.replace(refresh(50), action="cancel_refresh", hosts=(), parameters={})
    tripped = copy.replace(
        around(("health", "EC2", 0), ("calendar", "freeze", 0)),
        lease=limits(*[copy.replace(spent(900, B), failed=True)] * 3).lease,
        switch=switch("everything"),
    )
    bad = PreflightFacts(
        refreshes=THEIRS,
        key=KeyState("Disabled"),
        stack=deployed(0, busy=True),
        builds=deployed(0, busy=True),
        image=UNREAD,
    )
    held = copy.replace(
        DEPENDENT,
        limits=tripped,
        surroundings=bad,
        incident=incident(storm=True, suppressed=True),
        evidence=evidence(group=copy.replace(group(*FLEET), suspended=("Terminate",))),
    )
    assert denials(held, cancel) == {}


def test_a_host_without_diagnosis_is_not_proven_dead() -> None:
    """I16: no verdict is no proof."""
    assert list(denials(situation(diagnosis=Diagnosis({})))) == ["target_is_proven_dead"]


def test_a_host_that_was_verified_is_not_touched() -> None:
    """I12: it serves, whatever a plan says of it."""
    verified = situation(incident=incident(targets=targets(verified=9)))
    assert list(denials(verified)) == ["target_is_proven_dead", "serving_host_stays"]


def test_limits_that_cannot_be_read_stop_every_fix() -> None:
    """S12: each guard that needs them denies, and none takes them for unlimited."""
    text = denials(situation(limits=UNREAD))
    assert {guard: denial.why for guard, denial in text.items()} == {
        "switch_is_off": "the kill switch cannot be read: throttled",
        "action_is_allowed": "the track record of restart_enclave cannot be read: throttled",
        "no_alarm_is_suppressed": "muted alarms cannot be read: throttled",
        "region_is_healthy": "open AWS Health issues cannot be read: throttled",
        "calendar_is_open": "change calendars cannot be read: throttled",
        "no_finding_on_target": "security findings cannot be read: throttled",
        "budget_is_left": "the recently touched hosts cannot be read: throttled",
        "breaker_is_closed": "the failed fixes cannot be read: throttled",
        "one_fix_at_a_time": "the lease cannot be read: throttled",
        "attempts_are_left": "earlier attempts cannot be read: throttled",
        "cooldown_is_over": "the last attempt cannot be read",
    }


@pytest.mark.parametrize(("made", "seconds"), [(1, 60), (2, 120), (3, 240)])
def test_a_cooldown_doubles_with_each_attempt(made: int, seconds: int) -> None:
    """I20: after the second attempt the wait is twice as long."""
    held = limits(*[spent(30)] * made)
    text = denials(situation(limits=held, profile=policy(attempts_per_target_max=9)))
    assert text["cooldown_is_over"].retry_at == ago(30) + timedelta(seconds=seconds)


def test_an_attempt_of_the_future_counts_and_cools_down() -> None:
    """I29: a clock that went back neither frees an attempt nor ends a cooldown."""
    text = denials(situation(limits=limits(spent(-500), spent(-500))))
    assert list(text) == ["attempts_are_left", "cooldown_is_over"]
