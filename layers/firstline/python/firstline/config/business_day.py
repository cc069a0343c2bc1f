"""Business days: when what can wait is told (R04), in the fleet's own time zone.

Monday to Friday; a holiday is a business day here, which tells it rather sooner than later.
"""

from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

DAY = timedelta(days=1)
SATURDAY = 5


class BusinessDay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a business day begins: an hour of the clock in a zone of the tz database."""

    time_zone: str = "UTC"
    starts_at_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 9

    def after(self, at: datetime) -> datetime:
        """The beginning of the next business day after the day of *at*, in the zone of *at*."""
        zone = ZoneInfo(self.time_zone)
        day = at.astimezone(zone).date() + DAY
        while day.weekday() >= SATURDAY:
            day += DAY
        return datetime.combine(day, time(self.starts_at_hour), zone).astimezone(at.tzinfo)

    def within(self, at: datetime, duration: timedelta) -> datetime:
        """The last beginning of a business day within *duration* of *at*; the next at the least."""
        found = self.after(at)
        while (later := self.after(found)) <= at + duration:
            found = later
        return found

    @property
    def known(self) -> bool:
        """Whether there is such a zone."""
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            return False
        return True
