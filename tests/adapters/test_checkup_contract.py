"""What doctor reads: each fact from its answers, page by page; a refusal is a fact of its own."""

import copy
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from firstline.config.probe_section import Probe
from firstline.config.profile import Fleet
from firstline.doctor import stack_parts
from firstline.doctor.facts import (
    Agent,
    Alarm,
    Api,
    ContextKey,
    EventSourceMapping,
    ExpectedConfig,
    LogGroup,
    Metric,
    ProbeStatus,
    ReadFailure,
    RequiredPermission,
    Resource,
    ScalingGroup,
    SimulationResult,
    Subscriptions,
    TargetGroup,
)
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.deployment import DeploymentReader
from firstline.doctor.readers.drift import DriftReader
from firstline.doctor.readers.fleet import FleetReader
from firstline.doctor.readers.fleet_resources import FleetResourcesReader
from firstline.doctor.readers.nats_probe import NatsProbeReader
from firstline.doctor.readers.records import RecordsStack, read_records_stack
from firstline.doctor.readers.roles import RolesReader
from firstline.doctor.readers.stack_resources import StackResourcesReader
from firstline.doctor.readers.templates import TemplateReader
from tests.adapters.account import Answer, Answering, Refusal
from tests.adapters.backends import Ends, Http
from tests.builders import HOME, NOW, PROFILE, A, B

PLACE = "us-east-1:111122223333"
ALB = f"arn:aws:elasticloadbalancing:{PLACE}:loadbalancer/app/vettid-vault/50dc6c495c0c9188"
TARGETS = f"arn:aws:elasticloadbalancing:{PLACE}:targetgroup/vettid-enclave/73e2d6bc24d8a067"
NAMED = copy.replace(
    PROFILE.fleet,
    kms_key="alias/vettid",
    stack="VettID-Nitro",
    launch_template="vettid-enclave-template",
    deployment_group="vaults/blue",
)
KEY = "0123456789abcdef0123456789ABCDEF"
QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/dead"
BUCKET = "arn:aws:s3:::archive"
CPU = Metric("AWS/EC2", "CPUUtilization", (("AutoScalingGroupName", "g"),))


def fleet(one: Answering) -> FleetReader:
    return FleetReader(one.session, NAMED, HOME)


def around(one: Answering, facts: Fleet = NAMED) -> FleetResourcesReader:
    return FleetResourcesReader(one.session, facts)


def stack(one: Answering) -> DeploymentReader:
    return DeploymentReader(one.session, "firstline-vettid-app", "vettid")


def mapping(uuid: str, state: str, function: str) -> Answer:
    return {
        "UUID": uuid,
        "State": state,
        "FunctionArn": f"arn:aws:lambda:{PLACE}:function:{function}",
    }


def templates(one: Answering) -> TemplateReader:
    return TemplateReader(one.session, "firstline-vettid-app", HOME, {})


def roles(one: Answering) -> RolesReader:
    return RolesReader(one.session)


def drift(one: Answering) -> DriftReader:
    return DriftReader(one.session)


KEYS: tuple[ContextKey, ...] = (("aws:SecureTransport", "boolean", ("true",)),)
BATCH = tuple(
    RequiredPermission("audit", each, BUCKET, KEYS) for each in ("s3:GetObject", "s3:PutObject")
)


NOTHING: Answer = {"SuspendedProcesses": [], "EnabledMetrics": []}


def group(name: str, *ids: str, **more: Any) -> Answer:  # noqa: ANN401 - the service's shape
    instances = [{"InstanceId": each, "LifecycleState": "InService"} for each in ids]
    instances.append({"InstanceId": "i-0dead", "LifecycleState": "Terminating"})
    return {
        "AutoScalingGroupName": name,
        "DesiredCapacity": 1,
        "MaxSize": 0,
        "Instances": instances,
        **NOTHING,
        **more,
    }


