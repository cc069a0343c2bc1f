"""Words that every part of a report uses for times, counts and hosts."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

NAMED_MAX = 5
"""As many hosts are told of by name in a line."""
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,2})?", re.ASCII)


def took(duration: timedelta) -> str:
    """A duration for people: ``0 s``, ``45 s``, ``3 min 35 s``, ``2 h 05 min``."""
    total = round(duration.total_seconds())
    hours, rest = divmod(total, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    if minutes:
        return f"{minutes} min {seconds:02} s"
    return f"{seconds} s"


def clock(at: datetime) -> str:
    """An instant in UTC to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def count(number: int, one: str, many: str = "") -> str:
    """``1 host``, ``3 hosts``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def number(text: str) -> float | None:
    """The decimal number that an entry has as text; None where it is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def named(things: Iterable[str]) -> str:
    """The first few by name, and how many more there are."""
    found = list(dict.fromkeys(things))
    more = len(found) - NAMED_MAX
    shown = ", ".join(found[:NAMED_MAX])
    return f"{shown} and {more} more" if more > 0 else shown


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """What stands second in *pairs*, by what stands first."""
    groups: dict[str, list[str]] = {}
    for name, thing in pairs:
        groups.setdefault(name, []).append(thing)
    return groups


def parts(text: str) -> tuple[str, ...]:
    """What a hand-over joined into one text."""
    return tuple(each for each in text.split("; ") if each)
