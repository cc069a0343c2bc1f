"""The items of the store's two tables, and the effect of an unreadable one."""

import copy
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from firstline.adapters.aws import dynamo_items
from firstline.adapters.aws.dynamo_items import Item
from firstline.adapters.aws.store import DynamoStore
from firstline.adapters.clock import SystemClock
from firstline.controller.ports.store import Change, InboxSignal, Store
from firstline.errors import InvariantViolation, Unreadable
from firstline.incidents.incident import Status, encode
from firstline.lab.twin import resources
from firstline.lab.twin.aws import TwinAws
from firstline.remediation.kill_switch import OFF
from firstline.signal import Severity
from firstline.signals.storm import Openings
from tests.adapters.backends import T0, Door
from tests.adapters.records import (
    CAUSE,
    FULL,
    ID,
    OPENING,
    entries,
    host_id,
    incident,
    looked_at,
    signal,
)
from tests.remediation.situations import switch

KEY_DIGEST = "44e7166226cacb705390c0ea350d1c2638ff7f7ac0dac2610c04ff6dae023a4e"
SIGNAL_DIGEST = "227ba5f2c6c9109fe5c44a0696f393379607493a377f522ee27d9a7ae3227d89"


@pytest.fixture
def store(aws_door: Door) -> Store:
    return aws_door.ports.store


def test_a_host_has_an_item_of_its_own(store: Store, aws: TwinAws) -> None:
    """The aggregate names its version, and has no evidence of it."""
    held = looked_at(incident(), 1)
    store.commit(Change(incident=held, entries=entries(), stored_hosts=(host_id(1),)))
    client = aws.session.client("dynamodb")
    found = client.scan(TableName=resources.INCIDENTS)["Items"]
    written = {each.pop("sk")["S"]: each for each in found}
    assert written[f"host#{host_id(1)}"] == {
        "pk": {"S": ID},
        "version": {"N": "1"},
        "body": {"S": '{"report":{"type":"unknown","why":"00"},"at":"2026-03-01T12:00:00Z"}'},
    }
    body = json.loads(written["incident"]["body"]["S"])
    assert (body["hosts"], body["host_versions"]) == ({}, {host_id(1): 1})


@pytest.mark.parametrize(
    "shown",
    [
        None,
        {"version": {"N": "0"}},
        {"body": {"S": "{}"}},
        {"body": {"S": "[" * 100_000}},
        {"version": {"S": "x"}},
    ],
    ids=["missing", "older", "of another form", "hostile", "without a number"],
)
def test_a_host_whose_item_does_not_count_is_left_out(
    store: Store, aws: TwinAws, shown: Item | None
) -> None:
    """It is unknown, so that no fix rests on it, and inspected again: no incident is stuck."""
    held = looked_at(incident(), 1, 2)
    store.commit(Change(incident=held, entries=entries(), stored_hosts=tuple(held.hosts)))
    client = aws.session.client("dynamodb")
    key = dynamo_items.host_key(ID, host_id(1))
    if shown is None:
        client.delete_item(TableName=resources.INCIDENTS, Key=key)
    else:
        item: Item = {**dynamo_items.host_item(held, host_id(1)), **shown}
        client.put_item(TableName=resources.INCIDENTS, Item=item)
    loaded = store.load(ID)
    assert loaded is not None
    assert loaded.incident.hosts == {host_id(2): held.hosts[host_id(2)]}


def test_a_host_that_a_query_does_not_show_yet_is_read_again(store: Store, aws: TwinAws) -> None:
    """A Query may show a part of a transaction: old evidence would pass as that of the version."""
    held = looked_at(incident(), 1)
    store.commit(Change(incident=held, entries=entries(), stored_hosts=(host_id(1),)))
    client = aws.session.client("dynamodb")
    item = dynamo_items.host_item(held, host_id(1))
    client.put_item(TableName=resources.INCIDENTS, Item={**item, "version": {"N": "0"}})
    reads = []

    def catch_up(params: dict[str, Any], **_: object) -> None:
        reads.append(params["KeyConditionExpression"])
        if len(reads) > 1:  # the first one showed the old item
            client.put_item(TableName=resources.INCIDENTS, Item=item)

    aws.session.events.register("before-parameter-build.dynamodb.Query", catch_up)
    loaded = DynamoStore(
        aws.session.client("dynamodb"), resources.INCIDENTS, resources.LEDGER, SystemClock()
    ).load(ID)
    assert loaded is not None
    assert (loaded.incident.hosts, len(reads)) == (held.hosts, 2)


