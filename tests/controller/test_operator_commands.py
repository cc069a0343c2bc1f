"""The levers: a person allows a plan, refuses it, stops fixes for a while, and lets them go on."""

import copy
from datetime import timedelta

import pytest

from firstline.config.profile import ActionPolicy, Profile
from firstline.controller.operators import commands
from firstline.controller.operators.commands import (
    Approve,
    CommandResult,
    Deny,
    OperatorCommand,
    PauseFixes,
    Resume,
)
from firstline.controller.operators.execute import OperatorRequest, execute
from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import sweep
from firstline.errors import CommitConflict, Contested, DependencyUnavailable, InvalidInput
from firstline.incidents.incident import Status
from firstline.incidents.resolve_delay import RESOLVE_DELAY_MIN
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from firstline.remediation.kill_switch import OFF, PAUSES_MAX, KillSwitch
from firstline.signal import Condition
from tests.builders import PROFILE
from tests.controller.rig import DIES, FLEET, START, A, B, Crash, Rig, later, opened, raising

ALICE, BOB = "arn:aws:sts::111122223333:assumed-role/oncall/alice", "arn:bob"
HOUR = timedelta(hours=1)


def allowing(autonomy: str = "approve") -> Profile:
    """The runbook's profile, in which a restart needs a person."""
    action = ActionPolicy(name="restart_enclave", autonomy=autonomy)  # type: ignore[arg-type]
    return copy.replace(PROFILE, actions=(action,))


def proposing(*hosts: HostPlan, autonomy: str = "approve") -> Rig:
    """A rig whose incident has just proposed its first fix."""
    rig = Rig(*hosts or (HostPlan(id=A),), profile=allowing(autonomy))
    rig.hear()
    rig.until(lambda held: held.proposals)
    return rig


def plan(rig: Rig) -> str:
    return rig.incident().proposals[-1].plan


def approve(rig: Rig, *, by: str = ALICE) -> CommandResult:
    return execute(OperatorRequest(Approve(incident=rig.id(), plan=plan(rig)[:12]), by), rig.system)


def deny(rig: Rig, *, by: str = ALICE) -> CommandResult:
    return execute(
        OperatorRequest(Deny(incident=rig.id(), plan=plan(rig), why="not now"), by), rig.system
    )


def pause(rig: Rig, scope: str = "everything", length: timedelta = HOUR) -> CommandResult:
    order = PauseFixes(scope=scope, why="a drill", until=rig.world.now + length)
    return execute(OperatorRequest(order, ALICE), rig.system)


def resume(rig: Rig, scope: str = "everything") -> CommandResult:
    return execute(OperatorRequest(Resume(scope=scope, why="it is over"), BOB), rig.system)


def changes(rig: Rig) -> list[tuple[object, object]]:
    """The changes in the switch's own chain, and their authors."""
    return [(each["change"], each.get("by")) for each in rig.control]


# --- approvals -------------------------------------------------------------------------------


def test_a_fix_that_needs_a_person_is_proposed_once_and_not_done() -> None:
    """A page under its own key says what, on whom, why, until when, and how to answer."""
    rig = proposing()
    held = rig.until(lambda held: held.wakes > 8)
    assert (rig.fixes, len(held.proposals)) == ([], 1)
    assert rig.notified == {held.id: 1, f"{held.id}:approval-1": 1}
    details = rig.asked().details
    assert rig.asked().summary == f"P1 complete outage: approve restart_enclave? on {A}"
    assert details["hosts"] == A
    assert details["facts"].startswith("the host lists no enclave (source: host report); the load ")
    where = "--fleet vettid --region us-east-1"
    assert details["approve"] == f"firstline approve {held.id} {plan(rig)[:12]} {where}"
    assert details["deny"] == f'firstline deny {held.id} {plan(rig)[:12]} --why "..." {where}'
    assert details["until"] == held.proposals[0].until.isoformat(timespec="seconds")


