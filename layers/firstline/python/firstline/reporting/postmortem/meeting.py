"""The post-mortem's meeting (R43): its proposed time, and the invitation by RFC 5545."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from firstline.config.business_day import BusinessDay
from firstline.reporting.postmortem.incident_facts import IncidentFacts
from firstline.reporting.postmortem.report import Meeting, Report
from firstline.signal import Severity

POSTMORTEM_SEVERITIES = frozenset({Severity.P1, Severity.P2})
"""The severities that have a post-mortem."""
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
MEETING_DURATION = timedelta(hours=1)
REMINDER_LEAD_TIME = timedelta(days=1)
LINE_MAX = 75
"""Octets of a line without its break (RFC 5545, 3.1)."""
AGENDA = (
    "What happened, and when?",
    "What did we know, and what did we not know?",
    "What helped, what did not, and what stood in the way?",
    "Is the likely cause the cause?",
    "Which follow-ups do we take, who, by when?",
)


def propose_meeting(facts: IncidentFacts, day: BusinessDay, within_days: int) -> Meeting | None:
    """An hour after the start of the last business day of *within_days*; for P1 and P2 alone."""
    if not facts.opened or facts.severity not in POSTMORTEM_SEVERITIES:
        return None
    begins_at = day.within(facts.ended_at, timedelta(days=within_days)) + MEETING_DURATION
    local = begins_at.astimezone(ZoneInfo(day.time_zone))
    local_text = f"{local:%A, %Y-%m-%d %H:%M} {day.time_zone}"
    return Meeting(begins_at=begins_at, duration=MEETING_DURATION, local=local_text)


def invitation(report: Report) -> str | None:
    """The meeting as an iCalendar object; None where none is proposed.

    The same report gives the same text, and the same incident the same UID: the invitation of a
    longer record replaces the one before.
    """
    if report.meeting is None:
        return None
    return "".join(
        f"{line}\r\n" for each in _lines(report, report.meeting) for line in fold_line(each)
    )


def _lines(report: Report, proposed: Meeting) -> Iterator[str]:
    summary = f"Post-mortem: {report.title}"
    description = "\n".join((*report.summary, "", *AGENDA, "", f"Incident {report.incident}"))
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//firstline//report//EN")
    yield from ("CALSCALE:GREGORIAN", "METHOD:PUBLISH", "BEGIN:VEVENT")
    yield f"UID:{report.incident}@firstline"
    yield f"DTSTAMP:{_utc(report.ended_at)}"
    yield f"SEQUENCE:{report.entries}"
    yield f"DTSTART:{_utc(proposed.begins_at)}"
    yield f"DTEND:{_utc(proposed.begins_at + proposed.duration)}"
    yield f"SUMMARY:{escape_text(summary)}"
    yield f"DESCRIPTION:{escape_text(description)}"
    yield from ("STATUS:TENTATIVE", "TRANSP:OPAQUE", "CLASS:PRIVATE")
    yield from ("BEGIN:VALARM", "ACTION:DISPLAY")
    yield f"DESCRIPTION:{escape_text(summary)}"
    yield f"TRIGGER:-P{REMINDER_LEAD_TIME.days}D"
    yield from ("END:VALARM", "END:VEVENT", "END:VCALENDAR")


def escape_text(value: str) -> str:
    """*value* as TEXT (RFC 5545, 3.3.11), with escaped separators and line breaks."""
    return value.translate(_ESCAPES)


def fold_line(line: str) -> Iterator[str]:
    """*line* in pieces of at most 75 octets, cut between characters; later ones begin blank."""
    piece = ""
    for character in line:
        if len((piece + character).encode()) > LINE_MAX:
            yield piece
            piece = " "
        piece += character
    yield piece


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
