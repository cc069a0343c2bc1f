"""Instants as a person types them."""

from datetime import UTC, datetime

from firstline.errors import Malformed


def read(option: str, text: str) -> datetime | None:
    """The instant that *text* names, in UTC where it names no zone; None for no text.

    Raises `Malformed` naming *option*.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        message = f"{option} {text}: give a date or an instant, such as 2026-03-11T04:20Z"
        raise Malformed(message) from None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
