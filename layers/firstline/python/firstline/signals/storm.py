"""Storm: many unrelated troubles at once are one, for whoever is woken (I21).

What opened in the last minutes is kept in one small item. It is a hint: what cannot be read or
written counts as no storm, for a page must not wait for it, and a P1 never asks.
"""

import copy
from datetime import datetime, timedelta

import msgspec

from firstline.ids import Cause


class Opening(msgspec.Struct, frozen=True):
    """A cause that opened an incident, or would have."""

    cause: Cause
    at: datetime


class Openings(msgspec.Struct, frozen=True):
    """The latest causes, each once, oldest first; ``version`` is the one that was read."""

    version: int = 0
    latest: tuple[Opening, ...] = ()

    def others(self, cause: Cause, now: datetime, window: timedelta) -> int:
        """How many other causes than *cause* opened within *window*."""
        return sum(each.cause != cause and now - each.at < window for each in self.latest)

    def adding(self, cause: Cause, now: datetime, keep: int) -> "Openings":
        """With *cause* as the latest; no more than *keep* of the others are remembered."""
        others = tuple(each for each in self.latest if each.cause != cause)[-keep:]
        return copy.replace(self, latest=(*others, Opening(cause, now)))
