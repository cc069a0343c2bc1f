import copy
from datetime import timedelta

import pytest

from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import Change, LoadedIncident
from firstline.controller.reconcile import reconcile
from firstline.controller.sweep import SweepResult, sweep
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import IncidentId
from firstline.incidents.incident import Status
from firstline.notifications.delivery import Delivery
from firstline.remediation.kill_switch import OFF, Pause
from tests.controller.rig import START, Rig, later, raising
from tests.events import body

OTHER = body("unlisted-http-api-5xx")
"""Of another cause, so that it opens an incident of its own."""


def lost(*alarms: bytes, page: bool = True) -> Rig:
    """A rig whose wakes were lost after its alarms; without *page* the pager was down."""
    rig = Rig()
    rig.script.failing = set() if page else {"post"}
    for each in alarms or (body("healthy-hosts-zero"),):
        rig.hear(each)
    rig.waiting.clear()
    return rig


def after(rig: Rig, seconds: float) -> SweepResult:
    rig.world.advance(START + timedelta(seconds=seconds))
    return sweep(rig.system)


@pytest.mark.parametrize(("late", "woken"), [(14.9, 0), (15, 1), (3600, 1)])
def test_a_wake_that_is_late_is_queued_again(late: float, woken: int) -> None:
    """After a grace, under the generation that the incident has, so a late one is harmless."""
    rig = lost()
    assert after(rig, late) == SweepResult(woken=woken, oldest_wake_age=timedelta(seconds=late))
    assert rig.waiting == [(rig.world.now, Wake(rig.id(), 1))] * woken


def test_an_incident_that_the_sweep_alone_carries_ends_like_any_other() -> None:
    """I24: with every wake of its own lost it is slow, and a person has it in the end."""
    rig = lost()
    while not rig.incident().ended:
        rig.world.advance(rig.world.now + timedelta(minutes=1))
        assert sweep(rig.system).failed == 0
        rig.script.failing = {"queue"}
        while rig.waiting:
            with pytest.raises(DependencyUnavailable):
                rig.turn()
        rig.script.failing = set()
    assert rig.incident().status is Status.ESCALATED
    assert rig.world.now - START <= timedelta(hours=2)
    assert after(rig, 9000).woken == 1
    assert rig.notified == {rig.id(): 1, f"{rig.id()}:escalated": 1}


def test_a_pending_page_is_delivered_by_the_sweep() -> None:
    """I1: within a minute after the pager is back, without another worker."""
    rig = lost(page=False)
    opened = rig.incident().opened_at
    rig.script.failing = set()
    assert after(rig, 60) == SweepResult(woken=1, oldest_wake_age=rig.world.now - opened)
    assert rig.notified == {rig.id(): 1}
    assert rig.incident().pages[0].sent_at == rig.world.now


def test_a_page_is_not_held_until_its_lost_wake_is_late() -> None:
    """I1: the sweep just after the last try sends it, though the next try is still ahead."""
    rig = lost(page=False)
    rig.world.advance(START + timedelta(seconds=57))
    reconcile(Wake(rig.id(), 1), rig.system)
    rig.waiting.clear()
    held, rig.script.failing = rig.incident(), set()
    assert held.next_wake_at is not None
    assert held.next_wake_at > START + timedelta(seconds=60)
    read = rig.script.calls["load"]
    assert after(rig, 60) == SweepResult()
    assert (
        rig.script.calls["load"] == read + 2
    )  # for its pages, and for its alarm: no digest is due
    assert rig.notified == {rig.id(): 1}
    assert rig.incident().pages[0].sent_at == rig.world.now
    assert (rig.incident().next_wake_at, rig.waiting) == (held.next_wake_at, [])


def test_what_waits_in_the_inbox_is_looked_at_though_its_wake_is_lost() -> None:
    """An alarm that is OK again: nothing is paged, so it stays there for reconcile."""
    rig = lost()
    rig.world.advance(START + timedelta(seconds=1))
    rig.hear(later(1, AlarmState.OK))
    rig.waiting.clear()
    assert after(rig, 2).woken == 1
    assert len(rig.tables.inboxes[rig.id()]) == 1
    assert rig.waiting == [(rig.world.now, Wake(rig.id(), 1))]


