"""A simulated AWS account in which the runbook's profile fits, as doctor reads it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from firstline.adapters.aws import dynamo_items as items
from firstline.cli.doctor import examine
from firstline.config import fleet_file
from firstline.diagnosis.evidence import HostEvidence, HostReport
from firstline.doctor import expected_config, stack_parts
from firstline.doctor.result import DoctorResult
from firstline.ids import InstanceId
from tests.adapters.account import Answer, Answering
from tests.builders import FLEET, NOW, PROFILE, PROFILE_FILE, incident
from tests.doctor.accounts import (
    DEPLOYED,
    EMERGENCY,
    HASH,
    MADE,
    NETWORK,
    OWN,
    PLACED,
    SECURITY,
    STACK,
    TEAM,
)

KEY = "0123456789abcdef0123456789ABCDEF"
PLACE = "us-east-1:111122223333"
REPORT = {
    "schema": 1,
    "enclave_unit": "not-found",
    "enclave_state": "RUNNING",
    "parent_unit": "active",
}


class Clock:
    """A clock that only `sleep` advances."""

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
        "ResourceStatus": "CREATE_COMPLETE",
    }


def shown(name: str, **more: object) -> Answer:
    since = NOW - timedelta(days=7)
    return {
        "AlarmName": name,
        "StateValue": "OK",
        "StateUpdatedTimestamp": since,
        "AlarmActions": ["arn:topic"],
        "ActionsEnabled": True,
        **more,
    }


TARGETS: dict[str, Any] = {**DEPLOYED.targets}
RESOURCES = [
    resource("SecretsManager::Secret", "RoutingKeyValue", "arn:aws:secretsmanager:x"),
    resource("SSM::Document", "LookHostDocument", "look-document"),
    resource("SNS::Topic", "OversightEmergency", EMERGENCY),
    resource("Scheduler::Schedule", "SweepEveryMinute", "each-minute"),
    *(resource(each.kind.removeprefix("AWS::"), each.logical_id, each.name) for each in PLACED),
    *(
        resource(
            "CloudWatch::Alarm", "Detection" + each.name.replace("-", ""), f"{STACK}-{each.name}"
        )
        for each in MADE
    ),
]
OUTPUTS = {
    "Mode": "dry-run",
    "Context": json.dumps(fleet_file.deployment(PROFILE_FILE).explicit_settings()),
    "ProfileDigest": PROFILE.digest,
    "RoutingKeySecret": "arn:secret",
    "EmergencyTopic": EMERGENCY,
    "SecurityTopic": SECURITY,
    "TeamTopic": TEAM,
}


LOGICAL, SWEEP, RULE, SIGNALS = (
    f"{each}{HASH}"
    for each in ("ResponseIngest", "ResponseSweep", "DetectionAlarmStates", "QueuesSignals")
)
PATTERN = {"source": ["aws.cloudwatch"]}
POLICY = {"Version": "2012-10-17", "Statement": []}
SCHEDULE = {
    "State": "ENABLED",
    "ScheduleExpression": "rate(1 minute)",
    "Target": {"Arn": f"arn:aws:lambda:{PLACE}:function:the-ResponseSweep"},
}
INGEST = [
    {
        "Effect": "Allow",
        "Action": ["secretsmanager:GetSecretValue"],
        "Resource": {"Ref": "RoutingKeyValue"},
    },
    {
        "Effect": "Allow",
        "Action": "dynamodb:PutItem",
        "Resource": {"Fn::ImportValue": "records:Incidents"},
    },
]
TEMPLATE = {
    "Resources": {
        LOGICAL: {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Handler": "functions.ingest.handler",
                "Role": {"Fn::GetAtt": ["IngestRole", "Arn"]},
            },
        },
        RULE: {"Type": stack_parts.RULE, "Properties": {"EventPattern": PATTERN}},
        "SignalsPolicy": {
            "Type": expected_config.QUEUE_POLICY,
            "Properties": {"Queues": [{"Ref": SIGNALS}], "PolicyDocument": POLICY},
        },
        "EmergencyPolicy": {
            "Type": expected_config.TOPIC_POLICY,
            "Properties": {"Topics": [{"Ref": "OversightEmergency"}], "PolicyDocument": POLICY},
        },
        "SweepEveryMinute": {
            "Type": expected_config.SCHEDULE,
            "Properties": {
                "ScheduleExpression": "rate(1 minute)",
                "Target": {"Arn": {"Fn::GetAtt": [SWEEP, "Arn"]}},
            },
        },
        "IngestRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {"Policies": [{"PolicyDocument": {"Statement": INGEST}}]},
        },
    }
}
ROLE = "arn:aws:iam::111122223333:role/ingest"


def described(asked: Answer) -> Answer:
    """The app stack, or the one of the records."""
    if asked["StackName"] == STACK:
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]}
    known = {"IncidentsTable": "incidents", "LedgerTable": "ledger", "ArchiveBucket": "archive"}
    outputs = [{"OutputKey": key, "OutputValue": value} for key, value in known.items()]
    outputs[0]["ExportName"] = "records:Incidents"
    return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]}


def simulated(*lost: str) -> Callable[[Answer], Answer]:
    """Return IAM's answers for a role that has all but the actions of *lost*."""

    def simulate(asked: Answer) -> Answer:
        assert asked["PolicySourceArn"] == ROLE
        return {
            "EvaluationResults": [
                {
                    "EvalActionName": each,
                    "EvalDecision": "implicitDeny" if each in lost else "allowed",
                }
                for each in asked["ActionNames"]
            ]
        }

    return simulate


