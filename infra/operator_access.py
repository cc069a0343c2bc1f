"""Operator access: the function for operator commands, its URL, and the policy to call it.

IAM authenticates each call, so that the ledger has the caller's ARN. A direct invocation could name
any caller: the policy allows calls through the URL alone.
"""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from firstline.controller.operators.commands import URL_OUTPUT
from infra import roles
from infra.response import Resources
from infra.runtime import Handler, Runtime

TIMEOUT = Duration.seconds(30)


class OperatorAccess(Construct):
    """Operators get the managed policy in the stack's outputs."""

    def __init__(
        self, scope: Construct, name: str, *, runtime: Runtime, resources: Resources
    ) -> None:
        super().__init__(scope, name)
        function = runtime.function(self, _operator(resources))
        url = function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM)
        stack = Stack.of(self)
        policy = iam.ManagedPolicy(
            self,
            "Operators",
            description="Allows the operator commands approve, deny, pause, resume and promote",
            statements=_call_permissions(function, stack),
        )
        CfnOutput(stack, URL_OUTPUT, value=url.url)
        CfnOutput(stack, "OperatorsPolicy", value=policy.managed_policy_arn)


def _operator(resources: Resources) -> Handler:
    may = {
        "wakes": roles.send(resources.queues.wakes),
        "incidents": roles.keep_incidents(
            resources.records.incidents,
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "ConditionCheckItem",
        ),
        "ledger": roles.append_to_ledger(resources.records.ledger),
        "routing-key": roles.read_secret(resources.routing_key),
    }
    return Handler("operator", TIMEOUT, 512, may)


def _call_permissions(function: lambda_.Function, stack: Stack) -> list[iam.PolicyStatement]:
    """Return both permissions that a URL needs since October 2025 (Lambda guide, function URLs)."""
    arn = function.function_arn
    signed = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
    through = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
    return [
        iam.PolicyStatement(
            actions=["lambda:InvokeFunctionUrl"], resources=[arn], conditions=signed
        ),
        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[arn], conditions=through),
        iam.PolicyStatement(actions=["cloudformation:DescribeStacks"], resources=[stack.stack_id]),
    ]
