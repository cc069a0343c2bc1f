"""The records stack: it outlives the app, can be restored, and is what the store expects."""

from datetime import UTC, datetime

import pytest

from firstline.lab.twin import resources
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.infra.made import Made

TABLES = ["Incidents", "Ledger"]
TWINS = {"Incidents": resources.INCIDENTS, "Ledger": resources.LEDGER}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_cannot_be_lost(made: Made, name: str) -> None:
    """A table is kept, protected and restorable, whatever becomes of the stack."""
    table = made.one("AWS::DynamoDB::Table", name)
    assert (table.raw["DeletionPolicy"], table.raw["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table.properties["DeletionProtectionEnabled"] is True
    restorable = table.properties["PointInTimeRecoverySpecification"]
    assert restorable == {"PointInTimeRecoveryEnabled": True}
    assert table.properties["BillingMode"] == "PAY_PER_REQUEST"


@pytest.mark.parametrize("name", TABLES)
def test_a_table_needs_no_key_of_the_account(made: Made, name: str) -> None:
    """DynamoDB's own key encrypts, so that a KMS incident cannot stop its own record."""
    assert "SSESpecification" not in made.one("AWS::DynamoDB::Table", name).properties


def test_the_ledger_streams_what_was_overwritten(made: Made) -> None:
    """The ledger's stream carries old images."""
    stream = made.one("AWS::DynamoDB::Table", "Ledger").properties["StreamSpecification"]
    assert stream == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_the_incidents_forget_processed_keys(made: Made) -> None:
    """An item with a `ttl` goes by itself."""
    ttl = made.one("AWS::DynamoDB::Table", "Incidents").properties["TimeToLiveSpecification"]
    assert ttl == {"AttributeName": "ttl", "Enabled": True}


def test_the_twin_has_the_same_tables(made: Made) -> None:
    """Keys and indexes are those of the tables that replay and the contract tests run on."""
    world = World(Scenario(name="tables"), datetime(2026, 3, 11, tzinfo=UTC), "group")
    with TwinAws(world, lambda _: None) as aws:
        client = aws.session.client("dynamodb")
        twins = {
            name: client.describe_table(TableName=twin)["Table"] for name, twin in TWINS.items()
        }
    for name, twin in twins.items():
        table = made.one("AWS::DynamoDB::Table", name).properties
        assert table["KeySchema"] == twin["KeySchema"]
        defined = {
            each["AttributeName"]: each["AttributeType"] for each in table["AttributeDefinitions"]
        }
        assert defined == {
            each["AttributeName"]: each["AttributeType"] for each in twin["AttributeDefinitions"]
        }
        indexes = [
            {key: index[key] for key in ("IndexName", "KeySchema", "Projection")}
            for index in twin.get("GlobalSecondaryIndexes", [])
        ]
        assert table.get("GlobalSecondaryIndexes", []) == indexes
