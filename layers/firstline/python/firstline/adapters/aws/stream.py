"""Stream: a record of the ledger table's stream in Lambda's form, as a `LedgerChange`.

https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html shows the record. A new entry is one
INSERT; anything else is an alteration.
"""

from typing import Any

from firstline.adapters.aws import dynamo_items
from firstline.errors import InvariantViolation
from firstline.ledger.archive import EntryAdded, ItemAlteration, LedgerChange


def ledger_change(record: dict[str, Any]) -> LedgerChange:
    """The change of *record*; `ItemAlteration` for anything but a readable new entry."""
    item = record["dynamodb"]
    if record["eventName"] == "INSERT":
        try:
            return EntryAdded(dynamo_items.entry_of(item["NewImage"]))
        except (InvariantViolation, ValueError):
            return _alteration("INSERT of what is no entry", item)
    return _alteration(record["eventName"], item)


def _alteration(how: str, item: dict[str, Any]) -> ItemAlteration:
    keys = item["Keys"]
    return ItemAlteration(
        incident=dynamo_items.attribute(keys, "incident"),
        sequence=dynamo_items.attribute(keys, "sequence"),
        how=how,
        number=item["SequenceNumber"],
        old=item.get("OldImage"),
        new=item.get("NewImage"),
    )
