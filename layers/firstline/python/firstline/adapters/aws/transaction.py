"""Transaction: a `Change` as the actions of one TransactWriteItems, each with its condition."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from firstline.adapters.aws import dynamo_items
from firstline.adapters.aws.dynamo_items import Item, Key
from firstline.controller.ports.store import ACTIONS_MAX, Change, Fence, OperatorAnswer
from firstline.errors import Contested, InvariantViolation, Unwritable
from firstline.incidents.handled_alarms import handled_alarms
from firstline.redaction import redact

if TYPE_CHECKING:
    from typing import Unpack

    from mypy_boto3_dynamodb import type_defs


UNWRITABLE_CODES = frozenset({"ValidationError", "ValidationException"})
"""Codes of an item above 400 KB, or of a form that DynamoDB never accepts."""


class Tables(NamedTuple):
    """The names of the two tables."""

    incidents: str
    ledger: str


class Write(NamedTuple):
    """One action, and what is contested if its condition fails."""

    action: "type_defs.TransactWriteItemTypeDef"
    contested: Contested | None = None


def writes(change: Change, tables: Tables, now: datetime) -> list[Write]:
    """The actions of *change*; raises `InvariantViolation` if no transaction can hold them."""
    writes_ = [*_incident_writes(change, tables.incidents), *_other_writes(change, tables, now)]
    if not 1 <= len(writes_) <= ACTIONS_MAX:
        raise InvariantViolation(
            f"a change of {len(writes_)} actions; a transaction holds 1 to {ACTIONS_MAX}"
        )
    return writes_


def contested_by(writes_: Sequence[Write], codes: Sequence[str]) -> Contested | None:
    """The part that failed conditions name, or BUSY; None for another reason.

    *codes* are the codes of the cancellation's reasons, in the order of the actions.
    """
    failed = {
        write.contested
        for write, code in zip(writes_, codes, strict=False)
        if code == "ConditionalCheckFailed"
    }
    busy = Contested.BUSY if "TransactionConflict" in codes else None
    return next((each for each in Contested if each in failed), busy)


def raise_if_unwritable(
    change: Change, reasons: Sequence[Mapping[str, object]], error: ClientError
) -> None:
    """Raise `Unwritable` if one of *reasons* is an item's size or form.

    A transaction has a reason for each action; a refused request has one.
    """
    for each in reasons:
        if each.get("Code") in UNWRITABLE_CODES:
            incident, why = change.incident, redact(str(each.get("Message", "no reason")))
            if incident is None:
                raise Unwritable("", why) from error
            raise Unwritable(incident.id, why, incident.severity, incident.opened_at) from error


def _incident_writes(change: Change, table: str) -> Iterator[Write]:
    """The aggregate, its correlation key, and its merged signals and approvals."""
    incident = change.incident
    if incident is None:
        if change.opens or change.closes or change.merged_signals or change.applied_approvals:
            raise InvariantViolation("a change opens, closes or folds, and names no incident")
        return
    stored = dynamo_items.incident_item(copy.replace(incident, version=incident.version + 1))
    yield _put_unchanged(table, stored, Contested.VERSION, incident.version)
    for host in change.stored_hosts:
        yield _put(TableName=table, Item=dynamo_items.host_item(incident, host))
    if change.opens:
        yield _put_new(
            table, dynamo_items.cause_item(change.opens, incident.id), Contested.CORRELATION_KEY
        )
    if change.closes:
        yield _delete(
            Contested.CORRELATION_KEY,
            TableName=table,
            Key=dynamo_items.cause_key(change.closes),
            ConditionExpression="incident = :incident",
            ExpressionAttributeValues={":incident": dynamo_items.text(incident.id)},
        )
        if (handled := handled_alarms(incident)) is not None:
            yield _put(TableName=table, Item=dynamo_items.ended_item(change.closes, handled))
    for inbox_signal in {each.place: each for each in change.merged_signals}.values():
        yield _delete(TableName=table, Key=dynamo_items.inbox_key(inbox_signal))
    for approval in change.applied_approvals:
        yield _delete(TableName=table, Key=dynamo_items.approval_key(incident.id, approval))


def _other_writes(change: Change, tables: Tables, now: datetime) -> Iterator[Write]:
    """The ledger, the processed key, other incidents' inboxes, the switch, the lease."""
    table = tables.incidents
    for entry in change.entries:
        # an entry is put once: one that stands is never replaced
        yield _put(
            Contested.ENTRY,
            TableName=tables.ledger,
            Item=dynamo_items.entry_item(entry),
            ConditionExpression="attribute_not_exists(incident)",
        )
    if change.processed:
        yield _put_new(
            table, dynamo_items.processed_item(change.processed, now), Contested.PROCESSED
        )
    if change.page_receipt:
        yield _put(TableName=table, Item=dynamo_items.paged_item(change.page_receipt))
    if inbox_signal := change.inbox_signal:
        yield _put(TableName=table, Item=dynamo_items.inbox_item(inbox_signal))
    if change.answer:
        yield from _answer_writes(change.answer, table, now)
    if switch := change.switch:
        stored = dynamo_items.switch_item(copy.replace(switch, version=switch.version + 1))
        yield _put_unchanged(table, stored, Contested.SWITCH, switch.version)
    if lease := change.lease:
        stored = dynamo_items.lease_item(lease.lease)
        yield _put_unchanged(table, stored, Contested.LEASE, lease.fence_read, counter="fence")
    if change.fence:
        yield from _fence_checks(change.fence, table)
    yield from _hint_writes(change, table, now)