def test_the_age_of_the_oldest_pending_page() -> None:
    """It feeds the alarm that needs no code of ours."""
    rig = lost(page=False)
    rig.world.advance(START + timedelta(seconds=30))
    rig.hear(OTHER)
    opened = rig.incident().opened_at
    swept = after(rig, 90)
    assert (swept.woken, swept.oldest_page_age) == (2, rig.world.now - opened)
    rig.script.failing = set()
    swept = after(rig, 150)
    assert (swept.woken, swept.oldest_page_age) == (2, timedelta(0))


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("throttled"), InvariantViolation("corrupt")]
)
@pytest.mark.parametrize("name", ["commit", "queue"])
def test_one_incident_that_fails_does_not_stop_the_others(name: str, error: Exception) -> None:
    """The failing one is the oldest in every sweep."""
    rig = lost(body("healthy-hosts-zero"), OTHER, page=False)
    rig.script.failing = set()
    rig.script.before(name, raising(error))
    swept = after(rig, 60)
    assert (swept.woken, swept.failed) == (1, 1)
    assert swept.oldest_page_age == timedelta(seconds=60)
    assert [wake.incident for _, wake in rig.waiting] == [rig.id(1)]
    assert ("trigger", rig.id(1)) in rig.posts


@pytest.mark.parametrize(
    "error", [DependencyUnavailable("throttled"), InvariantViolation("corrupt")]
)
def test_one_incident_that_cannot_be_read_does_not_stop_the_others(error: Exception) -> None:
    """However often it is read."""
    rig = lost(body("healthy-hosts-zero"), OTHER, page=False)
    rig.script.failing = set()
    load = rig.door.store.load

    def readable(incident: IncidentId) -> LoadedIncident | None:
        if incident == rig.id():
            raise error
        return load(incident)

    rig.door.store.load = readable  # type: ignore[method-assign]
    swept = after(rig, 60)
    assert (swept.woken, swept.failed) == (1, 1)
    assert swept.oldest_page_age == timedelta(seconds=60)
    assert [wake.incident for _, wake in rig.waiting] == [rig.id(1)]
    assert rig.posts == [("trigger", rig.id(1))]


def test_a_sweep_that_takes_long_leaves_the_rest_to_the_next() -> None:
    """It must live to beat: a pager that hangs must not make firstline look dead as well."""
    rig = lost(body("healthy-hosts-zero"), OTHER, page=False)
    rig.script.before("post", lambda: rig.system.ports.clock.sleep(timedelta(seconds=41)))
    swept = after(rig, 60)
    assert (swept.woken, swept.failed, swept.left) == (1, 0, 1)
    assert [wake.incident for _, wake in rig.waiting] == [rig.id()]


@pytest.mark.parametrize(("each_takes", "woken", "left"), [(40, 2, 0), (40.001, 1, 1)])
def test_a_sweep_that_takes_too_long_leaves_the_rest_to_the_next(
    each_takes: float, woken: int, left: int
) -> None:
    """It must live to beat: an incident that it left is overdue a minute later too."""
    rig = lost(body("healthy-hosts-zero"), OTHER)
    rig.world.advance(START + timedelta(seconds=60))
    takes = timedelta(seconds=each_takes)
    rig.script.before("queue", lambda: rig.world.advance(rig.world.now + takes))
    # what nobody read may owe a page, since its wake was due
    page_age, wake_age = timedelta(seconds=60 if left else 0), timedelta(seconds=60)
    # where time is over, alarms are not asked for either
    expected = SweepResult(woken, 0, left, page_age, wake_age, poll_failed=bool(left))
    assert sweep(rig.system) == expected


PAUSE = Pause(scope="everything", why="a test", by="arn", at=START, until=START)
"""A pause that is expired at its first read."""


def slow(rig: Rig, seconds: float) -> None:
    """From now on a page takes so long."""
    sleep = rig.system.ports.clock.sleep
    post = rig.door.pager.post

    def late(routing_key: str, body: dict[str, object]) -> Delivery:
        sleep(timedelta(seconds=seconds))
        return post(routing_key, body)

    rig.door.pager.post = late  # type: ignore[method-assign]


def test_a_pause_ends_and_its_alert_too_before_a_slow_sweep_is_cut() -> None:
    """The incidents take all the time that is left."""
    rig = lost(body("healthy-hosts-zero"), OTHER, page=False)
    rig.tables.switch = copy.replace(OFF, pauses=(PAUSE,))
    rig.script.failing = set()
    slow(rig, 21)
    assert after(rig, 60).left == 1
    assert (rig.tables.switch.pauses, rig.posts[0]) == ((), ("resolve", PAUSE.key))
    assert rig.control[-1]["change"] == "expired"


