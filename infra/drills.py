"""Drills: an unused alarm fires about once a week and must pass through the whole system.

CloudWatch sets the alarm and CloudWatch checks the result, so that firstline's code does not test
itself. An alarm looks back seven days at most; a weekly drill would be missed whenever it is a
minute late, so that the interval is six days.

The signal goes through rule, queue, ingest, transaction and pager. A change event under the same
key follows the path of a page and notifies no one. Only then is ``DrillsPassed`` counted;
CloudWatch's alarm on its absence notifies the emergency topic.
"""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from firstline.controller import metrics as measures
from firstline.signals import drill_marker
from infra import roles
from infra.alarms import alarm_on_silence, own_metric

DAYS = 6
HOURS_LATE = 6
_WARM_UP_MINUTES = 2880
"""CloudWatch's limit; until then the routing key should be set and a drill have run."""
_RING = "arn:aws:scheduler:::aws-sdk:cloudwatch:setAlarmState"


class Drills(Construct):
    """Fires *alarm*; ``missed`` is in ALARM if no drill came through for just over six days."""

    def __init__(self, scope: Construct, name: str, *, alarm: cloudwatch.Alarm, fleet: str) -> None:
        super().__init__(scope, name)
        _rung_by(self, alarm)
        passed = own_metric(measures.DRILLS_PASSED, "Sum", fleet)
        self.missed = alarm_on_silence(
            self,
            "Missed",
            passed.with_(period=Duration.hours(1)),
            DAYS * 24 + HOURS_LATE,
            "no drill passed: the path from an alarm to PagerDuty is not verified",
        )
        plain = self.missed.node.default_child
        if isinstance(plain, cloudwatch.CfnAlarm):
            plain.warm_up_configuration = cloudwatch.CfnAlarm.WarmUpConfigurationProperty(
                warm_up_period_duration_in_minutes=_WARM_UP_MINUTES
            )


def _rung_by(scope: Construct, alarm: cloudwatch.Alarm) -> None:
    account = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    service = iam.ServicePrincipal("scheduler.amazonaws.com", conditions=account)
    # this alarm and no other: setting an alarm's state makes firstline act
    ring = iam.PolicyStatement(actions=["cloudwatch:SetAlarmState"], resources=[alarm.alarm_arn])
    role = roles.role(scope, "ScheduleRole", service, {"ring": [ring]})
    scheduler.CfnSchedule(
        scope,
        "EverySixDays",
        schedule_expression=f"rate({DAYS} days)",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=_RING,
            role_arn=role.role_arn,
            input=Stack.of(scope).to_json_string(
                {
                    "AlarmName": alarm.alarm_name,
                    "StateValue": "ALARM",
                    "StateReason": drill_marker.REASON,
                }
            ),
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                maximum_event_age_in_seconds=3600, maximum_retry_attempts=5
            ),
        ),
    )
