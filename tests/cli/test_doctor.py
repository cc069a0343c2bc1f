"""``firstline doctor`` on a complete account, and on an empty one."""

import copy
import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from firstline.cli.doctor import examine, print_findings
from firstline.cli.event_files import RUNBOOK
from firstline.cli.main import dispatch
from firstline.doctor import stack_parts
from firstline.doctor.iam_actions import READ_ACTIONS
from firstline.doctor.readers.account import read_account
from tests.adapters.account import Answer, Answering, Refusal
from tests.builders import FLEET, PROFILE, PROFILE_FILE, A, B, C
from tests.cli.doctor_account import (
    REPORT,
    ROLE,
    SCHEDULE,
    Clock,
    account,
    examined,
    remembering,
    shown,
    simulated,
)
from tests.doctor.accounts import DEPLOYED, STACK

IAM = {
    "auto-scaling": "autoscaling",
    "cloudwatch-logs": "logs",
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "eventbridge": "events",
    "secrets-manager": "secretsmanager",
}


def test_a_whole_account() -> None:
    """Each fact is requested once: lists by the page, and metrics in three requests."""
    one, found = examined(account())
    assert [(each.check, each.severity) for each in found] == [
        ("group-state", "warning"),
        ("mode", "note"),
        ("looked-at", "note"),
    ]
    counts = Counter(one.calls)
    assert {each: count for each, count in counts.items() if count > 1} == {
        "cloudformation.DescribeStacks": 2,
        "dynamodb.Query": 2,
        "cloudwatch.GetMetricData": 3,
        "eventbridge.ListRules": 2,
        "eventbridge.ListTargetsByRule": len(stack_parts.RULES),
        "iam.SimulatePrincipalPolicy": 2,
        "lambda.GetFunctionConfiguration": len(stack_parts.PARTS[stack_parts.FUNCTION]) + 1,
        "sns.ListSubscriptionsByTopic": 3,
        "sqs.GetQueueAttributes": len(stack_parts.PARTS[stack_parts.QUEUE]) + 1,
    }
    assert len(counts) == 31


def test_the_routing_key_is_never_printed() -> None:
    """Not even where it is none."""
    answers = account() | {"secrets-manager.GetSecretValue": {"SecretString": "hunter2"}}
    _, found = examined(answers)
    (key,) = [each for each in found if each.check == "routing-key"]
    assert key.severity == "critical"
    assert "hunter2" not in str(found)


def test_an_account_without_read_permissions() -> None:
    """Every missing permission is a finding that names it, and none stops the rest."""
    allowed = account()
    refused = {name: Refusal("AccessDeniedException") for name in allowed}
    one, found = examined(refused | {"sts.GetCallerIdentity": allowed["sts.GetCallerIdentity"]})
    named = {each.subject for each in found if each.check == "permission"}
    assert named < set(READ_ACTIONS)
    assert "cloudwatch:DescribeAlarms" in named
    assert len(one.calls) == 17
    assert {each.check for each in found} == {"permission", "looked-at"}


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
        "s3.ListObjectsV2": {
            "KeyCount": 1,
            "Contents": [{"Key": "checkpoints/999999998-000000001.json"}],
        },
        "s3.GetObject": Refusal("NoSuchKey"),
    }
    answers["cloudwatch.DescribeAlarms"]["MetricAlarms"].append(shown("it", StateValue="ALARM"))
    one = Answering(answers)
    read_account(one.session, copy.replace(PROFILE, fleet=fleet), Clock())
    assert {action(each) for each in one.calls} == set(READ_ACTIONS)


def action(call: str) -> str:
    """The IAM action of a call: most services go by another name in botocore's events."""
    service, _, operation = call.partition(".")
    if service in ("apigatewayv2", "api-gateway"):
        return "apigateway:GET"
    if operation == "ListObjectsV2":
        return "s3:ListBucket"
    return f"{IAM.get(service, service)}:{operation}"


