"""moto with small copies does what moto does: the same answers, and the same tables afterwards."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError

from bench.narrow import forget, narrowed
from firstline.lab.twin import resources
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.adapters.backends import T0

TABLE, LEDGER = resources.INCIDENTS, resources.LEDGER


def put(pk: str, sk: str = "-", value: str = "new", **more: object) -> dict[str, Any]:
    item = {"pk": {"S": pk}, "sk": {"S": sk}, "value": {"S": value}}
    return {"Put": {"TableName": TABLE, "Item": item, **more}}


def gone(pk: str, sk: str = "-", **more: object) -> dict[str, Any]:
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    return {"Delete": {"TableName": TABLE, "Key": key, **more}}


def entry(sequence: int, **more: object) -> dict[str, Any]:
    item = {"incident": {"S": "a"}, "sequence": {"N": str(sequence)}}
    return {"Put": {"TableName": LEDGER, "Item": item, **more}}


def updated(pk: str, value: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": TABLE,
            "Key": {"pk": {"S": pk}, "sk": {"S": "-"}},
            "UpdateExpression": "SET #value = :value",
            "ExpressionAttributeNames": {"#value": "value"},
            "ExpressionAttributeValues": {":value": {"S": value}},
        }
    }


NEW = {"ConditionExpression": "attribute_not_exists(pk)"}
THERE = {"ConditionExpression": "attribute_exists(pk)"}
OLD = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
CHECK = {"ConditionCheck": {**gone("b", "1")["Delete"], **THERE}}
FIRST = {"ConditionExpression": "attribute_not_exists(incident)"}
CASES = {
    "puts in two tables": [put("c", **NEW), entry(3, **FIRST)],
    "one is replaced": [put("a", **THERE), gone("b", "1")],
    "a whole partition goes": [gone("b", "1"), gone("b", "2")],
    "what is not there goes": [gone("nobody"), put("c")],
    "one is changed": [updated("a", "changed"), put("c")],
    "one that is not there is changed": [updated("nobody", "changed")],
    "a check holds": [CHECK, put("c")],
    "the first condition fails": [put("a", **NEW, **OLD), put("c", **NEW), gone("b", "1")],
    "the last condition fails": [put("c"), gone("b", "1"), updated("a", "no"), entry(1, **FIRST)],
    "a check fails": [put("c"), {"ConditionCheck": {**gone("nobody")["Delete"], **THERE}}],
    "all conditions fail": [put("a", **NEW), entry(1, **FIRST)],
    "the same item twice": [put("c"), gone("c")],
    "an entry of an odd key": [entry(3), put("c"), {"Put": {"TableName": TABLE, "Item": {}}}],
    "no such table": [put("c"), {"Put": {"TableName": "none", "Item": {"pk": {"S": "a"}}}}],
    "two actions in one": [{**put("c"), **gone("b", "1")}],
}


def outcome(within: Callable[[], Any], transaction: list[dict[str, Any]]) -> list[Any]:
    """What it answers, or how it is cancelled, and what tables and queries hold after it."""
    aws = TwinAws(World(Scenario(name="narrow"), T0, "group"), lambda _: None)
    with within(), aws:
        client: Any = aws.session.client("dynamodb")
        for before in (put("a"), put("b", "1"), put("b", "2"), entry(1), entry(2)):
            client.put_item(**before["Put"])
        seen: list[Any] = []
        try:
            client.transact_write_items(TransactItems=transaction)
        except ClientError as error:
            seen += [error.response["Error"], error.response.get("CancellationReasons")]
        client.transact_write_items(TransactItems=[put("b", "3", **NEW)])
        seen += [client.scan(TableName=each)["Items"] for each in (TABLE, LEDGER)]
        for partition in ("a", "b", "c", "nobody"):
            asked = {
                "TableName": TABLE,
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": partition}},
                "ScanIndexForward": False,
            }
            seen += [client.query(**asked, Limit=1), client.query(**asked)["Items"]]
        return [seen_without_metadata(each) for each in seen]


def seen_without_metadata(each: Any) -> Any:  # noqa: ANN401 - any answer
    return (
        {k: v for k, v in each.items() if k != "ResponseMetadata"} if type(each) is dict else each
    )


@pytest.mark.parametrize("transaction", CASES.values(), ids=CASES)
def test_it_answers_as_moto_does(transaction: list[dict[str, Any]]) -> None:
    """Commits, cancellations with their reasons, and everything put back."""
    assert outcome(narrowed, transaction) == outcome(nullcontext, transaction)


def test_a_queue_forgets_what_was_taken() -> None:
    """And takes what comes after it."""
    aws = TwinAws(World(Scenario(name="narrow"), T0, "group"), lambda _: None)
    with aws:
        url = resources.queue_url(aws.home, resources.WAKES)
        for body in ("one", "two"):
            aws.session.client("sqs").send_message(QueueUrl=url, MessageBody=body)
            assert [each.body for each in aws.take(url)] == [body]
            forget(aws.home, url)