PAGED: dict[str, tuple[Callable[[Answering], object], str, list[Answer], object]] = {
    "groups": (
        lambda one: fleet(one).groups(),
        "auto-scaling.DescribeAutoScalingGroups",
        [
            {"AutoScalingGroups": [group("one", A)], "NextToken": "x"},
            {
                "AutoScalingGroups": [
                    group(
                        "two",
                        SuspendedProcesses=[{"ProcessName": "Launch"}],
                        EnabledMetrics=[{"Metric": "GroupMinSize"}],
                    )
                ]
            },
        ],
        (
            ScalingGroup(name="one", desired=1, in_service=(A,)),
            ScalingGroup(name="two", desired=1, suspended=("Launch",), collects=("GroupMinSize",)),
        ),
    ),
    "tagged": (
        lambda one: fleet(one).tagged(),
        "ec2.DescribeInstances",
        [
            {"Reservations": [{"Instances": [{"InstanceId": A}]}], "NextToken": "x"},
            {"Reservations": [{"Instances": [{"InstanceId": B}]}]},
        ],
        (A, B),
    ),
    "agents": (
        lambda one: fleet(one).agents((A, B)),
        "ssm.DescribeInstanceInformation",
        [
            {
                "InstanceInformationList": [
                    {"InstanceId": A, "PingStatus": "Online", "AgentVersion": "3.3.1"}
                ],
                "NextToken": "x",
            },
            {"InstanceInformationList": [{"InstanceId": B, "PingStatus": "ConnectionLost"}]},
        ],
        (Agent(A, "Online", "3.3.1"), Agent(B, "ConnectionLost", "")),
    ),
    "target groups": (
        lambda one: fleet(one).target_groups(),
        "elastic-load-balancing-v2.DescribeTargetGroups",
        [
            {
                "TargetGroups": [{"TargetGroupArn": TARGETS, "LoadBalancerArns": [ALB]}],
                "NextMarker": "x",
            },
            {
                "TargetGroups": [
                    {"TargetGroupArn": "arn:targetgroup/other/1", "LoadBalancerArns": []}
                ]
            },
        ],
        (
            TargetGroup("targetgroup/vettid-enclave/73e2d6bc24d8a067", (NAMED.load_balancer,)),
            TargetGroup("targetgroup/other/1"),
        ),
    ),
    "load balancers": (
        lambda one: fleet(one).balancers(),
        "elastic-load-balancing-v2.DescribeLoadBalancers",
        [{"LoadBalancers": [{"LoadBalancerArn": ALB}], "NextMarker": "x"}, {"LoadBalancers": []}],
        (NAMED.load_balancer,),
    ),
    "HTTP APIs": (
        lambda one: fleet(one).http_apis(),
        "apigatewayv2.GetApis",
        [
            {"Items": [{"ApiId": "a", "Name": "n", "ProtocolType": "HTTP"}], "NextToken": "x"},
            {"Items": []},
        ],
        (Api("a", "n", "HTTP"),),
    ),
    "REST APIs": (
        lambda one: fleet(one).rest_apis(),
        "api-gateway.GetRestApis",
        [{"items": [{"id": "r", "name": "n"}], "position": "x"}, {"items": []}],
        (Api("r", "n", "REST"),),
    ),
    "parameters": (
        lambda one: around(one).parameters(("/a", "/b")),
        "ssm.DescribeParameters",
        [{"Parameters": [{"Name": "/a"}], "NextToken": "x"}, {"Parameters": []}],
        ("/a",),
    ),
    "resources": (
        lambda one: stack(one).resources(),
        "cloudformation.ListStackResources",
        [
            {
                "StackResourceSummaries": [
                    {
                        "ResourceType": "T",
                        "LogicalResourceId": "L",
                        "PhysicalResourceId": "p",
                        "ResourceStatus": "CREATE_COMPLETE",
                    },
                    {"ResourceType": "T", "LogicalResourceId": "not yet"},
                    {
                        "ResourceType": "T",
                        "LogicalResourceId": "no more",
                        "PhysicalResourceId": "q",
                        "ResourceStatus": "DELETE_COMPLETE",
                    },
                ],
                "NextToken": "x",
            },
            {"StackResourceSummaries": []},
        ],
        (Resource("T", "L", "p"),),
    ),
    "readers": (
        lambda one: StackResourcesReader(one.session).subscriptions("arn:topic"),
        "sns.ListSubscriptionsByTopic",
        [
            {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:x"}], "NextToken": "x"},
            {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]},
        ],
        Subscriptions(1, 1),
    ),
    "rules": (
        lambda one: StackResourcesReader(one.session).rules(),
        "eventbridge.ListRules",
        [
            {"Rules": [{"Name": "a", "State": "ENABLED"}], "NextToken": "x"},
            {"Rules": [{"Name": "b", "State": "DISABLED"}]},
        ],
        {"a": True, "b": False},
    ),
    "no rules": (
        lambda one: StackResourcesReader(one.session).rules(),
        "eventbridge.ListRules",
        [{"Rules": []}],
        {},
    ),
    "targets": (
        lambda one: StackResourcesReader(one.session).targets("a"),
        "eventbridge.ListTargetsByRule",
        [
            {"Targets": [{"Id": "Target0", "Arn": "arn:aws:sqs:x:1:a"}], "NextToken": "x"},
            {"Targets": [{"Id": "Target1", "Arn": "arn:aws:sns:x:1:b"}]},
        ],
        ("arn:aws:sqs:x:1:a", "arn:aws:sns:x:1:b"),
    ),
    "no targets": (
        lambda one: StackResourcesReader(one.session).targets("a"),
        "eventbridge.ListTargetsByRule",
        [{"Targets": []}],
        (),
    ),
    "patterns": (
        lambda one: drift(one).patterns(),
        "eventbridge.ListRules",
        [
            {"Rules": [{"Name": "a", "EventPattern": '{"source": ["x"]}'}], "NextToken": "x"},
            {"Rules": [{"Name": "of a schedule"}, {"Name": "b", "EventPattern": '{"b": [1, 2]}'}]},
        ],
        {"a": '{"source": ["x"]}', "b": '{"b": [1, 2]}'},
    ),
    "rulings": (
        lambda one: roles(one).simulate("arn:aws:iam::111122223333:role/it", BATCH),
        "iam.SimulatePrincipalPolicy",
        [
            {
                "EvaluationResults": [
                    {
                        "EvalActionName": "s3:GetObject",
                        "EvalDecision": "explicitDeny",
                        "MissingContextValues": ["a:Key"],
                        "OrganizationsDecisionDetail": {"AllowedByOrganizations": True},
                        "ResourceSpecificResults": [
                            {
                                "EvalResourceName": BUCKET,
                                "EvalResourceDecision": "implicitDeny",
                                "MissingContextValues": ["b:Key", "a:Key"],
                                "MatchedStatements": [{"SourcePolicyId": "own"}] * 2,
                                "PermissionsBoundaryDecisionDetail": {
                                    "AllowedByPermissionsBoundary": False
                                },
                            }
                        ],
                    }
                ],
                "IsTruncated": True,
                "Marker": "x",
            },
            {
                "EvaluationResults": [
                    {"EvalActionName": "s3:PutObject", "EvalDecision": "allowed"},
                ]
            },
        ],
        {
            "s3:getobject": SimulationResult(
                role="arn:aws:iam::111122223333:role/it",
                decision="implicitDeny",
                organization=True,
                boundary=False,
                statements=("own",),
                missing=("a:Key", "b:Key"),
            ),
            "s3:putobject": SimulationResult(
                role="arn:aws:iam::111122223333:role/it", decision="allowed"
            ),
        },
    ),
    "sources": (
        lambda one: StackResourcesReader(one.session).sources(),
        "lambda.ListEventSourceMappings",
        [
            {"EventSourceMappings": [mapping("0a", "Enabled", "ingest")], "NextMarker": "x"},
            {"EventSourceMappings": [mapping("0b", "Disabled", "reconcile:live")]},
        ],
        {
            "0a": EventSourceMapping("Enabled", "ingest"),
            "0b": EventSourceMapping("Disabled", "reconcile"),
        },
    ),
    "no sources": (
        lambda one: StackResourcesReader(one.session).sources(),
        "lambda.ListEventSourceMappings",
        [{"EventSourceMappings": []}],
        {},
    ),
    "no readers": (
        lambda one: StackResourcesReader(one.session).subscriptions("arn:topic"),
        "sns.ListSubscriptionsByTopic",
        [{"Subscriptions": []}],
        Subscriptions(0, 0),
    ),
    "no resources": (
        lambda one: stack(one).resources(),
        "cloudformation.ListStackResources",
        [{"StackResourceSummaries": []}],
        (),
    ),
    "subnets": (
        lambda one: NatsProbeReader(one.session, PROFILE).subnets(),
        "ec2.DescribeSubnets",
        [
            {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}], "NextToken": "x"},
            {"Subnets": [{"SubnetId": "subnet-2", "VpcId": "vpc-2"}]},
        ],
        {"subnet-1": "vpc-1", "subnet-2": "vpc-2"},
    ),
    "security groups": (
        lambda one: NatsProbeReader(one.session, PROFILE).security_groups(),
        "ec2.DescribeSecurityGroups",
        [
            {"SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1"}], "NextToken": "x"},
            {"SecurityGroups": []},
        ],
        {"sg-1": "vpc-1"},
    ),
}


