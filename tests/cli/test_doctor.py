"""``firstline doctor``: an account read in full, and one in which nothing is there yet."""

import copy
import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from firstline.adapters.checkup.gather import gather
from firstline.checkup import parts
from firstline.checkup.finding import Finding
from firstline.cli.doctor import examine, tell
from firstline.cli.main import dispatch
from firstline.doctor import READS
from tests.adapters.account import Answer, Answering, Refusal
from tests.core.accounts import (
    DEPLOYED,
    EMERGENCY,
    MADE,
    NETWORK,
    OWN,
    PLACED,
    SECURITY,
    STACK,
    TEAM,
)
from tests.core.builders import FLEET, NOW, PROFILE, PROFILE_FILE, A, B, C

KEY = "0123456789abcdef0123456789ABCDEF"
PLACE = "us-east-1:111122223333"
REPORT = {
    "schema": 1,
    "enclave_unit": "not-found",
    "enclave_state": "RUNNING",
    "parent_unit": "active",
}


class Clock:
    """It stands still but for whom it lets sleep."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def sleep(self, duration: timedelta) -> None:
        self.at += duration


def resource(kind: str, logical_id: str, name: str) -> Answer:
    return {
        "ResourceType": f"AWS::{kind}",
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": name,
    }


def shown(name: str, **more: object) -> Answer:
    since = NOW - timedelta(days=7)
    return {
        "AlarmName": name,
        "StateValue": "OK",
        "StateUpdatedTimestamp": since,
        "AlarmActions": ["arn:topic"],
        **more,
    }


TARGETS: dict[str, Any] = {**DEPLOYED.targets}
IAM = {
    "auto-scaling": "autoscaling",
    "cloudwatch-logs": "logs",
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "eventbridge": "events",
    "secrets-manager": "secretsmanager",
}
RESOURCES = [
    resource("SSM::Document", "LookHostDocument", "look-document"),
    *(resource(each.kind.removeprefix("AWS::"), each.logical_id, each.name) for each in PLACED),
    *(
        resource(
            "CloudWatch::Alarm", "Detection" + each.name.replace("-", ""), f"{STACK}-{each.name}"
        )
        for each in MADE
    ),
]
OUTPUTS = {
    "Mode": "observe",
    "ProfileDigest": PROFILE.digest,
    "RoutingKeySecret": "arn:secret",
    "EmergencyTopic": EMERGENCY,
    "SecurityTopic": SECURITY,
    "TeamTopic": TEAM,
}


def account() -> dict[str, Any]:
    """An account in which all is well; the fleet has one host more than the profile calls safe."""
    fleet = PROFILE.fleet
    elb = f"arn:aws:elasticloadbalancing:{PLACE}"
    balancer = f"{elb}:loadbalancer/{fleet.load_balancer}"
    outputs = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
    group = {
        "AutoScalingGroupName": fleet.group,
        "DesiredCapacity": 3,
        "Instances": [{"InstanceId": each, "LifecycleState": "InService"} for each in FLEET],
    }
    agents = [
        {"InstanceId": each, "PingStatus": "Online", "AgentVersion": "3.3.2746.0"} for each in FLEET
    ]
    return {
        "sts.GetCallerIdentity": {"Account": "111122223333", "Arn": "arn:me"},
        "cloudformation.DescribeStacks": {
            "Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]
        },
        "cloudformation.ListStackResources": {"StackResourceSummaries": RESOURCES},
        "cloudwatch.GetMetricData": values,
        "secrets-manager.GetSecretValue": {"SecretString": KEY},
        "sns.ListSubscriptionsByTopic": {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:y"}]},
        "sqs.GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}},
        "eventbridge.ListRules": {
            "Rules": [{"Name": each, "State": "ENABLED"} for each in DEPLOYED.targets]
        },
        "eventbridge.ListTargetsByRule": lambda asked: {
            "Targets": [{"Id": "Target0", "Arn": each} for each in TARGETS[asked["Rule"]]]
        },
        "lambda.ListEventSourceMappings": {
            "EventSourceMappings": [
                {
                    "UUID": f"the-{each}",
                    "State": "Enabled",
                    "FunctionArn": f"arn:aws:lambda:{PLACE}:function:the-{function}",
                }
                for each, function in parts.SOURCES.items()
            ]
        },
        "lambda.GetFunctionConfiguration": {"State": "Active"},
        "ec2.DescribeSubnets": {
            "Subnets": [{"SubnetId": each, "VpcId": NETWORK.vpc} for each in NETWORK.subnets]
        },
        "ec2.DescribeSecurityGroups": {
            "SecurityGroups": [
                {"GroupId": each, "VpcId": NETWORK.vpc} for each in NETWORK.security_groups
            ]
        },
        "auto-scaling.DescribeAutoScalingGroups": {"AutoScalingGroups": [group]},
        "ec2.DescribeInstances": {
            "Reservations": [{"Instances": [{"InstanceId": each} for each in FLEET]}]
        },
        "ssm.DescribeInstanceInformation": {"InstanceInformationList": agents},
        "ssm.DescribeParameters": lambda asked: {
            "Parameters": [{"Name": each} for each in asked["ParameterFilters"][0]["Values"]]
        },
        "elastic-load-balancing-v2.DescribeTargetGroups": {
            "TargetGroups": [
                {"TargetGroupArn": f"{elb}:{fleet.target_group}", "LoadBalancerArns": [balancer]}
            ]
        },
        "elastic-load-balancing-v2.DescribeTargetHealth": {
            "TargetHealthDescriptions": [{"Target": {"Id": each}} for each in FLEET]
        },
        "elastic-load-balancing-v2.DescribeLoadBalancers": {
            "LoadBalancers": [{"LoadBalancerArn": balancer}]
        },
        "apigatewayv2.GetApis": {"Items": []},
        "api-gateway.GetRestApis": {"items": [{"id": "r", "name": fleet.rest_api}]},
        "cloudwatch-logs.DescribeLogStreams": {
            "logStreams": [{"lastIngestionTime": int(NOW.timestamp() * 1000)}]
        },
        "cloudwatch.DescribeAlarms": {
            "MetricAlarms": [
                *(shown(f"{STACK}-{each.name}") for each in MADE),
                *(shown(each.name) for each in PROFILE.alarms.external),
                *(shown(f"{STACK}-{each}", AlarmActions=[EMERGENCY]) for each in OWN),
            ]
        },
    }


def values(asked: Answer) -> Answer:
    """A heartbeat a minute ago, no error, and a value for every metric that an alarm watches."""
    return {
        "MetricDataResults": [
            {
                "Id": each["Id"],
                "Timestamps": [NOW - timedelta(minutes=1)],
                "Values": [float(each["MetricStat"]["Metric"]["MetricName"] != "Errors")],
            }
            for each in asked["MetricDataQueries"]
        ]
    }


def examined(answers: dict[str, Any], *, look: bool = False) -> tuple[Answering, list[Finding]]:
    one = Answering(answers)
    found = examine(one.session, PROFILE_FILE, Clock(), look=look)
    return one, [each for each in found if each.check not in ("alarm-left-out", "alarm-memory")]


def test_a_whole_account() -> None:
    """Each fact is asked for once: of many are those of each part, and three are of metrics."""
    one, found = examined(account())
    assert [(each.check, each.severity) for each in found] == [
        ("group-state", "warning"),
        ("mode", "note"),
        ("units", "note"),
    ]
    counts = Counter(one.calls)
    assert {each: count for each, count in counts.items() if count > 1} == {
        "cloudwatch.GetMetricData": 3,
        "eventbridge.ListTargetsByRule": len(parts.RULES),
        "lambda.GetFunctionConfiguration": len(parts.PARTS[parts.FUNCTION]),
        "sns.ListSubscriptionsByTopic": 3,
        "sqs.GetQueueAttributes": len(parts.PARTS[parts.QUEUE]),
    }
    assert len(counts) == 24


def test_the_routing_key_is_told_to_nobody() -> None:
    """Not even where it is none."""
    answers = account() | {"secrets-manager.GetSecretValue": {"SecretString": "hunter2"}}
    _, found = examined(answers)
    (key,) = [each for each in found if each.check == "routing-key"]
    assert key.severity == "critical"
    assert "hunter2" not in str(found)


def test_an_account_that_lets_nobody_read() -> None:
    """Every missing permission is a finding that names it, and none stops the rest."""
    allowed = account()
    refused = {name: Refusal("AccessDeniedException") for name in allowed}
    one, found = examined(refused | {"sts.GetCallerIdentity": allowed["sts.GetCallerIdentity"]})
    named = {each.subject for each in found if each.check == "permission"}
    assert named < set(READS)
    assert "cloudwatch:DescribeAlarms" in named
    assert len(one.calls) == 16
    assert {each.check for each in found} == {"permission", "units"}


def test_what_is_read_is_what_it_says_it_reads() -> None:
    """The permissions that the document names are those of a profile that names everything."""
    fleet = copy.replace(
        PROFILE.fleet,
        kms_key="alias/vettid",
        stack="VettID-Nitro",
        launch_template="enclave",
        deployment_group="vaults/blue",
    )
    answers = account() | {
        "kms.DescribeKey": {"KeyMetadata": {"KeyId": "k", "KeyState": "Enabled"}},
        "ec2.DescribeLaunchTemplates": {"LaunchTemplates": []},
        "codedeploy.GetDeploymentGroup": {"deploymentGroupInfo": {"deploymentGroupName": "blue"}},
        "cloudwatch.DescribeAlarmHistory": {"AlarmHistoryItems": []},
    }
    answers["cloudwatch.DescribeAlarms"]["MetricAlarms"].append(shown("it", StateValue="ALARM"))
    one = Answering(answers)
    gather(one.session, copy.replace(PROFILE, fleet=fleet), Clock())
    assert {action(each) for each in one.calls} == set(READS)


def action(call: str) -> str:
    """The IAM action of a call: most services go by another name in botocore's events."""
    service, _, operation = call.partition(".")
    if service in ("apigatewayv2", "api-gateway"):
        return "apigateway:GET"
    return f"{IAM.get(service, service)}:{operation}"


