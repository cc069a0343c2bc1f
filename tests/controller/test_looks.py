from datetime import timedelta

import pytest

from firstline.diagnosis.evidence import HostHistory, Unknown
from firstline.ids import InstanceId
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from tests.builders import PROFILE
from tests.controller.rig import DIES, TIMEOUT, A, B, C, Crash, Rig, opened
from tests.remediation.situations import RESTART_ONLY


def test_a_look_is_intended_sent_and_read_at_a_later_wake() -> None:
    """Reconcile never sleeps: three wakes, and one entry for each of these."""
    rig = opened()
    rig.turn()
    held = rig.incident()
    assert held.look is not None
    assert held.look.command in rig.world.commands
    assert rig.entries_of(Kind.INTENT)[0]["targets"] == [A, B, C]
    assert rig.entries_of(Kind.OUTCOME)[0]["outcome"] == "sent"
    rig.turn()
    assert rig.incident().look is None
    assert rig.entries_of(Kind.OUTCOME)[1]["hosts"].keys() == {A, B, C}


def test_a_look_is_committed_before_it_is_sent() -> None:
    """A worker that dies in between leaves an intent without a command, which is silence."""
    rig = opened()
    rig.script.before("send", DIES)
    with pytest.raises(Crash):
        rig.turn()
    held = rig.incident()
    assert held.look is not None
    assert (held.look.command, rig.world.commands) == (None, {})


def test_a_look_of_which_nothing_is_known_is_silence_after_its_time() -> None:
    """A look may be sent again: it changes nothing."""
    rig = opened()
    rig.script.after("send", TIMEOUT)
    rig.turn()
    assert rig.entries_of(Kind.OUTCOME)[0]["outcome"] == "unknown"
    sent = rig.world.now
    held = rig.until(lambda held: held.hosts)
    assert rig.world.now >= sent + timedelta(seconds=PROFILE.policy.look_timeout_seconds)
    assert {each.silent for each in held.targets} == {1}
    assert rig.at_the_end().status is Status.RESOLVED


@pytest.mark.parametrize("unknown", [A, B, C])
def test_a_host_that_ssm_does_not_know_does_not_hide_the_others(unknown: str) -> None:
    """SSM refuses a command to several for the sake of one: then each is looked at by itself."""
    rig = opened(*(HostPlan(id=each, registered=each != unknown) for each in (A, B, C)))
    held = rig.at_the_end()
    others = [each for each in (A, B, C) if each != unknown]
    assert rig.fixes == others
    assert [each.id for each in held.targets if each.verified] == others
    (left,) = [each for each in held.targets if not each.verified]
    assert held.hosts[left.id].report == Unknown("InvalidInstanceId")
    refused = [each for each in rig.entries_of(Kind.OUTCOME) if each.get("outcome") == "not-sent"]
    assert [each["targets"] for each in refused] == [[A, B, C]] + [[unknown]] * left.silent
    assert held.status is Status.ESCALATED
    assert rig.entries_of(Kind.DECISION)[-1]["rule"] == "HostsSilent"


@pytest.mark.parametrize("fleet", [(A, B), (A, B, C)])
def test_a_host_that_ssm_refuses_is_silent_since_then(fleet: tuple[InstanceId, ...]) -> None:
    """A refusal of two or more names none of them: what follows are looks one by one."""
    rig = opened(*(HostPlan(id=each, registered=each != B) for each in fleet))
    rig.turn()
    held = rig.incident()
    assert (held.look, held.look_singly, held.hosts) == (None, True, {})
    assert {(each.silent, each.history) for each in held.targets} == {(0, HostHistory())}
    refused = rig.until(lambda held: B in held.hosts)
    since = refused.hosts[B].at
    assert {each.id: (each.silent, each.history.silent_at) for each in refused.targets} == {
        each: (1, since) if each == B else (0, None) for each in fleet
    }
    again = rig.until(lambda held: any(each.silent > 1 for each in held.targets))
    assert again.hosts[B].at > since
    silent = [(each.id, each.history.silent_at) for each in again.targets]
    assert silent == [(each, since if each == B else None) for each in fleet]


def test_hosts_that_are_lost_are_beyond_a_restart() -> None:
    """SSM has lost them and nothing answers: where no rung replaces them, a person must."""
    rig = Rig(*(HostPlan(id=each, reachable=False) for each in (A, B, C)), profile=RESTART_ONLY)
    rig.hear()
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.ESCALATED, [])
    assert rig.entries_of(Kind.DECISION)[-1]["rule"] == "NotRepairable"


def test_a_group_without_hosts_is_handed_over() -> None:
    """R14: there is no host to restart."""
    rig = opened()
    rig.world.hosts.clear()
    held = rig.at_the_end()
    assert (held.status, held.targets) == (Status.ESCALATED, ())
    assert rig.entries_of(Kind.DECISION)[-1]["rule"] == "NoHosts"
