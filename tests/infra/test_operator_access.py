"""The operators' function and URL: IAM only, and through the URL only."""

import json
from typing import Any

import pytest

from firstline.controller.operators.commands import URL_OUTPUT
from tests.infra.made import HERE, Made
from tests.infra.permissions import may, role_of

APP = "firstline-vettid-app"


def statements(made: Made) -> dict[str, dict[str, Any]]:
    """Return the managed policy's permissions by action."""
    (policy,) = made.of("AWS::IAM::ManagedPolicy")
    found = policy.properties["PolicyDocument"]["Statement"]
    assert all(each["Effect"] == "Allow" for each in found)
    return {each["Action"]: each for each in found}


def test_the_url_asks_for_a_signature(made: Made) -> None:
    """IAM authenticates each caller; no permission opens it to all."""
    (url,) = made.of("AWS::Lambda::Url")
    assert url.properties["AuthType"] == "AWS_IAM"
    assert "Cors" not in url.properties
    opened = [each.properties["Principal"] for each in made.of("AWS::Lambda::Permission")]
    assert "*" not in opened


def test_the_policy_opens_the_url_and_nothing_else(made: Made) -> None:
    """A call past the URL could name any caller."""
    found = statements(made)
    assert sorted(found) == [
        "cloudformation:DescribeStacks",
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
    ]
    (url,) = made.of("AWS::Lambda::Url")
    function = url.properties["TargetFunctionArn"]
    for action in ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl"):
        assert found[action]["Resource"] == function
    assert found["lambda:InvokeFunctionUrl"]["Condition"] == {
        "StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}
    }
    assert found["lambda:InvokeFunction"]["Condition"] == {
        "Bool": {"lambda:InvokedViaFunctionUrl": "true"}
    }


def test_the_stack_says_where_and_who(made: Made) -> None:
    """The command line finds the URL by this output."""
    outputs = made.outputs(APP)
    assert {URL_OUTPUT, "OperatorsPolicy"} <= outputs.keys()
    assert "lambda-url" in json.dumps(outputs[URL_OUTPUT])


def test_the_function_can_record_and_wake_and_touch_no_host(made: Made) -> None:
    """It puts words and turns the switch; what follows is reconcile's."""
    role = role_of(made, "operator")
    incidents = made.arn(made.one("AWS::DynamoDB::Table", "Incidents"))
    ledger = made.arn(made.one("AWS::DynamoDB::Table", "Ledger"))
    wakes = made.arn(made.one("AWS::SQS::Queue", "QueuesWakes"))
    for action in ("GetItem", "BatchGetItem", "Query", "PutItem"):
        assert may(role, f"dynamodb:{action}", incidents)
    assert may(role, "dynamodb:PutItem", ledger)
    assert may(role, "sqs:SendMessage", wakes)
    for action in ("UpdateItem", "DeleteItem"):
        assert not may(role, f"dynamodb:{action}", incidents)
        assert not may(role, f"dynamodb:{action}", ledger)


@pytest.mark.parametrize(
    "action", ["ssm:SendCommand", "autoscaling:StartInstanceRefresh", "sns:Publish"]
)
def test_the_function_itself_fixes_nothing(made: Made, action: str) -> None:
    """Whoever pulls a lever gets past no guard."""
    assert not may(role_of(made, "operator"), action, f"arn:aws:ssm:{HERE}:document/x")
