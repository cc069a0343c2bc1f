"""The counts of calls to AWS."""

from datetime import timedelta

import pytest

from firstline.adapters.aws import clients
from firstline.adapters.aws.call_counter import CallCounter
from firstline.adapters.aws.store import DynamoStore
from firstline.errors import DependencyUnavailable
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.world import World
from firstline.monitoring.metric import Metric
from tests.adapters.backends import T0, Ends, Http
from tests.adapters.records import FULL, ID


def counting(ends: Ends, world: World) -> tuple[CallCounter, DynamoStore]:
    """A store whose session is counted."""
    calls = CallCounter()
    calls.watch(ends.session)
    return calls, DynamoStore(clients.store(ends.session), "incidents", "ledger", WorldClock(world))


def test_each_call_that_leaves_is_counted_and_priced(world: World) -> None:
    """Also a failed one, since AWS received it. `take` resets the counts."""
    calls, store = counting(Ends(Http(503)), world)
    assert calls.take() == ()
    for read in (lambda: store.load(ID), lambda: store.due(T0 + timedelta(0))):
        with pytest.raises(DependencyUnavailable):
            read()
    assert calls.take() == (
        Metric("AwsCalls", 2, "Count"),
        Metric("AwsCallsNanodollars", 2 * 250, "Count"),
    )
    assert calls.take() == ()


def test_a_transaction_is_priced_by_what_it_sends(world: World) -> None:
    """Twice a write unit for each kilobyte of it."""
    calls, store = counting(Ends(Http(503)), world)
    with pytest.raises(DependencyUnavailable):
        store.commit(FULL)
    count, cost = calls.take()
    assert count.value == 1
    assert cost.value >= 2 * 2 * 625
    assert cost.value % (2 * 625) == 0
