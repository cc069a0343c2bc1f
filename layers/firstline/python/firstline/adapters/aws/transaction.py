"""Transaction: a `Change` as the actions of one TransactWriteItems, each with its condition."""

import copy
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from firstline.adapters.aws import dynamo_items as items
from firstline.adapters.aws.dynamo_items import Item
from firstline.controller.ports.store import Change
from firstline.errors import Bug, Contested
from firstline.ids import Cause, IncidentId

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

ACTIONS_MAX = 100
"""The most actions that TransactWriteItems takes."""
MOST_TELLING_FIRST = (
    Contested.PROCESSED,
    Contested.CAUSE,
    Contested.VERSION,
    Contested.LEASE,
    Contested.ENTRY,
    Contested.HEARD,
    Contested.OPENINGS,
    Contested.CIRCUMSTANCES,
    Contested.SWITCH,
)
"""Which of several failed conditions is named: a redelivery explains all the others."""


class Tables(NamedTuple):
    """The names of the two tables."""

    incidents: str
    ledger: str


class Write(NamedTuple):
    """One action, and what is contested when its condition fails."""

    action: "TransactWriteItemTypeDef"
    contested: Contested | None = None


def writes(change: Change, tables: Tables, now: datetime) -> list[Write]:
    """The actions of *change*; raises `Bug` for one that no transaction can hold."""
    made = [*_aggregate(change, tables), *_beside(change, tables, now)]
    if not 1 <= len(made) <= ACTIONS_MAX:
        raise Bug(f"a change of {len(made)} actions; a transaction holds 1 to {ACTIONS_MAX}")
    return made


def contested(made: Sequence[Write], codes: Sequence[str]) -> Contested | None:
    """What the failed conditions were about, or BUSY; None when it was something else.

    *codes* are those of the cancellation's reasons: one for each action, in the actions' order.
    """
    failed = {
        write.contested
        for write, code in zip(made, codes, strict=False)
        if code == "ConditionalCheckFailed"
    }
    busy = Contested.BUSY if "TransactionConflict" in codes else None
    return next((each for each in MOST_TELLING_FIRST if each in failed), busy)


def _aggregate(change: Change, tables: Tables) -> Iterator[Write]:
    """The aggregate and what goes by its id: its cause and its folded signals."""
    incident = change.incident
    if incident is None:
        if change.opens or change.closes or change.folded or change.taken:
            raise Bug("a change opens, closes or folds, and names no incident")
        return
    stored = items.incident_item(copy.replace(incident, version=incident.version + 1))
    yield _put_unchanged(tables, stored, ("version", incident.version), Contested.VERSION)
    if change.opens:
        yield _put_new(tables, items.cause_item(change.opens, incident.id), Contested.CAUSE)
    if change.closes:
        yield _free(tables, change.closes, incident.id)
    for signal in dict.fromkeys(change.folded):
        key = items.inbox_key(incident.id, signal)
        yield Write({"Delete": {"TableName": tables.incidents, "Key": key}})
    for approval in change.taken:
        key = items.approval_key(incident.id, approval)
        yield Write({"Delete": {"TableName": tables.incidents, "Key": key}})


def _beside(change: Change, tables: Tables, now: datetime) -> Iterator[Write]:
    """The ledger, the processed key, what waits for another incident, the switch, the lease."""
    for entry in change.entries:
        yield _append(tables, items.entry_item(entry))
    if change.processed:
        yield _put_new(tables, items.processed_item(change.processed, now), Contested.PROCESSED)
    if joined := change.joined:
        item = items.inbox_item(joined.incident, joined.signal)
        yield Write({"Put": {"TableName": tables.incidents, "Item": item}})
    if given := change.given:
        item = items.approval_item(given.incident, given.approval)
        yield Write({"Put": {"TableName": tables.incidents, "Item": item}})
    if switch := change.switch:
        stored = items.switch_item(copy.replace(switch, version=switch.version + 1))
        yield _put_unchanged(tables, stored, ("version", switch.version), Contested.SWITCH)
    if lease := change.lease:
        item = items.lease_item(lease.lease)
        yield _put_unchanged(tables, item, ("fence", lease.fence_read), Contested.LEASE)
    yield from _hints(change, tables, now)


def _hints(change: Change, tables: Tables, now: datetime) -> Iterator[Write]:
    """What tells late signals and storms from others, and what goes on around the fleet."""
    if change.heard:
        yield _put_later(tables, items.heard_item(change.heard, now))
    if write := change.openings:
        read = write.openings.version
        item = items.openings_item(write.fleet, copy.replace(write.openings, version=read + 1))
        yield _put_unchanged(tables, item, ("version", read), Contested.OPENINGS)
    if told := change.circumstances:
        read = told.circumstances.version
        after = copy.replace(told.circumstances, version=read + 1)
        item = items.circumstances_item(told.group, after)
        yield _put_unchanged(tables, item, ("version", read), Contested.CIRCUMSTANCES)


def _put_new(tables: Tables, item: Item, contested: Contested) -> Write:
    return Write(
        {
            "Put": {
                "TableName": tables.incidents,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        },
        contested,
    )


def _put_unchanged(
    tables: Tables, item: Item, counter: tuple[str, int], contested: Contested
) -> Write:
    """Put where the counter still is what was read; 0 is what an absent item reads as."""
    name, read = counter
    if read == 0:
        return _put_new(tables, item, contested)
    return Write(
        {
            "Put": {
                "TableName": tables.incidents,
                "Item": item,
                "ConditionExpression": "#counter = :read",
                "ExpressionAttributeNames": {"#counter": name},
                "ExpressionAttributeValues": {":read": items.number(read)},
            }
        },
        contested,
    )


def _put_later(tables: Tables, item: Item) -> Write:
    """Put where what stands is not later: stamps are of one width, and sort as instants do."""
    return Write(
        {
            "Put": {
                "TableName": tables.incidents,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(pk) OR #at <= :at",
                "ExpressionAttributeNames": {"#at": "at"},
                "ExpressionAttributeValues": {":at": item["at"]},
            }
        },
        Contested.HEARD,
    )


def _free(tables: Tables, cause: Cause, incident: IncidentId) -> Write:
    return Write(
        {
            "Delete": {
                "TableName": tables.incidents,
                "Key": items.cause_key(cause),
                "ConditionExpression": "incident = :incident",
                "ExpressionAttributeValues": {":incident": items.text(incident)},
            }
        },
        Contested.CAUSE,
    )


def _append(tables: Tables, item: Item) -> Write:
    """An entry is put once: one that stands is never replaced."""
    return Write(
        {
            "Put": {
                "TableName": tables.ledger,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(incident)",
            }
        },
        Contested.ENTRY,
    )
