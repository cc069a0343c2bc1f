"""The Store port: what both adapters must do. ``test_dynamo_store.py`` has what DynamoDB adds."""

import copy
from collections.abc import Callable
from datetime import timedelta

import pytest

from firstline.errors import Conflict, Contested, Unavailable
from firstline.ids import Cause, Digest, IncidentId, InstanceId, SignalKey, Token
from firstline.incident import Incident, Status
from firstline.ledger import Chain, Entry, Kind, Provenance, append
from firstline.limits import Lease, Spent, extend, release, take
from firstline.ports import Change, Due, Joined, LeaseWrite, Loaded, Store
from firstline.signals import Component, Condition, Severity, Signal
from firstline.twin.scenario import FaultKind
from tests.adapters.doors import T0, Door

CAUSE = Cause("vettid#complete-outage")
OTHER_CAUSE = Cause("vettid#enclave-down")
ID = IncidentId("inc-0123456789abcdef0123")
OTHER_ID = IncidentId("inc-fedcba98765432100123")
KEY = SignalKey("arn:aws:cloudwatch:alarm|-|ALARM|2026-03-01T12:00:00Z")
SECOND = timedelta(seconds=1)
LEASE = take(
    Lease(group="vaults"),
    ID,
    T0 + timedelta(minutes=2),
    Spent(Token("0" * 32), "restart_enclave", InstanceId("i-0a1b2c3d"), T0),
    timedelta(hours=1),
)


def incident(id_: IncidentId = ID, cause: Cause = CAUSE) -> Incident:
    return Incident(
        id=id_,
        cause=cause,
        condition=Condition.COMPLETE_OUTAGE,
        severity=Severity.P1,
        component=Component.FLEET,
        rule="all vaults inaccessible",
        alarm="healthy-hosts",
        alarm_arn="arn:aws:cloudwatch:us-east-1:111122223333:alarm:healthy-hosts",
        opening=KEY,
        signalled_at=T0,
        opened_at=T0,
        next_wake_at=T0 + SECOND,
    )


def signal(number: int) -> Signal:
    return Signal(
        key=SignalKey(f"key {number}"),
        source="cloudwatch.alarm",
        subject="healthy-hosts",
        state="ALARM",
        at=T0 + number * SECOND,
        account="111122223333",
        region="us-east-1",
        dimensions={"TargetGroup": "\u00fc\u2028\U0001f512"},
    )


def entries(id_: IncidentId = ID, chain: Chain | None = None, count: int = 1) -> list[Entry]:
    chain = chain or Chain()
    by = Provenance(policy=Digest("0" * 64), code="test")
    made = []
    for number in range(count):
        chain, entry = append(chain, id_, Kind.SIGNAL, T0, by, {"number": number})
        made.append(entry)
    return made


OPENING = Change(incident=incident(), entries=tuple(entries()), processed=KEY, opens=CAUSE)


def opened(store: Store) -> Incident:
    """The incident of `OPENING`, as it is stored."""
    store.commit(OPENING)
    return stored(store)


def stored(store: Store, id_: IncidentId = ID) -> Incident:
    loaded = store.load(id_)
    assert loaded is not None
    return loaded.incident


@pytest.fixture
def store(door: Door) -> Store:
    return door.ports.store


def test_nothing_is_stored_at_first(store: Store) -> None:
    """An unknown incident is None, its ledger empty, its cause free; no fix was ever made."""
    assert store.load(ID) is None
    assert store.entries(ID) == ()
    assert store.open_incident(CAUSE) is None
    assert store.due(T0 + timedelta(days=400)) == ()
    limits = store.limits("vaults")
    assert limits.lease == Lease(group="vaults", fence=0)
    assert not limits.switch.paused


def test_opening_is_read_back(store: Store) -> None:
    """What was opened is there under version 1, with its entry, its cause and its wake."""
    store.commit(OPENING)
    assert store.load(ID) == Loaded(copy.replace(incident(), version=1), ())
    assert store.entries(ID) == OPENING.entries
    assert store.open_incident(CAUSE) == ID
    assert store.due(T0 + SECOND) == (Due(ID, 1, T0 + SECOND),)


