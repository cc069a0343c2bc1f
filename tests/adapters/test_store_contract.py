"""The Store port: what both adapters must keep and give back."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from firstline.controller.ports.store import (
    DUE_MAX,
    INBOX_READ_MAX,
    AlarmTransition,
    Change,
    DueIncident,
    InboxSignal,
    LeaseWrite,
    LoadedIncident,
    OpeningsWrite,
    OperatorAnswer,
    PageReceipt,
    Store,
)
from firstline.diagnosis.evidence import HostEvidence, Unknown
from firstline.errors import (
    CommitConflict,
    Contested,
    DependencyUnavailable,
    InvariantViolation,
    Unwritable,
)
from firstline.ids import CorrelationKey, IncidentId, InstanceId, Token
from firstline.incidents.demotion import ActionTrackRecord, Demotion
from firstline.incidents.handled_alarms import HandledAlarms
from firstline.incidents.incident import Incident, Status
from firstline.incidents.resolve_delay import CLOCK_SKEW_MAX
from firstline.lab.twin.scenario import FaultKind
from firstline.remediation.kill_switch import CHAIN, OFF
from firstline.remediation.limits import (
    AttemptRecord,
    Lease,
    extend_lease,
    release_lease,
    take_lease,
)
from firstline.signal import Severity
from firstline.signals.storm import Openings
from tests.adapters.backends import T0, Door
from tests.adapters.records import (
    CAUSE,
    ID,
    KEY,
    OPENING,
    OTHER_ID,
    SECOND,
    entries,
    host_id,
    incident,
    looked_at,
    signal,
)
from tests.remediation.situations import approval, switch

OTHER_CAUSE = CorrelationKey("vettid#enclave-down")
SPENT = AttemptRecord(Token("0" * 32), "restart_enclave", InstanceId("i-0a1b2c3d"), T0)
TICK = timedelta(microseconds=1)


@pytest.fixture
def store(door: Door) -> Store:
    return door.ports.store


def stored(store: Store, id_: IncidentId = ID) -> Incident:
    loaded = store.load(id_)
    assert loaded is not None
    return loaded.incident


def test_nothing_is_stored_at_first(store: Store) -> None:
    """An unknown incident is None, its ledger empty, its cause free; no fix was ever made."""
    assert store.load(ID) is None
    assert store.entries(ID) == ()
    assert store.open_incident(CAUSE) is None
    assert store.accounted(CAUSE) is None
    assert store.due(T0 + timedelta(days=400)) == ()
    assert store.open_now(10) == store.escalated(10) == store.closed(10) == ()
    limits = store.limits("vaults")
    assert limits.lease == Lease(group="vaults", fence=0)
    assert limits.switch == store.switch() == OFF


def test_the_latest_transition_of_an_alarm_is_remembered(store: Store) -> None:
    """An earlier one is contested, so that its worker knows that it is late."""
    store.commit(Change(transition=AlarmTransition("arn", T0)))
    store.commit(Change(transition=AlarmTransition("arn", T0)))
    store.commit(Change(transition=AlarmTransition("arn", T0 + TICK)))
    with pytest.raises(CommitConflict) as conflict:
        store.commit(Change(transition=AlarmTransition("arn", T0), processed=KEY))
    assert conflict.value.contested is Contested.HEARD
    store.commit(Change(transition=AlarmTransition("other", T0), processed=KEY))


def test_openings_are_stored_under_their_version(store: Store) -> None:
    """Two who read the same version cannot both write."""
    assert store.openings("vettid") == Openings()
    first = Openings().with_opening(CAUSE, T0, keep=3)
    store.commit(Change(openings=OpeningsWrite("vettid", first)))
    assert store.openings("vettid") == copy.replace(first, version=1)
    assert store.openings("another") == Openings()
    with pytest.raises(CommitConflict) as conflict:
        store.commit(Change(openings=OpeningsWrite("vettid", first), processed=KEY))
    assert conflict.value.contested is Contested.OPENINGS
    second = store.openings("vettid").with_opening(OTHER_CAUSE, T0 + SECOND, keep=3)
    store.commit(Change(openings=OpeningsWrite("vettid", second), processed=KEY))
    assert store.openings("vettid") == copy.replace(second, version=2)


def test_an_answer_waits_in_the_inbox_until_it_is_applied(store: Store) -> None:
    """Each word has a place of its own, in the order of saying; none overwrites another."""
    store.commit(OPENING)
    yes = approval()
    no = copy.replace(yes, granted=False, at=yes.at - SECOND)
    for each in (yes, no, yes):
        store.commit(Change(answer=OperatorAnswer(ID, 1, each)))
    store.commit(Change(inbox_signal=InboxSignal(ID, signal(1))))
    assert store.load(ID) == LoadedIncident(stored(store), (InboxSignal(ID, signal(1)),), (no, yes))
    store.commit(Change(incident=stored(store), applied_approvals=(no,)))
    assert store.load(ID) == LoadedIncident(stored(store), (InboxSignal(ID, signal(1)),), (yes,))


def test_the_switch_is_turned_under_its_version_with_its_entry(store: Store) -> None:
    """Two who read the same version cannot both turn it; an entry stands for each change."""
    on = copy.replace(switch("everything"), version=0)
    (entry,) = entries(CHAIN)
    store.commit(Change(switch=on, entries=(entry,)))
    assert store.switch() == store.limits("vaults").switch == copy.replace(on, version=1)
    assert store.entries(CHAIN) == (entry,)
    with pytest.raises(CommitConflict) as conflict:
        store.commit(Change(switch=on, processed=KEY))
    assert conflict.value.contested is Contested.SWITCH
    store.commit(Change(switch=copy.replace(OFF, version=1), processed=KEY))
    assert store.switch() == copy.replace(OFF, version=2)


def test_incident_is_kept_under_its_version(store: Store) -> None:
    """A new incident has version 1; each commit adds one."""
    store.commit(OPENING)
    assert store.load(ID) == LoadedIncident(copy.replace(incident(), version=1), ())
    assert store.entries(ID) == OPENING.entries
    assert store.open_incident(CAUSE) == ID
    for wakes in (1, 2):
        store.commit(Change(incident=copy.replace(stored(store), wakes=wakes)))
        assert (stored(store).version, stored(store).wakes) == (wakes + 1, wakes)


def test_ledger_is_kept_in_order_and_to_the_byte(store: Store) -> None:
    """Twelve entries come back in order, bytes and hashes as they were made; no other's do."""
    made = entries(count=12)
    store.commit(Change(incident=incident(), entries=made[:7]))
    store.commit(Change(incident=stored(store), entries=made[7:]))
    store.commit(Change(incident=incident(OTHER_ID), entries=entries(OTHER_ID)))
    assert store.entries(ID) == made
    assert store.entries(OTHER_ID) == entries(OTHER_ID)


