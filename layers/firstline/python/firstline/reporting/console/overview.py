"""Overview: rows in their lists, each with the latest first."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from firstline.reporting.console.view import Row
from firstline.reporting.incident_summary import OPEN

LATEST = datetime.max.replace(tzinfo=UTC)
"""Where a row stands that says no instant: on top."""


class Lists(NamedTuple):
    """What a person has, what firstline has, and what ended."""

    escalated: tuple[Row, ...]
    open: tuple[Row, ...]
    ended: tuple[Row, ...]


def lists(rows: Iterable[Row], since: datetime | None = None) -> Lists:
    """*rows* in their lists; those that ended before *since* are in none."""
    found = sorted(rows, key=lambda each: each.opened_at or LATEST, reverse=True)
    over = (each for each in found if each.outcome != OPEN and not each.escalated)
    recent = (each for each in over if since is None or _end(each) >= since)
    return Lists(
        escalated=tuple(each for each in found if each.escalated),
        open=tuple(each for each in found if each.outcome == OPEN),
        ended=tuple(sorted(recent, key=_end, reverse=True)),
    )


def _end(row: Row) -> datetime:
    return row.ended_at or row.opened_at or LATEST
