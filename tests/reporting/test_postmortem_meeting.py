"""The post-mortem's invitation (R43), as RFC 5545 has it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from firstline.config.business_day import BusinessDay
from firstline.reporting.postmortem.meeting import LINE_MAX, escape_text, fold_line, invitation
from firstline.reporting.postmortem.write import write_report
from tests.builders import ID, PROFILE
from tests.reporting.chains import chain, decision, opening, outage

BERLIN = BusinessDay(time_zone="Europe/Berlin", starts_at_hour=8)
REPORT = write_report(chain(*outage()), PROFILE)


def parsed(raw: str) -> Any:  # noqa: ANN401 - its values are of thirty kinds
    """The event as another program parses it."""
    return Calendar.from_ical(raw)


@pytest.mark.parametrize(
    ("at", "days", "begins"),
    [
        ("2026-03-11T04:20:00", 5, "2026-03-13T07:00:00"),  # Wednesday: Friday, for Monday is late
        ("2026-03-11T08:20:00", 5, "2026-03-16T07:00:00"),
        ("2026-03-11T04:20:00", 1, "2026-03-12T07:00:00"),
        ("2026-03-13T10:00:00", 1, "2026-03-16T07:00:00"),  # none is within: the next
        ("2026-03-27T10:00:00", 4, "2026-03-31T06:00:00"),  # summer time begins on the 29th
    ],
)
def test_it_is_on_the_last_business_day_within_the_days(at: str, days: int, begins: str) -> None:
    """People have time to read, and the incident is not forgotten."""
    found = BERLIN.within(datetime.fromisoformat(at).replace(tzinfo=UTC), timedelta(days=days))
    assert found == datetime.fromisoformat(begins).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("severity", "has"), [("P1", True), ("P2", True), ("P3", False), ("P4", False)]
)
def test_a_p1_and_a_p2_have_one(severity: str, has: bool) -> None:  # noqa: FBT001 - a table's column
    """The others have no meeting."""
    report = write_report(chain(opening(severity=severity), decision(9, "close")), PROFILE)
    assert (report.meeting is not None) is has
    assert (invitation(report) is not None) is has


def test_another_program_reads_it() -> None:
    """One event, an hour long, with a reminder; a later record's replaces it."""
    raw = invitation(REPORT)
    assert raw is not None
    assert raw.count("\r\n") == raw.count("\n")
    calendar = parsed(raw)
    assert calendar["VERSION"] == "2.0"
    (event,) = calendar.walk("VEVENT")
    assert event["UID"] == f"{ID}@firstline"
    assert event["SEQUENCE"] == REPORT.entries
    assert event["DTSTAMP"].dt == REPORT.ended_at.replace(microsecond=0)
    assert event["DTSTART"].dt == datetime(2026, 3, 13, 10, tzinfo=UTC)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=1)
    assert event["SUMMARY"] == f"Post-mortem: {REPORT.title}"
    assert event["DESCRIPTION"].startswith("\n".join(REPORT.summary))
    (alarm,) = event.walk("VALARM")
    assert alarm["ACTION"] == "DISPLAY"
    assert alarm["TRIGGER"].dt == -timedelta(days=1)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=200))
def test_any_text_comes_back(value: str) -> None:
    """Folded by octets between characters, and escaped."""
    lines = list(fold_line(f"SUMMARY:{escape_text(value)}"))
    assert all(len(each.encode()) <= LINE_MAX for each in lines)
    raw = "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", ""))
    assert parsed(raw)["SUMMARY"] == value
