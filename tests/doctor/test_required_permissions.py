"""The permissions in a template, with its references resolved, or an error."""

import copy
from typing import Any

import pytest

from firstline.config.probe_section import Probe
from firstline.doctor.facts import Fact, ReadFailure, RequiredPermission, Resource, SimulationResult
from firstline.doctor.iam_actions import LOOK_ACTIONS, READ_ACTIONS
from firstline.doctor.iam_actions import table as read
from firstline.doctor.impact import IMPACTS, table
from firstline.doctor.required_permissions import DeployedFunction, batches, required_permissions
from firstline.doctor.template import References, resolve
from firstline.errors import InvalidInput
from tests.builders import HOME
from tests.doctor.accounts import DEPLOYED, WELL, found

RESOURCES = {
    each.logical_id: each
    for each in (
        Resource("AWS::Lambda::Function", "Ingest", "app-Ingest-1A"),
        Resource("AWS::IAM::Role", "Role", "app-Role-1A"),
        Resource("AWS::SQS::Queue", "Queue", "https://sqs.us-east-1.amazonaws.com/1/app-Queue-1A"),
        Resource("AWS::Logs::LogGroup", "Logs", "app-Logs-1A"),
        Resource("AWS::SNS::Topic", "Team", "arn:aws:sns:us-east-1:111122223333:team"),
    )
}
STANDS = References(HOME, RESOURCES, {"records:Table": "arn:aws:dynamodb:::table/t"})
PLACE = "us-east-1:111122223333"
type Rulings = dict[RequiredPermission, Fact[SimulationResult]]
EVERYWHERE = (
    ("aws:RequestedRegion", "string", ("us-east-1",)),
    ("aws:SecureTransport", "boolean", ("true",)),
    ("aws:PrincipalAccount", "string", ("111122223333",)),
    ("aws:ResourceAccount", "string", ("111122223333",)),
)
FUNCTION: dict[str, Any] = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Handler": "functions.ingest.handler",
        "Role": {"Fn::GetAtt": ["Role", "Arn"]},
        "MemorySize": 512,
    },
}


def template(*statements: dict[str, Any], function: dict[str, Any] = FUNCTION) -> dict[str, Any]:
    policies = [
        {"PolicyName": "it", "PolicyDocument": {"Version": "x", "Statement": list(statements)}}
    ]
    return {
        "Resources": {
            "Ingest": function,
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}},
        }
    }


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def asked(*statements: dict[str, Any]) -> tuple[RequiredPermission, ...]:
    return required_permissions(template(*statements), STANDS)[
        DeployedFunction("ingest", "app-Ingest-1A")
    ]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "Team"}, "arn:aws:sns:us-east-1:111122223333:team"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, f"arn:aws:sqs:{PLACE}:app-Queue-1A"),
        ({"Fn::GetAtt": ["Logs", "Arn"]}, f"arn:aws:logs:{PLACE}:log-group:app-Logs-1A:*"),
        ({"Fn::ImportValue": "records:Table"}, "arn:aws:dynamodb:::table/t"),
        (
            {"Fn::Join": [":", ["a", {"Ref": "AWS::Partition"}, {"Ref": "AWS::AccountId"}]]},
            "a:aws:111122223333",
        ),
        ([{"key": {"Ref": "Team"}}, 7, None], [{"key": RESOURCES["Team"].name}, 7, None]),
    ],
)
def test_a_reference_is_put_in_its_place(value: object, result: object) -> None:
    """As CloudFormation resolves it."""
    assert resolve(value, STANDS) == result


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"Ref": "Gone"}, "the stack no longer has Gone"),
        ({"Fn::GetAtt": ["Team", "Arn"]}, "names the ARN of Team, a AWS::SNS::Topic"),
        ({"Fn::GetAtt": ["Queue", "QueueName"]}, "uses Fn::GetAtt in an unexpected way"),
        ({"Fn::ImportValue": "records:Gone"}, "no stack exports records:Gone"),
        ({"Fn::Sub": "${AWS::Region}"}, "uses Fn::Sub in an unexpected way"),
    ],
)
def test_a_reference_to_nothing_is_told(value: object, why: str) -> None:
    """It is never left out: what it stands for would not be asked about."""
    with pytest.raises(InvalidInput, match=why):
        resolve(value, STANDS)


def test_a_need_is_of_one_action_and_one_resource() -> None:
    """Once each, even if granted twice."""
    two = allow(["s3:GetObject", "s3:PutObject"], ["arn:aws:s3:::b/a/*", "arn:aws:s3:::b/c/*"])
    found_ = asked(two, allow("s3:GetObject", "arn:aws:s3:::b/a/*"))
    assert [(each.action, each.resource) for each in found_] == [
        ("s3:GetObject", "arn:aws:s3:::b/a/x"),
        ("s3:GetObject", "arn:aws:s3:::b/c/x"),
        ("s3:PutObject", "arn:aws:s3:::b/a/x"),
        ("s3:PutObject", "arn:aws:s3:::b/c/x"),
    ]
    assert [len(each) for each in batches(found_)] == [2, 2]


