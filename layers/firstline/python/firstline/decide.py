"""Decide: from a situation to the next step, with its whole reasoning.

The rules stand in the order of the runbook, and the first that has something to say decides:
bound the effort; let what is under way end; judge the fix; close; look; fix; confirm; wait.
A decision to wait carries its reasons like any other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from firstline.actions.look_host import LOOK_TARGETS_MAX
from firstline.decision import Close, Decision, Fix, HandOver, Look, Step, Wait
from firstline.diagnose import Life
from firstline.evidence import Gone, Group, Need, needs
from firstline.guards.guard import Denial
from firstline.guards.order import ask
from firstline.ids import InstanceId
from firstline.incident import Target
from firstline.plan import Plan
from firstline.profile import seconds
from firstline.situation import Situation


def decide(situation: Situation) -> Decision:
    """The next step of *situation*. Pure: the same situation gives the same decision."""
    for rule in RULES:
        decision = rule(situation)
        if decision is not None:
            return decision
    until = situation.now + seconds(situation.profile.policy.watch_seconds)
    return Decision(step=Wait(until), rule="watch", why="nothing to do but watch")


# --- bound the effort ------------------------------------------------------------------------


def bounded(s: Situation) -> Decision | None:
    """I24: every incident ends in bounded time."""
    policy = s.profile.policy
    age = s.now - s.incident.opened_at
    if age < seconds(policy.incident_age_max_seconds) and s.incident.wakes < policy.wakes_max:
        return None
    why = f"not over after {age.total_seconds():.0f} s and {s.incident.wakes} wakes"
    return Decision(step=HandOver(), rule="bounded", why=why)


def storm_gathers(s: Situation) -> Decision | None:
    """I21: the one incident of a storm stays open while more comes, so that it pages once."""
    until = s.incident.joined_at + seconds(s.profile.policy.storm_window_seconds)
    if not s.incident.storm or s.now >= until:
        return None
    why = f"a storm of unrelated troubles, {s.incident.signals} signals so far"
    return Decision(step=Wait(until), rule="storm", why=why)


def nothing_to_watch(s: Situation) -> Decision | None:
    """A signal without an alarm of ours behind it leaves nothing to read: a person must."""
    if s.incident.alarms:
        return None
    return Decision(step=HandOver(), rule="nothing to watch", why="no alarm stands behind it")


# --- let what is under way end ---------------------------------------------------------------


def fix_under_way(s: Situation) -> Decision | None:
    """I9: a fix without an answer is waited for and looked for, never sent again."""
    current = s.incident.current
    if current is None or current.outcome is not None:
        return None
    why = f"{current.action} on {current.target} has not answered yet"
    return _wait(s, s.profile.policy.poll_seconds, "fix under way", why)


def look_under_way(s: Situation) -> Decision | None:
    """A look is sent at one wake and read at a later one."""
    look = s.incident.look
    if look is None:
        return None
    why = f"the look at {len(look.targets)} hosts has not answered yet"
    return _wait(s, s.profile.policy.poll_seconds, "look under way", why)


def alarm_gone(s: Situation) -> Decision | None:
    """Somebody deleted the alarm while it fired: no OK will come, and nobody else is watching."""
    if not isinstance(s.evidence.alarm, Gone):
        return None
    why = f"the alarm {s.incident.alarm} does not exist any more: it cannot tell a recovery"
    return Decision(step=HandOver(), rule="alarm gone", why=why)


# --- judge the fix ---------------------------------------------------------------------------


def fix_to_verify(s: Situation) -> Decision | None:
    """I23: a fix is judged by looking again after it settled, not by its exit status."""
    current = s.incident.current
    if current is None or current.answered_at is None:
        return None
    settled_at = current.answered_at + seconds(s.profile.policy.settle_seconds)
    due = max(settled_at, _next_reading(s, current.target))
    if s.now < due:
        why = f"{current.target} settles after {current.action}"
        return Decision(step=Wait(due), rule="verify the fix", why=why)
    why = f"{current.target} is looked at again after {current.action}"
    read_at = s.now + seconds(s.profile.policy.verify_interval_seconds)
    return Decision(step=Look((current.target,), read_at), rule="verify the fix", why=why)


# --- close -----------------------------------------------------------------------------------


def recovered(s: Situation) -> Decision | None:
    """I4: over when the alarm is OK, K of K, and every target of a whole group is verified."""
    if s.incident.clear_readings < s.profile.policy.verify_readings or _unverified(s):
        return None
    if _needs_hosts(s) and not _group_is_whole(s):
        return None
    facts = tuple(f"{each.id} verified" for each in s.incident.targets)
    why = "the alarm is OK and every target in scope is verified"
    return Decision(step=Close(), rule="recovered", why=why, facts=facts)


# --- look ------------------------------------------------------------------------------------


def no_hosts(s: Situation) -> Decision | None:
    """R14: a group without instances in service leaves nobody to restart."""
    group = s.evidence.group
    if not _needs_hosts(s) or not isinstance(group, Group) or group.in_service():
        return None
    why = f"the group has no instance in service, and wants {group.desired}"
    return Decision(step=HandOver(), rule="no hosts", why=why)


def hosts_to_look_at(s: Situation) -> Decision | None:
    """R15, R16: before anything is done, each host that is not verified is looked at."""
    if not _needs_hosts(s):
        return None
    age_max = seconds(s.profile.policy.evidence_age_max_seconds)
    stale = [
        each.id
        for each in _unverified(s)
        if each.id not in s.incident.hosts or not s.incident.hosts[each.id].fresh(s.now, age_max)
    ]
    if not stale:
        return None
    hosts = _together(s, stale)
    why = f"nothing fresh is known of {', '.join(hosts)}"
    read_at = s.now + seconds(s.profile.policy.poll_seconds)
    return Decision(step=Look(hosts, read_at), rule="look at hosts", why=why)


# --- fix -------------------------------------------------------------------------------------


def next_fix(s: Situation) -> Decision | None:
    """R17: the first host that is proven dead, and after it, once verified, the next."""
    dead = s.diagnosis.having(Life.DEAD)
    rungs = s.profile.rungs(s.incident.condition)
    if not dead or not rungs:
        return None
    target = dead[0]
    plan = Plan(action=rungs[0], target=target, facts=s.diagnosis.hosts[target].dead)
    answers = ask(plan, s)
    denials = [each.denial for each in answers if each.denial is not None]
    step, why = _permitted(s, plan, tuple(denials))
    return Decision(
        step=step, rule="next fix", why=why, facts=plan.facts, plan=plan, answers=answers
    )


def _permitted(s: Situation, plan: Plan, denials: tuple[Denial, ...]) -> tuple[Step, str]:
    if not denials:
        return Fix(plan), f"{plan.target} is proven dead and no guard objects"
    why = "; ".join(each.why for each in denials)
    if any(each.final for each in denials):
        return HandOver(), why
    watch = s.now + seconds(s.profile.policy.watch_seconds)
    retries = [each.retry_at for each in denials if each.retry_at is not None]
    return Wait(max(retries) if len(retries) == len(denials) else watch), why


# --- confirm, and wait -----------------------------------------------------------------------


def silent_hosts(s: Situation) -> Decision | None:
    """Hosts that cannot be looked at cannot be mended from here: a person must."""
    limit = s.profile.policy.silent_looks_max
    silent = [each.id for each in _unverified(s) if each.silent >= limit]
    if not silent or len(silent) < len(_unverified(s)):
        return None
    why = f"{', '.join(silent)} did not answer {limit} looks in a row"
    return Decision(step=HandOver(), rule="silent hosts", why=why)


def targets_to_confirm(s: Situation) -> Decision | None:
    """A host that seems to serve is verified like a mended one: K of K."""
    targets = _unverified(s)
    if not targets or not _needs_hosts(s):
        return None
    due = max(_next_reading(s, each.id) for each in targets)
    names = tuple(each.id for each in targets)
    if s.now < due:
        why = f"{', '.join(names)} not verified yet"
        return Decision(step=Wait(due), rule="confirm targets", why=why)
    why = f"{', '.join(names)}: another reading, {s.profile.policy.verify_readings} in a row verify"
    read_at = s.now + seconds(s.profile.policy.verify_interval_seconds)
    return Decision(step=Look(_together(s, names), read_at), rule="confirm targets", why=why)


def alarm_to_clear(s: Situation) -> Decision | None:
    """S05: an alarm's window drains slowly; that is no failure, for a while."""
    policy = s.profile.policy
    verified = [each.verified_at for each in s.incident.targets if each.verified_at is not None]
    if not verified:
        return None
    since = max(verified)
    if s.evidence.all_clear():
        why = f"the alarm is OK, reading {s.incident.clear_readings} of {policy.verify_readings}"
        return _wait(s, policy.verify_interval_seconds, "alarm to clear", why)
    if s.now - since < seconds(policy.alarm_lag_seconds):
        why = "every target is verified; the alarm's window has still to drain"
        return _wait(s, policy.verify_interval_seconds, "alarm to clear", why)
    why = "every target is verified, and the alarm still fires"
    return Decision(step=HandOver(), rule="alarm to clear", why=why)


