"""Schedules: run a function once a minute or once an hour, never twice at the same time."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra import roles
from infra.nag import accept


def every_minute(scope: Construct, name: str, function: lambda_.Function, reason: str) -> None:
    """Run *function* each minute; a failed or late run is not repeated.

    *reason* accepts the missing failure destination. With a timeout under a minute runs do not
    overlap.
    """
    _run(scope, (name, "EveryMinute", "rate(1 minute)"), function)
    accept(function, "Serverless-LambdaAsyncFailureDestination", reason)


def every_hour(scope: Construct, name: str, function: lambda_.Function, reason: str) -> None:
    """Run *function* each hour, as `every_minute`."""
    _run(scope, (name, "EveryHour", "rate(1 hour)"), function)
    accept(function, "Serverless-LambdaAsyncFailureDestination", reason)


def _run(scope: Construct, named: tuple[str, str, str], function: lambda_.Function) -> None:
    name, often, rate = named
    account = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    service = iam.ServicePrincipal("scheduler.amazonaws.com", conditions=account)
    role = roles.role(scope, f"{name}ScheduleRole", service, {"run": roles.invoke(function)})
    scheduler.CfnSchedule(
        scope,
        f"{name}{often}",
        schedule_expression=rate,
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=function.function_arn,
            role_arn=role.role_arn,
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=60, maximum_retry_attempts=0
            ),
        ),
    )
    function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(1))
