"""The tables, queues and secret of the stacks, created in moto."""

import json
from typing import TYPE_CHECKING, Any

from boto3.session import Session

from firstline.adapters.aws import dynamo_items as items
from firstline.config.settings import Home
from firstline.lab.twin.event_source_mapping import VISIBILITY
from firstline.lab.twin.memory import ROUTING_KEY
from firstline.remediation.kill_switch import KillSwitch

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

INCIDENTS = "firstline-incidents"
LEDGER = "firstline-ledger"
SIGNALS = "firstline-signals"
WAKES = "firstline-wakes"
SECRET = "firstline/routing-key"  # noqa: S105 - its name
_VISIBILITY = {SIGNALS: VISIBILITY["signals"], WAKES: VISIBILITY["wakes"]}
RECEIVED_MAX = 10
"""A message is a dead letter after so many deliveries."""


def queue_url(home: Home, name: str) -> str:
    """Return the URL of a queue."""
    return f"https://sqs.{home.region}.amazonaws.com/{home.account}/{name}"


def make(session: Session, home: Home, switch: KillSwitch) -> None:
    """Create them all, with the kill *switch* if it was ever used."""
    tables, queues = session.client("dynamodb"), session.client("sqs")
    _tables(tables)
    for name in (SIGNALS, WAKES):
        _queue(queues, home, name)
    session.client("secretsmanager").create_secret(Name=SECRET, SecretString=ROUTING_KEY)
    if switch.unreadable:
        tables.put_item(TableName=INCIDENTS, Item=items.SWITCH_KEY)
    elif switch.version:
        tables.put_item(TableName=INCIDENTS, Item=items.switch_item(switch))


def _tables(client: "DynamoDBClient") -> None:
    due: Any = {
        "IndexName": "due",
        "KeySchema": _keys("due", "next_wake_at"),
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["wake_generation"]},
    }
    still_open: Any = {
        "IndexName": "open",
        "KeySchema": _keys("open", "opened_at"),
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    kept = _attributes(pk="S", sk="S", due="S", next_wake_at="S", open="S", opened_at="S")
    client.create_table(
        TableName=INCIDENTS,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=kept,
        KeySchema=_keys("pk", "sk"),
        GlobalSecondaryIndexes=[due, still_open],
    )
    ledger(client, LEDGER)


def ledger(client: "DynamoDBClient", name: str) -> None:
    """Create the table of entries."""
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=_attributes(incident="S", sequence="N"),
        KeySchema=_keys("incident", "sequence"),
    )


def _attributes(**types: str) -> Any:  # noqa: ANN401 - the service's own shape
    return [{"AttributeName": name, "AttributeType": type_} for name, type_ in types.items()]


def _keys(partition: str, sort: str) -> Any:  # noqa: ANN401 - the service's own shape
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _queue(client: "SQSClient", home: Home, name: str) -> None:
    """Create a queue and its dead-letter queue."""
    client.create_queue(QueueName=f"{name}-dead")
    dead = f"arn:aws:sqs:{home.region}:{home.account}:{name}-dead"
    redrive = {"deadLetterTargetArn": dead, "maxReceiveCount": RECEIVED_MAX}
    client.create_queue(
        QueueName=name,
        Attributes={
            "VisibilityTimeout": str(int(_VISIBILITY[name].total_seconds())),
            "RedrivePolicy": json.dumps(redrive),
        },
    )