def test_a_look_asks_the_hosts() -> None:
    """With our own document, and waits for their answers; one that is silent is told of."""
    parts = [
        {
            "InstanceId": each,
            "DocumentName": "look-document",
            "Status": "Success",
            "CommandPlugins": [{"Output": json.dumps(REPORT)}],
        }
        for each in (A, B)
    ]
    answers = account() | {
        "ssm.SendCommand": {"Command": {"CommandId": "0a1b2c3d-0000-0000-0000-000000000000"}},
        "ssm.ListCommandInvocations": {"CommandInvocations": parts},
    }
    one, found = examined(answers, look=True)
    sent = one.parameters("ssm.SendCommand")
    assert (sent["DocumentName"], sent["InstanceIds"]) == ("look-document", list(FLEET))
    units = {each.subject: each.what for each in found if each.check == "units"}
    assert units[A] == units[B] == "has no unit nitro-enclave"
    assert units[C] == "gave no report: it did not answer within 90 seconds"
    assert one.calls.count("ssm.ListCommandInvocations") == 30


@pytest.mark.parametrize(
    ("answers", "subject", "what"),
    [
        ({"ssm.SendCommand": Refusal("AccessDeniedException")}, "ssm:SendCommand", "not allowed"),
        (
            {
                "ssm.SendCommand": {
                    "Command": {"CommandId": "0a1b2c3d-0000-0000-0000-000000000000"}
                },
                "ssm.ListCommandInvocations": Refusal("AccessDeniedException"),
            },
            "ssm:ListCommandInvocations",
            "not allowed",
        ),
        (
            {"cloudformation.ListStackResources": {"StackResourceSummaries": []}},
            "ssm:SendCommand",
            "no look document is deployed",
        ),
    ],
)
def test_a_look_that_cannot_be(answers: dict[str, Any], subject: str, what: str) -> None:
    """It is a finding like any other."""
    _, found = examined(account() | answers, look=True)
    (one,) = [each for each in found if each.subject == subject]
    assert what in one.what


