"""The words of an update: what is known, what is done about it, and what is awaited."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.diagnosis.diagnose import Diagnosis, HostDiagnosis
from firstline.diagnosis.evidence import NOT_NEEDED, DeletedAlarm, Group, Unknown
from firstline.diagnosis.health_checks import HostHealth
from firstline.incidents.incident import Incident, Outcome, Status
from firstline.notifications.updates import Update
from firstline.remediation.decide import decide
from firstline.remediation.decision import (
    Close,
    Decision,
    Escalate,
    Fix,
    Look,
    Raise,
    RequestApproval,
    Wait,
)
from firstline.remediation.guards.guard import Answer, Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.progress.update import FIRST_UPDATE_MAX, update
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation
from firstline.signal import Condition, Severity
from tests.builders import (
    ALARM,
    ALARM_ARN,
    FLEET,
    NOW,
    OK,
    A,
    B,
    C,
    ago,
    answered,
    attempt,
    balancer,
    evidence,
    group,
    hosts,
    incident,
    look,
    remediating,
    target,
    verifying,
)
from tests.remediation.situations import limits, plan, policy, proposal, situation

LATER = ago(-300)
WAITS = Decision(step=Wait(LATER), rule=RuleName.WATCH, why="no action is due: watching")
CLOSED = Decision(step=Close(), rule=RuleName.RECOVERED, why="the alarm is OK")
GIVEN_UP = Decision(step=Escalate(), rule=RuleName.LIMIT_REACHED, why="still open after 7200 s")
LATENCY = incident(condition=Condition.DEGRADED_LATENCY, targets=())
KMS = incident(condition=Condition.KMS_THROTTLING, targets=())


def made(decision: Decision = WAITS, held: Incident | None = None, **about: Any) -> Update:  # noqa: ANN401 - as `situation`
    """The update of *decision*, which left *held*."""
    found = situation(**{"incident": held or incident()} | about)
    result = update(held or incident(), decision, found)
    assert result is not None
    return result


def decided(about: Situation) -> Update:
    """The update of what is decided on *about*, before it is carried out."""
    result = update(about.incident, decide(about), about)
    assert result is not None
    return result


KNOWN: dict[str, tuple[dict[str, Any], str]] = {
    "all dead": ({}, "3 dead, 0 serving, 0 unknown of 3 hosts (its enclave is gone)"),
    "one of each": (
        {
            "incident": incident(
                hosts={**hosts(A), **hosts(B, up=True)}, targets=(target(A), target(B), target(C))
            ),
            "evidence": evidence(target_health=balancer("unhealthy", A)),
        },
        "1 dead, 1 serving, 1 unknown of 3 hosts (its enclave is gone)",
    ),
    "one is verified": (
        {"incident": incident(targets=(target(A, verified=5), target(B), target(C)))},
        "2 dead, 1 serving, 0 unknown of 3 hosts (its enclave is gone)",
    ),
    "one host": (
        {"incident": incident(targets=(target(A),), hosts={})},
        "0 dead, 0 serving, 1 unknown of 1 host",
    ),
    "one starts": (
        {
            "incident": incident(targets=(target(A), target(B))),
            "diagnosis": Diagnosis(
                {A: HostDiagnosis(HostHealth.STARTING), B: HostDiagnosis(HostHealth.STOPPING)}
            ),
        },
        "0 dead, 0 serving, 0 unknown, 1 starting, 1 stopping of 2 hosts",
    ),
    "no group": (
        {"incident": incident(targets=()), "evidence": evidence(group=Unknown("throttled"))},
        "the hosts in service are unknown",
    ),
    "an empty group": (
        {"incident": incident(targets=()), "evidence": evidence(group=group())},
        "no host is in service",
    ),
    "alarms": (
        {"incident": KMS, "evidence": evidence(alarms={ALARM_ARN: ALARM, "b": OK, "c": ALARM})},
        "2 of 3 alarms in ALARM",
    ),
    "an alarm that is OK": (
        {"incident": KMS, "evidence": evidence(alarms={ALARM_ARN: OK})},
        "0 of 1 alarm in ALARM",
    ),
    "alarms that cannot be read": (
        {
            "incident": KMS,
            "evidence": evidence(alarms={"a": NOT_NEEDED, "b": DeletedAlarm(), "c": ALARM}),
        },
        "1 of 3 alarms in ALARM, 1 deleted, 1 unknown",
    ),
    "a group": (
        {"incident": incident(condition=Condition.CAPACITY, targets=())},
        "3 of 3 instances are in service",
    ),
    "no alarm": (
        {"incident": KMS, "evidence": evidence(alarms={})},
        "the incident has no alarm",
    ),
}


@pytest.mark.parametrize(("about", "line"), KNOWN.values(), ids=KNOWN)
def test_the_fleet_state(about: dict[str, Any], line: str) -> None:
    """Each host counts once, and a verified one serves."""
    result = made(held=about.get("incident"), **about)
    assert result.details["known"] == line
    assert result.line.startswith(f"{line}; ")


def test_a_reason_appears_once() -> None:
    """The end of an incident without an alarm, whose reason is what is known."""
    why = "the incident has no alarm"
    over = copy.replace(KMS, status=Status.ESCALATED)
    handed = Decision(step=Escalate(), rule=RuleName.NO_ALARM, why=why)
    result = made(handed, over, incident=over, evidence=evidence(alarms={}))
    assert result.line == f"escalated to on-call: {why}"


SENT = remediating()
BARRED = Decision(
    step=Wait(LATER),
    rule=RuleName.NEXT_FIX,
    why="it is in cooldown",
    plan=plan(),
    answers=(
        Answer("cooldown_is_over", Denial(Reason.COOLDOWN, "it is in cooldown")),
        Answer("mode_enforces", None),
    ),
)
ASKED = copy.replace(BARRED, why="autonomy of restart_enclave is approve")
DOING: dict[str, tuple[Decision, Incident, str]] = {
    "sent": (WAITS, SENT, f"restart_enclave on {A} sent"),
    "perhaps sent": (
        WAITS,
        remediating(attempt(command=None)),
        f"restart_enclave on {A} may have been sent; searching for it",
    ),
    "the next one": (
        WAITS,
        incident(
            status=Status.REMEDIATING, attempts=(answered(9, helped=False), attempt(target=B))
        ),
        f"restart_enclave on {A}: did not help; restart_enclave on {B} sent",
    ),
    "refused": (
        Decision(step=Fix(plan()), rule=RuleName.NEXT_FIX, why="no guard objects", plan=plan()),
        incident(attempts=(attempt(helped=False, outcome=Outcome.NOT_SENT),)),
        f"restart_enclave on {A}: was not sent; the next step is being decided",
    ),
    "asked": (ASKED, incident(proposals=(proposal(),)), f"restart_enclave on {A} is proposed"),
    "recommended": (
        ASKED,
        incident(proposals=(proposal(approvable=False),)),
        f"restart_enclave on {A} is recommended to an operator",
    ),
    "barred": (BARRED, incident(), f"restart_enclave on {A} is blocked: it is in cooldown"),
    "barred in its own words": (
        copy.replace(BARRED, why=f"mode is dry-run: would have run restart_enclave on {A}"),
        incident(),
        f"mode is dry-run: would have run restart_enclave on {A}",
    ),
    "verified": (
        WAITS,
        incident(attempts=(answered(9, helped=True),)),
        f"restart_enclave on {A}: helped; no action is due: watching",
    ),
    "no ladder": (
        WAITS,
        KMS,
        "no automatic fix for this condition: manual action required",
    ),
    "no ladder, and a reason": (
        Decision(step=Wait(LATER), rule=RuleName.STORM_GATHERING, why="a storm"),
        KMS,
        "no automatic fix for this condition: manual action required; a storm",
    ),
    "over": (CLOSED, incident(status=Status.SELF_RECOVERED), "closed: the alarm is OK"),
    "handed over": (
        GIVEN_UP,
        incident(status=Status.ESCALATED),
        "escalated to on-call: still open after 7200 s",
    ),
}


@pytest.mark.parametrize(("decision", "held", "doing"), DOING.values(), ids=DOING)
def test_the_current_action(decision: Decision, held: Incident, doing: str) -> None:
    """The result of the last fix, and the next step."""
    assert made(decision, held).details["doing"] == doing


RETRIED = (
    Answer("switch_is_off", Denial(Reason.FIXES_PAUSED, "paused", retry_at=LATER, held=True)),
)
MIXED = (*RETRIED, Answer("cooldown_is_over", Denial(Reason.COOLDOWN, "it is in cooldown")))
VERIFIED = incident(targets=(target(A, verified=100), target(B, verified=40)))
AWAITED: dict[str, tuple[Decision, Incident, str]] = {
    "a verdict": (WAITS, SENT, "its verdict until 04:28:40 UTC"),
    "an approval": (
        ASKED,
        incident(proposals=(proposal(),)),
        "an operator's approval until 04:20:30",
    ),
    "a recovery, for a recommendation": (
        ASKED,
        incident(proposals=(proposal(approvable=False),)),
        "a recovery until 04:34:00 UTC",
    ),
    "a recovery, for a plan that is barred": (BARRED, incident(), "a recovery until 04:34:00 UTC"),
    "the end of what bars it": (
        copy.replace(BARRED, answers=RETRIED),
        incident(),
        "the block on the fix to end until 04:25:00 UTC",
    ),
    "what passes and what does not": (
        copy.replace(BARRED, answers=MIXED),
        incident(),
        "a recovery until 04:34:00 UTC",
    ),
    "good readings": (
        Decision(step=Wait(LATER), rule=RuleName.CONFIRM_TARGETS, why="not verified yet"),
        incident(),
        "good readings of each host until 04:34:00 UTC",
    ),
    "an alarm that drains": (
        Decision(step=Wait(LATER), rule=RuleName.AWAIT_ALARM_OK, why="drains"),
        VERIFIED,
        "the alarm to turn OK until 04:29:20 UTC",
    ),
    "an alarm that is to stay OK": (
        Decision(step=Wait(LATER), rule=RuleName.AWAIT_ALARM_OK, why="reading 1 of 3"),
        copy.replace(VERIFIED, clear_readings=1),
        "the alarm to stay OK until 04:34:20 UTC",
    ),
    "a group that is not whole": (
        Decision(step=Wait(LATER), rule=RuleName.AWAIT_ALARM_OK, why="not whole"),
        copy.replace(VERIFIED, clear_readings=3),
        "the group to reach its desired capacity until 04:34:20 UTC",
    ),
    "a quiet window": (
        Decision(step=Wait(LATER), rule=RuleName.QUIET_WINDOW, why="it recovered by itself"),
        incident(recovered_at=NOW),
        "the end of the quiet window until 04:25:00 UTC",
    ),
    "what has no alarm": (
        Decision(step=Wait(LATER), rule=RuleName.NO_ALARM, why="the incident has no alarm"),
        incident(),
        "further signals until 04:25:00 UTC",
    ),
    "signals of a storm": (
        Decision(step=Wait(LATER), rule=RuleName.STORM_GATHERING, why="a storm"),
        incident(),
        "further signals until 04:25:00 UTC",
    ),
    "signals that join": (
        Decision(step=Wait(LATER), rule=RuleName.SIGNALS_JOINING, why="joined"),
        incident(),
        "further signals until 04:25:00 UTC",
    ),
    "a recovery": (WAITS, incident(), "a recovery until 04:34:00 UTC"),
    "hosts": (
        Decision(step=Look(FLEET, NOW), rule=RuleName.LOOK_AT_HOSTS, why="nothing fresh"),
        incident(look=look()),
        "the hosts' answers until 04:21:20 UTC",
    ),
}


@pytest.mark.parametrize(("decision", "held", "awaited"), AWAITED.values(), ids=AWAITED)
def test_the_next_event(decision: Decision, held: Incident, awaited: str) -> None:
    """And until when: then it is handed over, or the next rung is tried."""
    alarms = {ALARM_ARN: OK} if held.clear_readings else {ALARM_ARN: ALARM}
    result = made(decision, held, evidence=evidence(alarms=alarms))
    assert f"; awaits {awaited}" in result.line
    assert result.details["awaited"] == awaited.partition(" until ")[0]


@pytest.mark.parametrize(
    ("decision", "status"), [(CLOSED, Status.SELF_RECOVERED), (GIVEN_UP, Status.ESCALATED)]
)
def test_an_end_awaits_nothing(decision: Decision, status: Status) -> None:
    """Not even the verdict of a fix that is under way: a person has it."""
    held = incident(status=status, attempts=(attempt(),))
    result = made(decision, held)
    assert (result.end, "awaited" in result.details, "until" in result.details) == (
        True,
        False,
        False,
    )
    assert "awaits" not in result.line


def test_a_rise_has_only_its_page() -> None:
    rise = Decision(step=Raise(Severity.P2), rule=RuleName.GROUP_SHORT, why="it was short for long")
    assert update(incident(), rise, situation(incident=incident())) is None


def test_a_plan_is_named_whole() -> None:
    """As the command that allows it does, and its page."""
    result = made(BARRED)
    what = {name: result.details[name] for name in ("action", "target", "plan")}
    assert what == {"action": "restart_enclave", "target": A, "plan": plan().hash}
    assert "plan" not in made().details


def test_only_a_fix_that_may_be_under_way_is_one() -> None:
    """One that was refused changed nothing."""
    fix = Decision(step=Fix(plan()), rule=RuleName.NEXT_FIX, why="no guard objects", plan=plan())
    assert made(fix, remediating()).fix
    assert made(fix, remediating(attempt(command=None))).fix
    assert not made(fix, incident(attempts=(attempt(helped=False),))).fix
    assert not made(WAITS, remediating()).fix


# --- turns -----------------------------------------------------------------------------------


def test_a_fix_is_one_turn_until_its_verdict() -> None:
    """Sent, answered, settling and looked at: people wait for the verdict alone."""
    sent, after = remediating(), verifying(answered(5))
    turns = {made(WAITS, each).turn for each in (sent, after)}
    assert len(turns) == 1
    assert made(WAITS, incident(attempts=(answered(5, helped=True),))).turn not in turns
    assert made(WAITS, remediating(attempt(token="d" * 32))).turn not in turns


def test_a_proposal_is_one_turn_until_its_answer() -> None:
    """The wake that asks, and those that wait; without an answer it is handed over."""
    asked = incident(proposals=(proposal(),))
    asks = copy.replace(ASKED, step=RequestApproval(plan()))
    assert made(asks, asked).turn == made(ASKED, asked).turn
    assert (
        made(ASKED, incident(proposals=(proposal(key="approval-2"),))).turn
        != made(ASKED, asked).turn
    )
    ended = incident(proposals=(proposal(),), status=Status.ESCALATED)
    assert made(copy.replace(ASKED, step=Escalate()), ended).turn != made(ASKED, asked).turn


def test_a_turn_is_no_text_and_no_instant() -> None:
    """The same guards bar the same plan: a countdown in their reasons is no news."""
    barred = made(BARRED)
    denial = Denial(Reason.COOLDOWN, "it is in cooldown for 9 s", retry_at=LATER)
    later = copy.replace(
        BARRED,
        step=Wait(ago(-9)),
        why="it is in cooldown for 9 s",
        answers=(Answer("cooldown_is_over", denial),),
    )
    assert made(later).turn == barred.turn


OTHERS: dict[str, tuple[Decision, Incident]] = {
    "another guard": (
        copy.replace(
            BARRED,
            answers=(Answer("group_is_whole", Denial(Reason.COOLDOWN, ("it is in cooldown"))),),
        ),
        incident(),
    ),
    "another plan": (copy.replace(BARRED, plan=plan(B)), incident()),
    "another rule": (copy.replace(BARRED, rule=RuleName.ADD_CAPACITY), incident()),
    "another step": (copy.replace(BARRED, step=Escalate()), incident()),
    "after a fix": (BARRED, incident(attempts=(answered(5, helped=False),))),
    "after one that helped": (BARRED, incident(attempts=(answered(5, helped=True),))),
    "after one that was refused": (
        BARRED,
        incident(attempts=(answered(5, helped=False, outcome=Outcome.REFUSED),)),
    ),
}


def test_a_decision_makes_another_turn() -> None:
    """Each of these is news."""
    turns = {name: made(decision, held).turn for name, (decision, held) in OTHERS.items()}
    assert len({*turns.values(), made(BARRED).turn}) == len(OTHERS) + 1


def test_an_overridden_denial_bars_nothing() -> None:
    """A person's yes stands above it."""
    yes = Answer("cooldown_is_over", Denial(Reason.COOLDOWN, "it is in cooldown"), overridden=True)
    passed = copy.replace(BARRED, answers=(yes,))
    assert made(passed).turn == made(copy.replace(BARRED, answers=())).turn