def remembering(*hosts: str, age: timedelta, **said: str) -> Callable[[Answer], Answer]:
    """Return a store with one open incident, whose look reported this of *hosts*."""
    report = msgspec.convert(REPORT | {"type": "report", **said}, HostReport)
    known = {InstanceId(each): HostEvidence(report, NOW - age) for each in hosts}
    item = items.incident_item(incident(hosts=known))

    def query(asked: Answer) -> Answer:
        return {"Items": [{"pk": item["pk"]} if "IndexName" in asked else item]}

    return query


def account() -> dict[str, Any]:
    """Return a healthy account; the fleet has one host more than the profile's maximum."""
    fleet = PROFILE.fleet
    elb = f"arn:aws:elasticloadbalancing:{PLACE}"
    balancer = f"{elb}:loadbalancer/{fleet.load_balancer}"
    group = {
        "AutoScalingGroupName": fleet.group,
        "DesiredCapacity": 3,
        "MaxSize": 4,
        "Instances": [{"InstanceId": each, "LifecycleState": "InService"} for each in FLEET],
        "SuspendedProcesses": [],
        "EnabledMetrics": [],
    }
    agents = [
        {"InstanceId": each, "PingStatus": "Online", "AgentVersion": "3.3.2746.0"} for each in FLEET
    ]
    return {
        "sts.GetCallerIdentity": {"Account": "111122223333", "Arn": "arn:me"},
        "cloudformation.DescribeStacks": described,
        "cloudformation.GetTemplate": {"TemplateBody": json.dumps(TEMPLATE)},
        "iam.SimulatePrincipalPolicy": simulated(),
        "dynamodb.Query": {"Items": []},
        "s3.ListObjectsV2": {"KeyCount": 0},
        "cloudformation.ListStackResources": {"StackResourceSummaries": RESOURCES},
        "cloudwatch.GetMetricData": values,
        "secrets-manager.GetSecretValue": {"SecretString": KEY},
        "sns.ListSubscriptionsByTopic": {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:y"}]},
        "sns.GetTopicAttributes": {"Attributes": {"Policy": json.dumps(POLICY)}},
        "sqs.GetQueueAttributes": {
            "Attributes": {"ApproximateNumberOfMessages": "0", "Policy": json.dumps(POLICY)}
        },
        "scheduler.GetSchedule": SCHEDULE,
        "lambda.GetFunctionConcurrency": {},
        "eventbridge.ListRules": {
            "Rules": [
                {"Name": each, "State": "ENABLED", "EventPattern": json.dumps(PATTERN)}
                for each in DEPLOYED.targets
            ]
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
                for each, function in stack_parts.SOURCES.items()
            ]
        },
        "lambda.GetFunctionConfiguration": {"State": "Active", "Role": ROLE},
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
            ],
            "CompositeAlarms": [],
            "LogAlarms": [],
        },
    }


def values(asked: Answer) -> Answer:
    """Return a heartbeat a minute ago, no error, and a value for every metric of an alarm."""
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


def examined(
    answers: dict[str, Any], *, look: bool = False
) -> tuple[Answering, list[DoctorResult]]:
    one = Answering(answers)
    found = examine(one.session, PROFILE_FILE, Clock(), look=look)
    return one, [each for each in found if each.check not in ("alarm-left-out", "alarm-memory")]
