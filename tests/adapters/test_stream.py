"""Records of the ledger's stream, as Lambda brings them."""

from typing import Any

import pytest

from firstline.adapters.aws import dynamo_items, stream
from firstline.ledger.archive import EntryAdded, ItemAlteration
from tests.adapters.records import ID, entries

(ENTRY,) = entries()
IMAGE = dynamo_items.entry_item(ENTRY)
OTHER = {**IMAGE, "body": {"S": "{}"}}
KEYS = {name: IMAGE[name] for name in ("incident", "sequence")}


def record(name: str, **images: object) -> dict[str, Any]:
    """A record as https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html shows it."""
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1772366400.0,
            "Keys": KEYS,
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 26,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            **images,
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:111122223333:table/ledger/stream/2026",
    }


def test_an_item_that_is_put_once_is_an_entry() -> None:
    assert stream.ledger_change(record("INSERT", NewImage=IMAGE)) == EntryAdded(ENTRY)


NO_ENTRIES = [
    {name: value for name, value in IMAGE.items() if name != "body"},
    {**IMAGE, "hash": {"M": {}}},
]
NUMBER = "4421584500000000017450439091"


@pytest.mark.parametrize(
    ("record", "how", "old", "new"),
    [
        (record("MODIFY", OldImage=IMAGE, NewImage=OTHER), "MODIFY", IMAGE, OTHER),
        (record("REMOVE", OldImage=IMAGE), "REMOVE", IMAGE, None),
        *(
            (record("INSERT", NewImage=image), "INSERT of what is no entry", None, image)
            for image in NO_ENTRIES
        ),
    ],
)
def test_whatever_else_happens_to_an_item_is_an_alteration(
    record: dict[str, Any], how: str, old: object, new: object
) -> None:
    """With both images as they were, under the stream's own number."""
    assert stream.ledger_change(record) == ItemAlteration(ID, "1", how, NUMBER, old, new)  # type: ignore[arg-type]
