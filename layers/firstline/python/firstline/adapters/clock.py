"""Clock: the machine's own time."""

import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """This instant, aware, in UTC."""
        return datetime.now(UTC)

    def sleep(self, duration: timedelta) -> None:
        """Wait for *duration*; return at once if it is negative."""
        time.sleep(max(duration.total_seconds(), 0.0))