def test_an_approved_fix_is_sent_once_and_names_the_approver() -> None:
    """The word wakes the incident; every guard is asked again, and the yes is used up."""
    rig = proposing()
    pulled = approve(rig)
    assert (pulled.action, pulled.targets, pulled.by) == ("restart_enclave", (A,), ALICE)
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.RESOLVED, [A])
    (text,) = rig.entries_of(Kind.APPROVAL)
    assert (text["by"], text["granted"], text["plan"]) == (ALICE, True, held.attempts[0].plan)
    assert text["counts"] is True
    assert held.proposals[0].used
    assert ("resolve", f"{held.id}:approval-1") in rig.posts
    assert rig.posts.count(("resolve", f"{held.id}:approval-1")) == 1


def test_the_next_host_needs_its_own_approval() -> None:
    """An approval names its targets: it allows nothing else."""
    rig = proposing(HostPlan(id=A), HostPlan(id=B))
    approve(rig)
    held = rig.until(lambda held: len(held.proposals) > 1)
    assert (rig.fixes, held.proposals[1].target) == ([A], B)
    approve(rig, by=BOB)
    assert rig.at_the_end().status is Status.RESOLVED
    assert rig.fixes == [A, B]
    assert [each["by"] for each in rig.entries_of(Kind.APPROVAL)] == [ALICE, BOB]


def test_a_second_attempt_needs_its_own_approval() -> None:
    """The same plan again is not what was allowed."""
    rig = proposing(HostPlan(id=A, restart_helps=False))
    approve(rig)
    held = rig.until(lambda held: len(held.proposals) > 1)
    assert held.proposals[0].plan == held.proposals[1].plan
    assert (rig.fixes, held.proposals[0].used, held.proposals[1].used) == ([A], True, False)


def test_silence_is_no() -> None:
    """After a quarter of an hour a person has it, and nothing was done."""
    rig = proposing()
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.ESCALATED, [])
    assert held.ended_at is not None
    assert held.ended_at >= held.proposals[0].until
    with pytest.raises(InvalidInput, match=f"{held.id} is already escalated"):
        approve(rig)


def test_a_no_hands_over_at_once() -> None:
    """The hand-over says who refused, and why."""
    rig = proposing()
    deny(rig)
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.ESCALATED, [])
    assert held.ended_at is not None
    assert held.ended_at < held.proposals[0].until - timedelta(minutes=10)
    (result,) = rig.entries_of(Kind.ESCALATION)
    assert result["why"] == f"{ALICE} denied restart_enclave: not now"


def test_a_no_that_follows_a_yes_counts_until_it_is_used() -> None:
    """The last word is the one that holds, and both are recorded."""
    rig = proposing()
    approve(rig)
    deny(rig, by=BOB)
    assert rig.at_the_end().status is Status.ESCALATED
    assert rig.fixes == []
    assert [each["granted"] for each in rig.entries_of(Kind.APPROVAL)] == [True, False]


def test_an_approval_does_not_outlive_what_it_rests_on() -> None:
    """The guards are asked again: the host serves by now, and is left alone."""
    rig = proposing()
    rig.hear(later(30))
    rig.world.hosts[A].enclave.turn(rig.world.now, holds=True)
    rig.until(lambda held: held.targets[0].readings)
    approve(rig)
    assert rig.at_the_end().status is Status.SELF_RECOVERED
    assert rig.fixes == []


def test_a_yes_that_no_guard_let_pass_in_time_ends() -> None:
    """It holds as long as a proposal stands; then a person has it."""
    rig = proposing()
    pause(rig)
    approve(rig)
    rig.until(lambda held: rig.world.now >= held.proposals[0].until)
    resume(rig)
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.ESCALATED, [])
    assert "expired at" in rig.entries_of(Kind.ESCALATION)[0]["why"]


