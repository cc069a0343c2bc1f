"""Updates inform people of each turn of an incident, and notify no one."""

import copy
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from firstline.config.profile import Profile
from firstline.config.settings import Mode
from firstline.controller.ingest import ingest
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import sweep
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import CommitConflict, Contested, DependencyUnavailable
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from firstline.notifications.pages import TRIES_MAX
from firstline.notifications.updates import UPDATES_MAX
from firstline.signal import Severity
from tests.builders import PROFILE
from tests.controller.rig import START, TIMEOUT, A, B, C, Crash, Rig, later, opened, raising
from tests.events import EVENTS, body

DEAD = "P1 complete outage: 3 dead, 0 serving, 0 unknown of 3 hosts (its enclave is gone); "
SILENT = (HostPlan(id=A, reachable=False), HostPlan(id=B, reachable=False))
UNLISTED = body("unlisted-http-api-5xx")
UNLISTED_ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:vettid-prod-httpapi-5xx"


def asking() -> Profile:
    """The runbook's profile in which a person allows each restart."""
    actions = tuple(
        copy.replace(each, autonomy="approve") if each.name == "restart_enclave" else each
        for each in PROFILE.actions
    )
    return copy.replace(PROFILE, actions=actions)


def heard(mode: Mode = "enforce", profile: Profile = PROFILE, *hosts: HostPlan) -> Rig:
    rig = Rig(*hosts, mode=mode, profile=profile)
    rig.hear()
    return rig


def noted(rig: Rig) -> Rig:
    """With notes on PagerDuty's incidents."""
    settings = copy.replace(rig.system.settings, pager_notes_from="someone@example.com")
    rig.system = copy.replace(rig.system, settings=settings)
    return rig


def deliveries(rig: Rig, channel: str) -> list[dict[str, Any]]:
    return [each for each in rig.entries_of(Kind.PAGE) if each["channel"] == channel]


# --- the first decision ----------------------------------------------------------------------

FIRST = {
    "dry-run": ("dry-run", PROFILE, f"mode is dry-run: would have run restart_enclave on {A}; "),
    "approve": (
        "enforce",
        asking(),
        f"restart_enclave on {A} is proposed; awaits an operator's app",
    ),
    "autonomous": ("enforce", PROFILE, f"restart_enclave on {A} sent; awaits its verdict until 0"),
}


@pytest.mark.parametrize(("mode", "profile", "doing"), FIRST.values(), ids=FIRST)
def test_the_first_decision_is_sent_at_once_in_every_mode(
    mode: Mode, profile: Profile, doing: str
) -> None:
    """The facts, the planned or executed step, and the time of the next one."""
    rig = heard(mode, profile)
    rig.until(lambda held: held.wakes > 4)
    at, line = rig.updates[0]
    assert at <= 10
    assert line.startswith(DEAD + doing)
    assert rig.notified == dict.fromkeys(rig.notified, 1)


def test_an_alarm_without_a_rule_has_its_first_decision_at_once() -> None:
    """That nothing will be done by itself, and until when it is watched."""
    rig = Rig()
    rig.world.watch(UNLISTED_ARN, UNLISTED, None)
    rig.hear(UNLISTED)
    rig.turn()
    ((at, line),) = rig.updates
    assert at == 0
    assert "no automatic fix for this condition: manual action required; awaits a recovery" in line
    assert line.endswith("until 04:33:43 UTC")
    rig.until(lambda held: held.wakes > 10)
    assert len(rig.updates) == 1


def test_a_slow_first_look_has_its_update_in_time() -> None:
    """Its result is another turn; later looks are none."""
    rig = heard("enforce", PROFILE, *SILENT)
    rig.until(lambda held: held.wakes > 12)
    (at, line), (_, after), *_ = rig.updates
    assert 15 < at <= 30
    assert line == (
        "P1 complete outage: 0 dead, 0 serving, 2 unknown of 2 hosts;"
        " the inspection of 2 hosts has no result yet; awaits the hosts' answers until 04:19:13 UTC"
    )
    assert " is pending; awaits good readings of each host until 04:33:43 UTC" in after


