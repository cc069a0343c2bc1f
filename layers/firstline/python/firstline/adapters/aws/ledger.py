"""Ledger: the table of entries, read page by page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from firstline.adapters.aws import dynamo_items
from firstline.adapters.aws.errors import unavailable
from firstline.ids import IncidentId
from firstline.ledger.chain import Entry

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoLedger:
    """The `Ledger` port. DynamoDB returns the items of one partition key together, in order."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def entries(self, incident: IncidentId) -> Iterator[Entry]:
        """The incident's chain, read consistently."""
        with unavailable("ledger"):
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="incident = :incident",
                ExpressionAttributeValues={":incident": dynamo_items.text(incident)},
                ConsistentRead=True,
            )
            for page in pages:
                yield from map(dynamo_items.entry_of, page["Items"])

    def everything(self) -> Iterator[Entry]:
        """Every chain. One that grows during the scan may lack only its end."""
        with unavailable("ledger"):
            pages = self._client.get_paginator("scan").paginate(
                TableName=self._table, ConsistentRead=True
            )
            for page in pages:
                yield from map(dynamo_items.entry_of, page["Items"])