def test_a_recommendation_cannot_be_approved() -> None:
    """Autonomy ``recommend``: a person does it."""
    rig = proposing(autonomy="recommend")
    page = rig.asked()
    assert page.summary == f"P1 complete outage: recommended: restart_enclave on {A}"
    assert "approve" not in page.details
    with pytest.raises(InvalidInput, match="only recommended"):
        approve(rig)
    assert rig.at_the_end().status is Status.ESCALATED
    assert rig.fixes == []


@pytest.mark.parametrize("said", ["twice", "after a no", "of another plan", "of no incident"])
def test_a_word_that_cannot_count_is_refused(said: str) -> None:
    """Each with what is wrong; nothing is written."""
    rig = proposing()
    match said:
        case "twice":
            approve(rig)
            with pytest.raises(InvalidInput, match=f"{ALICE} already approved it"):
                approve(rig, by=BOB)
        case "after a no":
            deny(rig)
            with pytest.raises(InvalidInput, match=f"{ALICE} already denied it"):
                approve(rig, by=BOB)
        case "of another plan":
            with pytest.raises(
                InvalidInput, match="proposed no plan whose hash begins with 00000000"
            ):
                execute(
                    OperatorRequest(Approve(incident=rig.id(), plan="0" * 8), ALICE), rig.system
                )
        case _:
            with pytest.raises(InvalidInput, match="there is no incident"):
                execute(
                    OperatorRequest(Approve(incident="inc-" + "0" * 20, plan="0" * 8), ALICE),
                    rig.system,
                )
    assert sum(map(len, rig.tables.approvals.values())) <= 1


def test_a_plan_that_was_done_is_not_approved_again() -> None:
    """The yes was used; so is one whose time passed before anybody looked again."""
    rig = proposing(HostPlan(id=A, restart_helps=False))
    approve(rig)
    rig.until(lambda held: held.attempts)
    with pytest.raises(InvalidInput, match="already approved and run"):
        approve(rig)
    late = proposing()
    late.world.advance(late.incident().proposals[0].until)
    with pytest.raises(InvalidInput, match="the approval timed out"):
        approve(late)


def test_a_worker_that_dies_with_the_approval_uses_it_once() -> None:
    """S07: the approval is used in the intent's own transaction, so the fix is sent once."""
    rig = proposing()
    approve(rig)
    rig.turn()
    rig.script.after("send", DIES)
    with pytest.raises(Crash):
        rig.at_the_end()
    wake = Wake(rig.id(), rig.incident().wake_generation)
    assert rig.incident().proposals[0].used
    reconcile(wake, rig.system)
    assert rig.at_the_end().status is Status.RESOLVED
    assert rig.fixes == [A]


def test_a_word_to_an_incident_that_has_ended_is_recorded_and_counts_for_nothing() -> None:
    """It lost the race with the end."""
    rig = proposing()
    held = rig.incident()
    approve(rig)
    text = dict(rig.tables.approvals)
    rig.tables.approvals.clear()
    rig.until(lambda held: held.ended)
    rig.tables.approvals.update(text)
    reconcile(Wake(held.id), rig.system)
    assert [each["counts"] for each in rig.entries_of(Kind.APPROVAL)] == [False]
    assert rig.tables.approvals[held.id] == []
    assert rig.fixes == []


# --- pauses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["everything", "complete-outage", "the incident"])
def test_a_pause_stops_fixes_and_nothing_else(scope: str) -> None:
    """I5, I15: it is paged, watched, and mended once the pause is over."""
    rig = opened()
    scope = rig.id() if scope == "the incident" else scope
    pulled = pause(rig, scope)
    assert (pulled.notified, pulled.by) == (True, ALICE)
    held = rig.until(lambda held: held.wakes > 30)
    assert (rig.fixes, held.status) == ([], Status.INVESTIGATING)
    assert rig.world.now - START > timedelta(minutes=20)  # and is not handed over for it
    assert ("trigger", held.id) in rig.posts
    resume(rig, scope)
    assert rig.at_the_end().status is Status.RESOLVED
    assert rig.fixes == list(FLEET)
    assert changes(rig) == [("paused", ALICE), ("resumed", BOB)]