def test_a_host_that_answers_late_holds_nothing_back() -> None:
    """A wake that would come too late is not waited for."""
    slow = copy.replace(PROFILE, policy=copy.replace(PROFILE.policy, poll_seconds=40))
    rig = heard("enforce", slow)
    rig.turn()
    ((at, line),) = rig.updates
    assert at == 0
    assert "awaits the hosts' answers until 04:19:13 UTC" in line


# --- each turn of it -------------------------------------------------------------------------


def test_each_turn_is_one_update() -> None:
    """However many wakes it takes: sent, its verdict with the next one, and the end."""
    rig = opened()
    held = rig.at_the_end()
    assert held.wakes > 3 * len(rig.updates)
    sent = "restart_enclave on {} sent; awaits its verdict until"
    helped = "restart_enclave on {}: helped; "
    wanted = [
        sent.format(A),
        helped.format(A) + sent.format(B),
        helped.format(B) + sent.format(C),
        helped.format(C) + "closed: the alarm is OK and every target in scope is verified",
    ]
    assert len(rig.updates) == len(wanted)
    for (_, line), part in zip(rig.updates, wanted, strict=True):
        assert part in line
    assert rig.notified == {held.id: 1}
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]


def test_the_updates_of_a_failed_fix_and_of_the_next_rung() -> None:
    """And the hand-over, whose page goes before it."""
    rig = opened(HostPlan(id=A, restart_helps=False, replacement_helps=False))
    rig.at_the_end()
    lines = [line for _, line in rig.updates]
    assert f"restart_enclave on {A}: did not help; restart_enclave on {A} sent" in lines[1]
    assert f"restart_enclave on {A}: did not help; refresh_fleet on " in lines[2]
    assert "escalated to on-call: " in lines[-1]
    made = [each for each in rig.script.made if each in {"post", "tell_change"}]
    assert made[-2:] == ["post", "tell_change"]


def test_the_details_of_an_update() -> None:
    """Each fact under a name of its own, and the plan whole."""
    rig = opened()
    rig.until(lambda held: held.attempts)
    (change,) = rig.door.pager.alerts.changes
    held, (fix,) = rig.incident(), rig.incident().attempts
    body: Any = change.body
    assert body["payload"] == {
        "summary": f"[vettid us-east-1] {rig.updates[0][1]}",
        "timestamp": "2026-03-11T04:18:48+00:00",
        "source": PROFILE.fleet.name,
        "custom_details": {
            "incident": held.id,
            "known": "3 dead, 0 serving, 0 unknown of 3 hosts (its enclave is gone)",
            "doing": f"restart_enclave on {A} sent",
            "region": "us-east-1",
            "mode": "enforce",
            "dashboard_link": body["links"][0]["href"],
            "awaited": "its verdict",
            "until": "2026-03-11T04:27:38+00:00",
            "action": "restart_enclave",
            "target": A,
            "plan": fix.plan,
            "at": "2026-03-11T04:18:48+00:00",
        },
    }


def test_the_ledger_has_what_was_sent() -> None:
    """Its words once, and no entry for what was not a turn."""
    rig = heard("dry-run")
    rig.at_the_end()
    entries = deliveries(rig, "change")
    assert [each["summary"] for each in entries] == [line for _, line in rig.updates]
    assert [each["key"].partition(":")[2] for each in entries] == ["update-1", "update-2"]
    assert all("summary" not in each for each in deliveries(rig, "pager"))


def test_a_minor_incident_has_updates_of_its_fixes_alone() -> None:
    """A P3 has no alert for an update; a fix changes the fleet all the same."""
    rules = tuple(copy.replace(each, severity=Severity.P3) for each in PROFILE.rules)
    rig = Rig(profile=copy.replace(PROFILE, rules=rules))
    rig.hear()
    rig.at_the_end()
    assert [f"{each} sent" in line for each, (_, line) in zip((A, B, C), rig.updates, strict=True)]
    assert len(rig.updates) == 3


