"""History: what has been tried already?"""

from firstline import limits
from firstline.evidence import Unknown
from firstline.guards.guard import Denial
from firstline.plan import Plan
from firstline.profile import seconds
from firstline.situation import Situation


def attempts_are_left(plan: Plan, situation: Situation) -> Denial | None:
    """I20: a fix is tried a bounded number of times on a target, counted over all incidents."""
    made = _made(plan, situation)
    if isinstance(made, Unknown):
        return Denial(f"the attempts made cannot be read: {made.why}")
    allowed = situation.profile.policy.attempts_per_target_max
    if made < allowed:
        return None
    why = f"{plan.action} was tried {made} times on {plan.target}, and {allowed} are allowed"
    return Denial(why, final=True)


def cooldown_is_over(plan: Plan, situation: Situation) -> Denial | None:
    """I20: after each attempt on a target the next waits, twice as long each time."""
    made = _made(plan, situation)
    if isinstance(made, Unknown) or isinstance(situation.limits, Unknown):
        return Denial("the last attempt cannot be read")
    last = limits.last_attempt(situation.limits.lease, plan.action, plan.target)
    if last is None:
        return None
    base = seconds(situation.profile.policy.cooldown_seconds)
    until = last + limits.cooldown(base, made)
    if until <= situation.now:
        return None
    return Denial(f"{plan.action} on {plan.target} cools down", retry_at=until)


def _made(plan: Plan, situation: Situation) -> int | Unknown:
    """Attempts in the window, or in this incident where that is more."""
    if isinstance(situation.limits, Unknown):
        return situation.limits
    window = seconds(situation.profile.policy.attempts_window_seconds)
    lease = situation.limits.lease
    here = sum(
        1
        for each in situation.incident.attempts
        if each.action == plan.action and each.target == plan.target
    )
    return max(here, limits.attempts(lease, plan.action, plan.target, situation.now, window))