def test_another_pause_is_no_reason() -> None:
    """A pause of another scope stops nothing here."""
    rig = opened()
    pause(rig, Condition.KMS_THROTTLING)
    assert rig.at_the_end().status is Status.RESOLVED
    assert rig.fixes == list(FLEET)


def test_a_paused_incident_that_recovers_is_closed() -> None:
    """A person mended it by hand: the alarm clears, and readers verify the hosts."""
    rig = opened(HostPlan(id=A))
    pause(rig, rig.id())
    rig.until(lambda held: held.hosts)
    rig.world.hosts[A].enclave.turn(rig.world.now, holds=True)
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.SELF_RECOVERED, [])


def test_an_alert_stands_open_as_long_as_the_pause() -> None:
    """PagerDuty has an alert from the pause to its end; a later one notifies again."""
    rig = opened()
    pause(rig)
    first = rig.posts[-1]
    resume(rig)
    assert rig.posts[-1] == first  # a worker that read it before may still send it
    rig.world.advance(rig.world.now + RESOLVE_DELAY_MIN)
    sweep(rig.system)
    assert rig.posts[-1] == ("resolve", first[1])
    rig.world.advance(rig.world.now + HOUR)
    pause(rig)
    assert rig.posts[-1][0] == "trigger"
    assert rig.posts[-1][1] != first[1]
    assert max(rig.notified.values()) == 1


def test_a_second_pause_of_a_scope_replaces_the_first() -> None:
    """Its alert is resolved; the new one says the new end."""
    rig = opened()
    pause(rig)
    rig.world.advance(rig.world.now + RESOLVE_DELAY_MIN)
    pause(rig, length=2 * HOUR)
    (held,) = rig.tables.switch.pauses
    assert held.until == rig.world.now + 2 * HOUR
    assert [action for action, _ in rig.posts[-3:]] == ["trigger", "resolve", "trigger"]


def test_two_pauses_of_a_scope_at_the_same_instant_notify_once() -> None:
    """I2: they share one alert, which stands open until the pause ends."""
    rig = opened()
    pause(rig)
    pause(rig, length=2 * HOUR)
    rig.world.advance(rig.world.now + RESOLVE_DELAY_MIN)
    sweep(rig.system)
    (held,) = rig.tables.switch.pauses
    assert rig.posts[1:] == [("trigger", held.key), ("trigger", held.key)]
    resume(rig)
    assert rig.posts[-1] == ("resolve", held.key)
    assert rig.notified[held.key] == 1


def test_a_pause_that_ends_by_itself_is_recorded_and_its_alert_resolved() -> None:
    """The sweep does it; the guard needed no sweep."""
    rig = opened()
    pause(rig)
    rig.world.advance(rig.world.now + HOUR)
    sweep(rig.system)
    assert rig.tables.switch.pauses == ()
    assert changes(rig) == [("paused", ALICE), ("expired", None)]
    assert rig.posts[-1][0] == "resolve"


def test_the_page_of_a_pause_stays_pending_until_accepted() -> None:
    """The answer says so, and the sweep retries."""
    rig = opened()
    rig.script.failing.add("post")
    assert pause(rig).notified is False
    rig.world.advance(rig.world.now + timedelta(seconds=60))
    assert sweep(rig.system).oldest_page_age == timedelta(seconds=60)
    rig.script.failing.clear()
    rig.world.advance(rig.world.now + timedelta(seconds=60))
    assert sweep(rig.system).oldest_page_age < timedelta(seconds=60)
    assert rig.posts[-1][0] == "trigger"
    assert rig.posts[-1][1].startswith("pause-")


