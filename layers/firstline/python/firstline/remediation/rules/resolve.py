"""Rules of the end: a recovery is proven, and watched, or awaited while alarms drain."""

from datetime import datetime

from firstline.config.profile import seconds
from firstline.ids import InstanceId
from firstline.remediation import recovery
from firstline.remediation.decision import Close, Decision, Escalate, Look, Wait, wait
from firstline.remediation.rules.look import one_look
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation


def storm_gathering(s: Situation) -> Decision | None:
    """I21: the one incident of a storm stays open while more comes, so that it pages once."""
    until = s.incident.joined_at + seconds(s.profile.policy.storm_window_seconds)
    if not s.incident.storm or s.now >= until:
        return None
    why = f"a storm of unrelated failures, {s.incident.signals} signals so far"
    return Decision(step=Wait(until), rule=RuleName.STORM_GATHERING, why=why)


def recovered(s: Situation) -> Decision | None:
    """I4, I36: over when every alarm is OK, K of K, and every target of a whole group is verified.

    A recovery by itself is over only after the quiet window.
    """
    if s.quiet_until is not None:
        return _quiet(s, s.quiet_until)
    why = "the alarm is OK and every target in scope is verified"
    return _over(s, why) if s.recovered else None


def _quiet(s: Situation, until: datetime) -> Decision | None:
    """Wait for the end of the window, look once more, and only then close."""
    if recovery.is_alarm_deleted(s.evidence):
        return _over(s, "the incident recovered without a fix, then its alarm was deleted")
    if s.now < until:
        why = f"the incident recovered without a fix; watching for a relapse until {until:%H:%M:%S}"
        return Decision(step=Wait(until), rule=RuleName.QUIET_WINDOW, why=why)
    if not s.recovered:
        return None
    stale = _stale(s)
    if not stale:
        return _over(
            s, "the incident recovered without a fix and had no relapse in the quiet window"
        )
    read_at = s.now + seconds(s.profile.policy.poll_seconds)
    why = f"last inspection of {', '.join(stale)} at the end of the quiet window"
    return Decision(step=Look(stale, read_at), rule=RuleName.QUIET_WINDOW, why=why)


def _stale(s: Situation) -> tuple[InstanceId, ...]:
    """Targets without fresh evidence, as many as one look takes."""
    age_max = seconds(s.profile.policy.evidence_age_max_seconds)
    hosts = s.incident.hosts
    fresh = {host for host, known in hosts.items() if known.fresh(s.now, age_max)}
    return one_look(s, [each.id for each in s.incident.targets if each.id not in fresh])


def _over(s: Situation, why: str) -> Decision:
    facts = tuple(f"{each.id} verified" for each in s.incident.targets if each.verified)
    step = Close(recovered_at=s.incident.recovered_at)
    return Decision(step=step, rule=RuleName.RECOVERED, why=why, facts=facts)


def alarm_to_clear(s: Situation) -> Decision | None:
    """S05: an alarm's window drains slowly; for a limited time that is no failure."""
    policy = s.profile.policy
    verified = [each.verified_at for each in s.incident.targets if each.verified_at is not None]
    if not verified:
        return None
    since = max((*verified, s.quiet_until or verified[0]))
    if s.evidence.all_clear():
        return _clearing(s)
    if s.now - since < seconds(policy.alarm_lag_seconds):
        why = "every target is verified; waiting for the alarm's window to drain"
        return wait(s.now, seconds(policy.verify_interval_seconds), RuleName.AWAIT_ALARM_OK, why)
    why = "every target is verified, but the alarm still fires"
    return Decision(step=Escalate(), rule=RuleName.AWAIT_ALARM_OK, why=why)


def _clearing(s: Situation) -> Decision:
    """Wait reading by reading; then watch a group that is not whole."""
    policy, readings = s.profile.policy, s.incident.clear_readings
    if readings < policy.verify_readings:
        why = f"the alarm is OK, reading {readings} of {policy.verify_readings}"
        return wait(s.now, seconds(policy.verify_interval_seconds), RuleName.AWAIT_ALARM_OK, why)
    why = "the alarm is OK, but the group is not confirmed at its desired capacity"
    return wait(s.now, seconds(policy.watch_seconds), RuleName.AWAIT_ALARM_OK, why)
