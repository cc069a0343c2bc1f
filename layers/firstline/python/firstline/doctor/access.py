"""Access: what could not be read at all; nobody can say whether that is well."""

from collections.abc import Iterator

from firstline.doctor import probing
from firstline.doctor.facts import Account, Deployed, Unread
from firstline.doctor.finding import Case, Check, Found, Grade

ESSENTIAL = frozenset(
    {
        "cloudformation:DescribeStacks",
        "cloudformation:GetTemplate",
        "cloudformation:ListStackResources",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:GetMetricData",
        "events:ListRules",
        "events:ListTargetsByRule",
        "iam:SimulatePrincipalPolicy",
        "lambda:GetFunctionConcurrency",
        "lambda:GetFunctionConfiguration",
        "lambda:ListEventSourceMappings",
        "scheduler:GetSchedule",
        "secretsmanager:GetSecretValue",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sqs:GetQueueAttributes",
    }
)
"""The reads without which nobody can say that a P1 is heard."""
PROBING = frozenset({"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ssm:DescribeParameters"})
"""Those without which nobody can say that the probe can ask: as grave as what rests on it."""


def permission(case: Case) -> Iterator[Found]:
    """Whoever runs doctor may read all that it asks for."""
    for each in unread(case.account):
        if each.denied:
            yield Found(each.action, f"is not allowed to you ({each.code})", _grade(case, each))


def answer(case: Case) -> Iterator[Found]:
    """Every service answers."""
    for each in unread(case.account):
        if not each.denied:
            yield Found(each.action, f"was not answered ({each.code})", _grade(case, each))


def unread(account: Account) -> tuple[Unread, ...]:
    """Everything that could not be read, once for each action and code."""
    return tuple(dict.fromkeys((*_of(account), *_of_alarms(account), *_of_deployed(account))))


def _of(account: Account | Deployed) -> Iterator[Unread]:
    for name in account.__struct_fields__:
        fact = getattr(account, name)
        for each in fact.values() if isinstance(fact, dict) else (fact,):
            if isinstance(each, Unread):
                yield each


def _of_alarms(account: Account) -> Iterator[Unread]:
    alarms = () if isinstance(account.alarms, Unread) else account.alarms
    return (each.was_ok for each in alarms if isinstance(each.was_ok, Unread))


def _of_deployed(account: Account) -> Iterator[Unread]:
    return _of(account.deployed) if isinstance(account.deployed, Deployed) else iter(())


def _grade(case: Case, fact: Unread) -> Grade:
    if fact.action in PROBING:
        return probing.grade(case)
    return "critical" if fact.action in ESSENTIAL else "warning"


CHECKS = (
    Check(
        name="permission",
        ask=permission,
        severity="critical where a P1 rests on what it reads, else a warning",
        consequence="it is not known whether what it reads is well",
        remedy="allow {subject} to whoever runs doctor",
    ),
    Check(
        name="answer",
        ask=answer,
        severity="critical where a P1 rests on what it reads, else a warning",
        consequence="it is not known whether what it reads is well",
        remedy="run doctor again; if it stays so, see the account's AWS Health events",
    ),
)