def test_a_sweep_that_cannot_read_the_switch_still_beats() -> None:
    """It counts as failed, and all else was done."""
    rig = opened()
    rig.script.failing.add("switch")
    assert sweep(rig.system).failed == 1


def test_two_concurrent_pauses_both_succeed() -> None:
    """The second reads again."""
    rig = opened()
    rig.script.before("commit", raising(CommitConflict(Contested.SWITCH)))
    pause(rig)
    assert len(rig.tables.switch.pauses) == 1
    rig.script.failing.add("commit")
    with pytest.raises(DependencyUnavailable):
        pause(rig)


def test_a_switch_that_stays_contested_is_an_error() -> None:
    """Nothing is known to be done."""
    rig = opened()
    rig.script.conflicting = Contested.SWITCH
    with pytest.raises(DependencyUnavailable, match="contested"):
        pause(rig)


def test_a_page_that_another_worker_settles_is_left_to_it() -> None:
    """The write that comes second is dropped; the sweep sends again, under the same key."""
    rig = opened()
    rig.script.after("post", lambda: setattr(rig.tables, "switch", copy.replace(OFF, version=9)))
    assert pause(rig).notified is True
    assert rig.tables.switch.version == 9


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (PauseFixes(scope="everything", why="x", until=START - HOUR), "within the next 7 days"),
        (
            PauseFixes(scope="everything", why="x", until=START + timedelta(days=8)),
            "within the next 7 days",
        ),
        (PauseFixes(scope="inc-" + "0" * 20, why="x", until=START + HOUR), "there is no incident"),
        (Resume(scope="everything", why="x"), "everything is not paused; active pauses: nothing"),
    ],
)
def test_a_pause_that_cannot_be_is_refused(order: OperatorCommand, why: str) -> None:
    """One line each, and nothing is written."""
    rig = opened()
    with pytest.raises(InvalidInput, match=why):
        execute(OperatorRequest(order, ALICE), rig.system)
    assert rig.tables.switch == OFF


def test_a_switch_that_cannot_be_read_is_not_turned() -> None:
    """S12: it is on, and only a person at the table can mend it."""
    rig = opened()
    rig.tables.switch = KillSwitch(pauses=(), unreadable="corrupt")
    with pytest.raises(InvalidInput, match=r"control/switch cannot be read"):
        resume(rig)


def test_there_are_only_so_many_pauses() -> None:
    """The item is small; pause everything instead."""
    rig = opened()
    pause(rig)
    (one,) = rig.tables.switch.pauses
    many = tuple(copy.replace(one, scope=f"inc-{number:020}") for number in range(PAUSES_MAX))
    rig.tables.switch = copy.replace(rig.tables.switch, pauses=many)
    with pytest.raises(InvalidInput, match="pause everything"):
        pause(rig)


# --- what is asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"command": "approve", "incident": "x", "plan": "00000000"}', "incident: give"),
        (
            b'{"command": "approve", "incident": "inc-00000000000000000000", "plan": "x"}',
            "plan: giv",
        ),
        (b'{"command": "resume", "scope": "inc-", "why": "x"}', "scope: give everything"),
        (
            b'{"command": "resume", "scope": "everything", "why": "\\u001b[2J"}',
            "why: give a reason",
        ),
        (b'{"command": "resume", "scope": "everything", "why": ""}', "why: give a reason"),
        (
            b'{"command": "pause", "scope": "everything", "why": "x", "until": "2026-03-11"}',
            "until",
        ),
        (b'{"command": "drop"}', "not an operator command"),
        (b"\xff", "not an operator command"),
        (b"[" * 100_000, "not an operator command"),
    ],
)
def test_what_is_no_lever_is_refused(body: bytes, why: str) -> None:
    """Free text goes into the record and to PagerDuty: it may hold nothing that steers."""
    with pytest.raises(InvalidInput, match=why):
        commands.parse_command(body)