def test_signal_is_processed_without_an_incident(store: Store) -> None:
    """A context or ignored signal is recorded once, and opens nothing."""
    store.commit(Change(processed=KEY, entries=entries()))
    assert store.load(ID) is None
    assert store.entries(ID) == entries()
    with pytest.raises(CommitConflict):
        store.commit(Change(processed=KEY))


def test_cause_is_free_when_its_episode_ends(store: Store) -> None:
    """Causes are open apart; a closed one is opened by the next episode."""
    store.commit(OPENING)
    store.commit(Change(incident=incident(OTHER_ID), opens=OTHER_CAUSE))
    assert [store.open_incident(each) for each in (CAUSE, OTHER_CAUSE)] == [ID, OTHER_ID]
    ended = copy.replace(stored(store), status=Status.SELF_RECOVERED)
    store.commit(Change(incident=ended, closes=CAUSE))
    assert [store.open_incident(each) for each in (CAUSE, OTHER_CAUSE)] == [None, OTHER_ID]
    store.commit(Change(incident=stored(store, OTHER_ID), opens=CAUSE))
    assert store.open_incident(CAUSE) == OTHER_ID
    assert stored(store).status is Status.SELF_RECOVERED


def test_what_an_episode_accounts_for_outlives_it(store: Store) -> None:
    """The last P1's that ended, of each cause apart; another severity's end leaves it."""
    ends = [T0 + number * timedelta(hours=1) for number in (1, 2, 3)]
    ids = [IncidentId(f"inc-{number:020}") for number in range(3)]
    kept: list[HandledAlarms | None] = []
    for severity, ended_at, id_ in zip(("P1", "P1", "P2"), ends, ids, strict=True):
        store.commit(Change(incident=incident(id_), opens=CAUSE))
        assert store.accounted(CAUSE) == (kept[-1] if kept else None)
        ended = copy.replace(
            stored(store, id_),
            status=Status.ESCALATED,
            severity=Severity(severity),
            alarms=("one", "two"),
            ended_at=ended_at,
        )
        store.commit(Change(incident=ended, closes=CAUSE))
        kept.append(store.accounted(CAUSE))
    assert kept == [kept_of(ended_at) for ended_at in (ends[0], ends[1], ends[1])]
    assert store.accounted(OTHER_CAUSE) is None


