"""What commands say of the past as JSON: recorded incidents decided again, and backtests."""

from datetime import datetime
from typing import Any

import msgspec

from firstline.cli.output.lines import ReplayLine


class DifferenceLine(msgspec.Struct, frozen=True, kw_only=True):
    """Where a recorded incident, decided again, parts from its record.

    ``field`` is a path within entry ``sequence``, empty where one side has no such entry.
    """

    sequence: int
    kind: str
    field: str
    recorded: Any
    again: Any


class AgainLine(ReplayLine, frozen=True, kw_only=True):
    """A recorded incident: how many of its decisions were decided again, and where they part.

    ``why`` says why they could not be decided again, where they could not.
    """

    decisions: int
    differences: tuple[DifferenceLine, ...]
    why: str | None


class FlipLine(msgspec.Struct, frozen=True, kw_only=True):
    """Where two policies part: ``from`` and ``to`` are a signal's meaning, a step, or a page's key.

    ``sort`` is ``signal``, ``step``, ``fix-``, ``page-`` or ``hand-over-`` with ``gained`` or
    ``lost``; ``where`` is the event's file and line, or the recorded incident.
    """

    sort: str
    where: str
    incident: str | None
    at: datetime
    before: Any = msgspec.field(name="from")
    after: Any = msgspec.field(name="to")
    why: str


class GainedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the new policy would have done that the old one did not, and the other way round."""

    gained: int
    lost: int


class BacktestLine(msgspec.Struct, frozen=True, kw_only=True):
    """Two policies over one past. ``changed`` counts all flips, ``decisions`` tells the first.

    ``unrecorded`` counts the turns that wanted a fact that was not recorded; ``left`` the incidents
    in which a side did another fix than was done, after which nothing is known of them.
    """

    events: int
    changed: int
    incidents: dict[str, int]
    pages: GainedLine
    fixes: GainedLine
    unrecorded: dict[str, int]
    left: int
    decisions: tuple[FlipLine, ...]
