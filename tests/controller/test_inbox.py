import copy

import pytest
from hypothesis import example, given, settings, strategies

from firstline.controller.inbox import APPROVALS_MAX, MERGED_MAX, RESERVED_ACTIONS_MAX
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import (
    ACTIONS_MAX,
    INBOX_READ_MAX,
    Change,
    InboxSignal,
    OperatorAnswer,
)
from firstline.controller.reconcile import reconcile
from firstline.diagnosis.evidence import AlarmState
from firstline.ids import SignalKey
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import HostPlan
from firstline.ledger.chain import Kind
from firstline.signal import Severity
from firstline.signals.classify import with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import HOME, PROFILE
from tests.controller.rig import DIES, START, ZERO, A, B, Crash, Rig, later, opened
from tests.controller.test_demotions import failing_twice
from tests.events import body
from tests.remediation.situations import approval
from tests.strategies import CALM


def ended(*joined: bytes) -> Rig:
    """A rig whose incident ended while these were on their way into its inbox."""
    rig = Rig()
    rig.hear()
    rig.at_the_end()
    for raw in joined:
        signal = with_profile_name(parse(raw, HOME, rig.world.now), PROFILE, {})
        rig.door.store.commit(
            Change(inbox_signal=InboxSignal(rig.id(), signal), processed=signal.key)
        )
    return rig


def changes_of(rig: Rig) -> list[Change]:
    """Every change from now on, as it is asked for."""
    made: list[Change] = []
    commit = rig.door.store.commit

    def recorded(change: Change) -> None:
        made.append(change)
        commit(change)

    rig.door.store.commit = recorded  # type: ignore[method-assign]
    return made


def wake(rig: Rig) -> None:
    reconcile(Wake(rig.id()), rig.system)


def test_many_signals_are_folded_in_several_entries() -> None:
    """One transaction takes seventy; the rest wakes the incident again at once."""
    rig = Rig()
    rig.hear()
    for seconds in range(60, 60 + 2 * MERGED_MAX + 10):
        rig.hear(later(seconds))
    rig.waiting.clear()
    for signals in (1 + MERGED_MAX, 1 + 2 * MERGED_MAX, 11 + 2 * MERGED_MAX):
        wake(rig)
        assert rig.incident().signals == signals
        left = signals < 11 + 2 * MERGED_MAX
        assert (rig.incident().next_wake_at == rig.world.now) is left
    assert rig.tables.inboxes[rig.id()] == {}
    assert [len(each["joined"]) for each in rig.entries_of(Kind.SIGNAL)[1:]] == [70, 70, 10]


MANY = tuple(
    with_profile_name(parse(later(60 + number), HOME, START), PROFILE, {})
    for number in range(INBOX_READ_MAX)
)


def flood(rig: Rig, signals: int, answers: int, pages: int = 0) -> None:
    """Add that many signals, answers and pending pages."""
    held, store = rig.incident(), rig.door.store
    for signal in MANY[:signals]:
        store.commit(Change(inbox_signal=InboxSignal(held.id, signal, Severity.P1)))
    for number in range(answers):
        answer = copy.replace(approval(), at=START, by=f"arn:{number}")
        store.commit(Change(answer=OperatorAnswer(held.id, held.version, answer)))
    (first, *_), now = held.pages, rig.world.now
    owed = copy.replace(first, sent_at=None, queued_at=now, due_at=now)
    more = tuple(copy.replace(owed, key=f"{held.id}:more-{number}") for number in range(pages))
    before = tuple(each for each in held.pages if ":more-" not in each.key)
    rig.store(copy.replace(held, pages=(*before, *more)), version=held.version)


def test_the_fullest_turn_is_one_transaction() -> None:
    """The next fix, with the most signals and answers of one run."""
    rig = opened()
    rig.until(lambda held: held.attempts and held.targets[0].verified and held.look is not None)
    flood(rig, INBOX_READ_MAX, 2 * APPROVALS_MAX)
    made = changes_of(rig)
    rig.turn()
    assert (len(made[0].merged_signals), len(made[0].applied_approvals)) == (68, APPROVALS_MAX)
    assert (made[0].fence is not None, rig.fixes) == (True, [A, B])
    assert made[0].actions <= ACTIONS_MAX
    assert rig.incident().next_wake_at == rig.world.now


@given(
    strategies.integers(0, INBOX_READ_MAX),
    strategies.integers(0, 9),
    strategies.integers(0, ACTIONS_MAX),
)
@example(INBOX_READ_MAX, 9, 0)
@example(INBOX_READ_MAX, 9, ACTIONS_MAX)
@settings(CALM, max_examples=3)
def test_no_turn_writes_more_than_one_transaction_holds(
    signals: int, answers: int, pages: int
) -> None:
    """Whatever waits, at each turn of an incident: the store refuses what is too large.

    The incident looks, fixes, judges, demotes its action and is handed over.
    """
    rig = Rig(HostPlan(id=A, restart_helps=False), profile=failing_twice())
    rig.hear()
    made = changes_of(rig)
    flooded_at = None
    while not rig.incident().ended:
        if rig.world.now != flooded_at:
            flooded_at = rig.world.now
            flood(rig, signals, answers, pages)
        rig.turn()
    assert rig.entries_of(Kind.DEMOTION)
    assert max(each.actions for each in made) <= ACTIONS_MAX
    for each in made:
        taken_in = (
            len(each.merged_signals) + bool(each.merged_signals) + 2 * len(each.applied_approvals)
        )
        sent = sum('"kind":"page"' in entry.body for entry in each.entries)
        assert each.actions - taken_in - sent <= 1 + RESERVED_ACTIONS_MAX