@pytest.mark.parametrize(("ask", "call", "pages", "fact"), PAGED.values(), ids=PAGED)
def test_all_pages_are_read_and_nothing_else(
    ask: Callable[[Answering], object], call: str, pages: list[Answer], fact: object
) -> None:
    """A method makes one request, and one for each further page."""
    one = Answering({call: copy.deepcopy(pages)})
    assert ask(one) == fact
    assert one.calls == [call] * len(pages)


SINGLE: dict[str, tuple[Callable[[Answering], object], str, Answer, object]] = {
    "targets": (
        lambda one: fleet(one).targets(),
        "elastic-load-balancing-v2.DescribeTargetHealth",
        {"TargetHealthDescriptions": [{"Target": {"Id": A, "Port": 443}}]},
        (A,),
    ),
    "key": (
        lambda one: around(one).key(),
        "kms.DescribeKey",
        {"KeyMetadata": {"KeyId": "k", "KeyState": "Disabled"}},
        "Disabled",
    ),
    "log group": (
        lambda one: around(one).log_group(),
        "cloudwatch-logs.DescribeLogStreams",
        {"logStreams": [{"lastIngestionTime": int(NOW.timestamp() * 1000)}]},
        LogGroup("/vettid/enclave/parent", NOW),
    ),
    "log group that is empty": (
        lambda one: around(one).log_group(),
        "cloudwatch-logs.DescribeLogStreams",
        {"logStreams": []},
        LogGroup("/vettid/enclave/parent"),
    ),
    "stack": (
        lambda one: around(one).stack(),
        "cloudformation.DescribeStacks",
        {"Stacks": [{"StackName": "VettID-Nitro"}]},
        True,
    ),
    "launch template": (
        lambda one: around(one).launch_template(),
        "ec2.DescribeLaunchTemplates",
        {"LaunchTemplates": []},
        False,
    ),
    "deployment group": (
        lambda one: around(one).deployment_group(),
        "codedeploy.GetDeploymentGroup",
        {"deploymentGroupInfo": {"deploymentGroupName": "blue"}},
        True,
    ),
    "template": (
        lambda one: templates(one).template(),
        "cloudformation.GetTemplate",
        {"TemplateBody": json.dumps({"Resources": {}})},
        {"Resources": {}},
    ),
    "role": (
        lambda one: roles(one).role("ingest"),
        "lambda.GetFunctionConfiguration",
        {"Role": "arn:role", "Environment": {"Variables": {"FIRSTLINE_SETTINGS": "its own"}}},
        "arn:role",
    ),
    "records": (
        lambda one: read_records_stack(one.session, "vettid"),
        "cloudformation.DescribeStacks",
        {
            "Stacks": [
                {
                    "StackName": "firstline-vettid-records",
                    "Outputs": [
                        {"OutputKey": "LedgerTable", "OutputValue": "ledger"},
                        {"OutputKey": "Ref", "OutputValue": "arn:t", "ExportName": "records:t"},
                    ],
                }
            ]
        },
        RecordsStack({"LedgerTable": "ledger", "Ref": "arn:t"}, {"records:t": "arn:t"}),
    ),
    "queue": (
        lambda one: StackResourcesReader(one.session).waiting_messages(QUEUE),
        "sqs.GetQueueAttributes",
        {"Attributes": {"ApproximateNumberOfMessages": "3"}},
        3,
    ),
    "policy of a queue": (
        lambda one: drift(one).queue_policy(QUEUE),
        "sqs.GetQueueAttributes",
        {"Attributes": {"Policy": '{"Version": "x", "Statement": []}'}},
        '{"Statement":[],"Version":"x"}',
    ),
    "queue without a policy": (
        lambda one: drift(one).queue_policy(QUEUE),
        "sqs.GetQueueAttributes",
        {},
        "null",
    ),
    "policy of a topic": (
        lambda one: drift(one).topic_policy("arn:topic"),
        "sns.GetTopicAttributes",
        {"Attributes": {"TopicArn": "arn:topic", "Policy": '{"Statement": ["x"]}'}},
        '{"Statement":"x"}',
    ),
    "schedule": (
        lambda one: drift(one).schedule("sweep"),
        "scheduler.GetSchedule",
        {
            "Name": "sweep",
            "State": "DISABLED",
            "ScheduleExpression": "rate(1 minute)",
            "Target": {"Arn": "arn:a", "RetryPolicy": {}},
        },
        '{"ScheduleExpression":"rate(1 minute)","State":"DISABLED","Target":{"Arn":"arn:a"}}',
    ),
    "concurrency": (
        lambda one: drift(one).concurrency("ingest"),
        "lambda.GetFunctionConcurrency",
        {"ReservedConcurrentExecutions": 0},
        '{"ReservedConcurrentExecutions":0}',
    ),
    "concurrency that is not reserved": (
        lambda one: drift(one).concurrency("ingest"),
        "lambda.GetFunctionConcurrency",
        {},
        '{"ReservedConcurrentExecutions":null}',
    ),
    "function": (
        lambda one: StackResourcesReader(one.session).function("ingest"),
        "lambda.GetFunctionConfiguration",
        {"FunctionName": "ingest", "State": "Active"},
        "Active",
    ),
    "function that failed": (
        lambda one: StackResourcesReader(one.session).function("ingest"),
        "lambda.GetFunctionConfiguration",
        {"FunctionName": "ingest", "State": "Failed", "StateReasonCode": "InvalidSubnet"},
        "Failed (InvalidSubnet)",
    ),
    "routing key": (
        lambda one: stack(one).routing_key("arn:secret"),
        "secrets-manager.GetSecretValue",
        {"SecretString": json.dumps({"routing_key": KEY})},
        "set",
    ),
    "keys of both APIs": (
        lambda one: stack(one).routing_key("arn:secret"),
        "secrets-manager.GetSecretValue",
        {"SecretString": json.dumps({"routing_key": KEY, "rest_key": "of-the-rest-api"})},
        "set with a REST key",
    ),
    "routing key that is empty": (
        lambda one: stack(one).routing_key("arn:secret"),
        "secrets-manager.GetSecretValue",
        {"SecretString": " "},
        "empty",
    ),
    "routing key that is none": (
        lambda one: stack(one).routing_key("arn:secret"),
        "secrets-manager.GetSecretValue",
        {"SecretString": "R0UTING"},
        "unlike a key",
    ),
}