def kept_of(ended_at: datetime) -> HandledAlarms:
    """Of a hand-over."""
    until, alarms_until = ended_at - CLOCK_SKEW_MAX, ended_at + CLOCK_SKEW_MAX
    return HandledAlarms(until=until, alarms=("one", "two"), alarms_until=alarms_until)


def test_inbox_holds_a_signal_once_until_it_is_folded(store: Store) -> None:
    """Signals join without touching the incident, are read in one order, and go when folded."""
    store.commit(OPENING)
    store.commit(Change(incident=incident(OTHER_ID), inbox_signal=InboxSignal(OTHER_ID, signal(9))))
    first = stored(store)
    one, two, three = (InboxSignal(ID, signal(number), Severity.P2) for number in (1, 2, 3))
    for each in (two, one, three, one):
        store.commit(Change(inbox_signal=each))
    assert store.load(ID) == LoadedIncident(first, (one, two, three))
    with pytest.raises(CommitConflict):
        store.commit(Change(incident=incident(), merged_signals=(one, two, one)))
    assert store.load(ID) == LoadedIncident(first, (one, two, three))
    store.commit(Change(incident=first, merged_signals=(one, two, one)))
    assert store.load(ID) == LoadedIncident(copy.replace(first, version=2), (three,))
    other = store.load(OTHER_ID)
    assert other is not None
    assert other.inbox == (InboxSignal(OTHER_ID, signal(9)),)


def test_the_gravest_signals_are_read_first(store: Store) -> None:
    """A signal of an earlier version, without a severity, may be the gravest; each is removed."""
    store.commit(OPENING)
    severities = [*reversed(Severity), None]
    waiting = [InboxSignal(ID, signal(number), each) for number, each in enumerate(severities)]
    for each in waiting:
        store.commit(Change(inbox_signal=each))
    assert store.load(ID) == LoadedIncident(stored(store), tuple(reversed(waiting)))
    store.commit(Change(incident=stored(store), merged_signals=tuple(waiting)))
    assert store.load(ID) == LoadedIncident(stored(store), ())


def test_a_signal_that_came_with_two_severities_waits_twice(store: Store) -> None:
    """A redelivery after the profile changed: one may be folded without the other."""
    store.commit(OPENING)
    minor, grave = InboxSignal(ID, signal(1), Severity.P3), InboxSignal(ID, signal(1), Severity.P1)
    for each in (minor, grave):
        store.commit(Change(inbox_signal=each))
    assert store.load(ID) == LoadedIncident(stored(store), (grave, minor))
    store.commit(Change(incident=stored(store), merged_signals=(grave,)))
    assert store.load(ID) == LoadedIncident(stored(store), (minor,))


