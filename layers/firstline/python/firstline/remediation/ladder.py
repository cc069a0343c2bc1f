"""Ladder: the next fix for a host, and its plan. It only climbs (I20).

Each dead host gets the gentlest rung that repairs its failure, from the highest rung that was tried
upwards. A host whose fix did not help keeps its turn: only this canary is touched until it is
verified or a person takes over. The tool's result never decides: a restart helped if its host is
verified, a replacement if none of its hosts is in service, the group is whole, and every instance
launched since is verified. A refresh stops at a checkpoint after its first instance, and is
cancelled if that one does not serve.
"""

from typing import NamedTuple

from firstline.actions.action import Action
from firstline.actions.cancel_refresh import CANCEL_REFRESH, REFRESH_ID
from firstline.actions.catalogue import FIXES
from firstline.config.profile import seconds
from firstline.diagnosis.diagnose import HostDiagnosis
from firstline.diagnosis.evidence import Group, Unknown
from firstline.diagnosis.health_checks import HostHealth
from firstline.ids import FixTarget, GroupName, InstanceId
from firstline.remediation import limits
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation


def gentlest_plan(situation: Situation, dead: tuple[InstanceId, ...]) -> Plan | None:
    """The next plan for the *dead* hosts: the canary's next rung, or else the gentlest of all.

    While a fix of one host did not help, no other host is touched (S09).
    """
    rungs = situation.profile.rungs(situation.incident.condition)
    failed = {each.target for each in situation.incident.attempts if each.failed}
    plans = ((host, next_plan(situation, host)) for host in dead)
    candidates = [(host, plan) for host, plan in plans if plan is not None]
    by_gentleness = sorted(
        candidates, key=lambda it: (it[0] not in failed, rungs.index(it[1].action), it[0])
    )
    return by_gentleness[0][1] if by_gentleness else None


def next_plan(situation: Situation, host: InstanceId) -> Plan | None:
    """The gentlest fix that fits *host* and has attempts left, or else the last that fits.

    None where no rung of the condition's ladder repairs the failure of *host*.
    """
    verdict = situation.diagnosis.hosts[host]
    fitting = [each for each in _rungs_ahead(situation, host) if _fits(each, verdict, situation)]
    allowed = situation.profile.policy.attempts_per_target_max
    for action in fitting:
        tried = count_attempts(situation, action.name, _target(action, situation, host))
        if not isinstance(tried, Unknown) and tried.effective < allowed:
            return _plan(action, situation, host)
    return _plan(fitting[-1], situation, host) if fitting else None


class Attempts(NamedTuple):
    """Attempts of an action: on its target itself, and those taken over from replaced hosts."""

    own: int
    taken_over: int

    @property
    def effective(self) -> int:
        """The number that limits further attempts."""
        return max(self)


def count_attempts(situation: Situation, action: str, target: FixTarget) -> Attempts | Unknown:
    """Attempts in the window by all incidents, or in this incident where that is more.

    A host takes over the attempts of hosts that left the group: the desired hosts have so many
    attempts together, so that a host that is replaced repeatedly has no more.
    """
    if isinstance(situation.limits, Unknown):
        return situation.limits
    policy, group = situation.profile.policy, situation.evidence.group
    window = seconds(policy.attempts_window_seconds)
    spent = limits.attempted_targets(situation.limits.lease, action, situation.now, window)
    here = [each.target for each in situation.incident.attempts if each.action == action]
    own = max(here.count(target), spent.count(target))
    if not isinstance(group, Group):
        return Attempts(own, 0)
    others = policy.attempts_per_target_max * (max(group.desired, 1) - 1)
    return Attempts(own, max(len(here), len(spent)) - others)


def capacity_plan(situation: Situation, group: Group) -> Plan | None:
    """One instance more, where the ladder has that rung and the group has room."""
    rungs = situation.profile.rungs(situation.incident.condition)
    adding = next((each for each in rungs if FIXES[each].adds_capacity), None)
    if adding is None or not group.has_room:
        return None
    desired = group.desired + 1
    return Plan(
        action=adding,
        target=GroupName(situation.profile.fleet.group),
        parameters={"DesiredCapacity": str(desired)},
        facts=(f"the group's desired capacity is {group.desired}, its maximum {group.most}",),
    )


def cancel_plan(situation: Situation, refresh: str) -> Plan:
    """Cancel firstline's refresh that did not help."""
    return Plan(
        action=CANCEL_REFRESH.name,
        target=GroupName(situation.profile.fleet.group),
        parameters={REFRESH_ID: refresh},
        facts=(f"the refresh {refresh} is in progress, and its first instance does not serve",),
    )


def refresh_parameters(action: str, situation: Situation, group: Group) -> dict[str, str]:
    """Preferences of the refresh *action*: the policy's floor, or zero where every host is dead.

    The first instance is a canary: a checkpoint after it lasts as long as it may take to
    verify. Its percentage is rounded down, so that one instance reaches it.
    """
    policy = situation.profile.policy
    from_zero = policy.refresh_from_zero and all_dead(situation, group)
    canary = 100 // max(len(group.in_service()), 1)
    delay = situation.profile.verify_timeout(action)
    return {
        "MinHealthyPercentage": str(0 if from_zero else policy.healthy_floor_percent),
        "CanaryPercentage": str(canary),
        "CheckpointDelay": str(int(delay.total_seconds())),
        "InstanceWarmup": str(int(situation.profile.settle(action).total_seconds())),
    }


def all_dead(situation: Situation, group: Group) -> bool:
    """True if each host in service is proven dead: an unknown one may serve."""
    return set(group.in_service()) <= set(situation.diagnosis.having(HostHealth.DEAD))


def serving_hosts(situation: Situation, group: Group) -> tuple[InstanceId, ...]:
    """Hosts in service that serve: verified ones, and those that health checks find serving."""
    verified = {each.id for each in situation.incident.targets if each.verified}
    vouched = set(situation.diagnosis.having(HostHealth.SERVING))
    return tuple(each for each in group.in_service() if each in verified | vouched)


def _rungs_ahead(situation: Situation, host: InstanceId) -> list[Action]:
    """The rungs from the highest that this incident has tried on *host* or on its group."""
    rungs = [FIXES[each] for each in situation.profile.rungs(situation.incident.condition)]
    tried = {(each.action, each.target) for each in situation.incident.attempts}
    reached = [
        index
        for index, each in enumerate(rungs)
        if (each.name, _target(each, situation, host)) in tried
    ]
    return rungs[max(reached, default=0) :]


def _fits(action: Action, verdict: HostDiagnosis, situation: Situation) -> bool:
    """True if *action* repairs the failure; a fix of the fleet requires that every host is dead."""
    if verdict.failure not in action.repairs:
        return False
    group = situation.evidence.group
    if action.scope == "host":
        return True
    return isinstance(group, Group) and all_dead(situation, group)


def _target(action: Action, situation: Situation, host: InstanceId) -> FixTarget:
    return host if action.scope == "host" else GroupName(situation.profile.fleet.group)


def _plan(action: Action, situation: Situation, host: InstanceId) -> Plan:
    group = situation.evidence.group
    parameters: dict[str, str] = {}
    hosts: tuple[InstanceId, ...] = (host,)
    if action.replaces_instances and action.scope == "host":
        parameters = {"InstanceId": str(host)}
    if action.replaces_fleet and isinstance(group, Group):
        parameters, hosts = refresh_parameters(action.name, situation, group), group.in_service()
    return Plan(
        action=action.name,
        target=_target(action, situation, host),
        hosts=hosts,
        parameters=parameters,
        facts=situation.diagnosis.hosts[host].dead,
    )
