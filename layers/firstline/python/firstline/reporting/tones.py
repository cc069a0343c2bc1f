"""Tones: how a line is to be read. Pages and terminals choose colours by tone alone."""

from enum import StrEnum

from firstline.incidents.incident import Status
from firstline.reporting.incident_summary import OPEN
from firstline.signal import Severity


class Tone(StrEnum):
    """From routine to urgent; ``ALERT`` is what notified a person."""

    PLAIN = "plain"
    QUIET = "quiet"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    ALERT = "alert"


_TONES: dict[str, Tone] = {
    Severity.P1: Tone.BAD,
    Severity.P2: Tone.WARNING,
    OPEN: Tone.WARNING,
    Status.RESOLVED: Tone.GOOD,
    Status.ESCALATED: Tone.BAD,
}


def tone(name: str) -> Tone:
    """The tone of a severity or an outcome; plain for any other."""
    return _TONES.get(name, Tone.PLAIN)
