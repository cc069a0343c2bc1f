"""Doctor: every check of the profile against the account, the gravest findings first."""

from collections.abc import Iterator

from firstline.checkup import (
    access,
    alarms,
    deployment,
    hosts,
    names,
    people,
    probing,
    transport,
)
from firstline.checkup.facts import Account
from firstline.checkup.finding import Case, Check, Finding, Grade
from firstline.profile import Profile

READS = (
    "apigateway:GET",
    "autoscaling:DescribeAutoScalingGroups",
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
    "cloudwatch:DescribeAlarmHistory",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "codedeploy:GetDeploymentGroup",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplates",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "events:ListRules",
    "events:ListTargetsByRule",
    "kms:DescribeKey",
    "lambda:GetFunctionConfiguration",
    "lambda:ListEventSourceMappings",
    "logs:DescribeLogStreams",
    "secretsmanager:GetSecretValue",
    "sns:ListSubscriptionsByTopic",
    "sqs:GetQueueAttributes",
    "ssm:DescribeInstanceInformation",
    "ssm:DescribeParameters",
    "sts:GetCallerIdentity",
)
"""Every IAM action that it needs; ``--look`` sends a command beside them."""
GRADES: tuple[Grade, ...] = ("critical", "warning", "note")
CHECKS: tuple[Check, ...] = (
    *access.CHECKS,
    *people.CHECKS,
    *deployment.CHECKS,
    *transport.CHECKS,
    *probing.CHECKS,
    *alarms.CHECKS,
    *names.CHECKS,
    *hosts.CHECKS,
)


def examine(profile: Profile, account: Account) -> tuple[Finding, ...]:
    """What every check finds."""
    case = Case(profile, account)
    found = [finding for check in CHECKS for finding in check.findings(case)]
    return tuple(sorted(found, key=lambda each: GRADES.index(each.severity)))


def deaf(findings: tuple[Finding, ...]) -> bool:
    """Whether one of them keeps a P1 from being heard."""
    return any(each.severity == "critical" for each in findings)


def table() -> Iterator[str]:
    """The checks as rows of Markdown: what must hold, and what follows where it does not."""
    for each in CHECKS:
        holds = " ".join((each.ask.__doc__ or "").split())
        yield f"| `{each.name}` | {holds} | {each.severity} | {each.consequence} | {_code(each)} |"


def _code(check: Check) -> str:
    """The remedy, whose places stand in braces."""
    return check.remedy.replace("|", "\\|")