@pytest.mark.parametrize(("ask", "call", "answer", "fact"), SINGLE.values(), ids=SINGLE)
def test_one_request_tells_it(
    ask: Callable[[Answering], object], call: str, answer: Answer, fact: object
) -> None:
    """Of the routing key no more than whether it is one."""
    one = Answering({call: answer})
    assert ask(one) == fact
    assert one.calls == [call]


ASKS = {name: (ask, call) for name, (ask, call, *_) in (PAGED | SINGLE).items()}


@pytest.mark.parametrize(("ask", "call"), ASKS.values(), ids=ASKS)
def test_a_refusal_is_a_fact(ask: Callable[[Answering], object], call: str) -> None:
    """A missing permission names its IAM action; nothing is raised."""
    found = ask(Answering({call: Refusal("AccessDenied")}))
    assert isinstance(found, ReadFailure)
    assert found.denied
    assert ":" in found.action
    throttled = ask(Answering({call: Refusal("ThrottlingException")}))
    assert isinstance(throttled, ReadFailure)
    assert not throttled.denied


@pytest.mark.parametrize(
    ("ask", "call", "code", "fact"),
    [
        (lambda one: around(one).key(), "kms.DescribeKey", "NotFoundException", "not here"),
        (
            lambda one: around(one).log_group(),
            "cloudwatch-logs.DescribeLogStreams",
            "ResourceNotFoundException",
            None,
        ),
        (
            lambda one: around(one).stack(),
            "cloudformation.DescribeStacks",
            "ValidationError",
            False,
        ),
        (
            lambda one: around(one).deployment_group(),
            "codedeploy.GetDeploymentGroup",
            "DeploymentGroupDoesNotExistException",
            False,
        ),
        (
            lambda one: fleet(one).targets(),
            "elastic-load-balancing-v2.DescribeTargetHealth",
            "TargetGroupNotFound",
            (),
        ),
        (
            lambda one: StackResourcesReader(one.session).targets("gone"),
            "eventbridge.ListTargetsByRule",
            "ResourceNotFoundException",
            (),
        ),
        (
            lambda one: StackResourcesReader(one.session).function("gone"),
            "lambda.GetFunctionConfiguration",
            "ResourceNotFoundException",
            "not here",
        ),
        (
            lambda one: StackResourcesReader(one.session).waiting_messages(QUEUE),
            "sqs.GetQueueAttributes",
            "AWS.SimpleQueueService.NonExistentQueue",
            "not here",
        ),
        (
            lambda one: StackResourcesReader(one.session).subscriptions("arn:gone"),
            "sns.ListSubscriptionsByTopic",
            "NotFound",
            "not here",
        ),
        (
            lambda one: stack(one).routing_key("s"),
            "secrets-manager.GetSecretValue",
            "ResourceNotFoundException",
            "empty",
        ),
        (
            lambda one: drift(one).queue_policy(QUEUE),
            "sqs.GetQueueAttributes",
            "QueueDoesNotExist",
            "not here",
        ),
        (
            lambda one: drift(one).topic_policy("arn:gone"),
            "sns.GetTopicAttributes",
            "NotFound",
            "not here",
        ),
        (
            lambda one: drift(one).concurrency("gone"),
            "lambda.GetFunctionConcurrency",
            "ResourceNotFoundException",
            "not here",
        ),
        (
            lambda one: drift(one).schedule("gone"),
            "scheduler.GetSchedule",
            "ResourceNotFoundException",
            "not here",
        ),
    ],
)
def test_what_is_not_there_is_told_apart_from_what_is_not_known(
    ask: Callable[[Answering], object], call: str, code: str, fact: object
) -> None:
    """Each service has a code of its own for it."""
    assert ask(Answering({call: Refusal(code)})) == fact


