"""What DynamoDB adds to the Store's contract: items, requests, and what may be wrong with them."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from firstline.adapters import clients, items
from firstline.adapters.store import DynamoStore
from firstline.errors import Bug, Conflict, Contested, Unavailable
from firstline.ids import Cause, Digest, IncidentId, SignalKey
from firstline.incident import Incident, encode
from firstline.ledger import Entry
from firstline.limits import Lease, Switch
from firstline.ports import Change, Joined, LeaseWrite, Store
from firstline.signals import Component, Condition, Severity, Signal
from firstline.twin import resources
from firstline.twin.aws import TwinAws
from firstline.twin.scenario import FaultKind, Scenario
from firstline.twin.world import World
from tests.adapters.doors import T0, Door, Ends, Http, Requests, WorldClock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ID = IncidentId("inc-0123456789abcdef0123")
CAUSE = Cause("vettid#complete-outage")
KEY = SignalKey("key")
KEY_DIGEST = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683"
ENTRY = Entry(incident=ID, sequence=1, body='{"a":1}', hash=Digest("f" * 64))
SIGNAL = Signal(
    key=KEY,
    source="cloudwatch.alarm",
    subject="healthy-hosts",
    state="ALARM",
    at=T0,
    account="111122223333",
    region="us-east-1",
)
INCIDENT = Incident(
    id=ID,
    cause=CAUSE,
    condition=Condition.COMPLETE_OUTAGE,
    severity=Severity.P1,
    component=Component.FLEET,
    rule="rule",
    alarm="healthy-hosts",
    alarm_arn="arn",
    opening=KEY,
    signalled_at=T0,
    opened_at=T0,
    wake_generation=4,
    next_wake_at=T0,
)
FULL = Change(
    incident=INCIDENT,
    entries=(ENTRY,),
    processed=KEY,
    opens=CAUSE,
    joined=Joined(ID, SIGNAL),
    lease=LeaseWrite(Lease(group="vaults", fence=1, holder=ID), fence_read=0),
)
METHODS: dict[str, Callable[[Store], object]] = {
    "dynamodb.TransactWriteItems": lambda store: store.commit(FULL),
    "dynamodb.Query": lambda store: store.load(ID),
    "dynamodb.GetItem": lambda store: store.open_incident(CAUSE),
    "dynamodb.BatchGetItem": lambda store: store.limits("vaults"),
}
QUERIES: dict[str, Callable[[Store], object]] = {
    "due": lambda store: store.due(T0),
    "entries": lambda store: store.entries(ID),
}


@pytest.fixture
def client(aws: TwinAws) -> "DynamoDBClient":
    """For looking at the tables from outside."""
    return aws.session.client("dynamodb")


@pytest.fixture
def store(aws_door: Door) -> Store:
    return aws_door.ports.store


def put(client: "DynamoDBClient", pk: str, sk: str, **attributes: str | int) -> None:
    """Put an item past the store."""
    item: dict[str, Any] = {"pk": {"S": pk}, "sk": {"S": sk}}
    for name, value in attributes.items():
        item[name] = items.text(value) if isinstance(value, str) else items.number(value)
    client.put_item(TableName=resources.INCIDENTS, Item=item)


# --- items -----------------------------------------------------------------------------------


def test_one_commit_makes_these_items(store: Store, client: "DynamoDBClient") -> None:
    """Every item and attribute that the two tables hold after one full commit."""
    store.commit(FULL)
    found = client.scan(TableName=resources.INCIDENTS)["Items"]
    written = {(each["pk"]["S"], each["sk"]["S"]): each for each in found}
    for each in found:
        del each["pk"], each["sk"]
    body = encode(copy.replace(INCIDENT, version=1))
    assert written.pop((ID, "incident")) == {
        "body": {"S": body},
        "version": {"N": "1"},
        "status": {"S": "investigating"},
        "due": {"S": "yes"},
        "next_wake_at": {"S": "2026-03-01T12:00:00.000000+00:00"},
        "wake_generation": {"N": "4"},
    }
    assert json.loads(written.pop((ID, f"inbox#{KEY_DIGEST}"))["body"]["S"])["key"] == KEY
    month_later = int((T0 + timedelta(days=30)).timestamp())
    assert written.pop((f"processed#{KEY_DIGEST}", "-")) == {"ttl": {"N": str(month_later)}}
    assert written.pop((f"cause#{CAUSE}", "-")) == {"incident": {"S": ID}}
    lease = written.pop(("group#vaults", "lease"))
    assert lease["fence"] == {"N": "1"}
    assert json.loads(lease["body"]["S"])["holder"] == ID
    assert written == {}
    assert client.scan(TableName=resources.LEDGER)["Items"] == [
        {
            "incident": {"S": ID},
            "sequence": {"N": "1"},
            "body": {"S": ENTRY.body},
            "hash": {"S": ENTRY.hash},
        }
    ]


def test_incident_without_a_wake_is_not_in_the_index(
    store: Store, client: "DynamoDBClient"
) -> None:
    """The index is sparse: no next wake, none of its attributes."""
    store.commit(Change(incident=copy.replace(INCIDENT, next_wake_at=None)))
    (item,) = client.scan(TableName=resources.INCIDENTS)["Items"]
    assert item.keys() == {"pk", "sk", "body", "version", "status"}


# --- requests --------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "method"), METHODS.items(), ids=METHODS)
def test_each_method_is_one_request(
    store: Store, requests: Requests, call: str, method: Callable[[Store], object]
) -> None:
    """One request each."""
    method(store)
    assert requests.sends == [call]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_each_query_is_one_request(
    store: Store, requests: Requests, query: Callable[[Store], object]
) -> None:
    """As above, for what asks with Query too."""
    query(store)
    assert requests.sends == ["dynamodb.Query"]


@pytest.mark.parametrize("kind", ["error", "hang", "timeout-after"])
@pytest.mark.parametrize("method", [*METHODS.values(), *QUERIES.values()])
def test_nothing_is_tried_again(
    aws_door: Door, requests: Requests, method: Callable[[Store], object], kind: FaultKind
) -> None:
    """A page may wait for the store: it is asked once, and its caller decides."""
    aws_door.trouble("store", kind)
    with pytest.raises(Unavailable):
        method(aws_door.ports.store)
    assert len(requests.sends) == 1


def test_store_waits_a_second(aws_door: Door) -> None:
    """A store that hangs costs one second."""
    aws_door.trouble("store", "hang")
    with pytest.raises(Unavailable):
        aws_door.ports.store.commit(FULL)
    assert aws_door.world.now == T0 + timedelta(seconds=1)


def test_load_reads_every_page(store: Store) -> None:
    """An inbox of more than a megabyte is read in full."""
    store.commit(Change(incident=INCIDENT))
    big = {f"dimension {n}": "x" * 1000 for n in range(100)}
    keys = [SignalKey(f"key {n:02}") for n in range(12)]
    for key in keys:
        store.commit(Change(joined=Joined(ID, copy.replace(SIGNAL, key=key, dimensions=big))))
    loaded = store.load(ID)
    assert loaded is not None
    assert [each.key for each in loaded.inbox] == keys


def test_change_holds_100_actions(store: Store) -> None:
    """100 actions are one transaction; one more, or none, is a Bug before anything is asked."""
    many = tuple(copy.replace(ENTRY, sequence=n) for n in range(1, 101))
    with pytest.raises(Bug, match="a change of 101 actions"):
        store.commit(Change(incident=INCIDENT, entries=many))
    with pytest.raises(Bug, match="a change of 0 actions"):
        store.commit(Change())
    assert store.load(ID) is None
    store.commit(Change(incident=INCIDENT, entries=many[:99]))
    assert len(store.entries(ID)) == 99


@pytest.mark.parametrize(
    "change", [Change(opens=CAUSE), Change(closes=CAUSE), Change(folded=(KEY,))]
)
def test_change_of_no_incident_moves_none(store: Store, change: Change) -> None:
    """What goes by the incident's id needs an incident."""
    with pytest.raises(Bug, match="names no incident"):
        store.commit(change)