def test_a_role_that_lost_what_a_p1_needs_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    """A lost permission is a finding with its remedy; a lesser loss is a warning."""
    lost = simulated("secretsmanager:GetSecretValue", "dynamodb:PutItem")
    one = Answering(account() | {"iam.SimulatePrincipalPolicy": lost})
    assert (
        print_findings(examine(one.session, PROFILE_FILE, Clock(), look=False), as_json=False) == 1
    )
    out = capsys.readouterr().out
    assert (
        "critical  role-lacks: ingest secretsmanager:GetSecretValue is not allowed by any "
        "statement of its"
        " role, on arn:aws:secretsmanager:x\n          so no page is sent\n"
        f"          fix: aws cloudformation detect-stack-drift --stack-name {STACK}"
        f" --region us-east-1; then put back secretsmanager:GetSecretValue in {ROLE}\n"
    ) in out
    assert (
        "warning   role-lacks: ingest dynamodb:PutItem is not allowed by any statement of its role"
    ) in out


def test_a_missing_permission_to_simulate_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    """It is then unknown whether a P1 would be noticed, which is a finding."""
    answers = account() | {"iam.SimulatePrincipalPolicy": Refusal("AccessDenied")}
    one = Answering(answers)
    assert (
        print_findings(examine(one.session, PROFILE_FILE, Clock(), look=False), as_json=False) == 1
    )
    finding = "critical  permission: iam:SimulatePrincipalPolicy is denied to you (AccessDenied)"
    assert finding in capsys.readouterr().out


def test_an_earlier_look_counts_without_a_new_one() -> None:
    """With its age; unknown hosts are named, and the command."""
    answers = account() | {"dynamodb.Query": remembering(A, B, age=timedelta(hours=5))}
    one, found = examined(answers)
    units = {each.subject: each.what for each in found if each.check == "units"}
    assert units == dict.fromkeys((A, B), "has no unit nitro-enclave, as reported 5 hours ago")
    unseen, seen = (each for each in found if each.check == "looked-at")
    assert unseen.what == f"not inspected within 14 days: {C}"
    assert unseen.remedy.startswith("firstline doctor --look --fleet ")
    assert seen.what == f"reported in an earlier inspection: {A} 5 hours ago, {B} 5 hours ago"
    assert "ssm.SendCommand" not in one.calls


