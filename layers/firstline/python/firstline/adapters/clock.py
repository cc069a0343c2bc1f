"""Clock: the machine's own time."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """Time as the machine tells it."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """Wait for *duration*; not at all when it is negative."""
        time.sleep(max(duration.total_seconds(), 0.0))
