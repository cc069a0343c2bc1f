"""Blast radius: which hosts a fix would touch."""

from firstline.config.profile import seconds
from firstline.diagnosis.evidence import (
    Evidence,
    Group,
    HostReport,
    InstanceStatuses,
    Unknown,
)
from firstline.diagnosis.health_checks import HostHealth
from firstline.ids import InstanceId
from firstline.remediation import limits
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.ladder import all_dead, serving_hosts
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation

MEMORY_GONE = frozenset({"stopped", "terminated"})
"""EC2's states of an instance whose memory is lost."""


def targets_are_ours(plan: Plan, situation: Situation) -> Denial | None:
    """I13: every host is named, in scope, and in service in the managed group at this moment.

    A fix of the whole fleet names each instance in service, and no other.
    """
    group = situation.evidence.group
    if not isinstance(group, Group):
        return Denial(Reason.GROUP_UNREADABLE, f"the group cannot be read: {group.why}")
    in_service = set(group.in_service())
    for host in plan.hosts:
        if host not in in_service:
            return Denial(
                Reason.HOST_NOT_IN_SERVICE, f"{host} is not in service in the managed group"
            )
        if host not in {each.id for each in situation.incident.targets}:
            return Denial(Reason.HOST_OUT_OF_SCOPE, f"{host} is not in the incident's scope")
    return _names_its_target(plan, situation, in_service)


def _names_its_target(
    plan: Plan, situation: Situation, in_service: set[InstanceId]
) -> Denial | None:
    if plan.traits.scope == "host":
        named = plan.hosts == (plan.target,)
        return (
            None
            if named
            else Denial(Reason.HOST_NOT_NAMED, f"{plan.target} is not the only host of the plan")
        )
    if plan.target != situation.profile.fleet.group:
        return Denial(Reason.GROUP_NOT_MANAGED, f"{plan.target} is not the managed group")
    if plan.traits.replaces_fleet and set(plan.hosts) != in_service:
        return Denial(Reason.HOSTS_INCOMPLETE, "the plan does not name every instance in service")
    return None


def target_is_proven_dead(plan: Plan, situation: Situation) -> Denial | None:
    """I11, I12, I16: two fresh, independent sources prove it, and none finds it serving.

    The load balancer, where the fleet has one, must be readable: two sources that are wrong at
    once must not touch a host to which it sends users.
    """
    if plan.traits.scope == "fleet":
        return None  # the budget and the floor limit its hosts
    verdict = next((v for id_, v in situation.diagnosis.hosts.items() if id_ == plan.target), None)
    life = verdict.health if verdict is not None else HostHealth.UNKNOWN
    if life is not HostHealth.DEAD:
        return Denial(
            Reason.HOST_NOT_PROVEN_DEAD, f"{plan.target} is not proven dead: its health is {life}"
        )
    health = situation.evidence.target_health
    if situation.profile.fleet.target_group and isinstance(health, Unknown):
        return Denial(
            Reason.LOAD_BALANCER_UNREADABLE,
            f"the load balancer cannot be read: {health.why}",
            unknown=True,
        )
    return None