@pytest.mark.parametrize(
    ("resource", "sample"),
    [
        ("*", "*"),
        (
            {"Fn::GetAtt": ["Logs", "Arn"]},
            f"arn:aws:logs:{PLACE}:log-group:app-Logs-1A:log-stream:x",
        ),
        (f"arn:aws:ec2:{PLACE}:instance/*", f"arn:aws:ec2:{PLACE}:instance/i-0123456789abcdef0"),
        (
            f"arn:aws:kms:{PLACE}:key/*",
            f"arn:aws:kms:{PLACE}:key/12345678-0a1b-2c3d-4e5f-123456789012",
        ),
        (
            "arn:aws:secretsmanager:x:secret:key-??????",
            "arn:aws:secretsmanager:x:secret:key-xxxxxx",
        ),
    ],
)
def test_a_pattern_is_asked_about_by_a_sample(resource: object, sample: str) -> None:
    """A request names one thing."""
    assert [each.resource for each in asked(allow("a:B", resource))] == [sample]


def test_a_request_carries_what_its_allowance_asks_for() -> None:
    """And not what a denial is about; Health answers in one Region."""
    tagged = {"StringEquals": {"aws:ResourceTag/App": "vaults"}}
    aliased = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": ["alias/a"]}}
    denial = {
        "Effect": "Deny",
        "Action": "ec2:*",
        "NotResource": "x",
        "Condition": {"ArnLike": {"lambda:SourceFunctionArn": "arn:*"}},
    }
    send, key, health = asked(
        allow("ssm:SendCommand", Condition=tagged),
        allow("kms:GetKeyPolicy", Condition=aliased),
        allow("health:DescribeEvents"),
        denial,
    )
    assert send.context == (("aws:ResourceTag/App", "string", ("vaults",)), *EVERYWHERE)
    assert send.absent == ("kms:ResourceAliases", "lambda:SourceFunctionArn")
    assert key.context[0] == ("kms:ResourceAliases", "stringList", ("alias/a",))
    assert health.context[0] == ("aws:RequestedRegion", "string", ("us-east-1",))
    abroad = References(copy.replace(HOME, region="eu-west-1"), RESOURCES, {})
    ((health, sts),) = required_permissions(template(allow(["health:X", "sts:Y"])), abroad).values()
    assert (health.context[0][2], sts.context[0][2]) == (("us-east-1",), ("eu-west-1",))


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (template(allow("a:B", Condition={"Bool": {"c:D": "true"}})), "has the condition Bool"),
        (
            template({"Effect": "Allow", "NotAction": "a:B", "Resource": "*"}),
            ("not have this version's form"),
        ),
        (
            template(function={**FUNCTION, "Properties": {"Handler": "a.b.c", "Role": "arn:x"}}),
            "the function Ingest has a role that its template does not define",
        ),
        ({"Resources": {"Ingest": FUNCTION}}, "not have this version's form"),
        (
            template(
                function={
                    **FUNCTION,
                    "Properties": {**FUNCTION["Properties"], "Handler": "handler"},
                }
            ),
            "not have this version's form",
        ),
        ("Resources: {}", "not have this version's form"),
    ],
)
def test_a_template_that_is_not_ours_is_told(made: object, why: str) -> None:
    """An unknown form is an error."""
    with pytest.raises(InvalidInput, match=why):
        required_permissions(made, STANDS)


# --- what a refusal harms ----------------------------------------------------------------------


def refused(function: str, action: str, resource: str = "*", **said: Any) -> dict[str, Any]:  # noqa: ANN401
    """An account in which one need is refused."""
    values: dict[str, Any] = {"role": "arn:role", "decision": "implicitDeny"}
    rulings: Rulings = {
        RequiredPermission(function, action, resource): SimulationResult(**values | said)
    }
    return {"deployed": copy.replace(DEPLOYED, simulations=rulings)}


