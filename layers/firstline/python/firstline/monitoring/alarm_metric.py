"""The metric of an incident's primary alarm, read once when the incident ends.

A report plots it with the alarm's threshold. No decision depends on it.

The record has it: one CloudWatch read when the incident ends, in the commit of its close or
escalation. The threshold is the policy's; for an alarm that the policy does not make, CloudWatch is
read too, and the entry has it. The alarm's own period is kept, since the threshold of a sum holds
for no other. A read that fails or is late leaves no entry.
"""

import copy
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from firstline.config.profile import AlarmDefinition
from firstline.ledger.entries import AlarmMetricRead
from firstline.redaction import redact

LEAD_TIME = timedelta(minutes=30)
"""The window's start before the incident's first signal."""
WINDOW_MAX = timedelta(hours=3)
VALUES_MAX = 180
VALUES_MIN = 2
"""A plot needs two values, so that periods above 90 minutes still give two."""
NAME_MAX = 80
EXPRESSION_MAX = 240
"""The characters kept of foreign names and expressions; CloudWatch allows 2048."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

type Comparison = Literal["<", "<=", ">", ">="]
type Values = dict[datetime, float]
"""A metric's values by the start of their period."""


class ExternalDefinition(msgspec.Struct, frozen=True, kw_only=True):
    """The definition of a foreign alarm in CloudWatch; its texts are untrusted.

    ``statistic`` is of the ``metric``, or the expression whose label is ``metric``.
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
        """The condition for ALARM in one line."""
        what = f"{redact(self.metric, NAME_MAX)} ({redact(self.statistic, EXPRESSION_MAX)})"
        return f"{what} {self.comparison} {self.threshold:g} in {periods(self)}"


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """The ``count`` periods of an alarm from ``begins``; the last is incomplete at ``until``."""

    begins: datetime
    until: datetime
    period: timedelta
    count: int

    @property
    def periods(self) -> tuple[datetime, ...]:
        """The start of each period."""
        return tuple(self.begins + number * self.period for number in range(self.count))


class ExternalMetric(NamedTuple):
    """A foreign alarm's definition and its values around the incident."""

    external: ExternalDefinition
    around: Window
    values: Values


def periods(alarm: AlarmDefinition | ExternalDefinition) -> str:
    """Return the periods that lead *alarm* to ALARM, for display."""
    breaching = alarm.breaching_periods or alarm.evaluation_periods
    return f"{breaching} of {alarm.evaluation_periods} periods of {alarm.period_seconds} s"


def window(
    alarm: AlarmDefinition | ExternalDefinition, signalled_at: datetime, until: datetime
) -> Window:
    """Return the periods around an incident that ends at *until*, the newest if too many.

    Longer periods would need fewer values, but the threshold applies to the alarm's own.
    """
    period = timedelta(seconds=alarm.period_seconds)
    last = _period_start(until - timedelta.resolution, period)
    count_max = max(VALUES_MIN, min(VALUES_MAX, WINDOW_MAX // period))
    first = _period_start(signalled_at - max(LEAD_TIME, period), period)
    count = min(max((last - first) // period, 0) + 1, count_max)
    return Window(begins=last - (count - 1) * period, until=until, period=period, count=count)


def to_ledger(alarm: AlarmDefinition, around: Window, values: Values) -> AlarmMetricRead:
    """Return the entry for *values*: numbers are text, since entries hold no floats."""
    return _event(alarm.name, around, values)


def external_to_ledger(name: str, read: ExternalMetric) -> AlarmMetricRead:
    """Return the entry for a foreign alarm, with its threshold, which no profile has."""
    external = read.external
    return copy.replace(
        _event(name, read.around, read.values),
        metric=redact(external.metric, NAME_MAX),
        definition=external.definition,
        comparison=external.comparison,
        threshold=f"{external.threshold:g}",
    )


def _event(name: str, around: Window, values: Values) -> AlarmMetricRead:
    values_ = map(values.get, around.periods)
    return AlarmMetricRead(
        alarm=name,
        begins=around.begins,
        period_seconds=int(around.period.total_seconds()),
        values=tuple(None if each is None else f"{each:.6g}" for each in values_),
    )


def _period_start(at: datetime, period: timedelta) -> datetime:
    """Return the start of the period that contains *at*; CloudWatch counts from the epoch."""
    return _EPOCH + (at - _EPOCH) // period * period
