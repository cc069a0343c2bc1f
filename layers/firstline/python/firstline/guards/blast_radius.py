"""Blast radius: whom would it touch?"""

from firstline.diagnose import Life
from firstline.evidence import Group, Unknown
from firstline.guards.guard import Denial
from firstline.plan import Plan
from firstline.situation import Situation


def target_is_ours(plan: Plan, situation: Situation) -> Denial | None:
    """I13: the target is in scope, and in service in the managed group at this moment."""
    group = situation.evidence.group
    if not isinstance(group, Group):
        return Denial(f"the group cannot be read: {group.why}")
    if plan.target not in group.in_service():
        return Denial(f"{plan.target} is not in service in the managed group")
    if plan.target not in {each.id for each in situation.incident.targets}:
        return Denial(f"{plan.target} is not in the incident's scope")
    return None


def target_is_proven_dead(plan: Plan, situation: Situation) -> Denial | None:
    """I11, I12, I16: two fresh readers agree that it is dead, and none says that it serves."""
    verdict = situation.diagnosis.hosts.get(plan.target)
    if verdict is not None and verdict.life is Life.DEAD:
        return None
    told = verdict.life if verdict is not None else Life.UNKNOWN
    return Denial(f"{plan.target} is not proven dead: it is {told}")


def one_fix_at_a_time(plan: Plan, situation: Situation) -> Denial | None:
    """I10: no fix is under way in this incident, and no other incident holds the lease."""
    del plan
    if situation.incident.current is not None:
        return Denial("a fix of this incident has no verdict yet")
    if isinstance(situation.limits, Unknown):
        return Denial(f"the lease cannot be read: {situation.limits.why}")
    lease = situation.limits.lease
    if lease.free_for(situation.incident.id, situation.now):
        return None
    return Denial(f"{lease.holder} is fixing something in {lease.group}", retry_at=lease.until)