@pytest.mark.parametrize(
    ("function", "action", "resource", "grade"),
    [
        ("ingest", "sqs:DeleteMessage", "*", "critical"),
        ("ingest", "sqs:SendMessage", "*", "warning"),
        ("ingest", "dynamodb:GetItem", "*", "critical"),
        ("ingest", "dynamodb:PutItem", "*", "warning"),
        ("reconcile", "dynamodb:PutItem", "*", "critical"),
        ("reconcile", "dynamodb:BatchGetItem", "*", "warning"),
        ("console", "logs:PutLogEvents", "*", "warning"),
        ("sweep", "sns:Publish", "*", "warning"),
        ("reconcile", "ssm:DescribeParameters", "*", "warning"),
        ("sweep", "dynamodb:Query", "arn:aws:dynamodb:::table/t/index/due", "critical"),
        ("sweep", "dynamodb:Query", "arn:aws:dynamodb:::table/t/index/open", "warning"),
        ("sweep", "logs:PutLogEvents", "*", "warning"),
        ("probe_nats", "logs:PutLogEvents", "*", "critical"),
        ("probe_health", "logs:PutLogEvents", "*", "warning"),
    ],
)
def test_a_refusal_is_as_grave_as_what_it_harms(
    function: str, action: str, resource: str, grade: str
) -> None:
    """Critical if a P1 is lost, else a warning."""
    (one,) = found(**refused(function, action, resource))
    assert (one.check, one.severity, one.subject) == ("role-lacks", grade, f"{function} {action}")


def test_a_probe_on_which_no_p1_rests_harms_less() -> None:
    """The alarms of a fleet without it are others."""
    bare = copy.replace(WELL, probe=Probe())
    graded = [
        each.severity
        for each in found(bare, **refused("probe_nats", "ssm:GetParameter"))
        if each.check == "role-lacks"
    ]
    assert graded == ["warning"]


def test_one_finding_for_all_that_an_action_is_refused_on() -> None:
    """As grave as the gravest of them; not all are named."""
    rulings: Rulings = {
        RequiredPermission("sweep", "dynamodb:Query", f"{each}/index/open"): SimulationResult(
            role="arn:role", decision="implicitDeny"
        )
        for each in "abcd"
    }
    grave: Rulings = {
        RequiredPermission("sweep", "dynamodb:Query", "due"): SimulationResult(
            role="r", decision="implicitDeny"
        )
    }
    (one,) = found(deployed=copy.replace(DEPLOYED, simulations=rulings | grave))
    assert one.severity == "critical"
    assert one.what == (
        "is not allowed by any statement of its role, on a/index/open, b/index/open, "
        "c/index/open and 2 more"
    )


@pytest.mark.parametrize(
    ("said", "checks"),
    [
        ({"decision": "allowed"}, []),
        ({"decision": "allowed", "organization": True, "boundary": True}, []),
        ({"organization": False}, ["role-organization"]),
        ({"boundary": False}, ["role-boundary"]),
        ({"decision": "explicitDeny", "boundary": False}, ["role-boundary"]),
        ({"decision": "explicitDeny"}, ["role-denied"]),
        (
            {"decision": "explicitDeny", "organization": False, "statements": ("own",)},
            ["role-organization", "role-denied"],
        ),
        ({"missing": ("aws:SourceVpc",)}, ["role-unknown"]),
        ({"decision": "allowed", "missing": ("aws:SourceVpc",)}, ["role-unknown"]),
    ],
)
def test_whoever_refuses_is_named(said: dict[str, Any], checks: list[str]) -> None:
    """A refusal because of a missing key is unknown."""
    assert [each.check for each in found(**refused("audit", "s3:GetObject", **said))] == checks


def test_what_was_not_ruled_on_is_no_refusal() -> None:
    """It has its own result, in addition to the others."""
    throttled = ReadFailure("iam:SimulatePrincipalPolicy", "Throttling")
    rulings: Rulings = {
        RequiredPermission("audit", "s3:GetObject", "*"): throttled,
        RequiredPermission("audit", "s3:ListBucket", "*"): SimulationResult(
            role="r", decision="implicitDeny"
        ),
    }
    result = found(deployed=copy.replace(DEPLOYED, simulations=rulings))
    assert [each.check for each in result] == ["answer", "role-lacks"]


def test_a_key_that_our_own_statements_name_may_be_absent() -> None:
    """In whatever case IAM tells it."""
    need = RequiredPermission("audit", "s3:GetObject", "*", absent=("lambda:SourceFunctionArn",))
    ruling = SimulationResult(role="r", decision="allowed", missing=("lambda:sourcefunctionarn",))
    assert found(deployed=copy.replace(DEPLOYED, simulations={need: ruling})) == ()


def test_each_harm_and_each_permission_has_its_row() -> None:
    """In the document; the last harm is of anything."""
    assert len(list(table())) == len(IMPACTS)
    assert list(table())[-1].startswith("| any | anything else | warning |")
    assert "| `ingest` | `dynamodb:GetItem*` | critical |" in "\n".join(table())
    assert "| `sweep` | `dynamodb:*` on `/index/open` |" in "\n".join(table())
    assert "| `probe_*` | anything else | critical where" in "\n".join(table())
    assert len(list(read())) == len(READ_ACTIONS) + len(LOOK_ACTIONS)
