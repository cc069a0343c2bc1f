"""The IAM actions that doctor needs, and the resources that each can be narrowed to."""

from collections.abc import Iterator

READ_ACTIONS = {
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
"""Resources by action; names in code are outputs of the two stacks or keys of the profile."""
LOOK_ACTIONS = {
    "ssm:ListCommandInvocations": "*",
    "ssm:SendCommand": "the stack's look document, and the group's instances",
}
"""The additional actions of ``--look``."""


def table() -> Iterator[str]:
    """Yield the rows of the Markdown table of actions."""
    for action, where in READ_ACTIONS.items():
        yield f"| `{action}` | {_code(where)} |"
    for action, where in LOOK_ACTIONS.items():
        yield f"| `{action}` | {_code(where)}; for `--look` alone |"


def _code(where: str) -> str:
    """Return *where*, in code if it is the end of an ARN and not a phrase."""
    return where if " " in where else f"`{where}`"