# --- looks -----------------------------------------------------------------------------------

LOOKS = Decision(step=Look(FLEET, LATER), rule=RuleName.LOOK_AT_HOSTS, why="nothing fresh is known")
UNDER_WAY = Decision(step=Wait(LATER), rule=RuleName.LOOK_UNDER_WAY, why="it has not answered yet")


@pytest.mark.parametrize("decision", [LOOKS, UNDER_WAY])
def test_a_look_is_no_decision_yet(decision: Decision) -> None:
    """Its result is awaited, as long as it comes in time."""
    poll = timedelta(seconds=situation().profile.policy.poll_seconds)
    in_time = incident(opened_at=NOW + poll - FIRST_UPDATE_MAX)
    about = situation(incident=in_time)
    assert update(in_time, decision, about) is None
    late = copy.replace(in_time, opened_at=in_time.opened_at - timedelta(microseconds=1))
    assert update(late, decision, situation(incident=late)) is not None
    result = copy.replace(late, updates=1)
    assert update(result, decision, situation(incident=result)) is None


def test_a_slow_poll_is_not_waited_for() -> None:
    """The next wake would come too late."""
    young = incident(opened_at=NOW)
    slow = policy(poll_seconds=26)
    assert update(young, LOOKS, situation(incident=young, profile=slow)) is not None


def test_real_decisions_fit_the_words() -> None:
    """A dead fleet in each mode, by the rules and the guards themselves."""
    watched = decided(situation(mode="dry-run"))
    assert "mode is dry-run: would have run restart_enclave on" in watched.line
    paused = decided(situation(limits=limits(paused=True)))
    assert f"restart_enclave on {A} is blocked: everything is paused until" in paused.line
    assert "awaits the block on the fix to end until 05:20:00 UTC" in paused.line
    empty = evidence(group=Group(desired=0, instances=()))
    handed = decided(situation(incident=incident(targets=()), evidence=empty))
    assert handed.line.startswith("no host is in service; escalated to on-call: ")
