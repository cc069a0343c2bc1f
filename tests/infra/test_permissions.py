"""The evaluation that the proofs of the roles rest on: IAM's documented rules, case by case."""

from typing import Any

import pytest

from tests.infra.permissions import Request, allowed, fitting

TABLE = "arn:aws:dynamodb:us-east-1:111122223333:table/incidents"


def statement(
    effect: str, action: object, resource: object = "*", **more: object
) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


ALLOW = statement("Allow", "dynamodb:GetItem", TABLE)
TAGGED = {"StringEquals": {"aws:ResourceTag/Application": "vettid-enclave"}}
ALIASED = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": "alias/a"}}
SOURCE = {"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:function:firstline-*"}}


@pytest.mark.parametrize(
    ("policy", "request_", "expected"),
    [
        ([], Request("dynamodb:GetItem", TABLE), False),
        ([ALLOW], Request("dynamodb:GetItem", TABLE), True),
        ([ALLOW], Request("DynamoDB:getitem", TABLE), True),
        ([ALLOW], Request("dynamodb:PutItem", TABLE), False),
        ([ALLOW], Request("dynamodb:GetItem", f"{TABLE}/index/due"), False),
        ([ALLOW], Request("dynamodb:GetItem", TABLE.upper()), False),
        ([ALLOW, statement("Deny", "dynamodb:*")], Request("dynamodb:GetItem", TABLE), False),
        ([statement("Deny", "dynamodb:*"), ALLOW], Request("dynamodb:GetItem", TABLE), False),
        ([statement("Allow", "ssm:Get*")], Request("ssm:GetParameter", "x"), True),
        ([statement("Allow", "ssm:Get?")], Request("ssm:GetParameter", "x"), False),
        ([statement("Allow", "a:b", "x[1]")], Request("a:b", "x[1]"), True),
        ([statement("Allow", "a:b", "x[1]")], Request("a:b", "x1"), False),
        ([statement("Allow", "a:b", ["x", "y/*"])], Request("a:b", "y/z:w/v"), True),
        (
            [
                statement("Allow", "s3:*"),
                {"Effect": "Deny", "Action": "s3:*", "NotResource": ["own", "own/*"]},
            ],
            Request("s3:GetObject", "own/a"),
            True,
        ),
        (
            [
                statement("Allow", "s3:*"),
                {"Effect": "Deny", "Action": "s3:*", "NotResource": ["own", "own/*"]},
            ],
            Request("s3:GetObject", "vaults/a"),
            False,
        ),
        (
            [statement("Allow", "a:b", Condition=TAGGED)],
            Request("a:b", "x", {"aws:resourcetag/application": ("vettid-enclave",)}),
            True,
        ),
        (
            [statement("Allow", "a:b", Condition=TAGGED)],
            Request("a:b", "x", {"aws:ResourceTag/Application": ("other",)}),
            False,
        ),
        ([statement("Allow", "a:b", Condition=TAGGED)], Request("a:b", "x"), False),
        (
            [statement("Allow", "a:b", Condition=ALIASED)],
            Request("a:b", "x", {"kms:ResourceAliases": ("alias/b", "alias/a")}),
            True,
        ),
        (
            [statement("Allow", "a:b", Condition=ALIASED)],
            Request("a:b", "x", {"kms:ResourceAliases": ("alias/b",)}),
            False,
        ),
        (
            [statement("Allow", "a:b"), statement("Deny", "a:b", Condition=ALIASED)],
            Request("a:b", "x"),
            True,
        ),
        (
            [statement("Allow", "a:b", Condition=SOURCE)],
            Request(
                "a:b",
                "x",
                {"lambda:SourceFunctionArn": ("arn:aws:lambda:r:a:function:firstline-x",)},
            ),
            True,
        ),
        ([statement("Allow", "a:b", Condition=SOURCE)], Request("a:b", "x"), False),
    ],
)
def test_a_request_is_judged_as_iam_does(
    policy: list[dict[str, Any]], request_: Request, *, expected: bool
) -> None:
    """Denials win, wildcards span, a missing key does not hold, one of several values does."""
    assert allowed(policy, request_) is expected


@pytest.mark.parametrize(
    "odd",
    [
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        statement("Allow", "a:b", Condition={"Bool": {"aws:SecureTransport": "true"}}),
    ],
)
def test_what_is_not_understood_here_fails(odd: dict[str, Any]) -> None:
    """A new element or operator must be taught before it is judged."""
    with pytest.raises(AssertionError):
        list(fitting([odd], Request("a:b", "x")))
