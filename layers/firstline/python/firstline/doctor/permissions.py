"""Checks that doctor could read every fact; an unread fact proves nothing."""

from collections.abc import Iterator

from firstline.doctor import nats_probe
from firstline.doctor.facts import Account, ReadFailure, StackState
from firstline.doctor.result import Check, DoctorContext, Grade, Problem

P1_READS = frozenset(
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
"""The reads that show that a P1 is received."""
PROBE_READS = frozenset(
    {"ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ssm:DescribeParameters"}
)
"""The reads that show that the probe works; graded as the alarms that depend on it."""


def permission(case: DoctorContext) -> Iterator[Problem]:
    """Doctor's caller may read all that it asks for."""
    for each in read_failures(case.account):
        if each.denied:
            yield Problem(each.action, f"is denied to you ({each.code})", _grade(case, each))


def availability(case: DoctorContext) -> Iterator[Problem]:
    """Every service answers."""
    for each in read_failures(case.account):
        if not each.denied:
            yield Problem(each.action, f"failed ({each.code})", _grade(case, each))


def read_failures(account: Account) -> tuple[ReadFailure, ...]:
    """Return all read failures, once for each action and code."""
    return tuple(dict.fromkeys((*_of(account), *_of_alarms(account), *_of_deployed(account))))


def _of(account: Account | StackState) -> Iterator[ReadFailure]:
    for name in account.__struct_fields__:
        fact = getattr(account, name)
        for each in fact.values() if isinstance(fact, dict) else (fact,):
            if isinstance(each, ReadFailure):
                yield each


def _of_alarms(account: Account) -> Iterator[ReadFailure]:
    alarms = () if isinstance(account.alarms, ReadFailure) else account.alarms
    return (each.was_ok for each in alarms if isinstance(each.was_ok, ReadFailure))


def _of_deployed(account: Account) -> Iterator[ReadFailure]:
    return _of(account.deployed) if isinstance(account.deployed, StackState) else iter(())


def _grade(case: DoctorContext, fact: ReadFailure) -> Grade:
    if fact.action in PROBE_READS:
        return nats_probe.grade(case)
    return "critical" if fact.action in P1_READS else "warning"


CHECKS = (
    Check(
        name="permission",
        run=permission,
        severity="critical where a P1 depends on its result, else a warning",
        consequence="the checks that need it could not run",
        remedy="allow {subject} for the principal that runs doctor",
    ),
    Check(
        name="answer",
        run=availability,
        severity="critical where a P1 depends on its result, else a warning",
        consequence="the checks that need it could not run",
        remedy="run doctor again; if it fails again, check the account's AWS Health events",
    ),
)
