"""Authority: whether firstline may act at all."""

from datetime import datetime

from firstline.diagnosis.evidence import Unknown
from firstline.incidents import approvals
from firstline.incidents.approvals import PROPOSALS_MAX, Proposal
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


def mode_enforces(plan: Plan, situation: Situation) -> Denial | None:
    """I15: in ``dry-run`` mode a fix is recorded, and not done.

    The mode is the deployment's, or that of an announced drill.
    """
    if situation.mode == "enforce":
        return None
    return Denial(Reason.DRY_RUN, f"mode is dry-run: would have run {plan.action} on {plan.target}")


def switch_is_off(plan: Plan, situation: Situation) -> Denial | None:
    """I15: no new fix while the kill switch is on; an unreadable switch is on.

    A pause lets the cancel of firstline's refresh pass: it ends the replacement of hosts.
    """
    if isinstance(situation.limits, Unknown):
        return Denial(
            Reason.KILL_SWITCH_UNREADABLE, f"the kill switch cannot be read: {situation.limits.why}"
        )
    switch, incident = situation.limits.switch, situation.incident
    if switch.unreadable:
        return Denial(
            Reason.KILL_SWITCH_UNREADABLE, f"the kill switch cannot be read: {switch.unreadable}"
        )
    pause = switch.active_pause(incident.condition, incident.id, situation.now)
    if pause is None or plan.traits.undoes_own_fix:
        return None
    until = pause.until.isoformat(timespec="seconds")
    why = f"{pause.scope} is paused until {until} by {pause.by}: {pause.why}"
    return Denial(Reason.FIXES_PAUSED, why, retry_at=pause.until, held=True)


def action_is_allowed(plan: Plan, situation: Situation) -> Denial | None:
    """The profile allows this action in this condition, or a person approved this plan.

    An action that the profile does not name is not allowed. No answer is a denial. I20: an
    action whose fixes failed too often in a row needs an approval in later incidents, until it
    is promoted.
    """
    autonomy = situation.autonomy(plan.action)
    if autonomy == "record-only":
        return Denial(Reason.RECORD_ONLY, f"autonomy of {plan.action} is record-only")
    proposal = approvals.current_proposal(situation.incident.proposals, plan.hash)
    if autonomy == "auto":
        return _denied_by_person(proposal) or _trust_is_known(plan, situation)
    if proposal is None:
        return _without_proposal(plan, situation, autonomy)
    if autonomy == "recommend":
        return Denial(
            Reason.RECOMMENDED_ONLY, f"{plan.action} is recommended only: an operator must run it"
        )
    return _without_approval(proposal, situation.now)


def _denied_by_person(proposal: Proposal | None) -> Denial | None:
    """A person's denial stands, whatever the profile allows."""
    approval = proposal.approval if proposal is not None else None
    if proposal is None or approval is None or approval.granted:
        return None
    return Denial(
        Reason.APPROVAL_DENIED,
        f"{approval.by} denied {proposal.action}: {approval.why}",
        final=True,
    )


def _trust_is_known(plan: Plan, situation: Situation) -> Denial | None:
    if not isinstance(situation.limits, Unknown):
        return None
    return Denial(
        Reason.TRACK_RECORD_UNREADABLE,
        f"the track record of {plan.action} cannot be read: {situation.limits.why}",
    )


def _without_proposal(plan: Plan, situation: Situation, autonomy: str) -> Denial:
    if len(situation.incident.proposals) < PROPOSALS_MAX:
        down = situation.demotion(plan.action)
        why = f": {down.describe(plan.action)}" if down else ""
        return Denial(
            Reason.APPROVAL_REQUIRED,
            f"autonomy of {plan.action} is {autonomy}{why}",
            approvable=True,
        )
    why = f"approval limit reached ({PROPOSALS_MAX} requests): {plan.action} is not proposed again"
    return Denial(Reason.APPROVAL_LIMIT_REACHED, why, final=True)


def _without_approval(proposal: Proposal, now: datetime) -> Denial | None:
    approval = proposal.approval
    if approval is None:
        until = proposal.until.isoformat(timespec="seconds")
        if now < proposal.until:
            why = f"approval of {proposal.action} is pending until {until}"
            return Denial(Reason.APPROVAL_PENDING, why, retry_at=proposal.until, approvable=True)
        return Denial(
            Reason.APPROVAL_TIMED_OUT,
            f"{proposal.action} was not approved before {until}",
            final=True,
        )
    if not approval.granted:
        return _denied_by_person(proposal)
    if now >= approval.until:
        until = approval.until.isoformat(timespec="seconds")
        return Denial(
            Reason.APPROVAL_EXPIRED,
            f"the approval of {proposal.action} by {approval.by} expired at {until}",
            final=True,
        )
    return None
