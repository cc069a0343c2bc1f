"""History: the fixes that were tried before."""

from firstline.config.profile import seconds
from firstline.diagnosis.evidence import Unknown
from firstline.remediation import limits
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.ladder import count_attempts
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


def attempts_are_left(plan: Plan, situation: Situation) -> Denial | None:
    """I20: a fix is tried a limited number of times on a target, counted over all incidents.

    Attempts on hosts that left the group count for the hosts that replaced them.
    """
    tried = count_attempts(situation, plan.action, plan.target)
    if isinstance(tried, Unknown):
        return Denial(Reason.ATTEMPTS_UNREADABLE, f"earlier attempts cannot be read: {tried.why}")
    allowed = situation.profile.policy.attempts_per_target_max
    if tried.effective < allowed:
        return None
    whom = f"{plan.target}" if tried.own >= allowed else f"{plan.target} or its predecessors"
    why = f"{plan.action} was tried {tried.effective} times on {whom}; the limit is {allowed}"
    return Denial(Reason.ATTEMPTS_EXHAUSTED, why, final=True)


def cooldown_is_over(plan: Plan, situation: Situation) -> Denial | None:
    """I20: after each attempt on a target the next waits, twice as long each time."""
    tried = count_attempts(situation, plan.action, plan.target)
    if isinstance(tried, Unknown) or isinstance(situation.limits, Unknown):
        return Denial(Reason.ATTEMPTS_UNREADABLE, "the last attempt cannot be read")
    last = limits.last_attempt(situation.limits.lease, plan.action, plan.target)
    if last is None:
        return None
    base = seconds(situation.profile.policy.cooldown_seconds)
    until = last + limits.cooldown(base, tried.own)
    if until <= situation.now:
        return None
    return Denial(Reason.COOLDOWN, f"{plan.action} on {plan.target} is in cooldown", retry_at=until)


def breaker_is_closed(plan: Plan, situation: Situation) -> Denial | None:
    """S09: after so many failed fixes in the group a person takes over; recovery always passes.

    An action that takes back a fix of firstline passes: it is no further attempt.
    """
    if plan.traits.undoes_own_fix:
        return None
    if isinstance(situation.limits, Unknown):
        return Denial(
            Reason.ATTEMPTS_UNREADABLE, f"the failed fixes cannot be read: {situation.limits.why}"
        )
    window = seconds(situation.profile.policy.attempts_window_seconds)
    here = sum(1 for each in situation.incident.attempts if each.failed)
    failed = max(here, limits.count_failures(situation.limits.lease, situation.now, window))
    most = situation.profile.policy.failed_fixes_max
    if failed < most:
        return None
    return Denial(
        Reason.BREAKER_OPEN,
        f"{failed} fixes of the group did not help; the limit is {most}",
        final=True,
    )
