"""The store's requests to DynamoDB, and their answers."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from hypothesis import given, strategies

from firstline.adapters.aws import clients, dynamo_items
from firstline.adapters.aws.store import DynamoStore
from firstline.adapters.aws.transaction import Tables, writes
from firstline.controller.ports.store import (
    AlarmTransition,
    Change,
    ExternalEventsWrite,
    Fence,
    InboxSignal,
    LeaseWrite,
    OpeningsWrite,
    OperatorAnswer,
    Store,
)
from firstline.diagnosis.external_events import ExternalEvents
from firstline.errors import (
    CommitConflict,
    Contested,
    DependencyUnavailable,
    InvariantViolation,
    Unwritable,
)
from firstline.lab.twin.clock import WorldClock
from firstline.lab.twin.world import World
from firstline.remediation.kill_switch import OFF
from firstline.signals.storm import Openings
from tests.adapters.backends import T0, Door, Ends, Http, Requests
from tests.adapters.records import CAUSE, FULL, ID, KEY, LEASE, entries, incident, signal
from tests.remediation.situations import approval

METHODS: dict[str, Callable[[Store], object]] = {
    "TransactWriteItems": lambda store: store.commit(FULL),
    "Query: load": lambda store: store.load(ID),
    "Query: due": lambda store: store.due(T0),
    "Query: open": lambda store: store.open_now(1),
    "Query: escalated": lambda store: store.escalated(1),
    "Query: closed": lambda store: store.closed(1),
    "Query: entries": lambda store: store.entries(ID),
    "Query: last entries": lambda store: store.last_entries(ID, 1),
    "BatchGetItem": lambda store: store.limits("vaults"),
    "GetItem": lambda store: store.open_incident(CAUSE),
    "GetItem: ended": lambda store: store.accounted(CAUSE),
    "GetItem: openings": lambda store: store.openings("vettid"),
    "GetItem: switch": lambda store: store.switch(),
    "GetItem: paged": lambda store: store.paged("key"),
}
TABLES = Tables("incidents", "ledger")
YES = approval()
NO = copy.replace(YES, granted=False)
URL = "https://dynamodb.invalid"


@pytest.fixture
def store_of(world: World) -> Callable[[Ends], Store]:
    return lambda ends: DynamoStore(clients.store(ends.session), *TABLES, WorldClock(world))


def test_each_method_is_one_request(aws_door: Door, requests: Requests) -> None:
    """One request each; a store that hangs costs one second, and is not asked again."""
    expected = [f"dynamodb.{call.partition(':')[0]}" for call in METHODS]
    for method in METHODS.values():
        method(aws_door.ports.store)
    assert requests.sends == expected
    aws_door.trouble("store", "hang")
    requests.clear()
    for method in METHODS.values():
        with pytest.raises(DependencyUnavailable):
            method(aws_door.ports.store)
    assert requests.sends == expected
    assert aws_door.world.now == T0 + timedelta(seconds=len(METHODS))


def test_load_reads_every_page(store_of: Callable[[Ends], Store]) -> None:
    """An inbox that does not fit into one answer is read in full."""
    aggregate = dynamo_items.incident_item(incident())
    pages: list[dict[str, Any]] = [
        {"Items": [aggregate], "LastEvaluatedKey": dynamo_items.incident_key(ID)},
        {"Items": [dynamo_items.inbox_item(InboxSignal(ID, signal(1)))]},
    ]
    loaded = store_of(Ends(pages)).load(ID)
    assert loaded is not None
    assert loaded.inbox == (InboxSignal(ID, signal(1)),)


def test_change_holds_100_actions() -> None:
    """100 actions are one transaction; one more, or none, raises before any request."""
    [entry] = entries()
    many = Change(incident=incident(), entries=(entry,) * 99)
    assert len(writes(many, TABLES, T0)) == 100
    for number, change in ((101, copy.replace(many, processed=KEY)), (0, Change())):
        with pytest.raises(InvariantViolation, match=f"a change of {number} actions"):
            writes(change, TABLES, T0)


CHANGES = strategies.builds(
    Change,
    incident=strategies.just(incident()),
    entries=strategies.sampled_from([entries(count=number) for number in (0, 1, 7)]),
    processed=strategies.sampled_from((None, KEY)),
    opens=strategies.sampled_from((None, CAUSE)),
    closes=strategies.sampled_from((None, CAUSE)),
    inbox_signal=strategies.sampled_from((None, InboxSignal(ID, signal(1)))),
    merged_signals=strategies.lists(strategies.integers(0, 9)).map(
        lambda them: tuple(InboxSignal(ID, signal(n)) for n in them)
    ),
    answer=strategies.sampled_from((None, *(OperatorAnswer(ID, 1, each) for each in (YES, NO)))),
    applied_approvals=strategies.sampled_from(((), (YES,), (YES, NO))),
    switch=strategies.sampled_from((None, OFF)),
    lease=strategies.sampled_from((None, LeaseWrite(LEASE, fence_read=0))),
    transition=strategies.sampled_from((None, AlarmTransition("arn", T0))),
    openings=strategies.sampled_from((None, OpeningsWrite("vettid", Openings()))),
    external_events=strategies.sampled_from(
        (None, ExternalEventsWrite("vaults", ExternalEvents()))
    ),
    fence=strategies.sampled_from(
        (None, Fence(switch=1, group="v", events=0, incident=ID, plan=YES.plan))
    ),
)


@given(CHANGES)
def test_a_change_counts_its_actions(change: Change) -> None:
    """As many as its transaction has, so that what makes a change can bound it."""
    assert change.actions == len(writes(change, TABLES, T0))


@pytest.mark.parametrize(
    "change",
    [
        Change(opens=CAUSE),
        Change(closes=CAUSE),
        Change(merged_signals=(InboxSignal(ID, signal(1)),)),
    ],
)
def test_change_of_no_incident_moves_none(change: Change) -> None:
    """A change by the incident's id needs an incident."""
    with pytest.raises(InvariantViolation, match="names no incident"):
        writes(change, TABLES, T0)


