"""Business days: the next morning in the fleet's own zone, never on a weekend."""

from datetime import UTC, datetime

import pytest

from firstline.config.business_day import BusinessDay

BERLIN = BusinessDay(time_zone="Europe/Berlin", starts_at_hour=8)


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        ("2026-03-11T04:18:43", "2026-03-12T07:00:00"),  # Wednesday night
        ("2026-03-11T22:59:59", "2026-03-12T07:00:00"),
        ("2026-03-11T23:00:00", "2026-03-13T07:00:00"),  # Thursday there
        ("2026-03-13T10:00:00", "2026-03-16T07:00:00"),  # Friday
        ("2026-03-14T10:00:00", "2026-03-16T07:00:00"),  # Saturday
        ("2026-03-15T10:00:00", "2026-03-16T07:00:00"),  # Sunday
        ("2026-03-27T10:00:00", "2026-03-30T06:00:00"),  # summer time begins on the 29th
    ],
)
def test_the_next_business_day_begins_in_the_morning(at: str, begins: str) -> None:
    """R04: of the zone's own day, with its summer time."""
    found = BERLIN.after(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert found.tzinfo is UTC


@pytest.mark.parametrize("zone", ["Europe/Berlin", "UTC", "America/Los_Angeles"])
def test_a_zone_is_known(zone: str) -> None:
    """By the tz database's own names."""
    assert BusinessDay(time_zone=zone).known


@pytest.mark.parametrize("zone", ["Berlin", "", "../etc", "/etc/localtime", "a\0b", "Europe"])
def test_what_is_no_zone_is_not_known(zone: str) -> None:
    """A path is no name."""
    assert not BusinessDay(time_zone=zone).known