def test_one_commit_makes_these_items(store: Store, aws: TwinAws) -> None:
    """Every item and attribute that the two tables hold after one full commit."""
    store.commit(FULL)
    client = aws.session.client("dynamodb")
    found = client.scan(TableName=resources.INCIDENTS)["Items"]
    written = {(each.pop("pk")["S"], each.pop("sk")["S"]): each for each in found}
    assert written.pop((ID, "incident")) == {
        "body": {"S": encode(copy.replace(incident(), version=1))},
        "version": {"N": "1"},
        "status": {"S": "investigating"},
        "severity": {"S": "P1"},
        "due": {"S": "yes"},
        "next_wake_at": {"S": "2026-03-01T12:00:01.000000+00:00"},
        "wake_generation": {"N": "4"},
        "open": {"S": "yes"},
        "opened_at": {"S": "2026-03-01T12:00:00.000000+00:00"},
    }
    month_later = int((T0 + timedelta(days=30)).timestamp())
    assert written.pop((f"processed#{KEY_DIGEST}", "-")) == {"ttl": {"N": str(month_later)}}
    assert written.pop((f"cause#{CAUSE}", "-")) == {"incident": {"S": ID}}
    joined = written.pop((ID, f"inbox#-3-{SIGNAL_DIGEST}"))
    assert json.loads(joined["body"]["S"])["key"] == "key 1"
    assert joined["severity"] == {"S": "P2"}
    lease = written.pop(("group#vaults", "lease"))
    assert lease["fence"] == {"N": "1"}
    assert json.loads(lease["body"]["S"])["holder"] == ID
    assert written == {}
    [entry] = entries()
    assert client.scan(TableName=resources.LEDGER)["Items"] == [
        {
            "incident": {"S": ID},
            "sequence": {"N": "1"},
            "body": {"S": entry.body},
            "hash": {"S": entry.hash},
        }
    ]


def test_what_the_indexes_hold() -> None:
    """Without a next wake none of the attributes of the one; the other changes by the end."""
    rested = copy.replace(incident(), next_wake_at=None)
    known = {"pk", "sk", "body", "version", "status", "severity", "open", "opened_at"}
    assert dynamo_items.incident_item(rested).keys() == known
    lists = [
        dynamo_items.incident_item(copy.replace(rested, status=each))["open"]["S"]
        for each in (Status.VERIFYING, Status.ESCALATED, Status.RESOLVED, Status.SELF_RECOVERED)
    ]
    assert lists == ["yes", "escalated", "closed", "closed"]


def test_switch_is_read(store: Store, aws: TwinAws) -> None:
    """The switch is what was put there; one that cannot be read stops fixes."""
    client = aws.session.client("dynamodb")
    for each in (switch("everything"), OFF):
        client.put_item(TableName=resources.INCIDENTS, Item=dynamo_items.switch_item(each))
        assert store.limits("vaults").switch == store.switch() == each
    client.put_item(TableName=resources.INCIDENTS, Item=dynamo_items.SWITCH_KEY)
    assert store.limits("vaults").switch.unreadable


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"body": dynamo_items.text("{}")},
        {"body": dynamo_items.text('{"pauses": "no"}')},
        {
            "body": dynamo_items.text('{"pauses": [], "paused": true}'),
            "version": dynamo_items.number(0),
        },
        {"body": dynamo_items.text('{"pauses": []}'), "version": dynamo_items.number(1)},
        {"body": dynamo_items.text('{"x":' + "[" * 9999)},
    ],
    ids=["bare", "no field", "a word", "of before", "another version", "deep"],
)
def test_corrupt_switch_is_thrown(item: Item) -> None:
    """A kill switch that cannot be read stops fixes, and says why."""
    assert dynamo_items.switch_of(item).unreadable


def test_corrupt_openings_are_as_if_nothing_had_opened() -> None:
    """They are a hint: a page never waits for them, and the next write replaces them."""
    for body in ("", "{}", '{"latest": 3}'):
        item = {"version": dynamo_items.number(7), "body": dynamo_items.text(body)}
        assert dynamo_items.openings_of(item) == Openings(7)


LEASE = dynamo_items.text('{"group": "vaults", "fence": 3}')
OTHER = dynamo_items.text('{"group": "others", "fence": 3}')
SPENT = dynamo_items.text('{"group": "vaults", "fence": 3, "spent": [{}]}')
TRUST = dynamo_items.text('{"group": "vaults", "fence": 3, "trusts": [{"action": 1}]}')
FENCE = dynamo_items.number(3)


def test_the_end_of_a_p1_is_stored_next_to_its_cause(store: Store, aws: TwinAws) -> None:
    """In an item of its own, for as long as the incident itself."""
    store.commit(FULL)
    handed_over = copy.replace(
        incident(), version=1, status=Status.ESCALATED, ended_at=T0, next_wake_at=None
    )
    store.commit(Change(incident=handed_over, closes=CAUSE))
    client = aws.session.client("dynamodb")
    found = client.scan(TableName=resources.INCIDENTS)["Items"]
    beside = {each["sk"]["S"]: each for each in found if each["pk"]["S"] == f"cause#{CAUSE}"}
    assert beside.keys() == {"ended"}
    assert beside["ended"].keys() == {"pk", "sk", "body"}
    assert json.loads(beside["ended"]["body"]["S"])["until"] == "2026-03-01T11:59:30Z"