# --- corrupt items ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"body": ""},
        {"body": "{}"},
        {"body": '{"paused": "no"}'},
        {"body": "[" * 9999},
        {"paused": 0},
    ],
    ids=["bare", "empty", "no field", "a word", "deep", "another attribute"],
)
def test_corrupt_switch_is_thrown(
    store: Store, client: "DynamoDBClient", attributes: dict[str, str | int]
) -> None:
    """A kill switch that cannot be read stops fixes, and says why."""
    put(client, "control", "switch", **attributes)
    switch = store.limits("vaults").switch
    assert switch.paused
    assert switch.why.startswith("the switch cannot be read: ")


def test_switch_is_read(store: Store, client: "DynamoDBClient") -> None:
    """The switch is what was put there."""
    for switch in (Switch(paused=True, why="by alice"), Switch(paused=False)):
        client.put_item(TableName=resources.INCIDENTS, Item=items.switch_item(switch))
        assert store.limits("vaults").switch == switch


def test_paused_scenario_throws_the_switch() -> None:
    """A scenario that begins paused finds the switch thrown in the table."""
    world = World(Scenario(name="paused", paused=True), T0, "group")
    with TwinAws(world, WorldClock(world).sleep) as aws:
        client = clients.store(aws.session)
        store = DynamoStore(client, resources.INCIDENTS, resources.LEDGER, WorldClock(world))
        assert store.limits("vaults").switch.paused


LEASE_BODY = '{"group": "vaults", "fence": 3}'


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"body": LEASE_BODY},
        {"fence": 3},
        {"body": "", "fence": 3},
        {"body": LEASE_BODY, "fence": 4},
        {"body": '{"group": "others", "fence": 3}', "fence": 3},
        {"body": '{"group": "vaults", "fence": 3, "spent": [{}]}', "fence": 3},
    ],
)
def test_corrupt_lease_is_a_bug(
    store: Store, client: "DynamoDBClient", attributes: dict[str, str | int]
) -> None:
    """A lease that cannot be read, or is at odds with its fence, stops everything."""
    put(client, "group#vaults", "lease", **attributes)
    with pytest.raises(Bug):
        store.limits("vaults")


