"""Authority: may firstline act at all?"""

from datetime import datetime

from firstline.diagnosis.evidence import Unknown
from firstline.incidents import approvals
from firstline.incidents.approvals import PROPOSALS_MAX, Proposal
from firstline.remediation.guards.guard import Denial
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


def mode_enforces(plan: Plan, situation: Situation) -> Denial | None:
    """I15: in ``observe`` it is recorded what would have been done, and it is not done.

    So it is where the deployment is in that mode, and in a drill that an operator announced.
    """
    if situation.mode == "enforce":
        return None
    return Denial(f"mode is observe: would have run {plan.action} on {plan.target}")


def switch_is_off(plan: Plan, situation: Situation) -> Denial | None:
    """I15: no new fix while the kill switch is on; a switch that cannot be read is on.

    A pause lets the cancel of a refresh of ours pass: it ends what goes on replacing hosts.
    """
    if isinstance(situation.limits, Unknown):
        return Denial(f"the kill switch cannot be read: {situation.limits.why}")
    switch, incident = situation.limits.switch, situation.incident
    if switch.unreadable:
        return Denial(f"the kill switch cannot be read: {switch.unreadable}")
    pause = switch.stops(incident.condition, incident.id, situation.now)
    if pause is None or plan.traits.undoes_own_fix:
        return None
    until = pause.until.isoformat(timespec="seconds")
    why = f"{pause.scope} is paused until {until} by {pause.by}: {pause.why}"
    return Denial(why, retry_at=pause.until, held=True)


def action_is_allowed(plan: Plan, situation: Situation) -> Denial | None:
    """The profile lets this action go by itself in this condition, or a person allowed this plan.

    An action that the profile does not name may go nowhere. Silence is no. I20: one whose fixes
    failed too often in a row asks a person in later incidents, until somebody promotes it.
    """
    autonomy = situation.autonomy(plan.action)
    if autonomy == "observe":
        return Denial(f"autonomy of {plan.action} is observe")
    proposal = approvals.standing(situation.incident.proposals, plan.hash)
    if autonomy == "auto":
        return _refused(proposal) or _trust_is_known(plan, situation)
    if proposal is None:
        return _unasked(plan, situation, autonomy)
    if autonomy == "recommend":
        return Denial(f"{plan.action} is recommended, and done by a person")
    return _unapproved(proposal, situation.now)


def _refused(proposal: Proposal | None) -> Denial | None:
    """A person's no stands, whatever the profile allows, or becomes known after it."""
    said = proposal.approval if proposal is not None else None
    if proposal is None or said is None or said.granted:
        return None
    return Denial(f"{said.by} denied {proposal.action}: {said.why}", final=True)


def _trust_is_known(plan: Plan, situation: Situation) -> Denial | None:
    if not isinstance(situation.limits, Unknown):
        return None
    return Denial(f"whether {plan.action} was demoted cannot be read: {situation.limits.why}")


def _unasked(plan: Plan, situation: Situation, autonomy: str) -> Denial:
    if len(situation.incident.proposals) < PROPOSALS_MAX:
        down = situation.demotion(plan.action)
        why = f": {down.told(plan.action)}" if down else ""
        return Denial(f"autonomy of {plan.action} is {autonomy}{why}", ask=True)
    why = f"approval was requested {PROPOSALS_MAX} times: {plan.action} is not proposed again"
    return Denial(why, final=True)


def _unapproved(proposal: Proposal, now: datetime) -> Denial | None:
    said = proposal.approval
    if said is None:
        until = proposal.until.isoformat(timespec="seconds")
        if now < proposal.until:
            why = f"{proposal.action} waits for approval until {until}"
            return Denial(why, retry_at=proposal.until, ask=True)
        return Denial(f"{proposal.action} was not approved before {until}", final=True)
    if not said.granted:
        return _refused(proposal)
    if now >= said.until:
        until = said.until.isoformat(timespec="seconds")
        return Denial(f"the approval of {proposal.action} by {said.by} ended {until}", final=True)
    return None