def test_a_flapping_reason_does_not_tell_for_ever() -> None:
    """Above the limit only fixes and the end have updates."""
    often = copy.replace(PROFILE, policy=copy.replace(PROFILE.policy, watch_seconds=20))
    rig = heard("dry-run", often)
    while not rig.incident().ended:
        held = rig.incident()
        rig.store(copy.replace(held, update_turn="another"), version=held.version)
        rig.turn()
    rig.at_the_end()
    assert len(rig.updates) == UPDATES_MAX + 1
    assert "escalated to on-call" in rig.updates[-1][1]


# --- pages first -----------------------------------------------------------------------------


def test_no_update_goes_before_a_pending_page() -> None:
    """While PagerDuty takes no page, an update is not even tried."""
    rig = Rig()
    rig.script.failing = {"post"}
    rig.hear()
    rig.until(lambda held: held.attempts)
    assert rig.script.calls["tell_change"] == 0
    rig.script.failing = set()
    rig.until(lambda held: held.pages[0].sent_at is not None)
    made = [each for each in rig.script.made if each in {"post", "tell_change"}]
    assert made[-2:] == ["post", "tell_change"]


def test_a_fix_waits_for_no_update() -> None:
    """Its order goes out before, and PagerDuty may hang as long as it likes."""
    rig = opened()
    slow = raising(DependencyUnavailable("timed out"))
    for _ in range(3):
        rig.script.before("tell_change", slow)
        rig.until(lambda held: held.attempts)
    made = [each for each in rig.script.made if each in {"send", "tell_change"}]
    assert made == ["send", "send", "tell_change"]  # the look, the fix, and then its update


def test_an_update_that_is_not_taken_is_given_up() -> None:
    """It holds nothing back, and is of no use for ever; it is tried at wakes that come anyway."""
    quiet = opened()
    rig = opened()
    rig.script.failing = {"tell_change"}
    held, same = rig.at_the_end(), quiet.at_the_end()
    assert (held.status, rig.fixes, rig.updates) == (Status.RESOLVED, [A, B, C], [])
    assert [each["outcome"] for each in deliveries(rig, "change")][:2] == ["pending", "dropped"]
    assert {each["tries"] for each in deliveries(rig, "change")} == {1, TRIES_MAX}
    assert [each for each in held.pages if each.channel == "change"] == []
    assert held.ended_at == same.ended_at


def test_a_worker_that_dies_before_the_update_is_followed_by_the_sweeps_wake() -> None:
    """I38: the next wake of what only waits comes at the end of its window, minutes later."""
    rig = Rig()
    rig.hear((EVENTS / "guardduty.critical.json").read_bytes())
    rig.script.before("tell_change", raising(Crash()))
    with pytest.raises(Crash):
        rig.turn()
    held = rig.incident()
    assert held.next_wake_at == rig.world.now < min(at for at, _ in rig.waiting)
    rig.world.advance(rig.world.now + timedelta(seconds=20))
    assert sweep(rig.system).woken == 1
    rig.turn()
    assert len(rig.updates) == 1
    assert rig.incident().next_wake_at == min(at for at, _ in rig.waiting)


def test_a_worker_that_dies_before_the_last_update_does_not_leave_it_to_the_resolve() -> None:
    """I38: the resolve of an alert waits for minutes, and holds no update back."""
    rig = Rig()
    rig.script.failing = {"post"}
    rig.hear()
    rig.until(lambda held: held.targets and held.targets[-1].readings == 2)
    rig.script.failing = set()
    rig.script.before("tell_change", raising(Crash()))
    with pytest.raises(Crash):
        rig.until(lambda held: held.ended)
    held = rig.incident()
    (resolve,) = [each for each in held.pages if each.action == "resolve"]
    assert held.ended
    assert held.next_wake_at is not None
    assert held.next_wake_at <= rig.world.now < resolve.due_at == min(at for at, _ in rig.waiting)


def test_the_update_of_the_end_is_tried_until_it_is_taken_or_given_up() -> None:
    """No wake comes by itself any more: it has its own."""
    rig = opened()
    rig.until(lambda held: held.ended)
    rig.script.failing = {"tell_change"}
    held = rig.at_the_end()
    assert [each["outcome"] for each in deliveries(rig, "change")][-2:] == ["pending", "dropped"]
    assert held.next_wake_at is None