PATTERNED = {"Type": stack_parts.RULE, "Properties": {"EventPattern": {"source": ["aws.health"]}}}


def test_what_was_not_read_of_drift_is_not_known() -> None:
    """The template, one that is not ours, the rules; a rule that is gone is another matter."""
    rule = (Resource(stack_parts.RULE, "Rule", "health"),)
    no_template = Answering({"cloudformation.GetTemplate": Refusal("AccessDenied")})
    assert isinstance(
        drift(no_template).drift(templates(no_template).deployed_template(rule)), ReadFailure
    )
    answers: dict[str, Any] = {
        "cloudformation.GetTemplate": {
            "TemplateBody": json.dumps({"Resources": {"Rule": PATTERNED}})
        },
        "eventbridge.ListRules": {"Rules": []},
    }
    one = Answering(answers)
    assert isinstance(drift(one).drift(templates(one).deployed_template(())), ReadFailure)
    meant = ExpectedConfig(stack_parts.RULE, "health", "Rule", '{"source":"aws.health"}')
    assert drift(one).drift(templates(one).deployed_template(rule)) == {meant: "not here"}
    blind = Answering(answers | {"eventbridge.ListRules": Refusal("AccessDenied")})
    unread = ReadFailure("events:ListRules", "AccessDenied")
    assert drift(blind).drift(templates(blind).deployed_template(rule)) == {meant: unread}


