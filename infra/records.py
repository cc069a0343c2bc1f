"""The records stack: the data that outlives every deployment of the app."""

from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from firstline.config.deployment_section import Deployment
from infra.archive_bucket import locked_bucket, signing_key

DUE_INDEX = "due"
OPEN_INDEX = "open"


class Records(Stack):
    """The tables ``incidents`` and ``ledger``, and the ledger's archive, all retained.

    DynamoDB's own key encrypts both tables, which is its default, on purpose: throttled KMS and
    a disabled key are incidents that must be recorded, and with a key of this account the
    record would fail too.
    """

    incidents: dynamodb.Table
    ledger: dynamodb.Table
    archive: s3.Bucket
    signing_key: kms.Key

    def __init__(
        self, scope: Construct, name: str, *, env: Environment, settings: Deployment
    ) -> None:
        description = "firstline: incidents and their ledger (kept)"
        super().__init__(scope, name, env=env, termination_protection=True, description=description)
        self.incidents = _incidents(self)
        self.ledger = _ledger(self)
        self.archive = locked_bucket(self, settings)
        self.signing_key = signing_key(self)
        CfnOutput(self, "IncidentsTable", value=self.incidents.table_name)
        CfnOutput(self, "LedgerTable", value=self.ledger.table_name)


def _incidents(scope: Construct) -> dynamodb.Table:
    """Return the table of incidents, inboxes, processed keys and leases.

    ``due`` indexes the incidents to wake; no other item has its two attributes. ``open``
    indexes all incidents: open, escalated and ended. It holds keys alone, about 200 bytes for
    an incident, and is written when an incident opens and when it ends, not at each of its
    commits.
    """
    table = dynamodb.Table(
        scope,
        "Incidents",
        partition_key=_text("pk"),
        sort_key=_text("sk"),
        time_to_live_attribute="ttl",
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        point_in_time_recovery_specification=_RESTORABLE,
        deletion_protection=True,
        removal_policy=RemovalPolicy.RETAIN,
    )
    table.add_global_secondary_index(
        index_name=DUE_INDEX,
        partition_key=_text("due"),
        sort_key=_text("next_wake_at"),
        projection_type=dynamodb.ProjectionType.INCLUDE,
        non_key_attributes=["wake_generation"],
    )
    table.add_global_secondary_index(
        index_name=OPEN_INDEX,
        partition_key=_text("open"),
        sort_key=_text("opened_at"),
        projection_type=dynamodb.ProjectionType.KEYS_ONLY,
    )
    return table


def _ledger(scope: Construct) -> dynamodb.Table:
    """Return the table with one item per entry. Old images in the stream reveal an overwrite."""
    return dynamodb.Table(
        scope,
        "Ledger",
        partition_key=_text("incident"),
        sort_key=dynamodb.Attribute(name="sequence", type=dynamodb.AttributeType.NUMBER),
        stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        point_in_time_recovery_specification=_RESTORABLE,
        deletion_protection=True,
        removal_policy=RemovalPolicy.RETAIN,
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


_RESTORABLE = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)
