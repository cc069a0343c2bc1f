"""Instants on a command line."""

import re
from datetime import UTC, datetime, timedelta

from firstline.errors import InvalidInput

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def parse_instant(option: str, text: str) -> datetime | None:
    """Return the instant of *text*, in UTC unless it names a zone; None for no text.

    ``2h`` is two hours ago. Raises `InvalidInput` with *option*.
    """
    if not text:
        return None
    if age := re.fullmatch(r"([0-9]{1,4})([mhd])", text):
        return datetime.now(UTC) - int(age[1]) * UNITS[age[2]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"{option} {text}: give 2h, 7d, a date or an instant, such as 2026-03-11T04:20Z"
        raise InvalidInput(message) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
