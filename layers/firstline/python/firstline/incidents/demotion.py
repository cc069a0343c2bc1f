"""Demotion: an action whose recent fixes failed needs an approval (I20).

After so many fixes in a row that did not help, an action is demoted: it needs an approval in every
incident that opens later, until an operator promotes it. Time alone does not end a demotion,
because nothing has shown why it failed. The incident of the failure has its own limits: the
attempts on a target, and the breaker.

The limit is the policy's ``demote_after_failed``, counted over all targets and incidents. The
incident of the failure continues, because a restart that stops half-way leaves the hosts in a worse
state. An approved fix that helps is no proof, and ends nothing. The command ``promote ACTION --why
TEXT`` ends a demotion and resets the count. An action that undoes a fix is never demoted.

The records are in the lease's item, written with the verdict; a corrupt item stops every fix. A
demotion is an entry, a change event, a line of the escalation and of the proposal, and part of
``report --since``. Paging does not read it (I5).
"""

import copy
from datetime import datetime

import msgspec

from firstline import command_lines
from firstline.ids import IncidentId


class Demotion(msgspec.Struct, frozen=True):
    """The start of a demotion, after ``failed`` fixes, the last of them in *incident*."""

    at: datetime
    failed: int
    incident: IncidentId

    def describe(self, action: str, where: str = "") -> str:
        """The demotion in words; *where* is the deployment as options of the command."""
        since = self.at.isoformat(timespec="seconds")
        why = f"{self.failed} of its fixes in a row did not help by {since}"
        return f"{why}; {command_lines.promote(action, where)} makes it automatic again"


class ActionTrackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One action in one group: the number of its latest fixes in a row that did not help."""

    action: str
    failed: int = 0
    demoted: Demotion | None = None


type TrackRecords = tuple[ActionTrackRecord, ...]


def after_verdict(
    trusts: TrackRecords, action: str, *, helped: bool, by: Demotion, most: int
) -> TrackRecords:
    """The records after a verdict; *by* is the demotion at the *most*-th failure in a row.

    An existing demotion is kept: a fix that helped ends the row, and no demotion.
    """
    before = track_record(trusts, action)
    failed = 0 if helped else before.failed + 1
    down = before.demoted or (copy.replace(by, failed=failed) if failed >= most else None)
    return _with(trusts, copy.replace(before, failed=failed, demoted=down))


def reinstate(trusts: TrackRecords, action: str) -> TrackRecords:
    """The records after an operator promoted *action*: no demotion, and no failures."""
    return _with(trusts, ActionTrackRecord(action=action))


def track_record(trusts: TrackRecords, action: str) -> ActionTrackRecord:
    """The record of *action*; an empty one if it never failed."""
    return next(
        (each for each in trusts if each.action == action), ActionTrackRecord(action=action)
    )


def active_demotion(
    trusts: TrackRecords, action: str, incident: IncidentId, opened_at: datetime
) -> Demotion | None:
    """The demotion of *action* in *incident*; None if the incident opened before it."""
    down = track_record(trusts, action).demoted
    if down is None or down.incident == incident or opened_at <= down.at:
        return None
    return down


def _with(trusts: TrackRecords, after: ActionTrackRecord) -> TrackRecords:
    """*trusts* with *after*; an empty record is not kept."""
    others = tuple(each for each in trusts if each.action != after.action)
    return (*others, after) if after.failed or after.demoted else others
