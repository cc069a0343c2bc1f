"""The metric of the alarm that leads an incident, around that incident: what is read of it.

It is read once, when the incident ends, so that a report can plot it beside the alarm's threshold.
No decision rests on it.
"""

import copy
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from firstline.config.profile import MadeAlarm
from firstline.ledger.entries import AlarmMetricRead
from firstline.redaction import redact

BEFORE = timedelta(minutes=30)
"""How long before the incident's first signal it begins."""
LONGEST = timedelta(hours=3)
VALUES_MAX = 180
VALUES_MIN = 2
"""One value is no course of time: of periods longer than an hour and a half there are two."""
NAME_MAX = 80
EXPRESSION_MAX = 240
"""As many characters of others' names and expressions are kept: CloudWatch allows 2048."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

type Comparison = Literal["<", "<=", ">", ">="]
type Values = dict[datetime, float]
"""The values of a metric, each by the instant at which its period begins."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What an alarm of others judges, as CloudWatch has it: its own words are data from outside.

    ``statistic`` is of the ``metric``, or the expression that ``metric`` is the label of.
    """

    metric: str
    statistic: str
    comparison: Comparison
    threshold: float
    period_seconds: int
    evaluation_periods: int
    breaching_periods: int

    @property
    def definition(self) -> str:
        """When the alarm is in ALARM, in a line."""
        what = f"{redact(self.metric, NAME_MAX)} ({redact(self.statistic, EXPRESSION_MAX)})"
        return f"{what} {self.comparison} {self.threshold:g} in {periods(self)}"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """``count`` periods of an alarm from ``begins`` on; the last one is not over at ``until``."""

    begins: datetime
    until: datetime
    period: timedelta
    count: int

    @property
    def periods(self) -> tuple[datetime, ...]:
        """When each of them begins."""
        return tuple(self.begins + number * self.period for number in range(self.count))


class ExternalMetric(NamedTuple):
    """What an alarm of others judges, and the values around its incident."""

    judged: Judged
    around: Window
    values: Values


def periods(alarm: MadeAlarm | Judged) -> str:
    """How many periods, and how long ones, lead *alarm* to ALARM, in words."""
    breaching = alarm.breaching_periods or alarm.evaluation_periods
    return f"{breaching} of {alarm.evaluation_periods} periods of {alarm.period_seconds} s"


def window(alarm: MadeAlarm | Judged, signalled_at: datetime, until: datetime) -> Window:
    """The periods around an incident that ends at *until*; of too many, the newest.

    A longer period would need fewer values, but the threshold holds for the alarm's own alone.
    """
    period = timedelta(seconds=alarm.period_seconds)
    last = _begin_of(until - timedelta.resolution, period)
    count_max = max(VALUES_MIN, min(VALUES_MAX, LONGEST // period))
    first = _begin_of(signalled_at - max(BEFORE, period), period)
    count = min(max((last - first) // period, 0) + 1, count_max)
    return Window(begins=last - (count - 1) * period, until=until, period=period, count=count)


def event(alarm: MadeAlarm, around: Window, values: Values) -> AlarmMetricRead:
    """What the entry of an incident says of *values*: numbers as text, for it holds no floats."""
    return _event(alarm.name, around, values)


def external_event(name: str, read: ExternalMetric) -> AlarmMetricRead:
    """The same of an alarm of others, whose threshold no profile has: it is in the entry."""
    judged = read.judged
    return copy.replace(
        _event(name, read.around, read.values),
        metric=redact(judged.metric, NAME_MAX),
        definition=judged.definition,
        comparison=judged.comparison,
        threshold=f"{judged.threshold:g}",
    )


def _event(name: str, around: Window, values: Values) -> AlarmMetricRead:
    found = map(values.get, around.periods)
    return AlarmMetricRead(
        alarm=name,
        begins=around.begins,
        period_seconds=int(around.period.total_seconds()),
        values=tuple(None if each is None else f"{each:.6g}" for each in found),
    )


def _begin_of(at: datetime, period: timedelta) -> datetime:
    """When the period begins that *at* is in: CloudWatch counts them from the epoch."""
    return _EPOCH + (at - _EPOCH) // period * period
