"""Surroundings: is something else going on that a fix would make worse?"""

from firstline.guards.guard import Denial
from firstline.plan import Plan
from firstline.situation import Situation


def dependency_is_well(plan: Plan, situation: Situation) -> Denial | None:
    """Hosts are left alone when what they depend on fails them all: no restart can help."""
    if plan.action == "cancel_refresh" or situation.diagnosis.dependency is None:
        return None
    return Denial(f"no host reaches {situation.diagnosis.dependency}: the hosts are left alone")
