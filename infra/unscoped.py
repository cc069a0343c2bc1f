"""Permissions on every resource, each with its reason and its acceptance by cdk-nag."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

from firstline.config.profile import Fleet
from firstline.ledger.archive import PREFIXES
from infra.nag import accept

UNSCOPED = {
    "autoscaling:DescribeAutoScalingGroups": "the API knows no resource",
    "autoscaling:DescribeInstanceRefreshes": "the API knows no resource",
    "autoscaling:DescribeScalingActivities": "the API knows no resource",
    "cloudwatch:DescribeAlarms": "a narrower scope hides composite alarms (API reference)",
    "cloudwatch:GetMetricData": "the API knows no resource",
    "cloudwatch:ListAlarmMuteRules": "the API knows no resource",
    "ec2:DescribeInstanceStatus": "the API knows no resource",
    "elasticloadbalancing:DescribeTargetHealth": "the API knows no resource",
    "ssm:DescribeInstanceInformation": "the API knows no resource",
    "ssm:DescribeParameters": "the API knows no resource, and shows no value",
    "ssm:ListCommandInvocations": "the API knows no resource",
    "ssm:ListCommands": "the API knows no resource",
}
"""The reads that are allowed on every resource, each with its reason."""

INGEST_READS = ("autoscaling:DescribeAutoScalingGroups", "cloudwatch:DescribeAlarms")
"""The reads that compare an incoming event with the present."""

CONSOLE_READS = ("cloudwatch:DescribeAlarms",)
"""The console's reads of escalated incidents' alarms."""
SWEEP_READS = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListAlarmMuteRules",
    "elasticloadbalancing:DescribeTargetHealth",
)
"""The reads for a P1's alarm without an event."""

INVESTIGATION_READS = {
    "ec2:DescribeInstances": "the API knows no resource",
    "ec2:DescribeLaunchTemplateVersions": "the API knows no resource",
    "ec2:DescribeRouteTables": "the API knows no resource",
    "ec2:DescribeSecurityGroupRules": "the API knows no resource",
    "ec2:DescribeVpcPeeringConnections": "the API knows no resource",
    "health:DescribeEvents": "the API knows no resource",
}
"""The reads for a person at an escalation, used nowhere else."""


def accept_archive(construct: IConstruct, bucket: s3.Bucket) -> None:
    """Accept the wildcards of a role with `archive`."""
    # the finding names the bucket by its stack's export
    owner = Stack.of(bucket)
    export = owner.resolve(owner.export_value(bucket.bucket_arn))["Fn::ImportValue"]
    for objects in ("", *PREFIXES):
        why = "the objects of one bucket: their names are of incidents to come"
        accept(construct, f"AwsSolutions-IAM5[Resource::{export}/{objects}*]", why)


def accept_network(construct: IConstruct) -> None:
    """Accept the wildcards of a role with `join_network`."""
    why = "Lambda creates network interfaces with unknown ids; the code itself is denied"
    for rule in ("AwsSolutions-IAM5[Resource::*]", "Serverless-LambdaStarPermissions"):
        accept(construct, rule, why)


def accept_preflight(construct: IConstruct, fleet: Fleet) -> None:
    """Accept the wildcards of a role with `read_preflight`."""
    place = "<AWS::Region>:<AWS::AccountId>"
    if fleet.kms_key:
        rule = f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:{place}:key/*]"
        accept(construct, rule, "an alias is no resource: the condition names it")
    if fleet.stack:
        arn = f"arn:<AWS::Partition>:cloudformation:{place}:stack/{fleet.stack}/*"
        rule = f"AwsSolutions-IAM5[Resource::{arn}]"
        accept(construct, rule, "the id after the stack's name is unknown")


def accept_reads(construct: IConstruct, actions: Sequence[str]) -> None:
    """Accept the wildcards of a role with `roles.read_unscoped` of *actions*."""
    reads = "; ".join(f"{action}: {UNSCOPED[action]}" for action in actions)
    for rule in ("AwsSolutions-IAM5[Resource::*]", "Serverless-LambdaStarPermissions"):
        accept(construct, rule, reads)


def accept_unscoped(construct: IConstruct, group: str) -> None:
    """Accept the wildcards of a role with `inspect_and_fix`."""
    place = "arn:<AWS::Partition>:autoscaling:<AWS::Region>:<AWS::AccountId>:autoScalingGroup"
    named = "the wildcard is the group's id, which is unknown; its name is the whole rest"
    accept(construct, f"AwsSolutions-IAM5[Resource::{place}:*:autoScalingGroupName/{group}]", named)
    instances = "arn:<AWS::Partition>:ec2:<AWS::Region>:<AWS::AccountId>:instance/*"
    tagged = "hosts come and go, and the statement's condition names their tags"
    reads = "; ".join(
        f"{action}: {why}" for action, why in (UNSCOPED | INVESTIGATION_READS).items()
    )
    accept(construct, "AwsSolutions-IAM5[Resource::*]", reads)
    accept(construct, "Serverless-LambdaStarPermissions", reads)
    accept(construct, f"AwsSolutions-IAM5[Resource::{instances}]", tagged)
