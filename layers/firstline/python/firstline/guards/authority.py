"""Authority: may firstline act at all?"""

from firstline.evidence import Unknown
from firstline.guards.guard import Denial
from firstline.plan import Plan
from firstline.situation import Situation


def mode_enforces(plan: Plan, situation: Situation) -> Denial | None:
    """I15: a deployment in ``observe`` records what it would have done, and does not do it."""
    if situation.mode == "enforce":
        return None
    return Denial(f"mode is observe: would have run {plan.action} on {plan.target}")


def switch_is_off(plan: Plan, situation: Situation) -> Denial | None:
    """I15: no new fix while the kill switch is on; a switch that cannot be read is on."""
    del plan
    if isinstance(situation.limits, Unknown):
        return Denial(f"the kill switch cannot be read: {situation.limits.why}")
    if situation.limits.switch.paused:
        return Denial(f"the kill switch is on: {situation.limits.switch.why}")
    return None


def action_is_auto(plan: Plan, situation: Situation) -> Denial | None:
    """The profile lets this action go by itself; one that it does not name may not."""
    autonomy = situation.profile.autonomy(plan.action)
    return None if autonomy == "auto" else Denial(f"autonomy of {plan.action} is {autonomy}")
