"""JSON documents about recorded incidents that are decided again, and about backtests."""

from datetime import datetime
from typing import Any

import msgspec

from firstline.cli.output.lines import ReplayLine


class DifferenceLine(msgspec.Struct, frozen=True, kw_only=True):
    """A difference between a recorded incident and its repeated decisions.

    ``field`` is a path within entry ``sequence``; empty where one side has no such entry.
    """

    sequence: int
    kind: str
    field: str
    recorded: Any
    redecided: Any


class RedecideLine(ReplayLine, frozen=True, kw_only=True):
    """A recorded incident whose decisions were repeated.

    ``decisions`` counts the repeated decisions, ``differences`` lists where they differ from the
    record. ``why`` is the reason if they could not be repeated, else null.
    """

    decisions: int
    differences: tuple[DifferenceLine, ...]
    why: str | None


class FlipLine(msgspec.Struct, frozen=True, kw_only=True):
    """A difference between two policies.

    ``from`` and ``to`` are a signal's classification, a step, or a page's key. ``sort`` is
    ``signal``, ``step``, ``fix-changed``, or one of ``fix-``, ``page-`` and ``escalation-`` with
    ``gained`` or ``lost``. ``where`` is the event's file and line, or the recorded incident.
    """

    sort: str
    where: str
    incident: str | None
    at: datetime
    before: Any = msgspec.field(name="from")
    after: Any = msgspec.field(name="to")
    why: str


class GainedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of what only the new policy does (``gained``) and only the old one (``lost``)."""

    gained: int
    lost: int


class BacktestLine(msgspec.Struct, frozen=True, kw_only=True):
    """Two policies compared on the same recorded events and incidents.

    ``changed`` counts all differences; ``decisions`` lists the first ones. ``unrecorded`` counts,
    by fact, the decisions that needed a fact that was not recorded. ``diverged`` counts the
    incidents in which a policy chose another fix than was recorded; their later course is unknown.
    """

    events: int
    changed: int
    incidents: dict[str, int]
    pages: GainedLine
    fixes: GainedLine
    unrecorded: dict[str, int]
    diverged: int
    decisions: tuple[FlipLine, ...]
