"""Event sources: EventBridge deliveries, the stack's rule for each, and the subjects of rules.

This is the only list. Parsers, EventBridge rules, validation of fleet files and ``doctor`` follow
from it, so that no source is accepted that is not delivered.
"""

from typing import NamedTuple

ALARM = "cloudwatch.alarm"
FINDING = "findings"
"""The source name of findings. No profile rule applies: a finding's own severity decides."""
REFRESH_PREFIX = "EC2 Auto Scaling Instance Refresh "
LAUNCH_UNSUCCESSFUL = "EC2 Instance Launch Unsuccessful"


class Delivery(NamedTuple):
    """Events that one EventBridge rule of the stack delivers.

    ``part`` is the rule's id in the stack without its hash. ``source`` and ``detail_types`` are
    EventBridge's words; ``name`` is the source's name in a profile's rules.
    """

    part: str
    source: str
    detail_types: tuple[str, ...]
    name: str


class Source(NamedTuple):
    """A source that rules can match.

    ``subject`` describes the subject of its signals; ``subjects`` lists all of them, and is
    empty where the set is open.
    """

    subject: str
    subjects: tuple[str, ...] = ()


ALARM_STATES = Delivery(
    "DetectionAlarmStates",
    "aws.cloudwatch",
    (
        "CloudWatch Alarm State Change",
        "CloudWatch Alarm Contributor State Change",
        "CloudWatch Alarm Configuration Change",
    ),
    ALARM,
)
HEALTH = Delivery(
    "BusHealth", "aws.health", ("AWS Health Event", "AWS Health Abuse Event"), "aws.health"
)
GROUP = Delivery(
    "BusGroup",
    "aws.autoscaling",
    (
        "EC2 Instance Launch Successful",
        LAUNCH_UNSUCCESSFUL,
        "EC2 Instance Terminate Successful",
        "EC2 Instance Terminate Unsuccessful",
        "EC2 Instance-launch Lifecycle Action",
        "EC2 Instance-terminate Lifecycle Action",
        REFRESH_PREFIX + "Started",
        REFRESH_PREFIX + "Succeeded",
        REFRESH_PREFIX + "Failed",
        REFRESH_PREFIX + "Cancelled",
        REFRESH_PREFIX + "Checkpoint Reached",
        REFRESH_PREFIX + "Started Baking",
        REFRESH_PREFIX + "Rollback Started",
        REFRESH_PREFIX + "Rollback Succeeded",
        REFRESH_PREFIX + "Rollback Failed",
    ),
    "aws.autoscaling",
)
COMMANDS = Delivery(
    "BusCommands",
    "aws.ssm",
    (
        "EC2 Command Status-change Notification",
        "EC2 Command Invocation Status-change Notification",
    ),
    "aws.ssm",
)
CALENDARS = Delivery("BusCalendars", "aws.ssm", ("Calendar State Change",), "aws.ssm")
INSTANCES = Delivery(
    "BusInstances", "aws.ec2", ("EC2 Instance State-change Notification",), "aws.ec2"
)
THROTTLES = Delivery("BusThrottles", "aws.kms", ("AWS API Call via CloudTrail",), "aws.kms")
GUARDDUTY = Delivery("BusGuardDuty", "aws.guardduty", ("GuardDuty Finding",), FINDING)
HUB = Delivery("BusSecurityHub", "aws.securityhub", ("Security Hub Findings - Imported",), FINDING)
HUB_V2 = Delivery("BusSecurityHubV2", "aws.securityhub", ("Findings Imported V2",), FINDING)
REPORTS = Delivery("BusReports", "firstline.report", ("User Report",), "firstline.report")

DELIVERIES = (
    *(ALARM_STATES, HEALTH, GROUP, COMMANDS, CALENDARS, INSTANCES, THROTTLES),
    *(GUARDDUTY, HUB, HUB_V2, REPORTS),
)
SOURCES = {
    ALARM: Source("an alarm's name in the profile"),
    GROUP.name: Source("what happened (the detail type)", GROUP.detail_types),
    COMMANDS.name: Source("the document's name"),
    INSTANCES.name: Source("an instance's id"),
    HEALTH.name: Source("the event type's code"),
    THROTTLES.name: Source("the call's name"),
    REPORTS.name: Source("what was reported: user", ("user",)),
}
