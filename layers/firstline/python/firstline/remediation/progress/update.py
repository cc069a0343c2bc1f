"""The update of a decision: what is known, what is done about it, and what is awaited.

Its turn is the decision without what changes from wake to wake: texts, counts and instants.
"""

from datetime import datetime, timedelta

from firstline.config.profile import seconds
from firstline.incidents.incident import Incident
from firstline.notifications.updates import Update
from firstline.remediation.decision import Decision, Fix, Look, Raise
from firstline.remediation.progress.awaited import awaited
from firstline.remediation.progress.doing import doing, unanswered
from firstline.remediation.progress.known import known
from firstline.remediation.situation import Situation

FIRST_WITHIN = timedelta(seconds=25)
"""A decision that comes later than this after the opening is not waited for: the first update
then says that hosts are looked at. A worker has five seconds to send it."""


def update(incident: Incident, decision: Decision, about: Situation) -> Update | None:
    """What people are to know of *decision*, which was carried out and left *incident*.

    None while hosts are only looked at, unless it is the first and what follows comes too late;
    and for a rise, whose page says it.
    """
    if isinstance(decision.step, Raise):
        return None
    if _looks(decision) and (incident.updates or not _too_late(about)):
        return None
    what_is_known, done = known(about), doing(incident, decision, about)
    waits = None if incident.ended else awaited(incident, decision, about)
    until = "" if waits is None else f"; awaits {waits[0]} until {waits[1]:%H:%M:%S} UTC"
    first = "" if what_is_known in done else f"{what_is_known}; "
    return Update(
        turn=_turn(incident, decision),
        line=f"{first}{done}{until}",
        details={"known": what_is_known, "doing": done, "mode": about.mode}
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
    """Whether it only asks hosts, or waits for their answers: nothing is decided yet."""
    return isinstance(decision.step, Look) or decision.rule == "look under way"


def _too_late(about: Situation) -> bool:
    next_wake = about.now + seconds(about.profile.policy.poll_seconds)
    return next_wake > about.incident.opened_at + FIRST_WITHIN


def _turn(incident: Incident, decision: Decision) -> str:
    """The fix under way, or the plan that people are asked about.

    Else the plan and what bars it, or the rule, after what was tried last.
    """
    current, asked = incident.current, unanswered(incident, decision)
    if current is not None and not incident.ended:
        return f"fix {current.token}"
    if asked is not None and not incident.ended:
        return f"asked {asked.key}"
    last = incident.attempts[-1:]
    tried = "".join(f" after {each.token} {each.outcome} {each.helped}" for each in last)
    barred = sorted(each.guard for each in decision.answers if each.stops)
    plan = f" {decision.plan.hash} {' '.join(barred)}" if decision.plan is not None else ""
    return f"{type(decision.step).__name__} {decision.rule}{plan}{tried}"
