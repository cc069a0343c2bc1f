"""Formats of times, counts and hosts in a report."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

NAMES_MAX = 5
"""Names that a line lists."""
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,2})?", re.ASCII)


def format_duration(duration: timedelta) -> str:
    """A duration for people: ``0 s``, ``45 s``, ``3 min 35 s``, ``2 h 05 min``."""
    total = round(duration.total_seconds())
    hours, rest = divmod(total, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    if minutes:
        return f"{minutes} min {seconds:02} s"
    return f"{seconds} s"


def format_instant(at: datetime) -> str:
    """An instant in UTC to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def pluralise(number: int, one: str, many: str = "") -> str:
    """``1 host``, ``3 hosts``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def parse_number(text: str) -> float | None:
    """The decimal number in *text*; None if it is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def list_names(things: Iterable[str]) -> str:
    """The first few names, and the number of the others."""
    names = list(dict.fromkeys(things))
    more = len(names) - NAMES_MAX
    shown = ", ".join(names[:NAMES_MAX])
    return f"{shown} and {more} more" if more > 0 else shown


def group(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The second items of *pairs*, by the first."""
    groups: dict[str, list[str]] = {}
    for name, thing in pairs:
        groups.setdefault(name, []).append(thing)
    return groups


def split_parts(text: str) -> tuple[str, ...]:
    """The parts of an escalation's text."""
    return tuple(each for each in text.split("; ") if each)
