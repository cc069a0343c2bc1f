"""Rules that look, or wait for running work: a host is verified by looks, K of K."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from firstline.actions.look_host import LOOK_TARGETS_MAX
from firstline.config.profile import seconds
from firstline.diagnosis.evidence import Group
from firstline.ids import InstanceId
from firstline.incidents.incident import Attempt
from firstline.remediation.decision import Decision, Escalate, Look, Wait, wait
from firstline.remediation.plan import Plan
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation


def fix_under_way(s: Situation) -> Decision | None:
    """I9: a fix without an answer is awaited and searched for, never sent again."""
    current = s.incident.current
    if current is None or current.outcome is not None:
        return None
    why = f"{current.action} on {current.target} has no result yet"
    return wait(s.now, seconds(s.profile.policy.poll_seconds), RuleName.FIX_UNDER_WAY, why)


def look_under_way(s: Situation) -> Decision | None:
    """A look is sent at one wake and read at a later one."""
    look = s.incident.look
    if look is None:
        return None
    why = f"the inspection of {len(look.targets)} hosts has no result yet"
    return wait(s.now, seconds(s.profile.policy.poll_seconds), RuleName.LOOK_UNDER_WAY, why)


def fix_to_verify(s: Situation) -> Decision | None:
    """I23: a fix is judged by looking again after it settled, not by its exit status."""
    current = s.incident.current
    if current is None or current.answered_at is None:
        return None
    settled_at = current.answered_at + s.profile.settle(current.action)
    looked_at = _to_verify(s, current)
    if not looked_at:
        until = max(settled_at, s.now + seconds(s.profile.policy.watch_seconds))
        why = f"{current.action} is in progress: no instance that it launched needs an inspection"
        return Decision(step=Wait(until), rule=RuleName.VERIFY_FIX, why=why)
    # a host that is not back soon is looked at less often
    late = s.now - settled_at >= seconds(s.profile.policy.watch_seconds)
    good = {each.id for each in s.incident.targets if each.readings}
    readings = (_next_reading(s, each, none_good=late and each not in good) for each in looked_at)
    due = max(settled_at, *readings)
    names = ", ".join(looked_at)
    if s.now < due:
        why = f"waiting for {names} to settle after {current.action}"
        return Decision(step=Wait(due), rule=RuleName.VERIFY_FIX, why=why)
    why = f"inspecting {names} again after {current.action}"
    read_at = s.now + seconds(s.profile.policy.verify_interval_seconds)
    return Decision(step=Look(looked_at, read_at), rule=RuleName.VERIFY_FIX, why=why)


def _to_verify(s: Situation, current: Attempt) -> tuple[InstanceId, ...]:
    """The hosts to look at after a fix: its host, or the group's new instances."""
    if current.traits.verifier == "host":
        return current.hosts
    group = s.evidence.group
    launched = group.launched_since(current.known) if isinstance(group, Group) else ()
    waiting = {each.id for each in s.unverified}
    return one_look(s, [each for each in launched if each in waiting])


def hosts_to_look_at(s: Situation) -> Decision | None:
    """R15, R16: before any fix, each host that is not verified is looked at."""
    if not s.needs_hosts:
        return None
    age_max = seconds(s.profile.policy.evidence_age_max_seconds)
    stale = _older(s, age_max)
    if not stale:
        return None
    hosts = one_look(s, stale)
    return _look(s, hosts, RuleName.LOOK_AT_HOSTS, f"no recent evidence of {', '.join(hosts)}")


def hosts_to_look_at_first(s: Situation, plan: Plan) -> Decision | None:
    """I12: the evidence for a fix must not be too old when the fix reaches its host.

    A fix may be in transit for half the time for which evidence counts.
    """
    age_max = seconds(s.profile.policy.evidence_age_max_seconds) / 2
    stale = [each for each in _older(s, age_max) if each in plan.hosts]
    if not stale:
        return None
    hosts = one_look(s, stale)
    why = f"inspecting {', '.join(hosts)} again before {plan.action}"
    return _look(s, hosts, RuleName.LOOK_BEFORE_FIX, why)


def _older(s: Situation, age_max: timedelta) -> list[InstanceId]:
    """The hosts that are not verified and whose evidence is older than *age_max*."""
    known = s.incident.hosts
    return [
        each.id
        for each in s.unverified
        if each.id not in known or not known[each.id].fresh(s.now, age_max)
    ]


def _look(s: Situation, hosts: tuple[InstanceId, ...], rule: RuleName, why: str) -> Decision:
    read_at = s.now + seconds(s.profile.policy.poll_seconds)
    return Decision(step=Look(hosts, read_at), rule=rule, why=why)


def approved_to_confirm(s: Situation) -> Decision | None:
    """After an approval, its hosts are looked at once more.

    A recovery then stops the fix, and so does a new denial; continued silence does not.
    """
    waiting = {each.id for each in s.unverified}
    stale = [
        host
        for each in s.incident.proposals
        if each.approval is not None and each.approval.granted and not each.used
        for host in each.hosts
        if host in waiting and _looked_at(s, host) < min(each.approval.at, s.now)
    ]
    if not stale:
        return None
    hosts = one_look(s, sorted(set(stale)))
    why = f"inspecting {', '.join(hosts)} again before the approved fix"
    return _look(s, hosts, RuleName.CONFIRM_APPROVAL, why)


def _looked_at(s: Situation, host: InstanceId) -> datetime:
    known = s.incident.hosts.get(host)
    return known.at if known is not None else s.incident.opened_at


def targets_to_confirm(s: Situation) -> Decision | None:
    """A host that seems to serve is verified like a repaired one: K of K."""
    waiting = s.unverified
    if not waiting or not s.needs_hosts:
        return None
    targets = tuple(each for each in waiting if each.readings) or waiting
    due = max(_next_reading(s, each.id, none_good=not each.readings) for each in targets)
    names = tuple(each.id for each in targets)
    if s.stalled:
        why = f"the health of {', '.join(names)} could not be proven"
        return Decision(step=Escalate(), rule=RuleName.CONFIRM_TARGETS, why=why)
    if s.now < due:
        why = f"verification of {', '.join(names)} is pending"
        return Decision(step=Wait(due), rule=RuleName.CONFIRM_TARGETS, why=why)
    why = (
        f"{', '.join(names)}: next reading ({s.profile.policy.verify_readings} good ones in a row"
        " verify a host)"
    )
    read_at = s.now + seconds(s.profile.policy.verify_interval_seconds)
    return Decision(step=Look(one_look(s, names), read_at), rule=RuleName.CONFIRM_TARGETS, why=why)


def one_look(s: Situation, hosts: Sequence[InstanceId]) -> tuple[InstanceId, ...]:
    """As many of *hosts* as one look takes; the first alone where SSM refused several."""
    return tuple(hosts[: 1 if s.incident.look_singly else LOOK_TARGETS_MAX])


def _next_reading(s: Situation, target: InstanceId, *, none_good: bool = False) -> datetime:
    """The time of the next reading of *target*: now, if it was never read.

    A host without a good reading is watched; one that seems to serve is soon confirmed.
    """
    last, policy = s.incident.hosts.get(target), s.profile.policy
    interval = policy.watch_seconds if none_good else policy.verify_interval_seconds
    return s.now if last is None else last.at + seconds(interval)