def test_a_p1_among_many_signals_is_folded_and_paged_first() -> None:
    """Its key is the last of three hundred; the first wake takes it in and pages."""
    rig = Rig()
    rig.hear(body("unhealthy-hosts"))
    held = rig.incident()
    for number in range(300):
        key = SignalKey(f"{number:03}")
        joined = InboxSignal(held.id, copy.replace(MANY[0], key=key, subject=""), Severity.P2)
        rig.door.store.commit(Change(inbox_signal=joined))
    rig.hear(ZERO)
    assert min(rig.tables.inboxes[held.id])[0] == "P1"
    wake(rig)
    assert (held.severity, rig.incident().severity) == (Severity.P2, Severity.P1)
    assert rig.notified == {held.id: 1, f"{held.id}:p1": 1}
    assert len(rig.tables.inboxes[held.id]) == 301 - MERGED_MAX
    assert rig.incident().next_wake_at == rig.world.now
    rig.until(lambda _: rig.tables.inboxes[held.id] == {})


def test_an_alarm_that_came_too_late_opens_an_episode_of_its_own() -> None:
    """I3: the ended one is not reopened, and the page has a new key."""
    rig = ended(later(9000))
    wake(rig)
    assert len(rig.tables.incidents) == 2
    assert rig.posts[-1] == ("trigger", rig.id(1))
    assert rig.incident(1).status is Status.INVESTIGATING
    assert rig.incident().status is Status.RESOLVED
    assert rig.tables.inboxes[rig.id()] == {}
    assert [wake for _, wake in rig.waiting] == [Wake(rig.id(1), 1)]


def test_an_alarm_that_came_too_late_joins_the_next_episode() -> None:
    """By then the cause may be open again."""
    rig = ended(later(230))
    rig.hear(later(240))
    wake(rig)
    assert len(rig.tables.incidents) == 2
    assert len(rig.tables.inboxes[rig.id(1)]) == 1
    assert rig.posts[-1] == ("trigger", rig.id(1))


def test_an_alarm_from_before_the_end_belongs_to_the_episode_that_is_over() -> None:
    """I3: it was only delayed, so it is not paged again."""
    rig = ended(later(60))
    posts = rig.posts
    wake(rig)
    assert (len(rig.tables.incidents), rig.posts) == (1, posts)
    assert rig.tables.inboxes[rig.id()] == {}
    assert rig.entries_of(Kind.SIGNAL)[-1]["joined"][0]["state"] == "ALARM"


def test_alarms_from_before_the_end_are_looked_at_together() -> None:
    """A storm's are many, and an account may ask for alarms nine times a second."""
    rig = ended(*(later(60 + n) for n in range(MERGED_MAX)))
    asked = rig.script.calls["alarms"]
    wake(rig)
    assert rig.script.calls["alarms"] == asked + 1
    assert len(rig.tables.incidents) == 1


def test_a_late_recovery_is_only_recorded() -> None:
    """There is nothing left to recover."""
    rig = ended(later(9000, AlarmState.OK))
    wake(rig)
    assert len(rig.tables.incidents) == 1
    assert rig.entries_of(Kind.SIGNAL)[-1]["joined"][0]["disposition"] == "recovery"
    assert (rig.tables.inboxes[rig.id()], rig.waiting) == ({}, [])


@pytest.mark.parametrize("name", ["commit", "post", "queue"])
def test_a_worker_that_dies_while_it_forwards_forwards_once(name: str) -> None:
    """The next wake finds the new episode already open."""
    rig = ended(later(9000))
    rig.script.after(name, DIES)
    with pytest.raises(Crash):
        wake(rig)
    wake(rig)
    rig.turn()
    assert len(rig.tables.incidents) == 2
    assert rig.notified[rig.id(1)] == 1
    assert rig.tables.inboxes[rig.id()] == {}


def test_more_late_alarms_than_one_transaction_holds_are_all_forwarded() -> None:
    """The ended incident is woken again until its inbox is empty."""
    rig = ended(*(later(9000 + n) for n in range(MERGED_MAX + 5)))
    wake(rig)
    assert len(rig.tables.inboxes[rig.id()]) == 5
    assert Wake(rig.id(), rig.incident().wake_generation) in [wake for _, wake in rig.waiting]
    reconcile(Wake(rig.id(), rig.incident().wake_generation), rig.system)
    assert rig.tables.inboxes[rig.id()] == {}
    assert len(rig.tables.incidents) == 2
    assert len(rig.tables.inboxes[rig.id(1)]) == MERGED_MAX + 4