def test_a_simulation_is_asked_as_the_calls_would_be() -> None:
    """For the role, of one resource, with what a call carries."""
    allowed = {"EvalActionName": "x:Y", "EvalDecision": "allowed"}
    one = Answering({"iam.SimulatePrincipalPolicy": {"EvaluationResults": [allowed]}})
    roles(one).simulate("arn:aws:iam::111122223333:role/it", BATCH)
    role = "arn:aws:iam::111122223333:role/it"
    assert one.parameters("iam.SimulatePrincipalPolicy") == {
        "PolicySourceArn": role,
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": [BUCKET],
        "ContextEntries": [
            {
                "ContextKeyName": "aws:SecureTransport",
                "ContextKeyType": "boolean",
                "ContextKeyValues": ["true"],
            },
            {
                "ContextKeyName": "aws:PrincipalArn",
                "ContextKeyType": "string",
                "ContextKeyValues": [role],
            },
        ],
    }


def test_what_the_profile_does_not_name_is_not_asked_for() -> None:
    """Nor are agents where the group has no host."""
    one = Answering({})
    bare = copy.replace(PROFILE.fleet, target_group="", parent_log_group="")
    reader = around(one, bare)
    blind = NatsProbeReader(one.session, copy.replace(PROFILE, probe=Probe()))
    assert [blind.subnets(), blind.security_groups()] == [None] * 2
    assert blind.status(AlarmsReader(one.session), NOW) is None
    assert [reader.key(), reader.log_group(), reader.stack(), reader.parameters(())] == [None] * 4
    assert [reader.launch_template(), reader.deployment_group()] == [None] * 2
    assert FleetReader(one.session, bare, HOME).targets() is None
    assert fleet(one).agents(()) == ()
    assert one.calls == []


