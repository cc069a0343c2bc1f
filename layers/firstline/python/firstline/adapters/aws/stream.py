"""Stream: a record of the ledger table's stream, as Lambda brings it, as a `LedgerChange`.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html shows the record. An item that is put
once is one INSERT; whatever else happens to it should not have happened.
"""

from typing import Any

from firstline.adapters.aws import dynamo_items
from firstline.errors import InvariantViolation
from firstline.ledger.archive import EntryAdded, ItemAlteration, LedgerChange


def ledger_change(record: dict[str, Any]) -> LedgerChange:
    """What *record* tells; what cannot be read as a new entry is `ItemAlteration`, and is kept."""
    told = record["dynamodb"]
    if record["eventName"] == "INSERT":
        try:
            return EntryAdded(dynamo_items.entry_of(told["NewImage"]))
        except (InvariantViolation, ValueError):
            return _alteration("INSERT of what is no entry", told)
    return _alteration(record["eventName"], told)


def _alteration(how: str, told: dict[str, Any]) -> ItemAlteration:
    keys = told["Keys"]
    return ItemAlteration(
        incident=dynamo_items.attribute(keys, "incident"),
        sequence=dynamo_items.attribute(keys, "sequence"),
        how=how,
        number=told["SequenceNumber"],
        old=told.get("OldImage"),
        new=told.get("NewImage"),
    )
