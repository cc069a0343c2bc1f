"""Rules that escalate to a person."""

import copy

from firstline.actions.catalogue import FIXES
from firstline.config.profile import HOSTS_MAX, seconds
from firstline.diagnosis.evidence import DeletedAlarm, Group
from firstline.diagnosis.health_checks import FailureMode, HostHealth
from firstline.incidents.incident import INCIDENT_BYTES_MAX, Outcome, encode_aggregate
from firstline.remediation import execution, verification
from firstline.remediation.decision import Decision, Escalate, Wait
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation


def limit_reached(s: Situation) -> Decision | None:
    """I24: every incident ends in bounded time."""
    policy = s.profile.policy
    if s.quiet_until is not None and (s.now < s.quiet_until or s.recovered):
        return None  # it has recovered, and its window limits it
    age = s.now - s.incident.opened_at
    if age < seconds(policy.incident_age_max_seconds) and s.incident.wakes < policy.wakes_max:
        return None
    why = f"still open after {age.total_seconds():.0f} s and {s.incident.wakes} wakes"
    return Decision(step=Escalate(), rule=RuleName.LIMIT_REACHED, why=why)


def action_unknown(s: Situation) -> Decision | None:
    """Another version intended or proposed an action that this one does not have.

    After a rollback this is no error: the action is not read, judged or sent, and the page names
    it.
    """
    intended = ((each.action, each.target) for each in s.incident.attempts)
    proposed = ((each.action, each.target) for each in s.incident.proposals)
    for action, target in (*intended, *proposed):
        if action not in FIXES:
            why = f"this version has no action {action} (on {target})"
            return Decision(step=Escalate(), rule=RuleName.ACTION_UNKNOWN, why=why)
    return None


def wrong_refresh(s: Situation) -> Decision | None:
    """A fix that met another refresh than its own is escalated at once."""
    met = [each for each in s.incident.attempts if each.outcome is Outcome.ANOTHER]
    if not met:
        return None
    return Decision(
        step=Escalate(), rule=RuleName.WRONG_REFRESH, why=execution.describe_wrong_refresh(met[-1])
    )


def incident_too_large(s: Situation) -> Decision | None:
    """I24: an incident that the store would soon refuse is escalated while it still fits."""
    group, size = s.evidence.group, len(encode_aggregate(s.incident))
    hosts = len(group.instances) if s.needs_hosts and isinstance(group, Group) else 0
    if hosts > HOSTS_MAX:
        why = f"the group has {hosts} hosts; an incident stores evidence of at most {HOSTS_MAX}"
    elif size > INCIDENT_BYTES_MAX:
        why = f"the incident has {size} bytes; the limit is {INCIDENT_BYTES_MAX}"
    else:
        return None
    return Decision(step=Escalate(), rule=RuleName.INCIDENT_TOO_LARGE, why=why)


# A failed launch, a refused call, a finding and a user's report have no alarm that shows a
# recovery, so their incident is escalated. It stays open for `quiet_seconds` after its last signal,
# and repeated signals join it: one page, or one notice. The escalation is sent only where hosts
# were looked at and no page went out, as for a user's report; the opening covers the rest.
#
# A failed launch is a P3, because the group retries. The group is read at each wake; once it has
# been short of instances for `short_group_seconds`, or unreadable, the incident rises to P2 and
# pages, by a decision of its own (`raise`).
def no_alarm(s: Situation) -> Decision | None:
    """A signal without an alarm leaves nothing to read: a person must act.

    It stays open for the quiet window, so that a repeated signal joins it (I36).
    """
    if s.incident.alarms:
        return None
    why = "the incident has no alarm"
    quiet_at = s.incident.joined_at + seconds(s.profile.policy.quiet_seconds)
    ahead = [at for at in (quiet_at, s.short_until) if at is not None and at > s.now]
    if not ahead:
        return Decision(step=Escalate(), rule=RuleName.NO_ALARM, why=why)
    why = f"{why}: a repeated signal joins it until {max(ahead):%H:%M:%S}"
    return Decision(step=Wait(min(ahead)), rule=RuleName.NO_ALARM, why=why)


def alarm_deleted(s: Situation) -> Decision | None:
    """The alarm was deleted while it fired: no OK will come."""
    if s.quiet_until is not None or not isinstance(s.evidence.alarm, DeletedAlarm):
        return None
    why = f"the alarm {s.incident.alarm} was deleted: it cannot show a recovery"
    return Decision(step=Escalate(), rule=RuleName.ALARM_DELETED, why=why)


def no_hosts(s: Situation) -> Decision | None:
    """R14: a group without instances in service has nothing to restart.

    An instance that boots is awaited, as long as a plan may be blocked.
    """
    group = s.evidence.group
    if not s.needs_hosts or not isinstance(group, Group) or group.in_service():
        return None
    if verification.is_launching(s.evidence) and not s.stalled:
        return None
    why = f"the group has no instance in service; its desired capacity is {group.desired}"
    return Decision(step=Escalate(), rule=RuleName.NO_HOSTS, why=why)


def silent_hosts(s: Situation) -> Decision | None:
    """Hosts without reports cannot be repaired from here: a person must act."""
    limit = s.profile.policy.silent_looks_max
    dead = s.diagnosis.having(HostHealth.DEAD)
    silent = [each.id for each in s.unverified if each.silent >= limit and each.id not in dead]
    if not silent or len(silent) < len(s.unverified):
        return None
    why = f"{', '.join(silent)} did not answer {limit} inspections in a row"
    return Decision(step=Escalate(), rule=RuleName.HOSTS_SILENT, why=why)


def not_repairable(s: Situation) -> Decision | None:
    """S14: the failure of every remaining host is known, and no rung of the ladder repairs it."""
    dead = s.diagnosis.having(HostHealth.DEAD)
    failures = [s.diagnosis.hosts[each].failure for each in dead]
    if not dead or len(dead) < len(s.unverified) or FailureMode.UNKNOWN in failures:
        return None
    named = ", ".join(f"{each}: {what}" for each, what in zip(dead, failures, strict=True))
    return Decision(step=Escalate(), rule=RuleName.NOT_REPAIRABLE, why=f"no fix exists for {named}")


def delay_escalation(decision: Decision, s: Situation) -> Decision:
    """Delay escalation while new signals keep joining, up to `blocked_max_seconds` (I21).

    A signal after the end would open a new incident and page again.
    """
    if not isinstance(decision.step, Escalate) or s.incident.signals == 1:
        return decision
    if limit_reached(s) or wrong_refresh(s):
        return decision
    policy = s.profile.policy
    quiet_at = s.incident.joined_at + seconds(policy.watch_seconds)
    until = min(quiet_at, s.incident.opened_at + seconds(policy.blocked_max_seconds))
    if s.now >= until:
        return decision
    joined = s.incident.signals - 1
    why = f"{decision.why}; escalation is delayed while signals join ({joined} so far)"
    return copy.replace(decision, step=Wait(until), rule=RuleName.SIGNALS_JOINING, why=why)
