"""What is done about it: the fix under way, the plan that waits, or why nothing is done."""

from firstline.incidents import approvals
from firstline.incidents.approvals import Proposal
from firstline.incidents.incident import Attempt, Incident
from firstline.notifications.pages import NO_LADDER
from firstline.remediation.decision import Close, Decision, Escalate, Fix
from firstline.remediation.handover import attempted
from firstline.remediation.situation import Situation


def doing(incident: Incident, decision: Decision, about: Situation) -> str:
    """What came of the last fix, and what follows."""
    over = incident.attempts if incident.current is None else incident.attempts[:-1]
    tried = "".join(f"{attempted(each)}; " for each in over[-1:])
    return tried + _step(incident, decision, about)


def _step(incident: Incident, decision: Decision, about: Situation) -> str:
    match decision.step:
        case Escalate():
            return f"handed over to a person: {decision.why}"
        case Close():
            return f"over: {decision.why}"
        case _ if incident.current is not None:
            return _under_way(incident.current)
        case Fix():
            return "what follows is decided next"
        case _:
            return _waiting(incident, decision, about)


def _waiting(incident: Incident, decision: Decision, about: Situation) -> str:
    """Why nothing is done now."""
    asked = unanswered(incident, decision)
    if asked is not None:
        what = f"{asked.action} on {asked.target}"
        return f"{what} is {'proposed' if asked.approvable else 'recommended to a person'}"
    if not about.profile.rungs(about.incident.condition):
        return NO_LADDER if decision.rule == "watch" else f"{NO_LADDER}; {decision.why}"
    what = f"{plan.action} on {plan.target}" if (plan := decision.plan) else ""
    return decision.why if what in decision.why else f"{what} is not done: {decision.why}"


def _under_way(current: Attempt) -> str:
    what = f"{current.action} on {current.target}"
    if current.command is None:
        return f"whether {what} was sent is not known, and is looked for"
    return f"{what} sent"


def unanswered(incident: Incident, decision: Decision) -> Proposal | None:
    """The proposal of this decision's plan that stands unanswered."""
    if decision.plan is None:
        return None
    asked = approvals.standing(incident.proposals, decision.plan.hash)
    return asked if asked is not None and asked.approval is None else None
