"""Overview: rows in their lists, each with the latest first."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from firstline.reporting.console.view import Row
from firstline.reporting.incident_summary import OPEN

UNKNOWN_INSTANT = datetime.max.replace(tzinfo=UTC)
"""The sort key of a row without an instant, which puts it first."""


class RowLists(NamedTuple):
    """Escalated, open and ended incidents."""

    escalated: tuple[Row, ...]
    open: tuple[Row, ...]
    ended: tuple[Row, ...]


def group_rows(rows: Iterable[Row], since: datetime | None = None) -> RowLists:
    """*rows* in their lists, without those that ended before *since*."""
    latest_first = sorted(rows, key=lambda each: each.opened_at or UNKNOWN_INSTANT, reverse=True)
    ended = (each for each in latest_first if each.outcome != OPEN and not each.escalated)
    recent = (each for each in ended if since is None or _end(each) >= since)
    return RowLists(
        escalated=tuple(each for each in latest_first if each.escalated),
        open=tuple(each for each in latest_first if each.outcome == OPEN),
        ended=tuple(sorted(recent, key=_end, reverse=True)),
    )


def _end(row: Row) -> datetime:
    return row.ended_at or row.opened_at or UNKNOWN_INSTANT
