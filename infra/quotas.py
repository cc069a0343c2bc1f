"""What AWS's limits ask of a profile, told before anything is made.

Sources: the CloudWatch API reference, PutMetricAlarm (periods, dimensions); the Lambda quotas
(4 KB of environment); the EventBridge quotas (2,048 characters of event pattern).
"""

from collections import Counter
from collections.abc import Iterator

from firstline.errors import Malformed
from firstline.profile import Alarms, MadeAlarm, Profile

_DAY_SECONDS = 24 * 3600
_HOUR_SECONDS = 3600
_SHORT_PERIODS_SECONDS = (10, 20, 30)
_DIMENSIONS_MAX = 30
# an ARN of a made alarm is at most about 150 characters in the environment, beside its name
_ENVIRONMENT_CHARACTERS, _FIXED_CHARACTERS, _ARN_CHARACTERS = 4096, 1200, 150
_PATTERN_CHARACTERS, _PATTERN_FIXED, _EXACT_ARN_CHARACTERS = 2048, 400, 70


def check(profile: Profile, path: str) -> None:
    """Raise `Malformed`, naming *path*, at the first thing that AWS would refuse."""
    for fault in _faults(profile.alarms):
        raise Malformed(f"{path}: {fault}")


def _faults(alarms: Alarms) -> Iterator[str]:
    for name, times in Counter(it.name for it in alarms.made).items():
        if times > 1:
            yield f"alarms.made: {times} alarms are called {name!r}"
    for made in alarms.made:
        yield from (f"alarms.made: {made.name!r}: {fault}" for fault in _alarm_faults(made))
    environment = sum(len(it.name) + _ARN_CHARACTERS for it in alarms.made)
    if environment + _FIXED_CHARACTERS > _ENVIRONMENT_CHARACTERS:
        yield f"alarms.made: {len(alarms.made)} alarms do not fit into a function's environment"
    pattern = sum(len(it.name) + _EXACT_ARN_CHARACTERS for it in alarms.external)
    if pattern + _PATTERN_FIXED > _PATTERN_CHARACTERS:
        yield f"alarms.external: {len(alarms.external)} names do not fit into one event pattern"


def _alarm_faults(made: MadeAlarm) -> Iterator[str]:
    if made.period_seconds % 60 and made.period_seconds not in _SHORT_PERIODS_SECONDS:
        yield "period_seconds must be 10, 20, 30 or a multiple of 60"
    watched, longest = made.period_seconds * made.evaluation_periods, 7 * _DAY_SECONDS
    if watched > (longest if made.period_seconds >= _HOUR_SECONDS else _DAY_SECONDS):
        yield "period_seconds times evaluation_periods is more than a day (a week from 3600 on)"
    if len(made.dimensions) > _DIMENSIONS_MAX:
        yield f"it has more than {_DIMENSIONS_MAX} dimensions"
