"""Rules that fix: a plan from the ladder, and every guard's answer to it."""

from firstline.config.profile import seconds
from firstline.diagnosis.evidence import Group, Refreshes
from firstline.diagnosis.health_checks import HostHealth
from firstline.incidents import approvals
from firstline.incidents.approvals import PROPOSALS_MAX
from firstline.remediation import ladder
from firstline.remediation.decision import Decision, Escalate, Fix, RequestApproval, Step, Wait
from firstline.remediation.guards.guard import Answer
from firstline.remediation.guards.order import ask_guards
from firstline.remediation.plan import Plan
from firstline.remediation.rules.look import hosts_to_look_at_first
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation


def next_fix(s: Situation) -> Decision | None:
    """R17: the first host that is proven dead, and after it, once verified, the next."""
    if not s.profile.rungs(s.incident.condition):
        return None
    plan = ladder.gentlest_plan(s, s.diagnosis.having(HostHealth.DEAD))
    if plan is None:
        return None
    decision = _guarded(s, plan, RuleName.NEXT_FIX)
    older = (
        hosts_to_look_at_first(s, plan)
        if isinstance(decision.step, Fix | RequestApproval)
        else None
    )
    return older or decision


def more_capacity(s: Situation) -> Decision | None:
    """R22: under memory pressure one instance more, where the ladder has that rung."""
    group = s.evidence.group
    plan = ladder.capacity_plan(s, group) if isinstance(group, Group) else None
    if plan is None or any(each.repaired for each in s.incident.attempts):
        return None
    return _guarded(s, plan, RuleName.ADD_CAPACITY)


def refresh_to_cancel(s: Situation) -> Decision | None:
    """S09: a refresh whose first instance did not serve must not replace the others."""
    tried = [each for each in s.incident.attempts if each.traits.replaces_fleet]
    refreshes, ours = s.evidence.refreshes, {each.command for each in tried if each.failed}
    active = refreshes.active() if isinstance(refreshes, Refreshes) else ()
    plans = [ladder.cancel_plan(s, each.id) for each in active if each.id in ours]
    return _guarded(s, plans[0], RuleName.CANCEL_REFRESH) if plans else None


def _guarded(s: Situation, plan: Plan, rule: RuleName) -> Decision:
    """*plan*, or the step that its denials require; every guard's answer is recorded."""
    answers = ask_guards(plan, s)
    step, why = _permitted(s, plan, answers)
    return Decision(step=step, rule=rule, why=why, facts=plan.facts, plan=plan, answers=answers)


def _permitted(s: Situation, plan: Plan, answers: tuple[Answer, ...]) -> tuple[Step, str]:
    denials = [each.denial for each in answers if each.denial is not None and each.stops]
    if not denials:
        return Fix(plan), f"{plan.action} on {plan.target}: all guards pass"
    why = "; ".join(each.why for each in denials)
    if any(each.final for each in denials):
        return Escalate(), why
    # a guard that lacks a fact for long is passed to a person, who may know it
    if all(each.approvable or (s.stalled and each.unknown) for each in denials):
        # a new proposal replaces an old one, so it names that one's unknowns too
        unknowns = tuple(each.guard for each in answers if each.denial and each.denial.unknown)
        return _proposed(s, plan, unknowns, why)
    watch = s.now + seconds(s.profile.policy.watch_seconds)
    retries = [each.retry_at for each in denials if each.retry_at is not None]
    if len(retries) == len(denials):
        return Wait(min(max(retries), watch)), why
    if s.stalled and not any(each.held for each in denials):
        return Escalate(), why
    return Wait(watch), why


def _proposed(s: Situation, plan: Plan, unknowns: tuple[str, ...], why: str) -> tuple[Step, str]:
    """Request an approval, once, for a plan that only unknowns stop; without one, escalate."""
    proposal = approvals.current_proposal(s.incident.proposals, plan.hash)
    if proposal is None or not set(unknowns) <= set(proposal.unknowns):
        full = len(s.incident.proposals) >= PROPOSALS_MAX
        return Escalate() if full else RequestApproval(plan, unknowns), why
    if proposal.approval is None and s.now < proposal.until:
        return Wait(min(proposal.until, s.now + seconds(s.profile.policy.watch_seconds))), why
    return Escalate(), f"{plan.action} on {plan.target} was not approved: {why}"
