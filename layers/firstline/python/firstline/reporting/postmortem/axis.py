"""The time axis of a report's drawings, to scale from minutes to days."""

from datetime import datetime, timedelta

import msgspec

from firstline.reporting.postmortem.report import Report

TICKS_MAX = 6
AXIS_LENGTH_MIN = timedelta(seconds=10)
"""Minimum length of the axis, for an incident without duration."""
AFTERMATH_SHARE_MAX = 0.25
"""Moments later than this share of the duration after the end are counted, and not drawn."""
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
TICK_STEPS = tuple(timedelta(seconds=each) for each in _SECONDS)
"""Distances between ticks; beyond them whole days."""
DAY = timedelta(days=1)


class Tick(msgspec.Struct, frozen=True):
    """A tick at ``x`` percent of the axis, with its label."""

    x: float
    label: str


class Axis(msgspec.Struct, frozen=True):
    """From ``begins`` to ``ends``, both drawn; ticks count from ``zero``, by default the begin."""

    begins: datetime
    ends: datetime
    zero: datetime | None = None

    def x(self, at: datetime) -> float:
        """The position of *at*, in percent of the width; to scale, and never outside."""
        share = (at - self.begins) / (self.ends - self.begins)
        return round(min(max(share, 0.0), 1.0) * 100, 3)

    def contains(self, at: datetime) -> bool:
        """True if *at* is on the axis."""
        return self.begins <= at <= self.ends

    def ticks(self) -> tuple[Tick, ...]:
        """At most `TICKS_MAX` after the first, at round distances from `zero`."""
        length, zero = self.ends - self.begins, self.zero or self.begins
        days = DAY * (1 + length // (TICKS_MAX * DAY))
        step = next((each for each in TICK_STEPS if length / each <= TICKS_MAX), days)
        numbers = range(-((zero - self.begins) // step), (self.ends - zero) // step + 1)
        passed = (number * step for number in numbers)
        return tuple(Tick(self.x(zero + each), _label(each)) for each in passed)

    def extended_to(self, at: datetime) -> "Axis":
        """The axis that begins at *at*, if that is earlier, and keeps its zero."""
        return Axis(min(at, self.begins), self.ends, self.zero or self.begins)


def axis(report: Report) -> Axis:
    """From the opening signal to the end, and a little further for what followed at once."""
    length = max(report.ended_at - report.began_at, AXIS_LENGTH_MIN)
    soon = report.began_at + length * (1 + AFTERMATH_SHARE_MAX)
    instants = [at for each in report.moments for at in (each.at, each.until) if at is not None]
    last = max((at for at in instants if at <= soon), default=report.ended_at)
    return Axis(report.began_at, max(last, report.began_at + length))


def _label(after: timedelta) -> str:
    """``0``, ``+30 s``, ``+5 min``, ``+1 h``, ``+1:30 h``, ``+2 d``; before zero ``-5 min``."""
    total = int(abs(after).total_seconds())
    return f"{'-' if after < timedelta(0) else '+'}{_length(total)}" if total else "0"


def _length(total: int) -> str:
    minutes, seconds = divmod(total, 60)
    hours, rest = divmod(minutes, 60)
    if total % DAY.total_seconds() == 0:
        return f"{total // int(DAY.total_seconds())} d"
    if hours:
        return f"{hours}:{rest:02} h" if rest else f"{hours} h"
    return f"{minutes}:{seconds:02} min" if minutes and seconds else _round(minutes, seconds)


def _round(minutes: int, seconds: int) -> str:
    return f"{minutes} min" if minutes else f"{seconds} s"
