"""The bus: what firstline hears beside its alarms, and what the security team hears with it.

Each pattern is as narrow as EventBridge lets it be, for whatever passes stands in one queue with
the alarms. An instance's state names neither group nor tags, so only its ends are heard; a
termination that the group made comes from Auto Scaling too.
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
from infra.topics import read_by

INFORMATIONAL = 1
"""The ``severity_id`` of an OCSF finding that is none."""


class Heard(NamedTuple):
    """One rule: who speaks, of what, and what of the detail must hold."""

    source: str
    detail_types: Sequence[str]
    detail: Mapping[str, object] = {}


PART = "Bus"
"""How the names of this construct's rules begin."""


def heard(profile: Profile, documents: Sequence[str]) -> dict[str, Heard]:
    """The rules by their names, of the fleet of *profile*; *documents* are our own.

    A command's document that a rule of the profile is for is delivered too.
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
        each.part.removeprefix(PART): Heard(each.source, each.detail_types, asked.get(each, {}))
        for each in DELIVERIES
        if each.part.startswith(PART)
    }


SEVERE = {
    "GuardDuty": Heard(
        GUARDDUTY.source, GUARDDUTY.detail_types, {"severity": [{"numeric": [">=", 7]}]}
    ),
    "SecurityHub": Heard(
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
    "SecurityHubV2": Heard(
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
"""The findings that are incidents: they go to the security team as well (R45)."""


class Bus(Construct):
    """Rules of the default bus, each with the dead letters of what it could not deliver."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        hears: Mapping[str, Heard],
        queues: Queues,
        security_email: str,
    ) -> None:
        super().__init__(scope, name)
        for each, what in hears.items():
            queues.hear(_rule(self, each, what))
        _archive(self, hears)
        # straight from EventBridge, with no code of ours on the way; it takes no condition in a
        # topic's policy (its guide, "Amazon SNS permissions"), so the policy names no rule
        topic = read_by(self, "Security", security_email)
        for each, what in SEVERE.items():
            to_topic = targets.SnsTopic(topic, dead_letter_queue=queues.undelivered)
            _rule(self, f"Severe{each}", what).add_target(to_topic)


ARCHIVED = Duration.days(400)
"""Long enough to hold a policy against a year of events."""


def _archive(scope: Construct, hears: Mapping[str, Heard]) -> None:
    """What a backtest is pulled from: events of the kinds that are heard, and of alarms.

    A user's report is not in it: it tells of a person.
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
        description="what firstline heard, for backtests",
        event_pattern={
            "account": [Stack.of(scope).account],
            "source": sorted({ALARM_STATES.source, *(each.source for each in kept)}),
            "detail-type": sorted(
                {*alarms, *(name for each in kept for name in each.detail_types)}
            ),
        },
        retention_days=round(ARCHIVED.to_days()),
    )


def _rule(scope: Construct, name: str, what: Heard) -> events.Rule:
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
