"""Event rules: the events besides alarms that firstline and the security team receive.

Each pattern is as narrow as EventBridge allows, since all events share one queue with the alarms.
An instance's state change names neither group nor tags, so that only its end is received; a
termination by the group arrives from Auto Scaling too.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from firstline.config.profile import Profile
from firstline.event_sources import (
    ALARM_STATES,
    COMMANDS,
    DELIVERIES,
    GROUP,
    GUARDDUTY,
    HUB,
    HUB_V2,
    INSTANCES,
    REPORTS,
    THROTTLES,
    Delivery,
)
from firstline.signals.sources.cloudwatch import CONFIGURATION_CHANGE, STATE_CHANGE
from firstline.signals.sources.ssm import CALENDAR
from infra.queues import Queues
from infra.topics import topic_for

INFORMATIONAL = 1
"""The ``severity_id`` of an informational OCSF finding."""


class EventRule(NamedTuple):
    """One rule: its source, detail type and conditions on the detail."""

    source: str
    detail_types: Sequence[str]
    detail: Mapping[str, object] = {}


PART_PREFIX = "Bus"
"""The prefix of this construct's rule names."""


def event_rules(profile: Profile, documents: Sequence[str]) -> dict[str, EventRule]:
    """Return the rules for the fleet of *profile*, by name; *documents* are firstline's own.

    A command's document that a profile's rule refers to is delivered too.
    """
    ruled = dict.fromkeys(it.subject for it in profile.rules if it.source == COMMANDS.name)
    asked: dict[Delivery, Mapping[str, object]] = {
        GROUP: {"AutoScalingGroupName": [profile.fleet.group]},
        COMMANDS: {"document-name": [*documents, *(it for it in ruled if it != CALENDAR)]},
        INSTANCES: {"state": ["stopping", "stopped", "shutting-down", "terminated"]},
        THROTTLES: {"errorCode": [{"prefix": "Throttling"}]},
        HUB: {"findings": {"Severity": {"Label": ["LOW", "MEDIUM", "HIGH", "CRITICAL"]}}},
        HUB_V2: {"findings": {"severity_id": [{"anything-but": [INFORMATIONAL]}]}},
    }
    return {
        each.part.removeprefix(PART_PREFIX): EventRule(
            each.source, each.detail_types, asked.get(each, {})
        )
        for each in DELIVERIES
        if each.part.startswith(PART_PREFIX)
    }


SEVERE = {
    "GuardDuty": EventRule(
        GUARDDUTY.source, GUARDDUTY.detail_types, {"severity": [{"numeric": [">=", 7]}]}
    ),
    "SecurityHub": EventRule(
        HUB.source,
        HUB.detail_types,
        {
            "findings": {
                "Severity": {"Label": ["HIGH", "CRITICAL"]},
                "RecordState": ["ACTIVE"],
                "Workflow": {"Status": ["NEW", "NOTIFIED"]},
            }
        },
    ),
    "SecurityHubV2": EventRule(
        HUB_V2.source,
        HUB_V2.detail_types,
        {
            "findings": {
                # high, critical, fatal, unknown, other
                "severity_id": [4, 5, 6, 0, 99],
                "activity_id": [{"anything-but": [3]}],  # its product closed it
                # suppressed, resolved, archived, deleted
                "status_id": [{"anything-but": [3, 4, 5, 6]}, {"exists": False}],
            }
        },
    ),
}
"""The findings that are incidents, which the security team receives as well (R45)."""


class Bus(Construct):
    """Rules of the default bus, each with a dead-letter queue."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        hears: Mapping[str, EventRule],
        queues: Queues,
        security_email: str,
    ) -> None:
        super().__init__(scope, name)
        for each, what in hears.items():
            queues.deliver(_rule(self, each, what))
        _archive(self, hears)
        # directly from EventBridge, without firstline's code; it takes no condition in a
        # topic's policy (its guide, "Amazon SNS permissions"), so the policy names no rule
        topic = topic_for(self, "Security", security_email)
        for each, what in SEVERE.items():
            to_topic = targets.SnsTopic(topic, dead_letter_queue=queues.undelivered)
            _rule(self, f"Severe{each}", what).add_target(to_topic)


RETENTION = Duration.days(400)
"""Enough to test a policy against a year of events."""


def _archive(scope: Construct, hears: Mapping[str, EventRule]) -> None:
    """Create the archive for backtests: the received kinds of events, and alarms.

    It holds no user reports, which are personal data.
    """
    kept = [each for each in hears.values() if each.source != REPORTS.source]
    alarms = [STATE_CHANGE, CONFIGURATION_CHANGE]
    bus = Stack.of(scope).format_arn(
        service="events", resource="event-bus", resource_name="default"
    )
    events.CfnArchive(
        scope,
        "Archive",
        source_arn=bus,
        description="signals that firstline received, for backtests",
        event_pattern={
            "account": [Stack.of(scope).account],
            "source": sorted({ALARM_STATES.source, *(each.source for each in kept)}),
            "detail-type": sorted(
                {*alarms, *(name for each in kept for name in each.detail_types)}
            ),
        },
        retention_days=round(RETENTION.to_days()),
    )


def _rule(scope: Construct, name: str, what: EventRule) -> events.Rule:
    return events.Rule(
        scope,
        name,
        event_pattern=events.EventPattern(
            source=[what.source],
            account=[Stack.of(scope).account],
            detail_type=list(what.detail_types),
            detail=dict(what.detail) or None,
        ),
    )