def test_each_commit_raises_the_version(store: Store) -> None:
    """A writer who has read version n leaves version n + 1."""
    first = opened(store)
    store.commit(Change(incident=copy.replace(first, wakes=1)))
    second = stored(store)
    assert (second.version, second.wakes) == (2, 1)
    store.commit(Change(incident=copy.replace(second, wakes=2)))
    assert (stored(store).version, stored(store).wakes) == (3, 2)


def test_ledger_is_kept_in_order_and_to_the_byte(store: Store) -> None:
    """Twelve entries come back in order, bytes and hashes as they were made."""
    made = entries(count=12)
    store.commit(Change(incident=incident(), entries=tuple(made[:7])))
    store.commit(Change(incident=stored(store), entries=tuple(made[7:])))
    assert store.entries(ID) == tuple(made)


def test_ledgers_do_not_mix(store: Store) -> None:
    """One incident's entries are not another's."""
    store.commit(OPENING)
    store.commit(Change(incident=incident(OTHER_ID), entries=tuple(entries(OTHER_ID, count=2))))
    assert store.entries(ID) == OPENING.entries
    assert [each.incident for each in store.entries(OTHER_ID)] == [OTHER_ID] * 2


# --- conflicts -------------------------------------------------------------------------------

NEXT = copy.replace(incident(), version=1, wakes=7)
CONTESTED: dict[str, tuple[Change, Contested]] = {
    "an incident that exists is not made again": (
        Change(incident=incident()),
        Contested.VERSION,
    ),
    "a version that was written since is not written over": (
        Change(incident=copy.replace(NEXT, version=0)),
        Contested.VERSION,
    ),
    "a version that was never read is not written": (
        Change(incident=copy.replace(NEXT, version=2)),
        Contested.VERSION,
    ),
    "a signal is processed once": (
        Change(incident=NEXT, processed=KEY),
        Contested.PROCESSED,
    ),
    "a cause that is open is not opened again": (
        Change(incident=incident(OTHER_ID), opens=CAUSE),
        Contested.CAUSE,
    ),
    "an incident closes its own cause only": (
        Change(incident=incident(OTHER_ID), closes=CAUSE),
        Contested.CAUSE,
    ),
    "a cause that is not open is not closed": (
        Change(incident=NEXT, closes=OTHER_CAUSE),
        Contested.CAUSE,
    ),
    "an entry is never replaced": (
        Change(incident=NEXT, entries=tuple(entries())),
        Contested.ENTRY,
    ),
    "a lease that somebody took is not taken under the old fence": (
        Change(incident=NEXT, lease=LeaseWrite(LEASE, fence_read=0)),
        Contested.LEASE,
    ),
    "a fence that was never read is not written": (
        Change(incident=NEXT, lease=LeaseWrite(LEASE, fence_read=2)),
        Contested.LEASE,
    ),
    "a redelivery is known as one, whatever else it meets": (
        Change(incident=incident(), entries=tuple(entries()), processed=KEY, opens=CAUSE),
        Contested.PROCESSED,
    ),
    "a cause tells more than a version": (
        Change(incident=incident(), opens=CAUSE),
        Contested.CAUSE,
    ),
}


@pytest.mark.parametrize(("change", "contested"), CONTESTED.values(), ids=CONTESTED)
def test_conflict_writes_nothing(store: Store, change: Change, contested: Contested) -> None:
    """Where one condition fails, the Conflict names it and nothing at all is written."""
    store.commit(OPENING)
    store.commit(Change(lease=LeaseWrite(LEASE, fence_read=0)))
    full = copy.replace(
        change,
        entries=change.entries or tuple(entries(OTHER_ID, count=3)),
        joined=Joined(ID, signal(1)),
        lease=change.lease or LeaseWrite(copy.replace(LEASE, fence=2), fence_read=1),
    )
    with pytest.raises(Conflict) as conflict:
        store.commit(full)
    assert conflict.value.contested is contested
    assert store.load(ID) == Loaded(copy.replace(incident(), version=1), ())
    assert store.load(OTHER_ID) is None
    assert (store.entries(ID), store.entries(OTHER_ID)) == (OPENING.entries, ())
    assert (store.open_incident(CAUSE), store.open_incident(OTHER_CAUSE)) == (ID, None)
    assert store.limits("vaults").lease == LEASE
    assert store.due(T0 + SECOND) == (Due(ID, 1, T0 + SECOND),)