def test_a_group_without_hosts_is_not_looked_at() -> None:
    """Nothing is sent."""
    one, _ = examined(
        account() | {"auto-scaling.DescribeAutoScalingGroups": {"AutoScalingGroups": []}}, look=True
    )
    assert "ssm.SendCommand" not in one.calls


def test_an_alarm_that_never_was_ok() -> None:
    """Its history is asked, and that of no other."""
    answers = account()
    stuck = shown("theirs", StateValue="ALARM")
    answers["cloudwatch.DescribeAlarms"]["MetricAlarms"].append(stuck)
    answers["cloudwatch.DescribeAlarmHistory"] = {"AlarmHistoryItems": []}
    one, found = examined(answers)
    assert [each.subject for each in found if each.check == "alarm-stuck"] == ["theirs"]
    assert one.calls.count("cloudwatch.DescribeAlarmHistory") == 1


DEAF: dict[str, tuple[dict[str, Any], str]] = {
    "no rules": ({"eventbridge.ListRules": {"Rules": []}}, "transport"),
    "no targets": ({"eventbridge.ListTargetsByRule": {"Targets": []}}, "transport"),
    "no rule that has targets": (
        {"eventbridge.ListTargetsByRule": Refusal("ResourceNotFoundException")},
        "transport",
    ),
    "no sources": ({"lambda.ListEventSourceMappings": {"EventSourceMappings": []}}, "transport"),
    "no functions": (
        {"lambda.GetFunctionConfiguration": Refusal("ResourceNotFoundException")},
        "function",
    ),
    "functions that failed": ({"lambda.GetFunctionConfiguration": {"State": "Failed"}}, "function"),
    "no queues": (
        {"sqs.GetQueueAttributes": Refusal("AWS.SimpleQueueService.NonExistentQueue")},
        "queue",
    ),
    "no topics": ({"sns.ListSubscriptionsByTopic": Refusal("NotFound")}, "topic"),
    "no outputs": (
        {"cloudformation.DescribeStacks": {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}},
        "topic",
    ),
    "no resources": (
        {"cloudformation.ListStackResources": {"StackResourceSummaries": []}},
        "transport",
    ),
    "no secret of the probe": ({"ssm.DescribeParameters": {"Parameters": []}}, "probe-credentials"),
    "no subnets": ({"ec2.DescribeSubnets": {"Subnets": []}}, "probe-network"),
    "no security groups": (
        {"ec2.DescribeSecurityGroups": {"SecurityGroups": []}},
        "probe-network",
    ),
}