def cancelled(*codes: str) -> Http:
    """A cancelled transaction, with one reason for each of its actions."""
    kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    reasons = [{"Code": code} for code in codes]
    return Http(400, json.dumps({"__type": kind, "CancellationReasons": reasons}))


def refused(message: str) -> Http:
    """A request that is refused as a whole."""
    kind = "com.amazon.coral.validate#ValidationException"
    return Http(400, json.dumps({"__type": kind, "message": message}))


@pytest.mark.parametrize(
    "end",
    [
        cancelled("ValidationError", *["None"] * 5),
        cancelled(*["None"] * 2, "ValidationError", *["None"] * 3),
        refused("Item size has exceeded the maximum allowed size"),
    ],
)
@pytest.mark.parametrize(("change", "id_"), [(FULL, ID), (Change(processed=KEY), "")])
def test_what_dynamodb_takes_at_no_time_is_no_outage(
    end: Http, change: Change, id_: str, store_of: Callable[[Ends], Store]
) -> None:
    """The first is of an item, the last of the request; a commit without an incident names none."""
    with pytest.raises(Unwritable) as error:
        store_of(Ends(end)).commit(change)
    assert error.value.incident == id_


FAILED = "ConditionalCheckFailed"
# the order of FULL's actions: incident, cause, entry, processed key, inbox, lease
CONFLICTS: dict[Contested, tuple[str, ...]] = {
    Contested.VERSION: (FAILED, "None", FAILED, "None", "None", FAILED),
    Contested.CORRELATION_KEY: (FAILED, FAILED, FAILED, "None", "None", FAILED),
    Contested.ENTRY: ("None", "None", FAILED, "None", "None", "None"),
    Contested.PROCESSED: (FAILED, FAILED, FAILED, FAILED, "None", FAILED),
    Contested.LEASE: ("TransactionConflict", "None", FAILED, "None", "None", FAILED),
    Contested.BUSY: ("TransactionConflict", "None", "None", "None", "None", "None"),
}


@pytest.mark.parametrize(("contested", "codes"), CONFLICTS.items(), ids=CONFLICTS)
def test_reasons_name_what_was_contested(
    store_of: Callable[[Ends], Store], contested: Contested, codes: tuple[str, ...]
) -> None:
    """Reasons come in the order of the actions; of several the most telling is named."""
    with pytest.raises(CommitConflict) as conflict:
        store_of(Ends(cancelled(*codes))).commit(FULL)
    assert conflict.value.contested is contested


@pytest.mark.parametrize(
    "end",
    [
        cancelled("None", "ThrottlingError", "None", "None", "None", "None"),
        cancelled(),
        Http(400, '{"__type": "TransactionInProgressException"}'),
        Http(503),
        ReadTimeoutError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
    ],
)
def test_all_else_is_unavailable(store_of: Callable[[Ends], Store], end: Http | Exception) -> None:
    """No condition was seen to fail: nothing is known, and it was tried once."""
    ends = Ends(end)
    with pytest.raises(DependencyUnavailable):
        store_of(ends).commit(FULL)
    assert ends.sends == 1


def test_unprocessed_keys_are_unavailable(store_of: Callable[[Ends], Store]) -> None:
    """A batch that DynamoDB did not finish could hide a lease."""
    left: dict[str, Any] = {"incidents": {"Keys": [dynamo_items.lease_key("vaults")]}}
    ends = Ends({"Responses": {"incidents": []}, "UnprocessedKeys": left})
    with pytest.raises(DependencyUnavailable, match="left out"):
        store_of(ends).limits("vaults")


@pytest.mark.parametrize("end", [Http(200, "<html>"), Http(400, "{}"), Http(502, "<html>")])
def test_unreadable_answer_is_no_answer(store_of: Callable[[Ends], Store], end: Http) -> None:
    """A foreign answer never counts as *there is none*."""
    # a commit has an empty answer, and a later read finds out
    for name in METHODS.keys() - {"TransactWriteItems"}:
        with pytest.raises(DependencyUnavailable):
            METHODS[name](store_of(Ends(end)))