def test_of_a_long_inbox_a_part_is_read_with_every_answer(store: Store) -> None:
    """The one P1 is in that part, whatever its key."""
    store.commit(OPENING)
    for number in range(INBOX_READ_MAX):
        store.commit(Change(inbox_signal=InboxSignal(ID, signal(number), Severity.P2)))
    no = copy.replace(approval(), granted=False, at=approval().at - SECOND)
    for each in (approval(), no):
        store.commit(Change(answer=OperatorAnswer(ID, 1, each)))
    whole = store.load(ID)
    assert whole is not None
    assert (len(whole.inbox), whole.approvals) == (INBOX_READ_MAX, (no, approval()))
    grave = InboxSignal(ID, signal(INBOX_READ_MAX), Severity.P1)
    store.commit(Change(inbox_signal=grave))
    loaded = store.load(ID)
    assert loaded is not None
    assert (loaded.inbox[0], len(loaded.inbox)) == (grave, INBOX_READ_MAX)
    assert loaded.approvals == (no, approval())


def test_evidence_of_a_host_is_kept_in_its_own_item(store: Store) -> None:
    """What a commit does not touch stays; a host that left is not read any more."""
    store.commit(OPENING)
    first = looked_at(stored(store), 1, 2)
    store.commit(Change(incident=first, stored_hosts=(host_id(1), host_id(2))))
    assert stored(store).hosts == first.hosts
    second = looked_at(stored(store), 2, at=T0 + SECOND)
    store.commit(Change(incident=second, stored_hosts=(host_id(2),)))
    assert stored(store).hosts == second.hosts
    assert second.host_versions == {host_id(1): 2, host_id(2): 3}
    left = copy.replace(
        stored(store),
        hosts={host_id(2): second.hosts[host_id(2)]},
        host_versions={host_id(2): 3},
    )
    store.commit(Change(incident=left))
    assert stored(store).hosts == left.hosts


def test_evidence_without_an_item_stays_in_the_aggregate(store: Store) -> None:
    """As of an incident that older code wrote, and of a commit that had no room."""
    store.commit(OPENING)
    inline = copy.replace(looked_at(stored(store), 1), host_versions={})
    store.commit(Change(incident=inline))
    mixed = looked_at(stored(store), 2)
    store.commit(Change(incident=mixed, stored_hosts=(host_id(2),)))
    assert stored(store).hosts == mixed.hosts
    assert set(mixed.hosts) == {host_id(1), host_id(2)}


def test_many_hosts_and_a_long_inbox_are_read_whole(store: Store) -> None:
    """Whatever one Query shows of the incident, none of its hosts is left out."""
    store.commit(OPENING)
    for first in (0, 60, 120):
        numbers = range(first, first + 60)
        looked = looked_at(stored(store), *numbers)
        store.commit(Change(incident=looked, stored_hosts=tuple(map(host_id, numbers))))
    for number in range(3):
        store.commit(Change(inbox_signal=InboxSignal(ID, signal(number), Severity.P2)))
    store.commit(Change(answer=OperatorAnswer(ID, stored(store).version, approval())))
    loaded = store.load(ID)
    assert loaded is not None
    assert set(loaded.incident.hosts) == set(map(host_id, range(180)))
    assert (len(loaded.inbox), loaded.approvals) == (3, (approval(),))


def test_evidence_in_items_does_not_count_towards_the_limit(store: Store) -> None:
    """400 KB is the limit of an item, and the evidence of each host is one of its own."""
    store.commit(OPENING)
    large = HostEvidence(Unknown("w" * 40_000), T0)
    for number in range(12):
        held = looked_at(stored(store), number)
        held = copy.replace(held, hosts={**held.hosts, host_id(number): large})
        store.commit(Change(incident=held, stored_hosts=(host_id(number),)))
    assert set(stored(store).hosts.values()) == {large}
    inline = copy.replace(stored(store), host_versions={})
    with pytest.raises(Unwritable):
        store.commit(Change(incident=inline))