def test_a_pager_that_hangs_on_pauses_leaves_time_for_incidents() -> None:
    """Pages of pauses take ten seconds at most."""
    rig = lost(page=False)
    (page,) = rig.incident().pages
    owed = tuple(copy.replace(page, key=f"pause-{number}") for number in range(20))
    rig.tables.switch = copy.replace(OFF, pages=owed)
    rig.script.failing = set()
    slow(rig, 4)
    assert after(rig, 60).left == 0
    assert rig.notified[rig.id()] == 1
    assert len([each for each in rig.tables.switch.pages if each.sent_at is None]) == 17


def test_many_pauses_that_are_over_leave_time_for_incidents() -> None:
    """Each is written by itself; what is left is written by the next sweep."""
    rig = lost(page=False)
    over = tuple(copy.replace(PAUSE, scope=f"inc-{number}") for number in range(20))
    rig.tables.switch = copy.replace(OFF, pauses=over)
    rig.script.failing = set()
    commit = rig.door.store.commit

    def late(change: Change) -> None:
        rig.system.ports.clock.sleep(timedelta(seconds=1))
        commit(change)

    rig.door.store.commit = late  # type: ignore[method-assign]
    assert after(rig, 60).left == 0
    assert rig.notified[rig.id()] == 1
    assert len(rig.tables.switch.pauses) == 9


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("switch", DependencyUnavailable("throttled")),
        ("switch", KeyError("version")),
        ("publish", InvariantViolation("corrupt")),
        ("publish", KeyError("topic")),
    ],
)
def test_a_failure_in_what_comes_first_does_not_stop_the_incidents(
    name: str, error: Exception
) -> None:
    """Whatever it is: it is counted, and the page goes out."""
    rig = lost(page=False)
    held = rig.incident()
    line = copy.replace(held.pages[0], channel="digest", key="digest")
    rig.store(copy.replace(held, pages=(*held.pages, line)), version=held.version)
    rig.script.failing = set()
    rig.script.before(name, raising(error))
    swept = after(rig, 60)
    assert (swept.failed, rig.notified) == (1, {rig.id(): 1})


def test_a_page_counts_as_pending_although_its_wake_cannot_be_queued() -> None:
    """I7: the wake may be a minute old, and the page pending since the beginning."""
    rig = lost(page=False)
    reconcile(Wake(rig.id(), 1), rig.system)
    rig.script.failing = {"post", "queue"}
    due = rig.incident().next_wake_at
    assert due is not None
    assert due > START
    swept = after(rig, 60)
    assert (swept.failed, swept.oldest_page_age) == (1, timedelta(seconds=60))
    assert swept.oldest_wake_age == START + timedelta(seconds=60) - due


def test_a_sweep_that_cannot_list_fails_as_a_whole() -> None:
    """The missing heartbeat raises an alarm."""
    rig = lost()
    rig.script.failing = {"due"}
    with pytest.raises(DependencyUnavailable):
        after(rig, 60)


def test_another_worker_may_settle_at_the_same_time() -> None:
    """Both send, PagerDuty folds, and the wake is queued all the same."""
    rig = lost(page=False)
    rig.script.failing = set()
    rig.world.advance(START + timedelta(seconds=60))
    settles = lambda: reconcile(Wake(rig.id(), 1), rig.system)  # noqa: E731 - it is done once
    rig.script.after("load", lambda: rig.script.after("load", settles))  # after the digest's read
    assert sweep(rig.system).woken == 1
    assert rig.notified == {rig.id(): 1}
    assert Wake(rig.id(), 1) in [wake for _, wake in rig.waiting]


def test_an_incident_that_is_gone_is_passed_over() -> None:
    """Its record may end between the two reads."""
    rig = lost()
    rig.script.before("load", rig.tables.incidents.clear)
    assert after(rig, 59) == SweepResult(oldest_wake_age=timedelta(seconds=59))
    assert rig.waiting == []


def test_a_delay_longer_than_the_queue_holds_is_left_to_the_sweep() -> None:
    """A wait of twenty minutes is found when it is over."""
    rig = lost()
    held = rig.incident()
    assert held.next_wake_at is not None
    rig.system.ports.wakes.queue(Wake(held.id, 1), timedelta(minutes=20))
    assert rig.waiting == []
    assert after(rig, 1200).woken == 1