@pytest.mark.parametrize(
    ("read", "item"),
    [
        (lambda item: dynamo_items.lease_of(item, "vaults"), {"body": LEASE}),
        (lambda item: dynamo_items.lease_of(item, "vaults"), {"fence": FENCE}),
        (
            lambda item: dynamo_items.lease_of(item, "vaults"),
            {"body": LEASE, "fence": dynamo_items.number(4)},
        ),
        (lambda item: dynamo_items.lease_of(item, "vaults"), {"body": OTHER, "fence": FENCE}),
        (lambda item: dynamo_items.lease_of(item, "vaults"), {"body": SPENT, "fence": FENCE}),
        (lambda item: dynamo_items.lease_of(item, "vaults"), {"body": TRUST, "fence": FENCE}),
        (dynamo_items.incident_of, {"body": dynamo_items.text("")}),
        (
            dynamo_items.incident_of,
            {"body": dynamo_items.text(encode(copy.replace(incident(), schema=3)))},
        ),
        (
            dynamo_items.inbox_signal_of,
            {"pk": dynamo_items.text(ID), "body": dynamo_items.text('{"key": "key"}')},
        ),
        (
            dynamo_items.inbox_signal_of,
            {
                **dynamo_items.inbox_item(InboxSignal(ID, signal(1))),
                "severity": dynamo_items.text("P0"),
            },
        ),
        (dynamo_items.handled_alarms_of, {}),
        (dynamo_items.handled_alarms_of, {"body": dynamo_items.text('{"until": "yesterday"}')}),
    ],
)
def test_corrupt_item_is_a_bug(read: Callable[[Item], object], item: Item) -> None:
    """A corrupt item stops everything: nothing is skipped."""
    with pytest.raises(InvariantViolation):
        read(item)


def test_an_earlier_version_reads_this_ones_inbox() -> None:
    """After a rollback: it knows an inbox by ``inbox#``, and all else for people's answers."""
    for severity in (None, *Severity):
        key = dynamo_items.inbox_key(InboxSignal(ID, signal(1), severity))
        assert str(key["sk"]["S"]).startswith("inbox#")


def test_an_inbox_without_an_incident_is_unreadable(store: Store) -> None:
    """A signal that joined an incident which is not there is not lost in silence."""
    store.commit(Change(inbox_signal=InboxSignal(ID, signal(1))))
    with pytest.raises(Unreadable, match=f"{ID} cannot be read by this code: .* no aggregate"):
        store.load(ID)


def spoil(aws: TwinAws, key: dict[str, Any], **attributes: Any) -> None:  # noqa: ANN401 - as DynamoDB has them
    """Set *attributes* of an item, or take away those that are None."""
    client = aws.session.client("dynamodb")
    item = client.get_item(TableName=resources.INCIDENTS, Key=key)["Item"]
    changed = {**item, **attributes}
    kept = {name: value for name, value in changed.items() if value is not None}
    client.put_item(TableName=resources.INCIDENTS, Item=kept)


@pytest.mark.parametrize(
    ("attributes", "severity", "opened_at"),
    [
        ({}, "P1", T0),
        ({"severity": None, "opened_at": None}, "", None),
        (
            {"severity": dynamo_items.text("P0"), "opened_at": dynamo_items.text("long ago")},
            "P0",
            None,
        ),
        ({"severity": dynamo_items.number(1), "opened_at": dynamo_items.number(1)}, "", None),
    ],
)
def test_the_attributes_of_an_unreadable_incident(
    store: Store,
    aws: TwinAws,
    attributes: dict[str, Any],
    severity: str,
    opened_at: datetime | None,
) -> None:
    """As far as it is there, and in whatever form."""
    store.commit(OPENING)
    spoil(aws, dynamo_items.incident_key(ID), body=dynamo_items.text("{}"), **attributes)
    with pytest.raises(Unreadable, match="does not fit its schema") as caught:
        store.load(ID)
    error = caught.value
    assert (error.incident, error.severity, error.opened_at) == (ID, severity, opened_at)


def test_a_signal_or_an_answer_of_newer_code_makes_its_incident_unreadable(
    store: Store, aws: TwinAws
) -> None:
    """To skip one would lose it."""
    store.commit(OPENING)
    store.commit(Change(inbox_signal=InboxSignal(ID, signal(1))))
    spoil(
        aws,
        dynamo_items.inbox_key(InboxSignal(ID, signal(1))),
        body=dynamo_items.text('{"kind": "newer"}'),
    )
    with pytest.raises(Unreadable, match="a stored signal does not fit") as caught:
        store.load(ID)
    assert caught.value.severity == "P1"
