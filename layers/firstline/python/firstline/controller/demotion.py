"""Demotion: a verdict on a fix counts for or against its action, until a person promotes that.

What it came to stands beside the lease, and is written with it.
"""

import copy

from firstline.actions.catalogue import UNDO_RESULTS
from firstline.config.profile import seconds
from firstline.controller.operators.commands import CommandResult, Promote
from firstline.controller.operators.kill_switch import write
from firstline.controller.ports.store import LeaseWrite
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis.evidence import Unknown
from firstline.errors import InvalidInput, InvariantViolation
from firstline.incidents import demotion as trust
from firstline.incidents.demotion import Demotion
from firstline.incidents.incident import UNJUDGED_OUTCOMES, Attempt
from firstline.ledger.entries import ActionDemoted, ActionPromoted
from firstline.notifications import pages as paging
from firstline.remediation import kill_switch as pauses
from firstline.remediation.limits import Limits


def judge(draft: IncidentUnitOfWork, over: Attempt) -> None:
    """Count the verdict on *over* in the lease that is given back, and tell of a demotion.

    What was never judged does not count, and what undoes a fix of ours is a way back. Where the
    lease is not ours any more, or cannot be read, the verdict counts in the incident alone.
    """
    held, profile = draft.incident, draft.system.profile
    goes_alone = profile.autonomy(over.action, held.condition) == "auto"
    counts = (
        goes_alone and over.outcome not in UNJUDGED_OUTCOMES and over.action not in UNDO_RESULTS
    )
    if draft.lease is None or not counts:
        return
    before, most = draft.lease.lease.trusts, profile.policy.demote_after_failed
    by = Demotion(draft.now, 0, held.id)
    after = trust.after_verdict(before, over.action, helped=not over.failed, by=by, most=most)
    draft.lease = copy.replace(draft.lease, lease=copy.replace(draft.lease.lease, trusts=after))
    demotion = trust.track_record(after, over.action).demoted
    if demotion is not None and demotion != trust.track_record(before, over.action).demoted:
        _tell(draft, over.action, demotion)


def told(draft: IncidentUnitOfWork, held: Limits | Unknown) -> tuple[str, ...]:
    """What a person who takes over is told: every action that is demoted, a line each."""
    if isinstance(held, Unknown):
        return ()
    trusts, where = draft.lease_after(held).trusts, draft.system.origin.where
    return tuple(
        f"{each.action}: {each.demoted.describe(each.action, where)}"
        for each in trusts
        if each.demoted
    )


def promote(order: Promote, by: str, system: System) -> CommandResult:
    """Let an action go by itself again: beside the lease and in the chain of the switch, at once.

    The fence rises, so that whoever read the lease before writes nothing over it. Raises
    `InvalidInput` for what is not demoted, `CommitConflict` and `DependencyUnavailable`.
    """
    now, limits = system.ports.clock.now(), _readable(system)
    lease = limits.lease
    demoted = {each.action: each.demoted for each in lease.trusts if each.demoted}
    was = demoted.get(order.action)
    if was is None:
        known = ", ".join(demoted) or "nothing"
        raise InvalidInput(f"{order.action} is not demoted: demoted is {known}")
    event = ActionPromoted(
        action=order.action,
        failed=was.failed,
        since=was.at.replace(microsecond=0),
        why=order.why,
        by=by,
    )
    trusts = trust.reinstate(lease.trusts, order.action)
    after = LeaseWrite(copy.replace(lease, fence=lease.fence + 1, trusts=trusts), lease.fence)
    write(pauses.record_change(limits.switch, event, now, system.provenance()), system, after)
    return CommandResult(lever="promote", by=by, action=order.action)


def _tell(draft: IncidentUnitOfWork, action: str, demotion: Demotion) -> None:
    """An entry, and a change beside PagerDuty's alerts, which notifies nobody."""
    why = demotion.describe(action)
    draft.record(ActionDemoted(action=action, failed=demotion.failed, autonomy="approve", why=why))
    due_at = draft.now + seconds(draft.system.profile.policy.poll_seconds)
    why = demotion.describe(action, draft.system.origin.where)
    draft.owe(paging.demoted(draft.incident, action, why, demotion.at, due_at))


def _readable(system: System) -> Limits:
    """Lease and switch; what cannot be read stops every fix, and is mended by hand alone."""
    try:
        limits = system.ports.store.limits(system.profile.fleet.group)
    except InvariantViolation as error:
        raise InvalidInput(f"the lease cannot be read, so fixes are stopped: {error}") from error
    if limits.switch.unreadable:
        why = limits.switch.unreadable
        raise InvalidInput(f"the switch cannot be read, so fixes are stopped: {why}")
    return limits
