"""Announced: a drill that an operator told firstline of, so that its incident is only observed.

Two things must agree, and neither is enough. The operators' function has recorded a word, for one
alarm and for a while: only who may pull levers can do that. And the reason of the alarm's state is
the drill's, with that word: what CloudWatch finds by itself has a reason of its own. So an alarm
that rings by itself is never only observed, and text from outside switches nothing off (I15).
"""

import re
from datetime import datetime, timedelta

import msgspec

from firstline.ids import digest
from firstline.ledger.entries import DrillAnnounced

ANNOUNCED_MAX = 20
"""As many drills at a time as one small item holds."""
LONGEST = timedelta(hours=4)
"""No drill is observed for longer."""
REASON = "firstline drill: rung on purpose, nothing is wrong"
"""The reason of the alarm in a drill that was not announced: no mode follows from it."""
UNANNOUNCED = "unannounced"
"""The word of such a drill, which no operator's is."""
_REASON = re.compile(r"firstline drill ([0-9a-f]{16}): rung on purpose, nothing is wrong")


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A drill of ``alarm_url`` by whom ``by`` names, both ARNs; it is observed before ``until``."""

    word: str
    alarm: str
    by: str
    at: datetime
    until: datetime

    def to_ledger(self) -> DrillAnnounced:
        """As an entry records it: without the alarm's name, which its signal has."""
        until = self.until.replace(microsecond=0)
        return DrillAnnounced(word=self.word, by=self.by, until=until)


def announced(alarm: str, by: str, at: datetime, until: datetime) -> Announced:
    """A drill with a word of its own."""
    word = digest(f"{alarm}|{by}|{at.isoformat()}".encode())[:16]
    return Announced(word=word, alarm=alarm, by=by, at=at, until=until)


def reason(word: str) -> str:
    """What the alarm's history says of a drill that was announced under *word*."""
    return f"firstline drill {word}: rung on purpose, nothing is wrong"


def word_of(said: str) -> str:
    """The word in the *said* reason of a state; empty where it is no drill's."""
    if said == REASON:
        return UNANNOUNCED
    found = _REASON.fullmatch(said)
    return found[1] if found else ""
