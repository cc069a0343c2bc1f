"""Drill marker: a drill that an operator announced, so that its incident runs in dry-run mode.

Two facts must agree. The operators' function has recorded a marker, for one alarm and for a limited
time, and only callers with that permission can record one. The reason of the alarm's state is the
drill's, with that marker: CloudWatch's own transitions have another reason. So an alarm that turns
by itself never runs in dry-run mode, and text from outside disables nothing (I15).

The kill switch stores the marker. It is read with the lease before each decision, and the
decision's entry records the mode. A signal without the marker makes the incident real for good, and
pages again.
Where firstline may fix, a drill may not, and no text of an event may stop the repair of a real
alarm.
"""

import re
from datetime import datetime, timedelta

import msgspec

from firstline.ids import digest
from firstline.ledger.entries import DrillAnnounced

DRILLS_MAX = 20
"""Announced drills at a time, so that the item stays small."""
DRILL_DURATION_MAX = timedelta(hours=4)
"""Longest time for which a drill runs in dry-run mode."""
REASON = "firstline drill: rung on purpose, nothing is wrong"
"""The alarm's reason in a drill that was not announced: no mode follows from it."""
UNANNOUNCED = "unannounced"
"""The marker of such a drill, which no announced drill has."""
_REASON = re.compile(r"firstline drill ([0-9a-f]{16}): rung on purpose, nothing is wrong")


class AnnouncedDrill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill of ``alarm`` announced by ``by``, both ARNs; it is a dry run before ``until``."""

    marker: str
    alarm: str
    by: str
    at: datetime
    until: datetime

    def to_ledger(self) -> DrillAnnounced:
        """The entry, without the alarm's name, which its signal has."""
        until = self.until.replace(microsecond=0)
        return DrillAnnounced(marker=self.marker, by=self.by, until=until)


def new_drill(alarm: str, by: str, at: datetime, until: datetime) -> AnnouncedDrill:
    """A drill with a new marker."""
    marker = digest(f"{alarm}|{by}|{at.isoformat()}".encode())[:16]
    return AnnouncedDrill(marker=marker, alarm=alarm, by=by, at=at, until=until)


def state_reason(marker: str) -> str:
    """The state reason of a drill that was announced under *marker*."""
    return f"firstline drill {marker}: rung on purpose, nothing is wrong"


def drill_marker(reason: str) -> str:
    """The marker in the *reason* of a state; empty where the reason is not a drill's."""
    if reason == REASON:
        return UNANNOUNCED
    matched = _REASON.fullmatch(reason)
    return matched[1] if matched else ""
