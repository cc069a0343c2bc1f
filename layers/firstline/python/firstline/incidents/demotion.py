"""Trust: how an action's fixes went lately, and whether it still goes by itself (I20).

After so many fixes in a row that did not help an action is demoted: from then on it asks a person
in every incident that opens later, until somebody promotes it. Time alone does not bring it back,
for nobody has looked at why it failed. The incident in which it failed is held by its own limits:
the attempts on a target, and the breaker.
"""

import copy
from datetime import datetime

import msgspec

from firstline import command_lines
from firstline.ids import IncidentId


class Demotion(msgspec.Struct, frozen=True):
    """Since when an action asks a person, after how many failed fixes, the last in *incident*."""

    at: datetime
    failed: int
    incident: IncidentId

    def told(self, action: str, where: str = "") -> str:
        """As people are told of it; *where* is the deployment in options of the command."""
        since = self.at.isoformat(timespec="seconds")
        why = f"{self.failed} of its fixes in a row did not help by {since}"
        return f"{why}; {command_lines.promote(action, where)} lets it go by itself again"


class ActionTrackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One action in one group: how many of its fixes in a row did not help, up to the last."""

    action: str
    failed: int = 0
    demoted: Demotion | None = None


type Trusts = tuple[ActionTrackRecord, ...]


def judged(trusts: Trusts, action: str, *, helped: bool, by: Demotion, most: int) -> Trusts:
    """After a fix was judged; *by* is the demotion that comes with the *most*-th failure in a row.

    One that stands already stays as it is: a fix that helped ends the row, and no demotion.
    """
    before = of(trusts, action)
    failed = 0 if helped else before.failed + 1
    down = before.demoted or (copy.replace(by, failed=failed) if failed >= most else None)
    return _with(trusts, copy.replace(before, failed=failed, demoted=down))


def promoted(trusts: Trusts, action: str) -> Trusts:
    """After a person promoted *action*: it goes by itself, and the row begins anew."""
    return _with(trusts, ActionTrackRecord(action=action))


def of(trusts: Trusts, action: str) -> ActionTrackRecord:
    """The trust in *action*; of one that never failed there is nothing to say."""
    return next(
        (each for each in trusts if each.action == action), ActionTrackRecord(action=action)
    )


def demotion(
    trusts: Trusts, action: str, incident: IncidentId, opened_at: datetime
) -> Demotion | None:
    """What keeps *action* from going by itself in *incident*; nothing where that opened before."""
    found = of(trusts, action).demoted
    if found is None or found.incident == incident or opened_at <= found.at:
        return None
    return found


def _with(trusts: Trusts, after: ActionTrackRecord) -> Trusts:
    """*trusts* with *after*; what has nothing to say is not kept."""
    others = tuple(each for each in trusts if each.action != after.action)
    return (*others, after) if after.failed or after.demoted else others
