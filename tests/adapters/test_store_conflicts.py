"""Two writers and one store: the second one gets the contested part, and writes nothing."""

import copy

import pytest

from firstline.controller.ports.store import (
    Change,
    DueIncident,
    ExternalEventsWrite,
    Fence,
    InboxSignal,
    LeaseWrite,
    LoadedIncident,
    OperatorAnswer,
)
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import CommitConflict, Contested
from firstline.ids import CorrelationKey, Digest
from tests.adapters.backends import T0, Door
from tests.adapters.records import (
    CAUSE,
    ID,
    KEY,
    LEASE,
    OPENING,
    OTHER_ID,
    SECOND,
    entries,
    incident,
    signal,
)
from tests.remediation.situations import approval, switch

OTHER_CAUSE = CorrelationKey("vettid#enclave-down")
NEXT = copy.replace(incident(), version=2, wakes=7)
HELD = copy.replace(LEASE, fence=2)
CALM = ExternalEvents()
ANSWERED = ExternalEvents(answers=3)
DENIED = Digest("d" * 64)
FENCE = Fence(switch=1, group="vaults", events=3, incident=ID, plan=Digest("e" * 64))
CONTESTED: dict[str, tuple[Change, Contested]] = {
    "an incident that exists is not made again": (Change(incident=incident()), Contested.VERSION),
    "a version that was written since is not written over": (
        Change(incident=copy.replace(NEXT, version=1)),
        Contested.VERSION,
    ),
    "a version that was never read is not written": (
        Change(incident=copy.replace(NEXT, version=3)),
        Contested.VERSION,
    ),
    "a signal is processed once": (Change(incident=NEXT, processed=KEY), Contested.PROCESSED),
    "a cause that is open is not opened again": (
        Change(incident=incident(OTHER_ID), opens=CAUSE),
        Contested.CORRELATION_KEY,
    ),
    "an incident closes its own cause only": (
        Change(incident=incident(OTHER_ID), closes=CAUSE),
        Contested.CORRELATION_KEY,
    ),
    "a cause that is not open is not closed": (
        Change(incident=NEXT, closes=OTHER_CAUSE),
        Contested.CORRELATION_KEY,
    ),
    "an entry is never replaced": (Change(incident=NEXT, entries=entries()), Contested.ENTRY),
    "a lease that somebody took is not taken as if nobody had": (
        Change(incident=NEXT, lease=LeaseWrite(LEASE, fence_read=0)),
        Contested.LEASE,
    ),
    "a lease that somebody took is not taken under the old fence": (
        Change(incident=NEXT, lease=LeaseWrite(HELD, fence_read=1)),
        Contested.LEASE,
    ),
    "a fence that was never read is not written": (
        Change(incident=NEXT, lease=LeaseWrite(LEASE, fence_read=3)),
        Contested.LEASE,
    ),
    "an incident is not opened beside circumstances that another worker wrote": (
        Change(
            incident=incident(OTHER_ID),
            opens=OTHER_CAUSE,
            external_events=ExternalEventsWrite("vaults", CALM),
        ),
        Contested.CIRCUMSTANCES,
    ),
    "an intent is not written over a switch that was turned": (
        Change(incident=NEXT, fence=copy.replace(FENCE, switch=0)),
        Contested.SWITCH,
    ),
    "an intent is not written where a guard's answer changed": (
        Change(incident=NEXT, fence=copy.replace(FENCE, events=0)),
        Contested.CIRCUMSTANCES,
    ),
    "an intent is not written whose plan a person denied": (
        Change(incident=NEXT, fence=copy.replace(FENCE, plan=DENIED)),
        Contested.DENIED,
    ),
    "an answer is not written to an incident that went on": (
        Change(answer=OperatorAnswer(ID, 1, copy.replace(approval(), granted=False))),
        Contested.VERSION,
    ),
    "a redelivery is known as one, whatever else it meets": (OPENING, Contested.PROCESSED),
    "a cause tells more than a version": (
        Change(incident=incident(), opens=CAUSE),
        Contested.CORRELATION_KEY,
    ),
}


def test_conflict_writes_nothing(door: Door) -> None:
    """Where one condition fails, the Conflict names it and nothing at all is written."""
    store = door.ports.store
    store.commit(OPENING)
    store.commit(Change(incident=copy.replace(incident(), version=1)))
    store.commit(Change(lease=LeaseWrite(LEASE, fence_read=0)))
    store.commit(Change(lease=LeaseWrite(HELD, fence_read=1)))
    store.commit(Change(external_events=ExternalEventsWrite("vaults", ANSWERED)))
    store.commit(Change(switch=copy.replace(switch("everything"), version=0)))
    no = copy.replace(approval(), plan=DENIED, granted=False)
    store.commit(Change(answer=OperatorAnswer(ID, 2, no)))
    fresh = signal(1)
    for name, (change, contested) in CONTESTED.items():
        full = copy.replace(
            change,
            entries=change.entries or entries(OTHER_ID, count=3),
            processed=change.processed or fresh.key,
            inbox_signal=InboxSignal(ID, fresh),
            lease=change.lease or LeaseWrite(copy.replace(LEASE, fence=3), fence_read=2),
        )
        with pytest.raises(CommitConflict) as conflict:
            store.commit(full)
        assert conflict.value.contested is contested, name
    assert store.load(ID) == LoadedIncident(copy.replace(incident(), version=2), (), (no,))
    assert store.load(OTHER_ID) is None
    assert (store.entries(ID), store.entries(OTHER_ID)) == (OPENING.entries, ())
    assert (store.open_incident(CAUSE), store.open_incident(OTHER_CAUSE)) == (ID, None)
    limits = store.limits("vaults")
    assert (limits.lease, limits.circumstances) == (HELD, copy.replace(ANSWERED, version=1))
    assert store.due(T0 + SECOND) == (DueIncident(ID, 4, T0 + SECOND),)
    store.commit(Change(processed=fresh.key))
    store.commit(Change(incident=NEXT, fence=FENCE))


def test_an_intent_rests_on_what_is_absent(door: Door) -> None:
    """No switch was ever turned, no event came, and no plan was denied."""
    store = door.ports.store
    store.commit(OPENING)
    never = copy.replace(FENCE, switch=0, events=0)
    store.commit(Change(incident=copy.replace(incident(), version=1), fence=never))
    store.commit(Change(external_events=ExternalEventsWrite("vaults", CALM)))
    store.commit(Change(incident=copy.replace(incident(), version=2), fence=never))
    later = copy.replace(never, events=3)
    with pytest.raises(CommitConflict) as conflict:
        store.commit(Change(incident=copy.replace(incident(), version=3), fence=later))
    assert conflict.value.contested is Contested.CIRCUMSTANCES
