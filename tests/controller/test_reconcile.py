from datetime import timedelta

import pytest

from firstline.controller.ports.messaging import Wake
from firstline.controller.reconcile import reconcile
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import digest
from firstline.incidents.incident import Outcome, Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import GENESIS, Kind
from tests.builders import OTHER
from tests.controller.rig import FLEET, START, A, B, C, Rig, later, opened
from tests.remediation.situations import RESTART_ONLY, policy


def test_a_complete_outage_is_mended_one_host_at_a_time() -> None:
    """S21: the canary first, then the others, closed when all three are verified."""
    rig = opened()
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.RESOLVED, [A, B, C])
    assert all(each.verified for each in held.targets)
    assert [each.helped for each in held.attempts] == [True, True, True]
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]
    for one, next_ in zip(held.attempts, held.attempts[1:], strict=False):
        assert one.answered_at is not None
        assert one.answered_at < next_.intended_at
    lease = rig.tables.leases[rig.world.group_name]
    assert (lease.holder, lease.fence, len(lease.spent)) == (None, 3, 3)
    assert rig.tables.causes == {}


def test_every_step_has_its_entry_in_one_chain() -> None:
    """I25: a decision for each wake, an intent before each sending, and no gap."""
    rig = opened()
    held = rig.at_the_end()
    entries = rig.tables.entries[held.id]
    previous = GENESIS
    for number, entry in enumerate(entries, start=1):
        assert (entry.sequence, entry.hash) == (number, digest(entry.body.encode()))
        assert f'"previous":"{previous}"' in entry.body
        previous = entry.hash
    assert (held.chain.length, held.chain.head) == (len(entries), previous)
    intents = rig.entries_of(Kind.INTENT)
    assert len(intents) == len(rig.world.commands)
    assert {each["token"] for each in intents} == {
        each.comment for each in rig.world.commands.values()
    }


@pytest.mark.parametrize("wake", [Wake(OTHER, 1), Wake(OTHER)])
def test_a_wake_of_no_incident_does_nothing(wake: Wake) -> None:
    """It may be of a record whose time to live ended."""
    rig = opened()
    before = rig.incident()
    reconcile(wake, rig.system)
    assert rig.incident() == before
    assert rig.script.calls["commit"] == 2


def test_a_wake_of_an_older_generation_is_dropped() -> None:
    """A doubled message never starts a second chain; nor does a signal that was folded."""
    rig = opened()
    doubled = rig.turn()
    before, waiting = rig.incident(), list(rig.waiting)
    reconcile(doubled, rig.system)
    reconcile(Wake(rig.id()), rig.system)
    assert (rig.incident(), rig.waiting) == (before, waiting)


def test_a_wake_queues_exactly_one_next() -> None:
    """Of the generation that the incident then has, at the time that it names."""
    rig = opened(paused=True)
    for _ in range(20):
        rig.turn()
        held = rig.incident()
        assert rig.waiting == [(held.next_wake_at, Wake(held.id, held.wake_generation))]


@pytest.mark.parametrize(
    "readers", [{"alarms"}, {"group"}, {"target_health", "answering"}, {"answers", "answering"}]
)
def test_what_cannot_be_read_is_unknown_and_licenses_nothing(readers: set[str]) -> None:
    """I16: no fix, no close, and the incident goes on when it can be read again."""
    rig = opened()
    rig.script.failing = readers
    while not rig.incident().ended and rig.incident().wakes < 30:
        rig.turn()
    assert not rig.incident().ended or rig.incident().status is Status.ESCALATED
    assert rig.fixes == []


def test_in_a_dry_run_it_records_what_it_would_have_done() -> None:
    """I15: when it was not allowed to act for a while, it ends in a hand-over."""
    rig = Rig(mode="dry-run")
    rig.hear()
    held = rig.at_the_end()
    assert (held.status, rig.fixes, held.attempts) == (Status.ESCALATED, [], ())
    assert rig.notified == {held.id: 1, f"{held.id}:escalated": 1}
    plans = [each["plan"] for each in rig.entries_of(Kind.DECISION) if each["plan"]]
    assert {target for each in plans for target in each["targets"]} == {A}
    assert rig.world.now - START >= timedelta(minutes=15)


def test_an_alarm_that_is_ok_before_any_fix_is_observed() -> None:
    """I14, S02: the world is healthy, so nothing is done, and the page is resolved."""
    rig = opened(*(HostPlan(id=each, enclave="up") for each in FLEET))
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.SELF_RECOVERED, [])
    assert rig.posts == [("trigger", held.id), ("resolve", held.id)]


def test_a_fix_that_does_not_help_is_tried_twice_and_handed_over() -> None:
    """S03, S09, S14: the canary alone is touched, and a person has it."""
    hosts = (HostPlan(id=each, restart_helps=False) for each in FLEET)
    rig = Rig(*hosts, profile=RESTART_ONLY)
    rig.hear()
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.ESCALATED, [A, A])
    assert [each.helped for each in held.attempts] == [False, False]
    (page,) = [each for each in held.pages if each.key.endswith(":escalated")]
    tried = f"restart_enclave on {A}: did not help"
    assert page.details["tried"] == f"{tried}; {tried}"
    assert "R18" in page.details["next"]
    (result,) = rig.entries_of(Kind.ESCALATION)
    assert result["owner"] == "on-call"
    assert result["metrics"] == []  # this world has none
    assert {key: result[key] for key in result.keys() - {"owner", "metrics"}}.items() <= (
        page.details.items()
    )
    assert page.details["report_link"].endswith(f"prefix=reports/{held.id}/")
    assert rig.entries_of(Kind.SIGNAL)[0]["owner"] == "firstline"
    assert "acknowledge" not in {action for action, _ in rig.posts}
    assert rig.posts[-1] == ("trigger", page.key)
    assert rig.tables.leases[rig.world.group_name].holder is None
    assert rig.tables.causes == {}


def test_the_wakes_of_an_incident_are_capped() -> None:
    """I24: then a person has it, whatever else it waits for."""
    rig = Rig(profile=policy(wakes_max=9))
    rig.hear()
    held = rig.until(lambda held: held.ended)
    assert (held.status, held.wakes) == (Status.ESCALATED, 10)


def test_a_fault_during_a_fix_is_folded_in() -> None:
    """S06: the signal has one entry, and the fix continues."""
    rig = opened()
    rig.until(lambda held: held.current)
    rig.hear(later(60))
    rig.hear(later(61, AlarmState.OK))
    held = rig.at_the_end()
    assert held.signals == 4  # these two, the opening one, and the alarm's own OK
    joined = [each["joined"] for each in rig.entries_of(Kind.SIGNAL)[1:]]
    assert [each["state"] for each in joined[0]] == ["ALARM", "OK"]
    assert rig.fixes == [A, B, C]
    assert held.attempts[-1].outcome is Outcome.DONE