def test_conflicting_change_leaves_its_signal_unprocessed(store: Store) -> None:
    """A signal whose commit failed can still be processed."""
    first = opened(store)
    fresh = SignalKey("fresh")
    with pytest.raises(Conflict):
        store.commit(Change(incident=incident(), processed=fresh))
    store.commit(Change(incident=first, processed=fresh))
    with pytest.raises(Conflict):
        store.commit(Change(incident=stored(store), processed=fresh))


def test_signal_may_be_processed_without_an_incident(store: Store) -> None:
    """What is context or ignored is processed and recorded, and opens nothing."""
    store.commit(Change(processed=KEY, entries=tuple(entries())))
    assert store.load(ID) is None
    assert store.entries(ID) == OPENING.entries


# --- causes ----------------------------------------------------------------------------------


def test_closed_cause_can_be_opened_by_the_next(store: Store) -> None:
    """An episode's end frees its cause, and the next episode takes it."""
    first = opened(store)
    store.commit(Change(incident=copy.replace(first, status=Status.OBSERVED), closes=CAUSE))
    assert store.open_incident(CAUSE) is None
    store.commit(Change(incident=incident(OTHER_ID), opens=CAUSE))
    assert store.open_incident(CAUSE) == OTHER_ID
    assert stored(store).status is Status.OBSERVED


def test_causes_are_apart(store: Store) -> None:
    """Two causes are open at a time, each for its own incident."""
    store.commit(OPENING)
    store.commit(Change(incident=incident(OTHER_ID, OTHER_CAUSE), opens=OTHER_CAUSE))
    assert store.open_incident(CAUSE) == ID
    assert store.open_incident(OTHER_CAUSE) == OTHER_ID


# --- the inbox -------------------------------------------------------------------------------


def test_joined_signals_wait_in_the_inbox(store: Store) -> None:
    """Signals join without touching the incident, and are read with it, in one stable order."""
    first = opened(store)
    for number in (2, 1, 3):
        store.commit(Change(joined=Joined(ID, signal(number)), processed=signal(number).key))
    loaded = store.load(ID)
    assert loaded == Loaded(first, (signal(1), signal(2), signal(3)))


def test_signal_joins_once(store: Store) -> None:
    """The same signal twice is one in the inbox."""
    first = opened(store)
    for _ in range(2):
        store.commit(Change(joined=Joined(ID, signal(1))))
    assert store.load(ID) == Loaded(first, (signal(1),))


def test_folded_signals_leave_the_inbox(store: Store) -> None:
    """What reconcile folds is gone with that commit; what joined meanwhile stays."""
    first = opened(store)
    for number in (1, 2, 3):
        store.commit(Change(joined=Joined(ID, signal(number))))
    store.commit(Change(incident=first, folded=(signal(1).key, signal(2).key, signal(1).key)))
    assert store.load(ID) == Loaded(copy.replace(first, version=2), (signal(3),))


def test_lost_fold_loses_no_signal(store: Store) -> None:
    """A fold that loses the race leaves the inbox as it was."""
    first = opened(store)
    store.commit(Change(joined=Joined(ID, signal(1))))
    with pytest.raises(Conflict):
        store.commit(Change(incident=incident(), folded=(signal(1).key,)))
    assert store.load(ID) == Loaded(first, (signal(1),))


def test_inboxes_are_apart(store: Store) -> None:
    """A signal waits for the incident that it joined."""
    store.commit(OPENING)
    store.commit(Change(incident=incident(OTHER_ID), joined=Joined(OTHER_ID, signal(1))))
    assert store.load(ID) == Loaded(copy.replace(incident(), version=1), ())
    assert store.load(OTHER_ID) == Loaded(copy.replace(incident(OTHER_ID), version=1), (signal(1),))


