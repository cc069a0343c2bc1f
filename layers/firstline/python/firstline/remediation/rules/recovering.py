"""Rules of the end: a recovery is proven, or waited for while alarms drain."""

from firstline.config.profile import seconds
from firstline.diagnosis.evidence import Group
from firstline.remediation.decision import Close, Decision, HandOver, Wait, wait
from firstline.remediation.situation import Situation


def storm_gathers(s: Situation) -> Decision | None:
    """I21: the one incident of a storm stays open while more comes, so that it pages once."""
    until = s.incident.joined_at + seconds(s.profile.policy.storm_window_seconds)
    if not s.incident.storm or s.now >= until:
        return None
    why = f"a storm of unrelated troubles, {s.incident.signals} signals so far"
    return Decision(step=Wait(until), rule="storm", why=why)


def recovered(s: Situation) -> Decision | None:
    """I4: over when the alarm is OK, K of K, and every target of a whole group is verified."""
    if s.incident.clear_readings < s.profile.policy.verify_readings or s.unverified:
        return None
    if s.needs_hosts and not _group_is_whole(s):
        return None
    facts = tuple(f"{each.id} verified" for each in s.incident.targets)
    why = "the alarm is OK and every target in scope is verified"
    return Decision(step=Close(), rule="recovered", why=why, facts=facts)


def _group_is_whole(s: Situation) -> bool:
    return isinstance(s.evidence.group, Group) and s.evidence.group.whole


def alarm_to_clear(s: Situation) -> Decision | None:
    """S05: an alarm's window drains slowly; that is no failure, for a while."""
    policy = s.profile.policy
    verified = [each.verified_at for each in s.incident.targets if each.verified_at is not None]
    if not verified:
        return None
    since = max(verified)
    if s.evidence.all_clear():
        return _clearing(s)
    if s.now - since < seconds(policy.alarm_lag_seconds):
        why = "every target is verified; the alarm's window has still to drain"
        return wait(s.now, seconds(policy.verify_interval_seconds), "alarm to clear", why)
    why = "every target is verified, and the alarm still fires"
    return Decision(step=HandOver(), rule="alarm to clear", why=why)


def _clearing(s: Situation) -> Decision:
    """Reading by reading; then a group that is not whole is watched."""
    policy, readings = s.profile.policy, s.incident.clear_readings
    if readings < policy.verify_readings:
        why = f"the alarm is OK, reading {readings} of {policy.verify_readings}"
        return wait(s.now, seconds(policy.verify_interval_seconds), "alarm to clear", why)
    why = "the alarm is OK, and the group is not whole"
    return wait(s.now, seconds(policy.watch_seconds), "alarm to clear", why)
