"""Quotas: what AWS's limits ask of a profile, checked before anything is made.

Sources: the CloudWatch API reference, PutMetricAlarm (periods, dimensions); the Lambda quotas
(4 KB of environment); the EventBridge quotas (2,048 characters of event pattern).
"""

import json
from collections.abc import Iterator
from pathlib import Path

from firstline.config import placeholders, recipients
from firstline.config.profile import AlarmDefinition, Profile
from firstline.errors import InvalidInput
from firstline.monitoring import alarms as detection
from firstline.signal import Severity

_DAY_SECONDS = 24 * 3600
_HOUR_SECONDS = 3600
_SHORT_PERIODS_SECONDS = (10, 20, 30)
_DIMENSIONS_MAX = 30

# in characters, for the longest name of a Region; the rest is what stands beside the alarms
_ENVIRONMENT_MAX, _ENVIRONMENT_REST = 4096, 1600
_PATTERN_MAX, _PATTERN_REST = 2048, 300
_ARN = len("arn:aws:cloudwatch:ap-southeast-1:111122223333:alarm:")
_GENERATED = len("firstline--app-Detection01234567-ABCDEFGHIJKL")
_QUOTES = len('"":"",')
_UNQUOTABLE = {'"', "\\"}
"""What AWS documents no way to write in the name of a composite alarm's child."""


def check(profile: Profile, path: Path) -> None:
    """Raise `InvalidInput` with a line for each fault of the fleet file at *path*.

    That is what AWS would refuse of *profile*, what is left of a shipped example, and a topic of
    which the file does not say who reads it.
    """
    refused = (f"{path}: {each}" for each in faults(profile))
    if lines := [*placeholders.faults(path), *recipients.faults(path), *refused]:
        raise InvalidInput(*lines)


def faults(profile: Profile) -> Iterator[str]:
    """All of *profile* that AWS would refuse."""
    made, external = detection.deployable_alarms(profile), profile.alarms.external
    for each in made:
        yield from (f"alarms.made: {each.name!r}: {fault}" for fault in _alarm_faults(each))
    names = sum(2 * len(each.name) for each in made)  # one in the ARN, one beside it
    beside = _ARN + _GENERATED + len(profile.fleet.name) + _QUOTES
    if _ENVIRONMENT_REST + names + len(made) * beside > _ENVIRONMENT_MAX:
        yield f"alarms.made: {len(made)} alarms do not fit into a function's environment"
    written = (len(json.dumps(each.name, ensure_ascii=False)) - 2 for each in external)
    if _PATTERN_REST + sum(each + _ARN + _QUOTES for each in written) > _PATTERN_MAX:
        yield f"alarms.external: {len(external)} names do not fit into one event pattern"
    for other in external:
        if profile.severity_of(other.known_as) is Severity.P1 and set(other.name) & _UNQUOTABLE:
            why = "the rule of its backstop cannot quote it (PutCompositeAlarm): rename the alarm"
            yield f"alarms.external: {other.name!r}: {why}"


def _alarm_faults(made: AlarmDefinition) -> Iterator[str]:
    if made.period_seconds % 60 and made.period_seconds not in _SHORT_PERIODS_SECONDS:
        yield "period_seconds must be 10, 20, 30 or a multiple of 60"
    watched, longest = made.period_seconds * made.evaluation_periods, 7 * _DAY_SECONDS
    if watched > (longest if made.period_seconds >= _HOUR_SECONDS else _DAY_SECONDS):
        yield "period_seconds times evaluation_periods exceeds a day (a week from 3600 on)"
    if len(made.dimensions) > _DIMENSIONS_MAX:
        yield f"it has more than {_DIMENSIONS_MAX} dimensions"
