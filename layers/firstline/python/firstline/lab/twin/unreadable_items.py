"""The table's incidents turned into what this code cannot read, in moto."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from firstline.adapters.aws import dynamo_items as items
from firstline.lab.twin import resources, unreadable_incidents
from firstline.lab.twin.world import World

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def spoil_items(client: "DynamoDBClient", world: World, fleet: str) -> None:
    """Put the scenario's spoilt incidents into the table."""
    for number, held in enumerate(unreadable_incidents.spoilt_incidents(world, fleet)):
        item = {**items.incident_item(held), "body": items.text(unreadable_incidents.SPOILT)}
        client.put_item(TableName=resources.INCIDENTS, Item=item)
        if not number and unreadable_incidents.spoilt_condition(world):
            claim = items.cause_item(held.correlation_key, held.id)
            client.put_item(TableName=resources.INCIDENTS, Item=claim)


class UnreadableItems:
    """The table's open incidents, turned into newer code's and back by the scenario."""

    def __init__(self, client: "DynamoDBClient", world: World) -> None:
        self._client = client
        self._world = world
        plans = world.scenario.unreadable
        begins = [
            (each.from_seconds, (unreadable_incidents.OURS, unreadable_incidents.NEWER))
            for each in plans
        ]
        ends = [
            (each.until_seconds, (unreadable_incidents.NEWER, unreadable_incidents.OURS))
            for each in plans
        ]
        self._turns = sorted(begins + ends)

    @property
    def next_at(self) -> datetime | None:
        """Return when the table changes next."""
        ahead = (self._world.start + timedelta(seconds=seconds) for seconds, _ in self._turns)
        return next(ahead, None)

    def follow(self) -> None:
        """Apply the changes that are due."""
        while self.next_at is not None and self.next_at <= self._world.now:
            _, (was, becomes) = self._turns.pop(0)
            for item in self._open():
                body = items.attribute(item, "body").replace(was, becomes, 1)
                turned = {**item, "body": items.text(body)}
                self._client.put_item(TableName=resources.INCIDENTS, Item=turned)

    def _open(self) -> list[items.Item]:
        found = self._client.scan(
            TableName=resources.INCIDENTS,
            FilterExpression="#open = :open",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":open": items.text(items.OPEN)},
        )
        return list(found["Items"])
