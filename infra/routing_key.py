"""PagerDuty's routing key: a secret that the operator fills, not the stack."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.nag import accept


def routing_key(scope: Construct, existing: str) -> secretsmanager.ISecret:
    """Return the secret *existing* (an ARN), or a new one without a value.

    PagerDuty would refuse every page with a generated value; reading a secret without one
    fails, and the pending page reaches the emergency topic within minutes.
    """
    if existing:
        return secretsmanager.Secret.from_secret_complete_arn(scope, "RoutingKey", existing)
    empty = secretsmanager.CfnSecret(
        scope, "RoutingKeyValue", description="PagerDuty Events API v2 routing key, as plain text"
    )
    empty.apply_removal_policy(RemovalPolicy.RETAIN)  # only an operator removes an operator's value
    rotation = "PagerDuty cannot rotate a routing key automatically: its operator does"
    accept(empty, "AwsSolutions-SMG4", rotation)
    CfnOutput(
        Stack.of(scope),
        "SetRoutingKey",
        description="Required before any page is sent (bash; the key is not echoed)",
        value=(
            "read -rsp 'routing key: ' key && aws secretsmanager put-secret-value"
            f' --secret-id {empty.ref} --secret-string "$key"'
        ),
    )
    return secretsmanager.Secret.from_secret_complete_arn(scope, "RoutingKey", empty.ref)