# --- leases ----------------------------------------------------------------------------------


def test_lease_goes_from_hand_to_hand(store: Store) -> None:
    """Taken, extended, released and taken again, each on the fence that was read."""
    steps: list[Callable[[Lease], Lease]] = [
        lambda lease: extend(lease, T0 + timedelta(minutes=9)),
        release,
        lambda lease: copy.replace(lease, fence=2, holder=OTHER_ID),
    ]
    store.commit(Change(lease=LeaseWrite(LEASE, fence_read=0)))
    for step in steps:
        held = store.limits("vaults").lease
        changed = step(held)
        store.commit(Change(lease=LeaseWrite(changed, fence_read=held.fence)))
        assert store.limits("vaults").lease == changed
    assert store.limits("vaults").lease.spent == LEASE.spent


def test_leases_are_apart(store: Store) -> None:
    """A lease is one group's."""
    store.commit(Change(lease=LeaseWrite(LEASE, fence_read=0)))
    assert store.limits("others").lease == Lease(group="others")


# --- wakes -----------------------------------------------------------------------------------


def test_due_are_the_oldest_first(store: Store) -> None:
    """Of 30 incidents that are due the 25 oldest are given, in order, to the microsecond."""
    for number in range(30):
        made = incident(IncidentId(f"inc-{29 - number:020}"))
        at = T0 + number * timedelta(microseconds=1)
        store.commit(Change(incident=copy.replace(made, next_wake_at=at, wake_generation=number)))
    due = store.due(T0 + SECOND)
    assert [each.generation for each in due] == list(range(25))
    assert due[0] == Due(IncidentId(f"inc-{29:020}"), 0, T0)


def test_due_is_not_before_its_time(store: Store) -> None:
    """A wake is due at its instant, and not a microsecond earlier."""
    store.commit(OPENING)
    assert store.due(T0 + SECOND - timedelta(microseconds=1)) == ()
    assert [each.incident for each in store.due(T0 + SECOND)] == [ID]


def test_due_follows_the_incident(store: Store) -> None:
    """A later wake moves it, and without a next wake it is not due at all."""
    store.commit(OPENING)
    later = copy.replace(stored(store), next_wake_at=T0 + 2 * SECOND, wake_generation=2)
    store.commit(Change(incident=later))
    assert store.due(T0 + SECOND) == ()
    assert store.due(T0 + 3 * SECOND) == (Due(ID, 2, T0 + 2 * SECOND),)
    store.commit(Change(incident=copy.replace(stored(store), next_wake_at=None)))
    assert store.due(T0 + timedelta(days=400)) == ()


# --- faults ----------------------------------------------------------------------------------

READS: dict[str, Callable[[Store], object]] = {
    "load": lambda store: store.load(ID),
    "open_incident": lambda store: store.open_incident(CAUSE),
    "limits": lambda store: store.limits("vaults"),
    "due": lambda store: store.due(T0),
    "entries": lambda store: store.entries(ID),
}
FAULTS: tuple[FaultKind, ...] = ("error", "hang", "timeout-after")


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_fault_makes_reads_unavailable(
    door: Door, read: Callable[[Store], object], kind: FaultKind
) -> None:
    """A read that fails or hangs raises Unavailable: never an empty answer."""
    door.trouble("store", kind)
    with pytest.raises(Unavailable):
        read(door.ports.store)


@pytest.mark.parametrize(
    ("kind", "version"), [("error", None), ("hang", None), ("timeout-after", 1)]
)
def test_fault_leaves_a_commit_unknown(door: Door, kind: FaultKind, version: int | None) -> None:
    """A commit without an answer is Unavailable, and reading again tells what came of it."""
    door.trouble("store", kind)
    with pytest.raises(Unavailable):
        door.ports.store.commit(OPENING)
    door.mend()
    loaded = door.ports.store.load(ID)
    assert (loaded.incident.version if loaded else None) == version
    assert len(door.ports.store.entries(ID)) == (version or 0)
