"""Business days, Monday to Friday, in the fleet's time zone: the times of digests (R04).

A holiday counts as a business day, so that a digest is early, never late.
"""

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

DAY = timedelta(days=1)
SATURDAY = 5


class BusinessDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The start of a business day: an hour in a zone of the tz database."""

    time_zone: str = "UTC"
    starts_at_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 9

    def after(self, at: datetime) -> datetime:
        """Return the start of the next business day after *at*, in the time zone of *at*.

        >>> from datetime import UTC
        >>> friday = datetime(2026, 3, 13, 22, tzinfo=UTC)
        >>> BusinessDay().after(friday).isoformat()
        '2026-03-16T09:00:00+00:00'
        """
        zone = ZoneInfo(self.time_zone)
        day = at.astimezone(zone).date() + DAY
        while day.weekday() >= SATURDAY:
            day += DAY
        return datetime.combine(day, time(self.starts_at_hour), zone).astimezone(at.tzinfo)

    def within(self, at: datetime, duration: timedelta) -> datetime:
        """Return the last start within *duration* of *at*; the next start if there is none."""
        start = self.after(at)
        while (later := self.after(start)) <= at + duration:
            start = later
        return start

    @property
    def known(self) -> bool:
        """True if the time zone exists."""
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return False
        return True
