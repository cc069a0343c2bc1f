"""Parts: what the app stack is made of on the way of a signal, and how much hangs on each.

They go by their logical ids without the CDK's hash. A stack lists its resources as it made them:
what somebody deleted since is still listed, so that each is asked for by its own name.
"""

import re
from typing import NamedTuple

from firstline.doctor import probing
from firstline.doctor.facts import Deployed, Resource, known
from firstline.doctor.finding import Case, Grade
from firstline.event_sources import ALARM, DELIVERIES, FINDING
from firstline.signal import Severity

RULE = "AWS::Events::Rule"
SOURCE = "AWS::Lambda::EventSourceMapping"
FUNCTION = "AWS::Lambda::Function"
QUEUE = "AWS::SQS::Queue"
ALARMS = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
_HASH = re.compile(r"[0-9A-F]{8}\Z")

SIGNALS, SECURITY = "QueuesSignals", "BusSecurity"
"""The queue that rules put signals into, and the topic of the security team."""


class Heard(NamedTuple):
    """A rule: the profile's word for what it hears, and the part that it must put it into.

    Of alarms and findings there is always one that may be a P1.
    """

    source: str
    into: str = SIGNALS


COPIES = "copies"
"""The source of what only the security team hears."""
RULES = {
    **{each.part: Heard(each.name) for each in DELIVERIES},
    "BusSevereGuardDuty": Heard(COPIES, SECURITY),
    "BusSevereSecurityHub": Heard(COPIES, SECURITY),
    "BusSevereSecurityHubV2": Heard(COPIES, SECURITY),
}
SOURCES = {
    "ResponseIngestSource": "ResponseIngest",
    "ResponseReconcileSource": "ResponseReconcile",
    "ArchiveStream": "Archive",
}
"""The function that each event source feeds."""
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
"""What every deployment has, by its kind."""
_ALWAYS = frozenset({ALARM, FINDING})
_VITAL = frozenset(
    {
        *("ResponseIngestSource", "ResponseReconcileSource", "QueuesSignals", "QueuesWakes"),
        *("ResponseIngest", "ResponseReconcile", "ResponseSweep", "OversightEmergency"),
    }
)
"""A P1 passes through them, whatever it is told by; the topic is all that is left of it."""
_PROBE = "ProbesProbeNats"


def called(resource: Resource) -> str:
    """The logical id of *resource* without its hash."""
    return _HASH.sub("", resource.logical_id)


def of(deployed: Deployed, kind: str) -> tuple[Resource, ...]:
    """The stack's resources of *kind*."""
    return tuple(each for each in known(deployed.resources) if each.kind == kind)


def lacking(deployed: Deployed, kind: str) -> tuple[str, ...]:
    """The parts of *kind* that are not of the stack at all; none where it could not be read."""
    if not isinstance(deployed.resources, tuple):
        return ()
    there = {called(each) for each in of(deployed, kind)}
    return tuple(each for each in PARTS[kind] if each not in there)


def grade(case: Case, part: str) -> Grade:
    """How much hangs on *part*: whether a P1 passes through it."""
    if part in _VITAL:
        return "critical"
    if part == _PROBE:
        return probing.grade(case)
    heard = RULES.get(part)
    return "critical" if heard and _tells_p1(case, heard.source) else "warning"


def _tells_p1(case: Case, source: str) -> bool:
    """Whether what *source* tells may be a P1 by the profile's rules."""
    by_rule = any(
        each.source == source and each.severity is Severity.P1 for each in case.profile.rules
    )
    return source in _ALWAYS or by_rule
