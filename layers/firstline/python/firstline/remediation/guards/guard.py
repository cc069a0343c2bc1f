"""The types of a guard and of its answer.

A fact that a guard needs and that cannot be read denies the fix. A plan that only unknown facts
deny is proposed to a person, with each fact named. An approval overrides exactly these, after one
more look at the hosts: a recovery or another denial stops the plan, continued silence does not. An
unreadable kill switch is on, and no approval overrides it.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from firstline.remediation.guards.reason import Reason
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


class Denial(msgspec.Struct, frozen=True):
    """A guard's reason against a plan, as a code and in words (``why``).

    ``retry_at`` is the next useful time to ask again.

    A ``final`` denial does not pass with time: a person must take over. A ``held`` one is a
    person's own decision, so no page about it follows. ``approvable`` means that a person may allow
    the plan: it is proposed at once, or the answer is awaited. ``unknown`` means that a fact is
    missing which a person may know: the plan is proposed, and an approval overrides the denial.
    """

    reason: Reason
    why: str
    retry_at: datetime | None = None
    final: bool = False
    held: bool = False
    approvable: bool = False
    unknown: bool = False


type Guard = Callable[[Plan, Situation], Denial | None]


class Answer(msgspec.Struct, frozen=True):
    """One guard's answer; without a denial the plan passes.

    An ``overridden`` denial stays in the record, and an approval takes precedence.
    """

    guard: str
    denial: Denial | None
    overridden: bool = False

    @property
    def stops(self) -> bool:
        """True if it stops the plan."""
        return self.denial is not None and not self.overridden
