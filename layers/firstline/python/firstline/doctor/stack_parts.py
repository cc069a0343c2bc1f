"""The app stack's parts that carry signals, and the grade of a fault in each.

Parts are named by their logical ids without the CDK's hash. A stack still lists resources that were
deleted by hand, so that each is read by its physical name.
"""

import re
from typing import NamedTuple

from firstline.doctor import nats_probe
from firstline.doctor.facts import Resource, StackState, or_empty
from firstline.doctor.result import DoctorContext, Grade
from firstline.event_sources import ALARM, DELIVERIES, FINDING
from firstline.signal import Severity

RULE = "AWS::Events::Rule"
SOURCE = "AWS::Lambda::EventSourceMapping"
FUNCTION = "AWS::Lambda::Function"
QUEUE = "AWS::SQS::Queue"
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_HASH = re.compile(r"[0-9A-F]{8}\Z")

SIGNALS, SECURITY = "QueuesSignals", "BusSecurity"
"""The queue of signals, and the topic of the security team."""


class RuleTarget(NamedTuple):
    """An event rule: the profile's word for its source, and the part that it delivers to."""

    source: str
    into: str = SIGNALS


COPIES = "copies"
"""The source of events that only the security team receives."""
RULES = {
    **{each.part: RuleTarget(each.name) for each in DELIVERIES},
    "BusSevereGuardDuty": RuleTarget(COPIES, SECURITY),
    "BusSevereSecurityHub": RuleTarget(COPIES, SECURITY),
    "BusSevereSecurityHubV2": RuleTarget(COPIES, SECURITY),
}
SOURCES = {
    "ResponseIngestSource": "ResponseIngest",
    "ResponseReconcileSource": "ResponseReconcile",
    "ArchiveStream": "Archive",
}
"""The function that each event source mapping invokes."""
PARTS: dict[str, tuple[str, ...]] = {
    RULE: tuple(RULES),
    SOURCE: tuple(SOURCES),
    FUNCTION: (
        *("ResponseIngest", "ResponseReconcile", "ResponseSweep", "Archive", "ArchiveAudit"),
        *("LeversOperator", "Console"),
    ),
    QUEUE: (
        *("QueuesSignals", "QueuesWakes", "QueuesUndelivered", "QueuesSignalsDead"),
        *("QueuesWakesDead", "ArchiveLost"),
    ),
}
"""The parts of every deployment, by kind."""
_P1_SOURCES = frozenset({ALARM, FINDING})
_VITAL = frozenset(
    {
        *("ResponseIngestSource", "ResponseReconcileSource", "QueuesSignals", "QueuesWakes"),
        *("ResponseIngest", "ResponseReconcile", "ResponseSweep", "OversightEmergency"),
    }
)
"""Parts that every P1 passes through; the topic is the last way to page."""
_PROBE = "ProbesProbeNats"


def part_name(resource: Resource) -> str:
    """Return the logical id of *resource* without its hash."""
    return _HASH.sub("", resource.logical_id)


def resources_of(deployed: StackState, kind: str) -> tuple[Resource, ...]:
    """Return the stack's resources of *kind*."""
    return tuple(each for each in or_empty(deployed.resources) if each.kind == kind)


def missing_parts(deployed: StackState, kind: str) -> tuple[str, ...]:
    """Return the parts of *kind* that the stack lacks; empty if it was not read."""
    if not isinstance(deployed.resources, tuple):
        return ()
    there = {part_name(each) for each in resources_of(deployed, kind)}
    return tuple(each for each in PARTS[kind] if each not in there)


def grade(case: DoctorContext, part: str) -> Grade:
    """Return critical if a P1 passes through *part*, else a warning."""
    if part in _VITAL:
        return "critical"
    if part == _PROBE:
        return nats_probe.grade(case)
    rule = RULES.get(part)
    return "critical" if rule and _may_carry_p1(case, rule.source) else "warning"


def _may_carry_p1(case: DoctorContext, source: str) -> bool:
    """Return True if the rules may give an event of *source* the severity P1."""
    by_rule = any(
        each.source == source and each.severity is Severity.P1 for each in case.profile.rules
    )
    return source in _P1_SOURCES or by_rule
