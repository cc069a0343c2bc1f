"""The time axis of a report's drawings: to scale, whether it took two minutes or three hours."""

from datetime import datetime, timedelta

import msgspec

from firstline.reporting.postmortem.report import Report

TICKS_MAX = 6
SHORTEST = timedelta(seconds=10)
"""What took no time still has an axis."""
AFTER = 0.25
"""What comes later than this share of the duration after the end is told, and not drawn."""
_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
STEPS = tuple(timedelta(seconds=each) for each in _SECONDS)
"""Distances between ticks that people count in; beyond them whole days."""
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
        """Where *at* lies, in percent of the width; to scale, and never outside."""
        share = (at - self.begins) / (self.ends - self.begins)
        return round(min(max(share, 0.0), 1.0) * 100, 3)

    def drawn(self, at: datetime) -> bool:
        """Whether *at* lies on it."""
        return self.begins <= at <= self.ends

    def ticks(self) -> tuple[Tick, ...]:
        """At most `TICKS_MAX` after the first, at round distances from `zero`."""
        length, zero = self.ends - self.begins, self.zero or self.begins
        days = DAY * (1 + length // (TICKS_MAX * DAY))
        step = next((each for each in STEPS if length / each <= TICKS_MAX), days)
        numbers = range(-((zero - self.begins) // step), (self.ends - zero) // step + 1)
        passed = (number * step for number in numbers)
        return tuple(Tick(self.x(zero + each), _label(each)) for each in passed)

    def since(self, at: datetime) -> "Axis":
        """The axis that begins at *at*, if that is earlier, and counts from where this one does."""
        return Axis(min(at, self.begins), self.ends, self.zero or self.begins)


def axis(report: Report) -> Axis:
    """From the opening signal to the end, and a little beyond for what followed at once."""
    length = max(report.ended_at - report.began_at, SHORTEST)
    soon = report.began_at + length * (1 + AFTER)
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
