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
    allow the plan: it is proposed at once, or the answer is waited for. ``unknown`` says that a
    fact is missing which a person may know: the plan is proposed, and a yes overrides the denial.
    """

    why: str
    retry_at: datetime | None = None
    final: bool = False
    held: bool = False
    ask: bool = False
    unknown: bool = False


type Guard = Callable[[Plan, Situation], Denial | None]


class Answer(msgspec.Struct, frozen=True):
    """What one guard answered; no denial means that it lets the plan pass.

    A denial that is ``overridden`` stays in the record, and a person's yes stands above it.
    """

    guard: str
    denial: Denial | None
    overridden: bool = False

    @property
    def stops(self) -> bool:
        """Whether it keeps the plan from being done."""
        return self.denial is not None and not self.overridden