def budget_is_left(plan: Plan, situation: Situation) -> Denial | None:
    """I11: of the hosts not proven dead only a share is touched in any window, by all incidents."""
    if isinstance(situation.limits, Unknown):
        return Denial(
            Reason.LIMITS_UNREADABLE,
            f"the recently touched hosts cannot be read: {situation.limits.why}",
        )
    policy, group = situation.profile.policy, situation.evidence.group
    dead = set(situation.diagnosis.having(HostHealth.DEAD))
    alive = {each for each in plan.hosts if each not in dead}
    if not alive:
        return None
    window = seconds(policy.budget_window_seconds)
    touched = alive | limits.recently_touched_hosts(situation.limits.lease, situation.now, window)
    size = len(group.in_service()) if isinstance(group, Group) else 0
    allowed = max(1, size * policy.budget_percent // 100)
    if len(touched) <= allowed:
        return None
    why = f"{len(touched)} hosts that are not proven dead would be touched; the limit is {allowed}"
    return Denial(Reason.BUDGET_EXHAUSTED, why, final=True)


def healthy_floor_stays(plan: Plan, situation: Situation) -> Denial | None:
    """I12, I19: a refresh keeps the policy's floor; from nothing only where every host is dead."""
    floor = situation.profile.policy.healthy_floor_percent
    requested = plan.parameters.get("MinHealthyPercentage")
    if requested is None or int(requested) >= floor:
        return None
    group = situation.evidence.group
    dead = isinstance(group, Group) and all_dead(situation, group)
    if situation.profile.policy.refresh_from_zero and dead:
        return None
    return Denial(
        Reason.BELOW_HEALTHY_FLOOR,
        f"the fix would leave {requested} % of the group; the minimum is {floor} %",
        final=True,
    )


def serving_host_stays(plan: Plan, situation: Situation) -> Denial | None:
    """I19: where two instances must not serve at once, a host that serves is never replaced."""
    group = situation.evidence.group
    if situation.profile.fleet.concurrent_instances_safe or not isinstance(group, Group):
        return None
    serving = set(serving_hosts(situation, group)) & set(plan.hosts)
    if not serving:
        return None
    return Denial(
        Reason.HOST_SERVES,
        f"{', '.join(sorted(serving))} is serving and must not be replaced",
        final=True,
    )


def target_is_unprotected(plan: Plan, situation: Situation) -> Denial | None:
    """An instance that is protected from scale-in is kept: a person may know why."""
    group = situation.evidence.group
    if not plan.traits.replaces_instances or not isinstance(group, Group):
        return None
    kept = [each.id for each in group.instances if each.protected and each.id in plan.hosts]
    if not kept:
        return None
    return Denial(
        Reason.HOST_PROTECTED, f"{', '.join(kept)} is protected from scale-in", final=True
    )


def nothing_is_unsaved(plan: Plan, situation: Situation) -> Denial | None:
    """Unsaved vaults are lost with their enclave's memory: a person decides.

    A restart of the parent leaves the enclave as it is. An unreadable host may hold unsaved
    vaults: a person, who may know, is asked.
    """
    if not situation.profile.fleet.restarts_can_lose_vaults or plan.traits.keeps_enclave:
        return None
    unsaved = {host: _unsaved(host, situation.evidence) for host in plan.hosts}
    losses = [f"{host} logged {count} storage failures" for host, count in unsaved.items() if count]
    if losses:
        return Denial(Reason.VAULTS_UNSAVED, ", ".join(losses), final=True)
    dark = sorted(host for host, count in unsaved.items() if count is None)
    if not dark:
        return None
    why = f"cannot verify that {', '.join(dark)} has no unsaved vaults"
    return Denial(Reason.VAULTS_UNKNOWN, why, approvable=True, unknown=True)


def _unsaved(host: InstanceId, evidence: Evidence) -> int | None:
    """The number of *host*'s failed stores, or None if unknown; memory does not outlive a host."""
    known, statuses = evidence.hosts.get(host), evidence.instance_statuses
    status = statuses.known.get(host) if isinstance(statuses, InstanceStatuses) else None
    if status is not None and status.state in MEMORY_GONE:
        return 0
    if known is None or not isinstance(known.report, HostReport):
        return None
    return 0 if known.report.enclave_state == "none" else known.report.restart_blockers


def one_fix_at_a_time(plan: Plan, situation: Situation) -> Denial | None:
    """I10: no fix is under way in this incident, and no other incident holds the lease."""
    del plan
    if situation.incident.current is not None:
        return Denial(Reason.FIX_IN_PROGRESS, "a fix of this incident has no verdict yet")
    if isinstance(situation.limits, Unknown):
        return Denial(Reason.LEASE_UNREADABLE, f"the lease cannot be read: {situation.limits.why}")
    lease = situation.limits.lease
    if lease.free_for(situation.incident.id, situation.now):
        return None
    return Denial(
        Reason.LEASE_HELD,
        f"{lease.holder} holds the lease for a fix in {lease.group}",
        retry_at=lease.until,
    )