@pytest.mark.parametrize(
    ("end", "code", "sends"),
    [
        (
            Http(400, '{"__type": "ThrottlingException", "message": "slow"}'),
            "ThrottlingException",
            5,
        ),
        (
            Http(400, '{"__type": "AccessDeniedException", "message": "no"}'),
            "AccessDeniedException",
            1,
        ),
    ],
)
def test_a_throttle_is_asked_again(
    end: Http, code: str, sends: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to five times, since a person waits; a denial is not."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    ends = Ends(end)
    reader = FleetResourcesReader(ends.session, NAMED)
    assert reader.key() == ReadFailure("kms:DescribeKey", code)
    assert ends.sends == sends


def shown(name: str, **more: Any) -> Answer:  # noqa: ANN401 - the service's shape
    does = {"ActionsEnabled": True, "AlarmActions": []}
    dates = {"StateUpdatedTimestamp": NOW, "AlarmConfigurationUpdatedTimestamp": NOW}
    return {"AlarmName": name, "StateValue": "OK", **dates, **does, **more}


def test_alarms_of_every_kind() -> None:
    """Plain, of an expression, composite, on logs; an action that is switched off is none."""
    plain = shown(
        "plain",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": "g"}],
        AlarmActions=["arn:topic"],
        TreatMissingData="breaching",
        StateTransitionedTimestamp=NOW - timedelta(days=3),
    )
    stat = {"Metric": {"Namespace": "AWS/EC2", "MetricName": "x"}, "Period": 60, "Stat": "Sum"}
    expression = shown(
        "expression",
        Metrics=[{"Id": "a", "MetricStat": stat}, {"Id": "b", "Expression": "a * 2"}],
        AlarmActions=["arn:topic"],
        ActionsEnabled=False,
    )
    pages: list[Answer] = [
        {"MetricAlarms": [plain], "CompositeAlarms": [], "NextToken": "x"},
        {
            "MetricAlarms": [expression],
            "CompositeAlarms": [shown("composite")],
            "LogAlarms": [shown("logs")],
        },
    ]
    one = Answering({"cloudwatch.DescribeAlarms": pages})
    assert AlarmsReader(one.session).all() == (
        Alarm(
            name="plain",
            state="OK",
            since=NOW - timedelta(days=3),
            actions=("arn:topic",),
            metrics=(CPU,),
            missing="breaching",
        ),
        Alarm(
            name="expression",
            state="OK",
            since=NOW,
            metrics=(Metric("AWS/EC2", "x"),),
            disabled_at=NOW,
        ),
        Alarm(name="composite", state="OK", since=NOW),
        Alarm(name="logs", state="OK", since=NOW),
    )
    assert "LogAlarm" in one.parameters("cloudwatch.DescribeAlarms")["AlarmTypes"]
    assert one.calls == ["cloudwatch.DescribeAlarms"] * 2


@pytest.mark.parametrize(
    ("updates", "was_ok"),
    [
        ([], False),
        (["ALARM"], False),
        (["ALARM", "OK"], True),
        ([None], ReadFailure("cloudwatch:DescribeAlarmHistory", "its answer has no 'HistoryData'")),
    ],
)
def test_an_alarms_history(updates: list[str | None], was_ok: object) -> None:
    """Whether a state of the last thirty days was OK."""
    items = [
        {} if each is None else {"HistoryData": json.dumps({"newState": {"stateValue": each}})}
        for each in updates
    ]
    one = Answering({"cloudwatch.DescribeAlarmHistory": {"AlarmHistoryItems": items}})
    alarm = Alarm(name="one", state="ALARM", since=NOW)
    assert AlarmsReader(one.session).with_history(alarm, NOW).was_ok == was_ok
    assert one.parameters("cloudwatch.DescribeAlarmHistory")["AlarmName"] == "one"


def results(*values: tuple[str, list[int], list[float]]) -> Answer:
    """A GetMetricData answer: ids, ages in hours, values."""
    return {
        "MetricDataResults": [
            {"Id": id_, "Timestamps": [NOW - timedelta(hours=n) for n in ages], "Values": found}
            for id_, ages, found in values
        ]
    }


def test_when_metrics_last_had_a_value() -> None:
    """The latest of all pages; None of one that had none; 500 in one request."""
    many = [Metric("n", str(number)) for number in range(501)]
    pages = [
        results(("m0", [9, 3], [1, 1]), ("m1", [], [])) | {"NextToken": "x"},
        results(("m0", [1], [1])),
        results(("m0", [2], [1])),
    ]
    pages[1]["MetricDataResults"] += results(*((f"m{n}", [], []) for n in range(500)))[
        "MetricDataResults"
    ]
    one = Answering({"cloudwatch.GetMetricData": pages})
    found = AlarmsReader(one.session).last_values((*many, many[0]), NOW)
    assert isinstance(found, dict)
    assert (found[many[0]], found[many[1]]) == (NOW - timedelta(hours=1), None)
    assert found[many[500]] == NOW - timedelta(hours=2)
    assert len(one.calls) == 3


@pytest.mark.parametrize(
    ("values", "probed"),
    [
        ((("m0", [2, 1], [0, 1]), ("m1", [9, 1], [21, 20])), (NOW - timedelta(hours=1), 20)),
        ((("m0", [1], [0]), ("m1", [], [])), (NOW - timedelta(hours=1), None)),
        ((("m0", [], []), ("m1", [], [])), (None, None)),
    ],
)
def test_what_the_probe_measured(
    values: tuple[tuple[str, list[int], list[float]], ...], probed: tuple[datetime, int | None]
) -> None:
    """When it last did, whatever it read, and the end of its credentials by the last value."""
    one = Answering({"cloudwatch.GetMetricData": results(*values)})
    at, days = probed
    ends_at = at + timedelta(days=days) if days else None
    reader = NatsProbeReader(one.session, PROFILE)
    assert reader.status(AlarmsReader(one.session), NOW) == ProbeStatus(at, ends_at)
    asked = one.parameters("cloudwatch.GetMetricData")["MetricDataQueries"]
    by = [{"Name": "service", "Value": PROFILE.fleet.name}]
    assert [each["MetricStat"]["Metric"] for each in asked] == [
        {"Namespace": "firstline", "MetricName": name, "Dimensions": by}
        for name in ("NatsConnected", "CredentialsDaysLeft")
    ]


def test_alarms_that_cannot_be_read() -> None:
    """Neither they, nor a history, nor metrics: each says which action it lacks."""
    denied = Refusal("AccessDenied")
    reader = AlarmsReader(
        Answering(
            {
                "cloudwatch.DescribeAlarms": denied,
                "cloudwatch.DescribeAlarmHistory": denied,
                "cloudwatch.GetMetricData": denied,
            }
        ).session
    )
    alarm = reader.with_history(Alarm(name="one", state="ALARM", since=NOW), NOW)
    probing = NatsProbeReader(Answering({"cloudwatch.GetMetricData": denied}).session, PROFILE)
    found = (
        reader.all(),
        alarm.was_ok,
        reader.last_values([CPU], NOW),
        reader.daily_sums((CPU,), NOW),
        probing.status(reader, NOW),
    )
    assert [each.action for each in found if isinstance(each, ReadFailure)] == [
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DescribeAlarmHistory",
        *["cloudwatch:GetMetricData"] * 3,
    ]


def test_without_metrics_nothing_is_asked() -> None:
    """As of an account without alarms."""
    one = Answering({})
    assert AlarmsReader(one.session).last_values([], NOW) == {}
    assert one.calls == []
