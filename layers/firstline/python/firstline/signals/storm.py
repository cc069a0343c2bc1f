"""Storm: many unrelated troubles at once are one, for whoever is woken (I21).

What opened in the last minutes is kept in one small item. It is a hint: what cannot be read or
written counts as no storm, for a page must not wait for it, and a P1 never asks.
"""

import copy
from datetime import datetime, timedelta

import msgspec

from firstline.ids import CorrelationKey

GATHERED_MAX = 100
"""As many alarms as an incident waits for."""


class Opening(msgspec.Struct, frozen=True):
    """A cause that opened an incident, or would have."""

    cause: CorrelationKey
    at: datetime


class Openings(msgspec.Struct, frozen=True):
    """The latest causes, each once, oldest first; ``version`` is the one that was read.

    ``gathered`` are those that the latest storm took in: what comes back of them joins it.
    """

    version: int = 0
    latest: tuple[Opening, ...] = ()
    gathered: tuple[CorrelationKey, ...] = ()

    def others(self, cause: CorrelationKey, now: datetime, window: timedelta) -> int:
        """How many other causes than *cause* opened within *window*."""
        return sum(each.cause != cause and now - each.at < window for each in self.latest)

    def adding(self, cause: CorrelationKey, now: datetime, keep: int) -> "Openings":
        """With *cause* as the latest; no more than *keep* of the others are remembered."""
        others = tuple(each for each in self.latest if each.cause != cause)[-keep:]
        return copy.replace(self, latest=(*others, Opening(cause, now)))

    def gathering(self, cause: CorrelationKey, *, opens: bool) -> "Openings":
        """With *cause* in the storm, which it *opens* or joins."""
        others = () if opens else tuple(each for each in self.gathered if each != cause)
        return copy.replace(self, gathered=(*others, cause)[-GATHERED_MAX:])