def test_the_first_that_is_not_taken_holds_the_others_of_its_turn() -> None:
    """A PagerDuty that hangs is waited for once a turn."""
    rig = noted(opened())
    rig.script.failing = {"tell_change"}
    rig.until(lambda held: held.attempts)
    assert (rig.script.calls["tell_change"], rig.script.calls["note"]) == (1, 0)


@pytest.mark.parametrize(
    "error", [CommitConflict(Contested.VERSION), DependencyUnavailable("down")]
)
def test_what_cannot_be_recorded_fails_nothing(error: Exception) -> None:
    """It is sent again at a later wake, and notifies no one either."""
    rig = opened()
    rig.until(lambda held: held.look and not held.hosts)
    rig.script.after("tell_change", lambda: rig.script.before("commit", raising(error)))
    rig.turn()
    assert len(rig.updates) == 1
    rig.turn()
    assert [line for _, line in rig.updates] == [rig.updates[0][1]] * 2
    assert [each["outcome"] for each in deliveries(rig, "change")] == ["accepted"]


def test_the_sweep_sends_no_update() -> None:
    """It has a minute for all that people wait for; reconcile, which it wakes, sends it."""
    rig = opened()
    rig.script.before("tell_change", TIMEOUT)
    rig.until(lambda held: held.attempts)
    rig.world.advance(rig.world.now + timedelta(minutes=1))
    sweep(rig.system)
    assert rig.script.calls["tell_change"] == 1


# --- never a trigger -------------------------------------------------------------------------


def test_what_a_person_resolved_does_not_ring_again() -> None:
    """Every later turn is a change event."""
    rig = opened()
    rig.until(lambda held: held.attempts)
    rig.door.pager.alerts.resolve(rig.id(), rig.world.now)
    held = rig.at_the_end()
    assert len(rig.updates) == 4
    assert rig.notified == {held.id: 1}
    assert Counter(rig.posts)["trigger", held.id] == 1


# --- notes -----------------------------------------------------------------------------------


def test_a_note_has_the_text_of_the_change_event() -> None:
    """Where a user is set in whose name; each turn once, and no one is notified."""
    rig = noted(opened())
    held = rig.at_the_end()
    (alert,) = rig.door.pager.alerts.opened
    assert alert.notes == [f"[vettid us-east-1] {line}" for _, line in rig.updates]
    assert alert.notifications == 1
    assert [each["outcome"] for each in deliveries(rig, "note")] == ["accepted"] * 4
    assert all("summary" not in each for each in deliveries(rig, "note"))
    assert held.ended


def test_without_a_user_there_is_no_note() -> None:
    """The REST API needs the address of one."""
    rig = opened()
    rig.at_the_end()
    assert rig.script.calls["note"] == 0


def test_notes_stand_on_the_incidents_own_alert() -> None:
    """Not on the one that hands over, nor on a question; on that of a rise, once there is one."""
    rig = Rig(HostPlan(id=A, restart_helps=False, replacement_helps=False))
    rig = noted(rig)
    rig.hear()
    rig.at_the_end()
    by_key = rig.door.pager.alerts.by_key
    assert {key for key, each in by_key.items() if each.notes} == {rig.id()}
    assert f"{rig.id()}:escalated" in by_key


def test_a_minor_incident_has_no_alert_to_note_on() -> None:
    """Its fixes are changes alone."""
    rules = tuple(copy.replace(each, severity=Severity.P3) for each in PROFILE.rules)
    rig = noted(Rig(profile=copy.replace(PROFILE, rules=rules)))
    rig.hear()
    rig.at_the_end()
    assert (len(rig.updates), rig.script.calls["note"]) == (3, 0)


def test_a_second_signal_is_no_turn() -> None:
    """It wakes the incident, which decides the same."""
    rig = heard("dry-run")
    rig.until(lambda held: held.updates)
    ingest(later(20, AlarmState.ALARM), rig.system)
    (joined,) = [wake for _, wake in rig.waiting if wake.generation == 0]
    rig.world.advance(START + timedelta(seconds=30))
    reconcile(joined, rig.system)
    assert rig.incident().signals == 2
    assert len(rig.updates) == 1
