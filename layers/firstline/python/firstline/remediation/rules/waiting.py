"""Rules that bound a wait: what goes nowhere for `blocked_max_seconds` is a person's."""

from collections.abc import Iterator

from firstline.config.profile import seconds
from firstline.diagnosis.evidence import Group, Need, Unknown, needs
from firstline.remediation.decision import Decision, Escalate, wait
from firstline.remediation.situation import Situation


def fix_not_found(s: Situation) -> Decision | None:
    """I9: whether an intent was sent cannot be read; it is never sent again, and not waited on."""
    current, policy = s.incident.current, s.profile.policy
    if current is None or current.outcome is not None:
        return None
    if s.now - current.lease_until < seconds(policy.blocked_max_seconds):
        return None
    why = f"whether {current.action} on {current.target} was sent cannot be read"
    return Decision(step=Escalate(), rule="fix not found", why=why)


def group_not_whole(s: Situation) -> Decision | None:
    """S05: the alarm is OK, and the group does not get the instances that it wants."""
    cleared = s.incident.clear_readings >= s.profile.policy.verify_readings
    if not cleared or s.unverified or not s.needs_hosts or not s.stalled:
        return None
    why = f"the alarm is OK, but {_group(s.evidence.group)}"
    return Decision(step=Escalate(), rule="group not whole", why=why)


def _group(group: Group | Unknown) -> str:
    if isinstance(group, Unknown):
        return f"the group cannot be read: {group.why}"
    return f"the group has {len(group.in_service())} of {group.desired} instances in service"


def watch(s: Situation) -> Decision:
    """Nothing to do but watch: for a while, and then a person is asked, by what was not read."""
    if s.stalled and not s.evidence.all_clear():
        why = "; ".join(_unread(s)) or "the alarm still fires, and there is nothing to do but watch"
        return Decision(step=Escalate(), rule="watch", why=why)
    patience = seconds(s.profile.policy.watch_seconds)
    return wait(s.now, patience, "watch", "nothing to do but watch")


def _unread(s: Situation) -> Iterator[str]:
    """What the condition needs and nobody can read, each with why."""
    needed, seen = needs(s.incident.condition), s.evidence
    read = (
        ("the alarm", seen.alarm),
        ("the group", seen.group if Need.GROUP in needed else None),
        ("the load balancer", seen.target_health if Need.TARGET_HEALTH in needed else None),
        ("the probe", seen.answering if Need.ANSWERING in needed else None),
    )
    for what, fact in read:
        if isinstance(fact, Unknown):
            yield f"{what} cannot be read: {fact.why}"
