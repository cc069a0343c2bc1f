"""Reads: every IAM action that doctor needs, and what it may be narrowed to."""

from collections.abc import Iterator

READS = {
    "apigateway:GET": "*",
    "autoscaling:DescribeAutoScalingGroups": "*",
    "cloudformation:DescribeStacks": "*",
    "cloudformation:GetTemplate": "stack/firstline-FLEET-app/*",
    "cloudformation:ListStackResources": "stack/firstline-FLEET-app/*",
    "cloudwatch:DescribeAlarmHistory": "*",
    "cloudwatch:DescribeAlarms": "*",
    "cloudwatch:GetMetricData": "*",
    "codedeploy:GetDeploymentGroup": "the deployment group of `fleet.deployment_group`",
    "dynamodb:Query": "the table `IncidentsTable` and its index `open`",
    "ec2:DescribeInstances": "*",
    "ec2:DescribeLaunchTemplates": "*",
    "ec2:DescribeSecurityGroups": "*",
    "ec2:DescribeSubnets": "*",
    "elasticloadbalancing:DescribeLoadBalancers": "*",
    "elasticloadbalancing:DescribeTargetGroups": "*",
    "elasticloadbalancing:DescribeTargetHealth": "*",
    "events:ListRules": "*",
    "events:ListTargetsByRule": "*",
    "iam:SimulatePrincipalPolicy": "role/firstline-FLEET-app-*",
    "kms:DescribeKey": "the key of `fleet.kms_key`",
    "lambda:GetFunctionConcurrency": "function:firstline-FLEET-app-*",
    "lambda:GetFunctionConfiguration": "function:firstline-FLEET-app-*",
    "lambda:ListEventSourceMappings": "*",
    "logs:DescribeLogStreams": "the group of `fleet.parent_log_group`",
    "s3:GetObject": "`checkpoints/*` in the bucket `ArchiveBucket`",
    "s3:ListBucket": "the bucket `ArchiveBucket`",
    "scheduler:GetSchedule": "the schedules of the app stack",
    "secretsmanager:GetSecretValue": "the secret `RoutingKeySecret`",
    "sns:GetTopicAttributes": "the topics of the app stack",
    "sns:ListSubscriptionsByTopic": "the topics of the app stack",
    "sqs:GetQueueAttributes": "the queues of the app stack",
    "ssm:DescribeInstanceInformation": "*",
    "ssm:DescribeParameters": "*",
    "sts:GetCallerIdentity": "*",
}
"""By action; names in code are outputs of the two stacks, or facts of the profile."""
LOOKS = {
    "ssm:ListCommandInvocations": "*",
    "ssm:SendCommand": "the stack's look document, and the group's instances",
}
"""What ``--look`` needs beside them."""


def table() -> Iterator[str]:
    """Both as rows of Markdown."""
    for action, where in READS.items():
        yield f"| `{action}` | {_code(where)} |"
    for action, where in LOOKS.items():
        yield f"| `{action}` | {_code(where)}; for `--look` alone |"


def _code(where: str) -> str:
    """What is not said in words is the end of an ARN."""
    return where if " " in where else f"`{where}`"
