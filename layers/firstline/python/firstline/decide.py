"""Decide: from a situation to the next step, with its whole reasoning.

The rules stand in the order of the runbook, and the first that has something to say decides:
bound the effort; let what is under way end; judge the fix; close; look; fix; confirm; wait.
A decision to wait carries its reasons like any other.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from firstline import ladder
from firstline.actions.catalogue import FIXES
from firstline.actions.look_host import LOOK_TARGETS_MAX
from firstline.decision import Close, Decision, Fix, HandOver, Look, Step, Wait
from firstline.evidence import Gone, Group, Need, Refreshes, needs
from firstline.guards.guard import Denial
from firstline.guards.order import ask
from firstline.ids import InstanceId
from firstline.incident import Attempt, Target
from firstline.plan import Plan
from firstline.profile import seconds
from firstline.readers import Failure, Life
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
    settled_at = current.answered_at + s.profile.settle(current.action)
    looked_at = _to_verify(s, current)
    if not looked_at:
        until = max(settled_at, s.now + seconds(s.profile.policy.watch_seconds))
        why = f"{current.action} goes on: nothing that it launched is to be looked at"
        return Decision(step=Wait(until), rule="verify the fix", why=why)
    # one that is not back soon is asked less often
    late = s.now - settled_at >= seconds(s.profile.policy.watch_seconds)
    good = {each.id for each in s.incident.targets if each.readings}
    readings = (_next_reading(s, each, none_good=late and each not in good) for each in looked_at)
    due = max(settled_at, *readings)
    names = ", ".join(looked_at)
    if s.now < due:
        why = f"{names} settles after {current.action}"
        return Decision(step=Wait(due), rule="verify the fix", why=why)
    why = f"{names} is looked at again after {current.action}"
    read_at = s.now + seconds(s.profile.policy.verify_interval_seconds)
    return Decision(step=Look(looked_at, read_at), rule="verify the fix", why=why)


def _to_verify(s: Situation, current: Attempt) -> tuple[InstanceId, ...]:
    """Whom to look at after a fix: its host, or what the group launched for it."""
    if FIXES[current.action].tool == "ssm":
        return current.hosts
    group = s.evidence.group
    launched = group.beyond(current.known) if isinstance(group, Group) else ()
    waiting = {each.id for each in _unverified(s)}
    return _together(s, [each for each in launched if each in waiting])


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
    if not s.profile.rungs(s.incident.condition):
        return None
    plan = ladder.gentlest_plan(s, s.diagnosis.having(Life.DEAD))
    return None if plan is None else _guarded(s, plan, "next fix")


def beyond_mending(s: Situation) -> Decision | None:
    """S14: what fails on every host that is left is known, and no rung of the ladder mends it."""
    dead = s.diagnosis.having(Life.DEAD)
    failures = [s.diagnosis.hosts[each].failure for each in dead]
    if not dead or len(dead) < len(_unverified(s)) or Failure.UNKNOWN in failures:
        return None
    told = ", ".join(f"{each}: {what}" for each, what in zip(dead, failures, strict=True))
    return Decision(step=HandOver(), rule="beyond mending", why=f"no fix is there for {told}")


def more_capacity(s: Situation) -> Decision | None:
    """R22: under memory pressure one instance more, where the ladder has that rung."""
    group = s.evidence.group
    plan = ladder.capacity_plan(s, group) if isinstance(group, Group) else None
    if plan is None or any(each.helped for each in s.incident.attempts):
        return None
    return _guarded(s, plan, "more capacity")


def refresh_to_cancel(s: Situation) -> Decision | None:
    """S09: a refresh whose first instance did not serve must not replace the others."""
    tried = [each for each in s.incident.attempts if each.action == "refresh_fleet"]
    refreshes, ours = s.evidence.refreshes, {each.command for each in tried if each.failed}
    active = refreshes.active() if isinstance(refreshes, Refreshes) else ()
    plans = [ladder.cancel_plan(s, each.id) for each in active if each.id in ours]
    return _guarded(s, plans[0], "cancel the refresh") if plans else None


def _guarded(s: Situation, plan: Plan, rule: str) -> Decision:
    """*plan*, or what its denials leave; every guard's answer is kept."""
    answers = ask(plan, s)
    denials = [each.denial for each in answers if each.denial is not None]
    step, why = _permitted(s, plan, tuple(denials))
    return Decision(step=step, rule=rule, why=why, facts=plan.facts, plan=plan, answers=answers)