@pytest.mark.parametrize("body", ["", "{}", encode(copy.replace(INCIDENT, schema=2))])
def test_corrupt_incident_is_a_bug(store: Store, client: "DynamoDBClient", body: str) -> None:
    """An aggregate of an unknown form or schema is never worked on."""
    put(client, ID, "incident", body=body, version=1)
    with pytest.raises(Bug):
        store.load(ID)


def test_corrupt_inbox_is_a_bug(store: Store, client: "DynamoDBClient") -> None:
    """A signal that cannot be read is not skipped."""
    store.commit(Change(incident=INCIDENT))
    put(client, ID, f"inbox#{KEY_DIGEST}", body='{"key": "key"}')
    with pytest.raises(Bug, match="signal"):
        store.load(ID)


def test_inbox_of_nobody_is_a_bug(store: Store) -> None:
    """A signal that joined an incident which is not there is not lost in silence."""
    store.commit(Change(joined=Joined(ID, SIGNAL)))
    with pytest.raises(Bug, match="no aggregate"):
        store.load(ID)


# --- what DynamoDB may answer ----------------------------------------------------------------


def cancelled(*codes: str) -> Http:
    """A cancelled transaction, with one reason for each of its actions."""
    kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
    reasons = [{"Code": code} for code in codes]
    return Http(400, json.dumps({"__type": kind, "CancellationReasons": reasons}))


def store_of(ends: Ends) -> Store:
    world = World(Scenario(name="never"), T0, "group")
    return DynamoStore(clients.store(ends.session), "incidents", "ledger", WorldClock(world))


FAILED = "ConditionalCheckFailed"
# the order of FULL's actions: incident, cause, entry, processed key, inbox, lease
CONFLICTS: dict[Contested, tuple[str, ...]] = {
    Contested.VERSION: (FAILED, "None", FAILED, "None", "None", FAILED),
    Contested.CAUSE: (FAILED, FAILED, FAILED, "None", "None", FAILED),
    Contested.ENTRY: ("None", "None", FAILED, "None", "None", "None"),
    Contested.PROCESSED: (FAILED, FAILED, FAILED, FAILED, "None", FAILED),
    Contested.LEASE: ("TransactionConflict", "None", FAILED, "None", "None", FAILED),
}


@pytest.mark.parametrize(("contested", "codes"), CONFLICTS.items(), ids=CONFLICTS)
def test_reasons_name_what_was_contested(contested: Contested, codes: tuple[str, ...]) -> None:
    """Reasons come in the order of the actions; of several the most telling is named."""
    with pytest.raises(Conflict) as conflict:
        store_of(Ends(cancelled(*codes))).commit(FULL)
    assert conflict.value.contested is contested


@pytest.mark.parametrize(
    "end",
    [
        cancelled("TransactionConflict", "None", "None", "None", "None", "None"),
        cancelled("None", "ThrottlingError", "None", "None", "None", "None"),
        cancelled("None", "None", "ProvisionedThroughputExceeded", "None", "None", "None"),
        cancelled(),
        Http(400, '{"__type": "ThrottlingException"}'),
        Http(400, '{"__type": "TransactionInProgressException"}'),
        Http(400, '{"__type": "AccessDeniedException"}'),
        Http(500),
        Http(503),
        ReadTimeoutError(endpoint_url="https://dynamodb.invalid"),
        ConnectTimeoutError(endpoint_url="https://dynamodb.invalid"),
    ],
)
def test_all_else_is_unavailable(end: Http | Exception) -> None:
    """No condition was seen to fail: nothing is known, and it was tried once."""
    ends = Ends(end)
    with pytest.raises(Unavailable):
        store_of(ends).commit(FULL)
    assert ends.sends == 1


def test_unprocessed_keys_are_unavailable() -> None:
    """A batch that DynamoDB did not finish could hide a lease."""
    left: dict[str, Any] = {"incidents": {"Keys": [items.lease_key("vaults")]}}
    ends = Ends({"Responses": {"incidents": []}, "UnprocessedKeys": left})
    with pytest.raises(Unavailable, match="left out"):
        store_of(ends).limits("vaults")


@pytest.mark.parametrize(
    "method",
    # an empty answer is how GetItem says that there is none; a commit finds out
    [METHODS["dynamodb.Query"], METHODS["dynamodb.BatchGetItem"], *QUERIES.values()],
)
@pytest.mark.parametrize("end", [Http(200, "<html>"), Http(400, "{}"), Http(502, "<html>")])
def test_unreadable_answer_is_no_answer(method: Callable[[Store], object], end: Http) -> None:
    """What is not DynamoDB's answer is never taken for *there is none*."""
    with pytest.raises(Unavailable):
        method(store_of(Ends(end)))