def _answer_writes(answer: OperatorAnswer, table: str, now: datetime) -> Iterator[Write]:
    """An operator's answer, if the incident is still as the operator saw it."""
    yield _put(TableName=table, Item=dynamo_items.approval_item(answer.incident, answer.approval))
    if not answer.approval.granted:
        denial = dynamo_items.denial_item(answer.incident, answer.approval.plan, now)
        yield _put(TableName=table, Item=denial)
    incident = dynamo_items.incident_key(answer.incident)
    yield _check(Contested.VERSION, table, incident, answer.version)


def _fence_checks(fence: Fence, table: str) -> Iterator[Write]:
    """The conditions of an intent; 0 is the value of an absent item.

    A switch without a version was put by hand, and is on. External events from before the counter
    of guards' answers count as 0.
    """
    yield _check(Contested.SWITCH, table, dynamo_items.SWITCH_KEY, fence.switch)
    events = dynamo_items.external_events_key(fence.group)
    yield _check(Contested.CIRCUMSTANCES, table, events, fence.events, "answers", "#counter")
    yield _check(Contested.DENIED, table, dynamo_items.denial_key(fence.incident, fence.plan), 0)


def _hint_writes(change: Change, table: str, now: datetime) -> Iterator[Write]:
    """Hints for late signals and storms, and the external events."""
    if change.transition:
        item = dynamo_items.transition_item(change.transition, now)
        # not over a later one: stamps are of one width, and sort as instants do
        yield _put(
            Contested.HEARD,
            TableName=table,
            Item=item,
            ConditionExpression="attribute_not_exists(pk) OR #at <= :at",
            ExpressionAttributeNames={"#at": "at"},
            ExpressionAttributeValues={":at": item["at"]},
        )
    if write := change.openings:
        read = write.openings.version
        stored = dynamo_items.openings_item(
            write.fleet, copy.replace(write.openings, version=read + 1)
        )
        yield _put_unchanged(table, stored, Contested.OPENINGS, read)
    if events := change.external_events:
        read = events.external_events.version
        after = copy.replace(events.external_events, version=read + 1)
        stored = dynamo_items.external_events_item(events.group, after)
        yield _put_unchanged(table, stored, Contested.CIRCUMSTANCES, read)


def _put_new(table: str, item: Item, contested: Contested) -> Write:
    condition = "attribute_not_exists(pk)"
    return _put(contested, TableName=table, Item=item, ConditionExpression=condition)


def _put_unchanged(
    table: str, item: Item, contested: Contested, read: int, counter: str = "version"
) -> Write:
    """Put if the counter still has the value *read*; 0 is the value of an absent item."""
    if read == 0:
        return _put_new(table, item, contested)
    return _put(
        contested,
        TableName=table,
        Item=item,
        ConditionExpression="#counter = :read",
        ExpressionAttributeNames={"#counter": counter},
        ExpressionAttributeValues={":read": dynamo_items.number(read)},
    )


def _check(  # noqa: PLR0913, PLR0917 - an item, and what must hold of it
    contested: Contested,
    table: str,
    key: Key,
    read: int,
    counter: str = "version",
    absent: str = "pk",
) -> Write:
    """Check that the counter still has the value *read*, or for 0 that the item is *absent*."""
    check: type_defs.ConditionCheckTypeDef = {
        "TableName": table,
        "Key": key,
        "ConditionExpression": "#counter = :read",
        "ExpressionAttributeNames": {"#counter": counter},
        "ExpressionAttributeValues": {":read": dynamo_items.number(read)},
    }
    if read == 0:
        check["ConditionExpression"] += f" OR attribute_not_exists({absent})"
    return Write({"ConditionCheck": check}, contested)


def _put(contested: Contested | None = None, **put: "Unpack[type_defs.PutTypeDef]") -> Write:
    return Write({"Put": put}, contested)


def _delete(
    contested: Contested | None = None, **delete: "Unpack[type_defs.DeleteTypeDef]"
) -> Write:
    return Write({"Delete": delete}, contested)