def _permitted(s: Situation, plan: Plan, denials: tuple[Denial, ...]) -> tuple[Step, str]:
    if not denials:
        return Fix(plan), f"{plan.action} on {plan.target}: no guard objects"
    why = "; ".join(each.why for each in denials)
    if any(each.final for each in denials) or _blocked_too_long(s):
        return HandOver(), why
    watch = s.now + seconds(s.profile.policy.watch_seconds)
    retries = [each.retry_at for each in denials if each.retry_at is not None]
    return Wait(max(retries) if len(retries) == len(denials) else watch), why


# --- confirm, and wait -----------------------------------------------------------------------


def silent_hosts(s: Situation) -> Decision | None:
    """Hosts that cannot be looked at cannot be mended from here: a person must."""
    limit = s.profile.policy.silent_looks_max
    dead = s.diagnosis.having(Life.DEAD)
    silent = [each.id for each in _unverified(s) if each.silent >= limit and each.id not in dead]
    if not silent or len(silent) < len(_unverified(s)):
        return None
    why = f"{', '.join(silent)} did not answer {limit} looks in a row"
    return Decision(step=HandOver(), rule="silent hosts", why=why)


def targets_to_confirm(s: Situation) -> Decision | None:
    """A host that seems to serve is verified like a mended one: K of K."""
    waiting = _unverified(s)
    if not waiting or not _needs_hosts(s):
        return None
    targets = tuple(each for each in waiting if each.readings) or waiting
    due = max(_next_reading(s, each.id, none_good=not each.readings) for each in targets)
    names = tuple(each.id for each in targets)
    if s.now - _last_progress(s) >= seconds(s.profile.policy.blocked_max_seconds):
        why = f"nothing could be proven of {', '.join(names)}"
        return Decision(step=HandOver(), rule="confirm targets", why=why)
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
    fix_under_way,
    look_under_way,
    alarm_gone,
    fix_to_verify,
    refresh_to_cancel,
    recovered,
    no_hosts,
    silent_hosts,
    hosts_to_look_at,
    nothing_to_watch,
    next_fix,
    more_capacity,
    beyond_mending,
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
    return isinstance(s.evidence.group, Group) and s.evidence.group.whole


def _blocked_too_long(s: Situation) -> bool:
    """A guard that keeps saying no is told to a person, who may know more than it does."""
    return s.now - s.incident.opened_at >= seconds(s.profile.policy.blocked_max_seconds)


def _unverified(s: Situation) -> tuple[Target, ...]:
    return tuple(each for each in s.incident.targets if not each.verified)


def _next_reading(s: Situation, target: InstanceId, *, none_good: bool = False) -> datetime:
    """When the next reading of *target* is due: now, if it was never read.

    A host of which no reading was good is watched; one that seems to serve is soon confirmed.
    """
    last, policy = s.incident.hosts.get(target), s.profile.policy
    interval = policy.watch_seconds if none_good else policy.verify_interval_seconds
    return s.now if last is None else last.at + seconds(interval)


def _last_progress(s: Situation) -> datetime:
    """When a host was last verified, or a fix judged; at first when it was opened."""
    verified = (each.verified_at for each in s.incident.targets)
    answered = (each.answered_at for each in s.incident.attempts)
    return max(
        (at for at in (*verified, *answered) if at is not None), default=s.incident.opened_at
    )
