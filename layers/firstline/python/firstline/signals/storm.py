"""Storm: many unrelated troubles at once page once (I21).

The recent openings are kept in one small item. It is a hint: a failed read or write counts as no
storm, because a page must not wait for it, and a P1 never asks.

When more than ``storm_scopes_max`` unrelated keys open within ``storm_window_seconds``, later ones
join one incident without a ladder, which stays open while more come. Many unrelated alarms
therefore page one time more than ``storm_scopes_max``, and next to a P1 one more: an alarm without
a rule is never silent (I6). A signal that an open storm gathered joins it again when it returns.

The signals of one problem are one incident and one page. An escalation waits while they still join,
for ``blocked_max_seconds`` at most, because each signal after the end would open and page a new
incident.
"""

import copy
from datetime import datetime, timedelta

import msgspec

from firstline.ids import CorrelationKey

GATHERED_MAX = 100
"""Correlation keys that one storm gathers."""


class Opening(msgspec.Struct, frozen=True):
    """A correlation key that opened an incident, or would have."""

    correlation_key: CorrelationKey
    at: datetime


class Openings(msgspec.Struct, frozen=True):
    """The latest keys, each once, oldest first; ``version`` is the one that was read.

    ``gathered`` are those that the latest storm took in: a later signal of them joins it.
    """

    version: int = 0
    latest: tuple[Opening, ...] = ()
    gathered: tuple[CorrelationKey, ...] = ()

    def count_others(self, key: CorrelationKey, now: datetime, window: timedelta) -> int:
        """The number of other keys than *key* that opened within *window*."""
        return sum(each.correlation_key != key and now - each.at < window for each in self.latest)

    def with_opening(self, key: CorrelationKey, now: datetime, keep: int) -> "Openings":
        """The openings with *key* as the latest; at most *keep* of the others are kept."""
        others = tuple(each for each in self.latest if each.correlation_key != key)[-keep:]
        return copy.replace(self, latest=(*others, Opening(key, now)))

    def with_gathered(self, key: CorrelationKey, *, opens: bool) -> "Openings":
        """The openings with *key* in the storm, which it *opens* or joins."""
        others = () if opens else tuple(each for each in self.gathered if each != key)
        return copy.replace(self, gathered=(*others, key)[-GATHERED_MAX:])
