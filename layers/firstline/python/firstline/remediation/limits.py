"""Limits: lease, spending and backoff as arithmetic; what is read and written is in the store."""

import copy
from datetime import datetime, timedelta

import msgspec

from firstline.diagnosis.external_events import ExternalEvents
from firstline.ids import FixTarget, IncidentId, InstanceId, Token
from firstline.incidents.demotion import Trusts
from firstline.remediation.kill_switch import OFF, KillSwitch


class AttemptRecord(msgspec.Struct, frozen=True):
    """One fix that was intended, whether or not it was ever sent.

    ``alive`` are the hosts that it touched which were not proven dead; ``failed`` says that it
    was judged, and had not helped.
    """

    token: Token
    action: str
    target: FixTarget
    at: datetime
    alive: tuple[InstanceId, ...] = ()
    failed: bool = False


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Who may fix something in the group, until when; ``fence`` rises each time it is taken.

    The spending of the window lives in the same item, so that taking the lease, spending and
    the intent are one write; and so does how each action's fixes went.
    """

    group: str
    fence: int = 0
    holder: IncidentId | None = None
    until: datetime | None = None
    spent: tuple[AttemptRecord, ...] = ()
    trusts: Trusts = ()

    def free_for(self, incident: IncidentId, now: datetime) -> bool:
        """Whether *incident* may take it at *now*: nobody holds it, or its time has run out."""
        ran_out = self.until is not None and self.until <= now
        return self.holder in (None, incident) or ran_out


class Limits(msgspec.Struct, frozen=True, tag="limits"):
    """What the store keeps between incidents and the guards must see."""

    lease: Lease
    switch: KillSwitch = OFF
    circumstances: ExternalEvents = ExternalEvents()


def take(
    lease: Lease, incident: IncidentId, until: datetime, spent: AttemptRecord, window: timedelta
) -> Lease:
    """The lease held by *incident* under a new fence, with *spent* added to the window."""
    kept = tuple(each for each in lease.spent if spent.at - each.at < window)
    return copy.replace(
        lease, fence=lease.fence + 1, holder=incident, until=until, spent=(*kept, spent)
    )


def extend(lease: Lease, until: datetime) -> Lease:
    """The lease held longer by the same holder, under the same fence."""
    return copy.replace(lease, until=until)


def release(lease: Lease, failed: Token | None = None) -> Lease:
    """The lease free for the next; what was spent stays spent, and is *failed* if it was."""
    spent = tuple(
        copy.replace(each, failed=True) if each.token == failed else each for each in lease.spent
    )
    return copy.replace(lease, holder=None, until=None, spent=spent)


def under_way(lease: Lease, now: datetime) -> AttemptRecord | None:
    """The fix for which the lease is held at *now*: it may be sent, carried out, or verified."""
    held = lease.holder is not None and lease.until is not None and now < lease.until
    return lease.spent[-1] if held and lease.spent else None


def attempts(lease: Lease, action: str, now: datetime, window: timedelta) -> list[FixTarget]:
    """On whom *action* was intended within *window*, by any incident, once for each time."""
    return [each.target for each in lease.spent if each.action == action and now - each.at < window]


def failures(lease: Lease, now: datetime, window: timedelta) -> int:
    """How many fixes of the group failed within *window*, on any target, by any incident."""
    return sum(1 for each in lease.spent if each.failed and now - each.at < window)


def touched(lease: Lease, now: datetime, window: timedelta) -> frozenset[InstanceId]:
    """The hosts, not proven dead, that were touched within *window* by any incident."""
    return frozenset(host for each in lease.spent if now - each.at < window for host in each.alive)


def last_attempt(lease: Lease, action: str, target: FixTarget) -> datetime | None:
    """When *action* was last intended on *target*, by any incident."""
    what = (action, target)
    intended = (each.at for each in lease.spent if (each.action, each.target) == what)
    return max(intended, default=None)


def cooldown(base: timedelta, attempts_made: int) -> timedelta:
    """How long to wait after the n-th attempt: *base*, twice that, four times that..."""
    return base * (1 << max(attempts_made - 1, 0))
