"""The current action: the fix in progress, the waiting plan, or why nothing is done."""

from firstline.incidents import approvals
from firstline.incidents.approvals import Proposal
from firstline.incidents.incident import Attempt, Incident
from firstline.notifications.pages import NO_LADDER
from firstline.remediation.decision import Close, Decision, Escalate, Fix
from firstline.remediation.escalation import describe_attempt
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation


def describe_action(incident: Incident, decision: Decision, situation: Situation) -> str:
    """The result of the last fix, and the next step."""
    over = incident.attempts if incident.current is None else incident.attempts[:-1]
    tried = "".join(f"{describe_attempt(each)}; " for each in over[-1:])
    return tried + _step(incident, decision, situation)


def _step(incident: Incident, decision: Decision, situation: Situation) -> str:
    match decision.step:
        case Escalate():
            return f"escalated to on-call: {decision.why}"
        case Close():
            return f"closed: {decision.why}"
        case _ if incident.current is not None:
            return _under_way(incident.current)
        case Fix():
            return "the next step is being decided"
        case _:
            return _waiting(incident, decision, situation)


def _waiting(incident: Incident, decision: Decision, situation: Situation) -> str:
    """The reason why nothing is done now."""
    proposal = unanswered(incident, decision)
    if proposal is not None:
        what = f"{proposal.action} on {proposal.target}"
        return f"{what} is {'proposed' if proposal.approvable else 'recommended to an operator'}"
    if not situation.profile.rungs(situation.incident.condition):
        return NO_LADDER if decision.rule == RuleName.WATCH else f"{NO_LADDER}; {decision.why}"
    what = f"{plan.action} on {plan.target}" if (plan := decision.plan) else ""
    return decision.why if what in decision.why else f"{what} is blocked: {decision.why}"


def _under_way(current: Attempt) -> str:
    what = f"{current.action} on {current.target}"
    if current.command is None:
        return f"{what} may have been sent; searching for it"
    return f"{what} sent"


def unanswered(incident: Incident, decision: Decision) -> Proposal | None:
    """The current proposal of this decision's plan, if it has no answer."""
    if decision.plan is None:
        return None
    proposal = approvals.current_proposal(incident.proposals, decision.plan.hash)
    return proposal if proposal is not None and proposal.approval is None else None
