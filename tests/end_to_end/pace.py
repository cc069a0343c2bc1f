"""How fast time goes: the clock is the real one, and what AWS counts in minutes takes seconds."""

from datetime import UTC, datetime, timedelta

from firstline.lab.twin.fleet.hosts import Timings

MINUTE = timedelta(seconds=2)
"""A minute of schedules, of alarms' periods and of the metrics of queues."""
TIMINGS = Timings(
    answer_after=timedelta(seconds=0.3),
    enclave_restart=timedelta(seconds=1),
    parent_restart=timedelta(seconds=0.5),
    health_check_lag=timedelta(seconds=0.5),
    minute=MINUTE,
)


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def scaled(length: timedelta) -> timedelta:
    """What *length* takes here, as AWS counts it."""
    return length / (timedelta(minutes=1) / MINUTE)