def test_a_change_has_1_to_100_actions(store: Store) -> None:
    """A change that no transaction can hold raises `InvariantViolation`, and nothing is written."""
    made = entries(count=100)
    hosts = looked_at(incident(), *range(100))
    crowded = Change(incident=hosts, stored_hosts=tuple(hosts.hosts))
    for change in (Change(incident=incident(), entries=made), Change(), crowded):
        with pytest.raises(InvariantViolation, match="actions; a transaction holds"):
            store.commit(change)
    assert store.load(ID) is None
    store.commit(Change(incident=incident(), entries=made[:99]))
    assert store.entries(ID) == made[:99]


def test_an_item_above_the_limit_is_refused_for_good(store: Store) -> None:
    """400 KB: no try of it can ever be taken, so it is no outage."""
    large = copy.replace(incident(), rule="r" * 410_000)
    with pytest.raises(Unwritable, match=f"{ID} cannot be stored: Item size") as refused:
        store.commit(Change(incident=large, entries=entries()))
    assert (refused.value.severity, refused.value.opened_at) == (large.severity, large.opened_at)
    assert (store.load(ID), store.entries(ID)) == (None, ())


DEMOTED = ActionTrackRecord(action="restart_enclave", failed=3, demoted=Demotion(T0, 3, ID))


def test_lease_goes_from_hand_to_hand(store: Store) -> None:
    """One group's: taken, extended, released and taken again, each on the fence that was read."""
    until = T0 + timedelta(minutes=2)
    steps: list[Callable[[Lease], Lease]] = [
        lambda lease: take_lease(lease, ID, until, SPENT, timedelta(hours=1)),
        lambda lease: extend_lease(lease, T0 + timedelta(minutes=9)),
        release_lease,
        lambda lease: copy.replace(lease, trusts=(DEMOTED,)),
        lambda lease: copy.replace(lease, fence=2, holder=OTHER_ID),
    ]
    for step in steps:
        held = store.limits("vaults").lease
        changed = step(held)
        store.commit(Change(lease=LeaseWrite(changed, fence_read=held.fence)))
        assert store.limits("vaults").lease == changed
    held = store.limits("vaults").lease
    assert (held.spent, held.trusts) == ((SPENT,), (DEMOTED,))
    assert store.limits("others").lease == Lease(group="others")


def test_due_are_the_oldest_first(store: Store) -> None:
    """Of 30 incidents that are due the 25 oldest are given, in order, to the microsecond."""
    for number in range(30):
        made = incident(IncidentId(f"inc-{29 - number:020}"))
        at = T0 + number * TICK
        store.commit(Change(incident=copy.replace(made, next_wake_at=at, wake_generation=number)))
    due = store.due(T0 + SECOND)
    assert [each.generation for each in due] == list(range(25))
    assert due[0] == DueIncident(IncidentId(f"inc-{29:020}"), 0, T0)
    assert [each.generation for each in store.due(T0 + TICK)] == [0, 1]


def test_due_goes_on_behind_the_last_that_was_given(store: Store) -> None:
    """Each is given once, also those of one instant, and though the last is due no more."""
    ids = [IncidentId(f"inc-{number:020}") for number in range(2 * DUE_MAX + 3)]
    for id_ in ids:
        store.commit(Change(incident=copy.replace(incident(id_), next_wake_at=T0)))
    first = store.due(T0)
    moved = stored(store, first[-1].incident)
    store.commit(Change(incident=copy.replace(moved, next_wake_at=T0 + SECOND)))
    second = store.due(T0, after=first[-1])
    third = store.due(T0, after=second[-1])
    assert [len(each) for each in (first, second, third)] == [DUE_MAX, DUE_MAX, 3]
    assert sorted(each.incident for each in (*first, *second, *third)) == ids
    assert store.due(T0, after=third[-1]) == ()


def test_a_page_that_no_incident_holds_is_noted(store: Store) -> None:
    """By its note; noted again, the last instant counts."""
    assert store.paged("key") is None
    for at in (T0, T0 + TICK):
        store.commit(Change(page_receipt=PageReceipt("key", at)))
        assert store.paged("key") == at
    assert store.paged("another") is None


