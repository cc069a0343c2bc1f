"""The update of a decision: the fleet's state, the current action, and the next event.

Its turn identifies the decision without texts, counts and instants, which change at each wake.
"""

from datetime import datetime, timedelta

from firstline.config.profile import seconds
from firstline.incidents.incident import Incident
from firstline.notifications.updates import Update
from firstline.remediation.decision import Decision, Fix, Look, Raise
from firstline.remediation.progress.current_action import describe_action, unanswered
from firstline.remediation.progress.fleet_state import describe_fleet
from firstline.remediation.progress.next_event import next_event
from firstline.remediation.rules.rule_name import RuleName
from firstline.remediation.situation import Situation

FIRST_UPDATE_MAX = timedelta(seconds=25)
"""After this time since the opening the first update no longer waits for a decision: it reports the
look at the hosts. A worker has five seconds to send it."""


def update(incident: Incident, decision: Decision, situation: Situation) -> Update | None:
    """The update for people on *decision*, which was carried out and left *incident*.

    None while hosts are only looked at, unless it is the first and the next decision comes too
    late; and for a raised severity, whose page reports it.
    """
    if isinstance(decision.step, Raise):
        return None
    if _looks(decision) and (incident.updates or not _too_late(situation)):
        return None
    what_is_known, done = describe_fleet(situation), describe_action(incident, decision, situation)
    waits = None if incident.ended else next_event(incident, decision, situation)
    until = "" if waits is None else f"; awaits {waits[0]} until {waits[1]:%H:%M:%S} UTC"
    first = "" if what_is_known in done else f"{what_is_known}; "
    return Update(
        turn=_turn(incident, decision),
        line=f"{first}{done}{until}",
        details={"known": what_is_known, "doing": done, "mode": situation.mode}
        | ({"awaited": waits[0], "until": _instant(waits[1])} if waits else {})
        | _plan(decision),
        fix=isinstance(decision.step, Fix) and incident.current is not None,
        end=incident.ended,
    )


def _plan(decision: Decision) -> dict[str, str]:
    plan = decision.plan
    return {"action": plan.action, "target": plan.target, "plan": plan.hash} if plan else {}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _looks(decision: Decision) -> bool:
    """True if the decision only asks hosts, or waits for their answers."""
    return isinstance(decision.step, Look) or decision.rule == RuleName.LOOK_UNDER_WAY


def _too_late(situation: Situation) -> bool:
    next_wake = situation.now + seconds(situation.profile.policy.poll_seconds)
    return next_wake > situation.incident.opened_at + FIRST_UPDATE_MAX


def _turn(incident: Incident, decision: Decision) -> str:
    """The fix in progress, or the proposed plan.

    Otherwise the plan and its denials, or the rule, after the last attempt.
    """
    current, proposal = incident.current, unanswered(incident, decision)
    if current is not None and not incident.ended:
        return f"fix {current.token}"
    if proposal is not None and not incident.ended:
        return f"asked {proposal.key}"
    last = incident.attempts[-1:]
    tried = "".join(f" after {each.token} {each.outcome} {each.helped}" for each in last)
    barred = sorted(each.guard for each in decision.answers if each.stops)
    plan = f" {decision.plan.hash} {' '.join(barred)}" if decision.plan is not None else ""
    return f"{type(decision.step).__name__} {decision.rule}{plan}{tried}"
