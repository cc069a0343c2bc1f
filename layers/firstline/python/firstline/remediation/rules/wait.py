"""Rules that limit a wait: an incident stalled for `blocked_max_seconds` is escalated.

The limit is 15 minutes in the shipped policies. It applies to what guards keep denying and to what
no evidence proves, because two hours of watching help no one.
"""

from collections.abc import Iterator

from firstline.config.profile import seconds
from firstline.diagnosis.evidence import Group, Need, Unknown, needs
from firstline.remediation.decision import Decision, Escalate, wait
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation


def fix_not_found(s: Situation) -> Decision | None:
    """I9: an intent that may have been sent and is not found is escalated, never sent again."""
    current, policy = s.incident.current, s.profile.policy
    if current is None or current.outcome is not None:
        return None
    if s.now - current.lease_until < seconds(policy.blocked_max_seconds):
        return None
    why = f"cannot determine whether {current.action} on {current.target} was sent"
    return Decision(step=Escalate(), rule=RuleName.FIX_NOT_FOUND, why=why)


def group_incomplete(s: Situation) -> Decision | None:
    """S05: the alarm is OK, and the group does not reach its desired capacity."""
    cleared = s.incident.clear_readings >= s.profile.policy.verify_readings
    if not cleared or s.unverified or not s.needs_hosts or not s.stalled:
        return None
    why = f"the alarm is OK, but {_group(s.evidence.group)}"
    return Decision(step=Escalate(), rule=RuleName.GROUP_INCOMPLETE, why=why)


def _group(group: Group | Unknown) -> str:
    if isinstance(group, Unknown):
        return f"the group cannot be read: {group.why}"
    return f"the group has {len(group.in_service())} of {group.desired} instances in service"


def watch(s: Situation) -> Decision:
    """Watch for a limited time, then escalate with the facts that could not be read."""
    if s.stalled and not s.evidence.all_clear():
        why = "; ".join(_unread(s)) or "the alarm still fires, and no action is due"
        return Decision(step=Escalate(), rule=RuleName.WATCH, why=why)
    patience = seconds(s.profile.policy.watch_seconds)
    return wait(s.now, patience, RuleName.WATCH, "no action is due: watching")


def _unread(s: Situation) -> Iterator[str]:
    """The needed facts that cannot be read, each with the reason."""
    needed, evidence = needs(s.incident.condition), s.evidence
    read = (
        ("the alarm", evidence.alarm),
        ("the group", evidence.group if Need.GROUP in needed else None),
        ("the load balancer", evidence.target_health if Need.TARGET_HEALTH in needed else None),
        ("the probe", evidence.answering if Need.ANSWERING in needed else None),
    )
    for what, fact in read:
        if isinstance(fact, Unknown):
            yield f"{what} cannot be read: {fact.why}"
