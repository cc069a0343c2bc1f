"""Promoting: a person lets an action go by itself again, after it was demoted."""

import copy

from firstline.controller.commit import commit
from firstline.controller.operators.commands import Promote, Pulled
from firstline.controller.ports.store import Change, LeaseWrite
from firstline.controller.system import System
from firstline.errors import Bug, Malformed
from firstline.incidents import demotion as trust
from firstline.ledger.entries import ActionPromoted
from firstline.remediation import kill_switch as pauses
from firstline.remediation.limits import Limits


def promote(order: Promote, by: str, system: System) -> Pulled:
    """Write it beside the lease and into the chain of the switch, as one transaction.

    The fence rises, so that whoever read the lease before writes nothing over it. Raises
    `Malformed` for what is not demoted, `Conflict` and `Unavailable`.
    """
    now, limits = system.ports.clock.now(), _readable(system)
    lease = limits.lease
    demoted = {each.action: each.demoted for each in lease.trusts if each.demoted}
    was = demoted.get(order.action)
    if was is None:
        known = ", ".join(demoted) or "nothing"
        raise Malformed(f"{order.action} is not demoted: demoted is {known}")
    after = copy.replace(
        lease, fence=lease.fence + 1, trusts=trust.promoted(lease.trusts, order.action)
    )
    event = ActionPromoted(
        action=order.action,
        failed=was.failed,
        since=was.at.replace(microsecond=0),
        why=order.why,
        by=by,
    )
    changed = pauses.noted(limits.switch, event, now, system.provenance())
    commit(
        system.ports.store,
        Change(
            switch=changed.switch,
            entries=(changed.entry,),
            lease=LeaseWrite(after, lease.fence),
        ),
    )
    return Pulled(lever="promote", by=by, action=order.action)


def _readable(system: System) -> Limits:
    """Lease and switch; what cannot be read stops every fix, and is mended by hand alone."""
    try:
        limits = system.ports.store.limits(system.profile.fleet.group)
    except Bug as error:
        raise Malformed(f"the lease cannot be read, so fixes are stopped: {error}") from error
    if limits.switch.unreadable:
        why = limits.switch.unreadable
        raise Malformed(f"the switch cannot be read, so fixes are stopped: {why}")
    return limits