def test_due_follows_the_incident(store: Store) -> None:
    """A later wake moves it, and without a next wake it is not due at all."""
    store.commit(OPENING)
    assert store.due(T0 + SECOND) == (DueIncident(ID, 4, T0 + SECOND),)
    later = copy.replace(stored(store), next_wake_at=T0 + 2 * SECOND, wake_generation=5)
    store.commit(Change(incident=later))
    assert store.due(T0 + SECOND) == ()
    assert store.due(T0 + 3 * SECOND) == (DueIncident(ID, 5, T0 + 2 * SECOND),)
    store.commit(Change(incident=copy.replace(stored(store), next_wake_at=None)))
    assert store.due(T0 + timedelta(days=400)) == ()


def test_open_are_the_latest_first_until_they_end(store: Store) -> None:
    """No more than are asked for, whether or not they have a next wake."""
    ids = [IncidentId(f"inc-{number:020}") for number in range(4)]
    for number, id_ in enumerate(ids):
        opened = copy.replace(incident(id_), opened_at=T0 + number * TICK, next_wake_at=None)
        store.commit(Change(incident=opened))
    assert store.open_now(10) == tuple(reversed(ids))
    assert store.open_now(2) == (ids[3], ids[2])
    ended = copy.replace(stored(store, ids[2]), status=Status.ESCALATED)
    store.commit(Change(incident=ended))
    assert store.open_now(10) == (ids[3], ids[1], ids[0])


@pytest.mark.parametrize(
    ("status", "escalated"),
    [(Status.ESCALATED, True), (Status.RESOLVED, False), (Status.SELF_RECOVERED, False)],
)
def test_what_ended_is_listed_by_its_end(store: Store, status: Status, *, escalated: bool) -> None:
    """The latest opened first, and no more than are asked for; a later commit changes nothing."""
    ids = [IncidentId(f"inc-{number:020}") for number in range(3)]
    for number, id_ in enumerate(ids):
        opened = copy.replace(incident(id_), opened_at=T0 + number * TICK)
        store.commit(Change(incident=opened))
        store.commit(Change(incident=copy.replace(stored(store, id_), status=status)))
    store.commit(Change(incident=stored(store, ids[0])))
    lists = store.escalated, store.closed
    listed, other = lists if escalated else reversed(lists)
    assert listed(10) == tuple(reversed(ids))
    assert listed(2) == (ids[2], ids[1])
    assert (store.open_now(10), other(10)) == ((), ())


def test_the_last_entries_are_in_order(store: Store) -> None:
    """No more than are asked for, and of no other incident."""
    made = entries(count=5)
    store.commit(Change(incident=incident(), entries=made))
    store.commit(Change(incident=incident(OTHER_ID), entries=entries(OTHER_ID)))
    assert store.last_entries(ID, 2) == made[3:]
    assert store.last_entries(ID, 9) == made
    assert store.last_entries(IncidentId("inc-none"), 9) == ()


READS: tuple[Callable[[Store], object], ...] = (
    lambda store: store.load(ID),
    lambda store: store.open_incident(CAUSE),
    lambda store: store.accounted(CAUSE),
    lambda store: store.limits("vaults"),
    lambda store: store.due(T0),
    lambda store: store.paged("key"),
    lambda store: store.open_now(1),
    lambda store: store.escalated(1),
    lambda store: store.closed(1),
    lambda store: store.entries(ID),
    lambda store: store.last_entries(ID, 1),
)


@pytest.mark.parametrize(
    ("kind", "version"), [("error", None), ("hang", None), ("timeout-after", 1)]
)
def test_fault_is_never_an_empty_answer(door: Door, kind: FaultKind, version: int | None) -> None:
    """A failed read or commit is unavailable; a second read shows the outcome."""
    store = door.ports.store
    door.trouble("store", kind)
    for read in READS:
        with pytest.raises(DependencyUnavailable):
            read(store)
    with pytest.raises(DependencyUnavailable):
        store.commit(OPENING)
    door.mend()
    loaded = store.load(ID)
    assert (loaded.incident.version if loaded else None) == version
    assert len(store.entries(ID)) == (version or 0)
