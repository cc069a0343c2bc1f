"""The next expected event and its deadline, after which firstline acts otherwise or escalates."""

from datetime import datetime

from firstline.config.profile import seconds
from firstline.incidents.incident import Incident
from firstline.remediation import verification
from firstline.remediation.decision import Decision, Wait
from firstline.remediation.progress.current_action import unanswered
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation

type NextEvent = tuple[str, datetime]


def next_event(incident: Incident, decision: Decision, situation: Situation) -> NextEvent:
    """The next event that is expected without further action, and its deadline."""
    policy, current, proposal = (
        situation.profile.policy,
        incident.current,
        unanswered(incident, decision),
    )
    blocked_until = situation.progressed_at + seconds(policy.blocked_max_seconds)
    if current is not None:
        return "its verdict", verification.verdict_deadline(current, situation.profile)
    if proposal is not None and proposal.approvable:
        return "an operator's approval", proposal.until
    if decision.plan is not None:
        return _unbarred(decision, blocked_until)
    return _by_rule(incident, decision, situation, blocked_until)


def _unbarred(decision: Decision, blocked_until: datetime) -> NextEvent:
    """The denials of the plan may pass with time; otherwise it is escalated in the end."""
    denials = [each.denial for each in decision.answers if each.stops and each.denial]
    retries = [each.retry_at for each in denials if each.retry_at is not None]
    if retries and len(retries) == len(denials):
        return "the block on the fix to end", max(retries)
    return "a recovery", blocked_until


def _by_rule(
    incident: Incident, decision: Decision, situation: Situation, blocked_until: datetime
) -> NextEvent:
    if incident.look is not None:
        return "the hosts' answers", incident.look.until
    match decision.rule, decision.step:
        case RuleName.CONFIRM_TARGETS, _:
            return "good readings of each host", blocked_until
        case RuleName.AWAIT_ALARM_OK, _:
            return _clearing(incident, situation, blocked_until)
        case RuleName.QUIET_WINDOW, Wait(until):
            return "the end of the quiet window", until
        case RuleName.STORM_GATHERING | RuleName.SIGNALS_JOINING | RuleName.NO_ALARM, Wait(until):
            return "further signals", until
        case _:
            return "a recovery", blocked_until


def _clearing(incident: Incident, situation: Situation, blocked_until: datetime) -> NextEvent:
    policy = situation.profile.policy
    if not situation.evidence.all_clear():
        verified = (each.verified_at for each in incident.targets)
        since = max(at for at in verified if at is not None)
        return "the alarm to turn OK", since + seconds(policy.alarm_lag_seconds)
    if incident.clear_readings < policy.verify_readings:
        return "the alarm to stay OK", blocked_until
    return "the group to reach its desired capacity", blocked_until