def test_a_look_asks_the_hosts() -> None:
    """With our own document, and waits for their answers; a silent one is a finding."""
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
        (
            {"ssm.SendCommand": Refusal("AccessDeniedException")},
            "ssm:SendCommand",
            "is denied to you",
        ),
        (
            {
                "ssm.SendCommand": {
                    "Command": {"CommandId": "0a1b2c3d-0000-0000-0000-000000000000"}
                },
                "ssm.ListCommandInvocations": Refusal("AccessDeniedException"),
            },
            "ssm:ListCommandInvocations",
            "is denied to you",
        ),
        (
            {"cloudformation.ListStackResources": {"StackResourceSummaries": []}},
            "ssm:SendCommand",
            "no document look_host is deployed",
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
    """Its history is read, and that of no other."""
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
    "rules that hear something else": (
        {
            "eventbridge.ListRules": {
                "Rules": [
                    {"Name": each, "State": "ENABLED", "EventPattern": '{"source":["mine"]}'}
                    for each in DEPLOYED.targets
                ]
            }
        },
        "drift",
    ),
    "a queue that lets nobody in": (
        {"sqs.GetQueueAttributes": {"Attributes": {"ApproximateNumberOfMessages": "0"}}},
        "drift",
    ),
    "a topic that lets nobody in": ({"sns.GetTopicAttributes": {"Attributes": {}}}, "drift"),
    "no sweep is rung": (
        {"scheduler.GetSchedule": Refusal("ResourceNotFoundException")},
        "drift",
    ),
    "the sweep is disabled": (
        {"scheduler.GetSchedule": {**SCHEDULE, "State": "DISABLED"}},
        "drift",
    ),
    "functions that nobody can invoke": (
        {"lambda.GetFunctionConcurrency": {"ReservedConcurrentExecutions": 0}},
        "drift",
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
    """A deleted resource is a finding, whatever an empty answer looks like."""
    _, found = examined(account() | answers)
    assert (check, "critical") in {(each.check, each.severity) for each in found}
    assert print_findings(tuple(found), as_json=True) == 1


@pytest.mark.parametrize("pattern", ["{", '{"a": ["\\ud800"]}', "[]"])
def test_a_strangers_rule_is_no_matter_of_ours(pattern: str) -> None:
    """A foreign rule is ignored; one of ours is a finding."""
    answers = account()
    stranger = {"Name": "stranger", "State": "ENABLED", "EventPattern": pattern}
    answers["eventbridge.ListRules"]["Rules"].append(stranger)
    assert "drift" not in {each.check for each in examined(answers)[1]}
    for each in answers["eventbridge.ListRules"]["Rules"]:
        each["EventPattern"] = pattern
    assert ("drift", "critical") in {(each.check, each.severity) for each in examined(answers)[1]}


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
    """An alarm without a recipient is a warning; none of it hides a P1."""
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
    checks = [
        (each.check, each.subject) for each in found if each.check in {"alarm-heard", "permission"}
    ]
    assert checks == findings
    assert print_findings(found, as_json=True) == 0
    assert [it["TopicArn"] for name, it in one.asked if name.startswith("sns.")].count(TOPIC) == 1


def empty() -> dict[str, Any]:
    """An account before anything was made in it."""
    return {
        "sts.GetCallerIdentity": {"Account": "111122223333", "Arn": "arn:me"},
        "cloudformation.DescribeStacks": Refusal("ValidationError"),
        "cloudwatch.GetMetricData": lambda asked: {
            "MetricDataResults": [
                {"Id": each["Id"], "Timestamps": [], "Values": []}
                for each in asked["MetricDataQueries"]
            ]
        },
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
        "cloudwatch.DescribeAlarms": {"MetricAlarms": [], "CompositeAlarms": []},
    }


def test_an_empty_account_before_the_first_deployment(capsys: pytest.CaptureFixture[str]) -> None:
    """One document a finding, and status 1 for the load balancer that is not there."""
    one = Answering(empty())
    assert print_findings(examine(one.session, PROFILE_FILE, Clock(), look=True), as_json=True) == 1
    lines = [json.loads(each) for each in capsys.readouterr().out.splitlines()]
    found = {(each["check"], each["severity"]) for each in lines}
    assert {("stack", "note"), ("group", "warning"), ("load-balancer", "critical")} <= found
    assert "answer" not in {each["check"] for each in lines if each["subject"] != "ssm:SendCommand"}
    assert set(lines[0]) == {"check", "severity", "subject", "what", "consequence", "remedy"}


def test_the_text_says_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding with what follows and how to mend it; the sum comes last."""
    assert print_findings(
        examine(Answering(empty()).session, PROFILE_FILE, Clock(), look=False), as_json=False
    )
    out = capsys.readouterr().out
    balancer = PROFILE.fleet.load_balancer
    assert f"critical  load-balancer: {balancer} is not a load balancer in this Region" in out
    assert "          so its alarms have no data\n          fix: set fleet.load_balancer" in out
    assert out.rstrip().endswith(": a P1 may go undetected")


def test_a_healthy_account_is_status_0(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings and notes are printed, and the status is 0."""
    found = examine(Answering(account()).session, PROFILE_FILE, Clock(), look=False)
    assert print_findings(found, as_json=False) == 0
    assert capsys.readouterr().out.rstrip().endswith(": no problem prevents the detection of a P1")


def test_a_remedy_deploys_the_operators_own_file(tmp_path: Path) -> None:
    """By the path that was given."""
    mine = tmp_path / "mine.toml"
    mine.write_bytes(PROFILE_FILE.read_bytes())
    found = examine(Answering(account()).session, mine, Clock(), look=False)
    (mode,) = [each for each in found if each.check == "mode"]
    assert mode.remedy == (
        f'write mode = "enforce" under [deployment] in {mine},'
        f" then firstline deploy --fleet {mine}, once you trust its decisions"
    )


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--fleet", "no.toml", "--region", "us-east-1"], "no.toml: cannot be read"),
        (["--region", "us-east-1"], "no fleet file: name one by --fleet FILE"),
        (["--fleet", str(RUNBOOK), "--region", "us-east-1"], "AWS did not return your identity"),
        (["--fleet", str(RUNBOOK)], "no Region is set"),
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
