"""Levers: the function that people pull them with, its URL, and the policy of who may.

IAM authenticates each call, so that the caller's ARN is in the ledger. A call past the URL could
name anybody: the policy allows calls through it alone.
"""

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from firstline.controller.operators.commands import URL_OUTPUT
from infra import roles
from infra.response import Reach
from infra.runtime import Handler, Runtime

TIMEOUT = Duration.seconds(30)


class Levers(Construct):
    """Who is to pull levers gets the managed policy that the stack puts out."""

    def __init__(self, scope: Construct, name: str, *, runtime: Runtime, reach: Reach) -> None:
        super().__init__(scope, name)
        function = runtime.function(self, _operator(reach))
        url = function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM)
        stack = Stack.of(self)
        policy = iam.ManagedPolicy(
            self,
            "Operators",
            description="May approve, deny, pause, resume and promote what firstline does",
            statements=_may_pull(function, stack),
        )
        CfnOutput(stack, URL_OUTPUT, value=url.url)
        CfnOutput(stack, "OperatorsPolicy", value=policy.managed_policy_arn)


def _operator(reach: Reach) -> Handler:
    may = {
        "wakes": roles.send(reach.queues.wakes),
        "incidents": roles.keep_incidents(
            reach.records.incidents,
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "ConditionCheckItem",
        ),
        "ledger": roles.append_to_ledger(reach.records.ledger),
        "routing-key": roles.read_secret(reach.routing_key),
    }
    return Handler("operator", TIMEOUT, 512, may)


def _may_pull(function: lambda_.Function, stack: Stack) -> list[iam.PolicyStatement]:
    """Since October 2025 a new URL asks for both permissions (Lambda guide, function URLs)."""
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
