"""PagerDuty's routing key: a secret that the operator fills, never the stack."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.nag import accept


def routing_key(scope: Construct, existing: str) -> secretsmanager.ISecret:
    """The secret with the ARN *existing*, or a new one that has no value at all.

    A made-up value would be posted to PagerDuty and refused page by page; a secret without one
    fails in reading, and the page owed reaches the emergency topic within minutes.
    """
    if existing:
        return secretsmanager.Secret.from_secret_complete_arn(scope, "RoutingKey", existing)
    empty = secretsmanager.CfnSecret(
        scope, "RoutingKeyValue", description="PagerDuty Events API v2 routing key, as plain text"
    )
    empty.apply_removal_policy(RemovalPolicy.RETAIN)  # what a person put in is theirs to remove
    rotation = "PagerDuty has no way to rotate a routing key by itself: its operator does"
    accept(empty, "AwsSolutions-SMG4", rotation)
    CfnOutput(
        Stack.of(scope),
        "SetRoutingKey",
        description="Until this is done, nothing is paged (bash; the key is not echoed)",
        value=(
            "read -rsp 'routing key: ' key && aws secretsmanager put-secret-value"
            f' --secret-id {empty.ref} --secret-string "$key"'
        ),
    )
    return secretsmanager.Secret.from_secret_complete_arn(scope, "RoutingKey", empty.ref)
