"""What a guard is, and what it answers."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


class Denial(msgspec.Struct, frozen=True):
    """Why not. ``retry_at`` says when it may be asked again to some purpose.

    A ``final`` denial does not pass with time: a person must take over. One that is ``held`` is
    so by a person's own will, who need not be told of it again. ``ask`` says that a person may
    allow the plan, and was not told of it yet.
    """

    why: str
    retry_at: datetime | None = None
    final: bool = False
    held: bool = False
    ask: bool = False


type Guard = Callable[[Plan, Situation], Denial | None]


class Answer(msgspec.Struct, frozen=True):
    """What one guard said; no denial means that it lets the plan pass."""

    guard: str
    denial: Denial | None