RULES: tuple[Callable[[Situation], Decision | None], ...] = (
    bounded,
    storm_gathers,
    nothing_to_watch,
    fix_under_way,
    look_under_way,
    alarm_gone,
    fix_to_verify,
    recovered,
    no_hosts,
    silent_hosts,
    hosts_to_look_at,
    next_fix,
    targets_to_confirm,
    alarm_to_clear,
)
"""The rules in the order of asking."""


def _wait(s: Situation, duration_seconds: int, rule: str, why: str) -> Decision:
    return Decision(step=Wait(s.now + seconds(duration_seconds)), rule=rule, why=why)


def _together(s: Situation, hosts: Sequence[InstanceId]) -> tuple[InstanceId, ...]:
    """As many of *hosts* as one look can ask; the first alone where SSM refused several."""
    return tuple(hosts[: 1 if s.incident.look_singly else LOOK_TARGETS_MAX])


def _needs_hosts(s: Situation) -> bool:
    return Need.HOSTS in needs(s.incident.condition)


def _group_is_whole(s: Situation) -> bool:
    """As many instances are in service as the group wants: a lost host is no recovery."""
    group = s.evidence.group
    return isinstance(group, Group) and 0 < group.desired <= len(group.in_service())


def _unverified(s: Situation) -> tuple[Target, ...]:
    return tuple(each for each in s.incident.targets if not each.verified)


def _next_reading(s: Situation, target: InstanceId) -> datetime:
    """When the next reading of *target* is due: now, if it was never read."""
    last = s.incident.hosts.get(target)
    interval = seconds(s.profile.policy.verify_interval_seconds)
    return s.now if last is None else last.at + interval
