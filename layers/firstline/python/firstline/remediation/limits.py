"""Limits: arithmetic of lease, attempts and backoff; the store reads and writes them."""

import copy
from datetime import datetime, timedelta

import msgspec

from firstline.diagnosis.external_events import ExternalEvents
from firstline.ids import FixTarget, IncidentId, InstanceId, Token
from firstline.incidents.demotion import TrackRecords
from firstline.remediation.kill_switch import OFF, KillSwitch


class AttemptRecord(msgspec.Struct, frozen=True):
    """One intended fix, whether or not it was sent.

    ``alive`` are the touched hosts that were not proven dead; ``failed`` is true once it was
    judged not to have helped.
    """

    token: Token
    action: str
    target: FixTarget
    at: datetime
    alive: tuple[InstanceId, ...] = ()
    failed: bool = False


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The holder of the right to fix in the group; ``fence`` rises each time it is taken.

    The attempts of the window are in the same item, so that taking the lease, the attempt and
    the intent are one write; so are the track records of actions.
    """

    group: str
    fence: int = 0
    holder: IncidentId | None = None
    until: datetime | None = None
    spent: tuple[AttemptRecord, ...] = ()
    trusts: TrackRecords = ()

    def free_for(self, incident: IncidentId, now: datetime) -> bool:
        """True if *incident* may take it at *now*: it has no other holder, or has expired."""
        ran_out = self.until is not None and self.until <= now
        return self.holder in (None, incident) or ran_out


class Limits(msgspec.Struct, frozen=True, tag="limits"):
    """State that the store keeps across incidents, for the guards."""

    lease: Lease
    switch: KillSwitch = OFF
    circumstances: ExternalEvents = ExternalEvents()


def take_lease(
    lease: Lease, incident: IncidentId, until: datetime, spent: AttemptRecord, window: timedelta
) -> Lease:
    """The lease held by *incident* under a new fence, with *spent* added to the window."""
    kept = tuple(each for each in lease.spent if spent.at - each.at < window)
    return copy.replace(
        lease, fence=lease.fence + 1, holder=incident, until=until, spent=(*kept, spent)
    )


def extend_lease(lease: Lease, until: datetime) -> Lease:
    """The lease held longer by the same holder, under the same fence."""
    return copy.replace(lease, until=until)


def release_lease(lease: Lease, failed: Token | None = None) -> Lease:
    """The lease without a holder; its attempts are kept, the one of token *failed* marked."""
    spent = tuple(
        copy.replace(each, failed=True) if each.token == failed else each for each in lease.spent
    )
    return copy.replace(lease, holder=None, until=None, spent=spent)


def fix_in_progress(lease: Lease, now: datetime) -> AttemptRecord | None:
    """The fix for which the lease is held at *now*: it may be sent, carried out, or verified."""
    is_held = lease.holder is not None and lease.until is not None and now < lease.until
    return lease.spent[-1] if is_held and lease.spent else None


def attempted_targets(
    lease: Lease, action: str, now: datetime, window: timedelta
) -> list[FixTarget]:
    """Targets of *action* within *window*, by any incident, once for each attempt."""
    return [each.target for each in lease.spent if each.action == action and now - each.at < window]


def count_failures(lease: Lease, now: datetime, window: timedelta) -> int:
    """The number of the group's failed fixes within *window*, on any target, by any incident."""
    return sum(1 for each in lease.spent if each.failed and now - each.at < window)


def recently_touched_hosts(lease: Lease, now: datetime, window: timedelta) -> frozenset[InstanceId]:
    """The hosts, not proven dead, that any incident touched within *window*."""
    return frozenset(host for each in lease.spent if now - each.at < window for host in each.alive)


def last_attempt(lease: Lease, action: str, target: FixTarget) -> datetime | None:
    """The latest intent of *action* on *target*, by any incident."""
    what = (action, target)
    intended = (each.at for each in lease.spent if (each.action, each.target) == what)
    return max(intended, default=None)


def cooldown(base: timedelta, attempts_made: int) -> timedelta:
    """The pause after the n-th attempt: *base*, twice that, four times that..."""
    return base * (1 << max(attempts_made - 1, 0))
