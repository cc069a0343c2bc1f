"""Demotion: a verdict on a fix counts for or against its action, until a person reinstates it.

The track record is stored in the lease, and written with it.
"""

import copy

from firstline.actions.catalogue import UNDO_RESULTS
from firstline.config.profile import seconds
from firstline.controller.operators.commands import CommandResult, Promote
from firstline.controller.operators.kill_switch import write_switch
from firstline.controller.ports.store import LeaseWrite
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis.evidence import Unknown
from firstline.errors import InvalidInput, InvariantViolation
from firstline.incidents import demotion as trust
from firstline.incidents.demotion import Demotion
from firstline.incidents.incident import UNJUDGED_OUTCOMES, Attempt
from firstline.ledger.entries import ActionDemoted, ActionPromoted
from firstline.notifications import pages
from firstline.remediation import kill_switch
from firstline.remediation.limits import Limits


def count_verdict(work: IncidentUnitOfWork, attempt: Attempt) -> None:
    """Count the verdict on *attempt* in the released lease, and record a demotion.

    A fix without a verdict does not count, nor does an action that undoes firstline's own fix. If
    the lease is lost or unreadable, the verdict counts in the incident alone.
    """
    incident, profile = work.incident, work.system.profile
    is_automatic = profile.autonomy(attempt.action, incident.condition) == "auto"
    counts = (
        is_automatic
        and attempt.outcome not in UNJUDGED_OUTCOMES
        and attempt.action not in UNDO_RESULTS
    )
    if work.lease is None or not counts:
        return
    before, most = work.lease.lease.trusts, profile.policy.demote_after_failed
    new_demotion = Demotion(work.now, 0, incident.id)
    after = trust.after_verdict(
        before, attempt.action, helped=not attempt.failed, by=new_demotion, most=most
    )
    work.lease = copy.replace(work.lease, lease=copy.replace(work.lease.lease, trusts=after))
    demotion = trust.track_record(after, attempt.action).demoted
    if demotion is not None and demotion != trust.track_record(before, attempt.action).demoted:
        _record_demotion(work, attempt.action, demotion)


def describe_demotions(work: IncidentUnitOfWork, limits: Limits | Unknown) -> tuple[str, ...]:
    """One line for each demoted action, for the escalation page."""
    if isinstance(limits, Unknown):
        return ()
    trusts, where = work.lease_after(limits).trusts, work.system.origin.where
    return tuple(
        f"{each.action}: {each.demoted.describe(each.action, where)}"
        for each in trusts
        if each.demoted
    )


def reinstate(command: Promote, by: str, system: System) -> CommandResult:
    """Reinstate an action: in the lease and in the chain of the switch, in one transaction.

    The fence rises, so a worker that read the lease earlier cannot overwrite it. Raises
    `InvalidInput` for an action that is not demoted, `CommitConflict` and `DependencyUnavailable`.
    """
    now, limits = system.ports.clock.now(), _readable_limits(system)
    lease = limits.lease
    demoted = {each.action: each.demoted for each in lease.trusts if each.demoted}
    demotion_ = demoted.get(command.action)
    if demotion_ is None:
        names = ", ".join(demoted) or "nothing"
        raise InvalidInput(f"{command.action} is not demoted; demoted actions: {names}")
    event = ActionPromoted(
        action=command.action,
        failed=demotion_.failed,
        since=demotion_.at.replace(microsecond=0),
        why=command.why,
        by=by,
    )
    trusts = trust.reinstate(lease.trusts, command.action)
    after = LeaseWrite(copy.replace(lease, fence=lease.fence + 1, trusts=trusts), lease.fence)
    write_switch(
        kill_switch.record_change(limits.switch, event, now, system.provenance()), system, after
    )
    return CommandResult(command="promote", by=by, action=command.action)


def _record_demotion(work: IncidentUnitOfWork, action: str, demotion: Demotion) -> None:
    """Add an entry, and a change event, which notifies no one."""
    why = demotion.describe(action)
    work.append_entry(
        ActionDemoted(action=action, failed=demotion.failed, autonomy="approve", why=why)
    )
    due_at = work.now + seconds(work.system.profile.policy.poll_seconds)
    why = demotion.describe(action, work.system.origin.where)
    work.queue_pages(pages.demotion_page(work.incident, action, why, demotion.at, due_at))


def _readable_limits(system: System) -> Limits:
    try:
        limits = system.ports.store.limits(system.profile.fleet.group)
    except InvariantViolation as error:
        raise InvalidInput(f"the lease cannot be read, so fixes are blocked: {error}") from error
    if limits.switch.unreadable:
        why = limits.switch.unreadable
        raise InvalidInput(f"the switch cannot be read, so fixes are blocked: {why}")
    return limits