@pytest.mark.parametrize(("answers", "check"), DEAF.values(), ids=DEAF)
def test_a_deaf_account_is_status_1(answers: dict[str, Any], check: str) -> None:
    """What was deleted is told, whatever an empty answer looks like."""
    _, found = examined(account() | answers)
    assert (check, "critical") in {(each.check, each.severity) for each in found}
    assert tell(tuple(found), as_json=True) == 1


TOPIC = "arn:aws:sns:us-east-1:111122223333:VettID-Monitoring-AlarmTopic"


@pytest.mark.parametrize(
    ("readers", "findings"),
    [
        ({"Subscriptions": [{"SubscriptionArn": f"{TOPIC}:1"}]}, []),
        (
            {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation"}]},
            [("alarm-heard", "theirs")],
        ),
        ({"Subscriptions": []}, [("alarm-heard", "theirs")]),
        (Refusal("NotFound"), [("alarm-heard", "theirs")]),
        (
            Refusal("AuthorizationError"),
            [("permission", f"sns:ListSubscriptionsByTopic of {TOPIC}")],
        ),
    ],
)
def test_the_readers_of_anothers_topic(
    readers: Answer | Refusal, findings: list[tuple[str, str]]
) -> None:
    """An alarm that speaks to nobody is not heard; none of it keeps a P1 from being heard."""
    answers = account()
    alarms = answers["cloudwatch.DescribeAlarms"]["MetricAlarms"]
    alarms.append(shown("theirs", AlarmActions=[TOPIC]))
    own = answers["sns.ListSubscriptionsByTopic"]
    one = Answering(
        answers
        | {
            "sns.ListSubscriptionsByTopic": lambda asked: (
                readers if asked["TopicArn"] == TOPIC else own
            )
        }
    )
    found = examine(one.session, PROFILE_FILE, Clock(), look=False)
    told = [
        (each.check, each.subject) for each in found if each.check in {"alarm-heard", "permission"}
    ]
    assert told == findings
    assert tell(found, as_json=True) == 0
    assert [it["TopicArn"] for name, it in one.asked if name.startswith("sns.")].count(TOPIC) == 1


def empty() -> dict[str, Any]:
    """An account before anything was made in it."""
    return {
        "sts.GetCallerIdentity": {"Account": "111122223333", "Arn": "arn:me"},
        "cloudformation.DescribeStacks": Refusal("ValidationError"),
        "cloudwatch.GetMetricData": {"MetricDataResults": []},
        "auto-scaling.DescribeAutoScalingGroups": {"AutoScalingGroups": []},
        "ec2.DescribeInstances": {"Reservations": []},
        "ec2.DescribeSubnets": {"Subnets": []},
        "ec2.DescribeSecurityGroups": {"SecurityGroups": []},
        "elastic-load-balancing-v2.DescribeTargetGroups": {"TargetGroups": []},
        "elastic-load-balancing-v2.DescribeTargetHealth": Refusal("TargetGroupNotFound"),
        "elastic-load-balancing-v2.DescribeLoadBalancers": {"LoadBalancers": []},
        "apigatewayv2.GetApis": {"Items": []},
        "api-gateway.GetRestApis": {"items": []},
        "cloudwatch-logs.DescribeLogStreams": Refusal("ResourceNotFoundException"),
        "ssm.DescribeParameters": {"Parameters": []},
        "cloudwatch.DescribeAlarms": {"MetricAlarms": []},
    }


def test_an_empty_account_before_the_first_deployment(capsys: pytest.CaptureFixture[str]) -> None:
    """One document a finding, and status 1 for the load balancer that is not there."""
    one = Answering(empty())
    assert tell(examine(one.session, PROFILE_FILE, Clock(), look=True), as_json=True) == 1
    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    found = {(each["check"], each["severity"]) for each in lines}
    assert {("stack", "note"), ("group", "warning"), ("load-balancer", "critical")} <= found
    assert "answer" not in {each["check"] for each in lines if each["subject"] != "ssm:SendCommand"}
    assert set(lines[0]) == {"check", "severity", "subject", "what", "consequence", "remedy"}


def test_the_text_says_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding with what follows and how to mend it; the sum comes last."""
    assert tell(
        examine(Answering(empty()).session, PROFILE_FILE, Clock(), look=False), as_json=False
    )
    out = capsys.readouterr().out
    balancer = PROFILE.fleet.load_balancer
    assert f"critical  load-balancer: {balancer} is no load balancer here" in out
    assert "          so its alarms watch nothing\n          mend: set fleet.load_balancer" in out
    assert out.rstrip().endswith(": a P1 may go unheard")


def test_a_healthy_account_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings and notes are told, and keep no P1 from being heard."""
    found = examine(Answering(account()).session, PROFILE_FILE, Clock(), look=False)
    assert tell(found, as_json=False) == 0
    assert capsys.readouterr().out.rstrip().endswith(": nothing keeps a P1 from being heard")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--profile", "no.toml", "--region", "us-east-1"], "no.toml: cannot be read"),
        (["--region", "us-east-1"], "AWS does not say who you are"),
        ([], "no Region is set"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str],
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 2."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert dispatch(["doctor", *arguments]) == 2
    assert line in capsys.readouterr().err
