import copy
from collections.abc import Callable
from datetime import timedelta

import pytest

from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import sweep
from firstline.errors import DependencyUnavailable
from firstline.incidents.incident import Incident, Outcome, Status
from firstline.lab.twin.fleet.hosts import Host
from firstline.ledger.chain import Kind
from tests.controller.rig import DIES, TIMEOUT, A, B, C, Crash, Rig, later, ready


def swept(rig: Rig) -> None:
    """The sweep finds the lost work once it is late."""
    rig.waiting.clear()
    rig.world.advance(rig.world.now + timedelta(seconds=30))
    assert sweep(rig.system).woken == 1


def not_sent(held: Incident) -> list[bool]:
    return [each.outcome is Outcome.NOT_SENT for each in held.attempts]


@pytest.mark.parametrize("name", ["load", "alarm", "limits", "commit"])
def test_a_worker_that_comes_second_begins_again(name: str) -> None:
    """Another worker takes the same wake in between: one fix, one chain, one next wake."""
    rig = ready()
    ((_, wake),) = rig.waiting
    rig.script.before(name, lambda: reconcile(wake, rig.system))
    rig.turn()
    assert rig.fixes == [A]
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.RESOLVED, [A, B, C])
    assert len(rig.tables.entries[held.id]) == held.chain.length


def test_a_worker_that_always_comes_second_is_woken_again() -> None:
    """After five turns the wake goes back to its queue; nothing was written."""
    rig = ready()
    ((_, wake),) = rig.waiting
    before, loads = len(rig.tables.entries[rig.id()]), rig.script.calls["load"]

    def contest() -> None:
        held = rig.incident()
        rig.store(held, version=held.version + 1)
        rig.script.before("commit", contest)

    rig.script.before("commit", contest)
    with pytest.raises(DependencyUnavailable, match="is contested 5 times in a row"):
        reconcile(wake, rig.system)
    assert (rig.fixes, len(rig.tables.entries[rig.id()])) == ([], before)
    assert rig.script.calls["load"] == loads + 5


def test_a_worker_that_slept_between_intent_and_record_loses_nothing() -> None:
    """Another wake came in the meantime: the command is found by its token, not sent again."""
    rig = ready()
    ((_, wake),) = rig.waiting
    rig.script.after("send", lambda: reconcile(wake, rig.system))
    rig.turn()
    held = rig.incident()
    assert held.current is not None
    assert held.current.command is None
    assert rig.at_the_end().status is Status.RESOLVED
    assert rig.fixes == [A, B, C]


@pytest.mark.parametrize("searches_fail", [False, True])
def test_a_fix_of_which_nothing_is_known_is_found_by_its_token(*, searches_fail: bool) -> None:
    """S07, I9: sent and timed out, so it is looked for after its lease and never sent again."""
    rig = ready()
    rig.script.after("send", TIMEOUT)
    rig.turn()
    assert [each["outcome"] for each in rig.entries_of(Kind.OUTCOME)[-1:]] == ["unknown"]
    lease_until = rig.incident().attempts[0].lease_until
    rig.until(lambda _: rig.world.now >= lease_until - timedelta(seconds=5))
    assert rig.script.calls["find"] == 0
    if searches_fail:
        rig.script.failing = {"find"}
        for _ in range(5):
            rig.turn()
        assert rig.incident().status is Status.REMEDIATING
        rig.script.failing = set()
    held = rig.until(lambda held: held.attempts[0].command)
    assert not_sent(held) == [False]
    assert rig.at_the_end().attempts[0].helped is True
    assert rig.fixes == [A, B, C]


def test_a_fix_whose_answer_cannot_be_read_is_judged_by_looking() -> None:
    """I9: after its lease the outcome is unknown; its command is known, so nothing is searched."""
    rig = ready()
    rig.turn()
    rig.script.failing = {"answers"}
    held = rig.until(lambda held: held.attempts[0].outcome)
    assert held.attempts[0].outcome is Outcome.UNKNOWN
    assert rig.world.now >= held.attempts[0].lease_until
    assert rig.script.calls["find"] == 0
    rig.script.failing = set()
    held = rig.at_the_end()
    assert (held.status, held.attempts[0].helped) == (Status.RESOLVED, True)
    assert rig.fixes == [A, B, C]


@pytest.mark.parametrize("trouble", [TIMEOUT, DIES])
def test_a_fix_that_was_never_sent_counts_and_is_tried_once_more(
    trouble: Callable[[], object],
) -> None:
    """S07: not sent only after the lease ran out and nothing bears its token."""
    rig = ready()
    rig.script.before("send", trouble)
    if trouble is DIES:
        with pytest.raises(Crash):
            rig.turn()
        swept(rig)
    else:
        rig.turn()
    intended = rig.incident().attempts[0]
    assert rig.fixes == []
    held = rig.until(lambda held: held.attempts[0].outcome)
    assert not_sent(held) == [True]
    assert rig.world.now >= intended.lease_until
    assert rig.tables.leases[rig.world.group_name].holder is None
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.RESOLVED, [A, B, C])
    assert [each.target for each in held.attempts] == [A, A, B, C]


def unregister(host: Host) -> None:
    """SSM forgets it."""
    host.plan = copy.replace(host.plan, registered=False)


def test_a_fix_that_ssm_refuses_was_not_sent() -> None:
    """The lease is free again at once, and the attempt is spent."""
    rig = ready()
    host = rig.world.hosts[A]
    rig.script.before("send", lambda: unregister(host))
    rig.turn()
    held = rig.incident()
    assert (held.status, not_sent(held)) == (Status.INVESTIGATING, [True])
    assert held.attempts[0].helped is False
    lease = rig.tables.leases[rig.world.group_name]
    assert (lease.holder, lease.fence, len(lease.spent)) == (None, 1, 1)
    assert rig.entries_of(Kind.OUTCOME)[-1]["outcome"] == "not-sent"
    host.plan = copy.replace(host.plan, registered=True)
    assert rig.at_the_end().status is Status.RESOLVED


def test_a_crash_after_the_sending_is_found_by_the_token() -> None:
    """S07: the fix is out, and the worker that sent it is gone."""
    rig = ready()
    rig.script.after("send", DIES)
    with pytest.raises(Crash):
        rig.turn()
    swept(rig)
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.RESOLVED, [A, B, C])
    assert [each.target for each in held.attempts] == [A, B, C]


@pytest.mark.parametrize("after", [False, True])
def test_a_commit_of_which_nothing_is_known_is_no_licence(*, after: bool) -> None:
    """I8: without a committed intent nothing is sent."""
    rig = ready()
    (rig.script.after if after else rig.script.before)("commit", TIMEOUT)
    with pytest.raises(DependencyUnavailable):
        rig.turn()
    assert rig.fixes == []
    swept(rig)
    held = rig.at_the_end()
    assert (held.status, rig.fixes) == (Status.RESOLVED, [A, B, C])
    assert not_sent(held) == ([True, False, False, False] if after else [False] * 3)


def test_signals_of_the_fixs_own_making_start_nothing() -> None:
    """S18: alarms that flap during the fix join the incident without a page."""
    rig = ready()
    rig.turn()
    for seconds in (200, 201, 202):
        rig.hear(later(seconds))
    held = rig.at_the_end()
    assert rig.fixes == [A, B, C]
    assert rig.notified == {held.id: 1}
    assert len(rig.tables.incidents) == 1
