"""Surroundings: is something else going on that a fix would make worse?

What events told is in the limits. What must be read is read once every other guard lets the fix
pass; until then those guards have nothing to say.
"""

from datetime import timedelta

from firstline.actions.catalogue import FIXES
from firstline.config.profile import seconds
from firstline.diagnosis.evidence import Group, Refreshes, Unknown
from firstline.diagnosis.external_events import Circumstances
from firstline.diagnosis.health_checks import Failure
from firstline.diagnosis.preflight import Deployments
from firstline.remediation.guards.guard import Denial
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation

UNDOES = "cancel_refresh"
"""What ends a fix of ours is a way back, and no surroundings stop it."""
NEEDED = frozenset({"Launch", "Terminate"})
"""The processes of the group without which nothing is replaced."""


def dependency_is_well(plan: Plan, situation: Situation) -> Denial | None:
    """Hosts are left alone when what they depend on fails them all: no restart can help.

    A host whose own enclave is gone is mended all the same: that is not NATS' doing.
    """
    if plan.action == UNDOES or situation.diagnosis.dependency is None:
        return None
    verdicts = (situation.diagnosis.hosts.get(each) for each in plan.hosts)
    gone = (each is not None and each.failure is Failure.ENCLAVE_GONE for each in verdicts)
    if plan.hosts and all(gone):
        return None
    return Denial(f"no host reaches {situation.diagnosis.dependency}: the hosts are left alone")


def no_storm(plan: Plan, situation: Situation) -> Denial | None:
    """I21: many unrelated troubles at once have one cause that is none of the hosts'."""
    if plan.action == UNDOES or not situation.incident.storm:
        return None
    return Denial("it stands for a storm of unrelated troubles", final=True)


def no_alarm_is_suppressed(plan: Plan, situation: Situation) -> Denial | None:
    """I17: whoever suppressed the alarm expects the trouble; it pages, and nothing is fixed."""
    if plan.action == UNDOES or not situation.incident.suppressed:
        return None
    return Denial("every alarm behind it is suppressed in CloudWatch")


def region_is_healthy(plan: Plan, situation: Situation) -> Denial | None:
    """I18: in an open AWS Health issue nothing is replaced, and in one of KMS nothing restarted."""
    known = _told(situation)
    if isinstance(known, Unknown):
        return Denial(f"open AWS Health issues cannot be read: {known.why}")
    issues = known.issues(situation.now)
    scaling = FIXES[plan.action].tool == "autoscaling"
    if plan.action == UNDOES or not issues or not (scaling or "KMS" in issues):
        return None
    return Denial(f"AWS Health has an open issue of {', '.join(issues)} in this Region")


def calendar_is_open(plan: Plan, situation: Situation) -> Denial | None:
    """A change freeze: while a change calendar is closed nothing is changed but by a person."""
    known = _told(situation)
    if isinstance(known, Unknown):
        return Denial(f"change calendars cannot be read: {known.why}")
    closed = known.closed_calendars(situation.now)
    if plan.action == UNDOES or not closed:
        return None
    return Denial(f"the change calendar {', '.join(closed)} is closed")


def no_finding_on_target(plan: Plan, situation: Situation) -> Denial | None:
    """I22: a host that a grave security finding is about is kept as it is, for it is evidence."""
    known = _told(situation)
    if isinstance(known, Unknown):
        return Denial(f"security findings cannot be read: {known.why}")
    suspects = sorted(set(known.suspects(situation.now)) & set(plan.hosts))
    if not suspects:
        return None
    return Denial(f"a security finding is open on {', '.join(suspects)}", final=True)


def group_launches(plan: Plan, situation: Situation) -> Denial | None:
    """No instance is ended in a group that somebody stopped from launching or terminating."""
    group = situation.evidence.group
    if FIXES[plan.action].tool != "autoscaling" or plan.action == UNDOES:
        return None
    stopped = NEEDED & set(group.suspended) if isinstance(group, Group) else frozenset[str]()
    if not stopped:
        return None
    return Denial(f"the group's processes are suspended: {', '.join(sorted(stopped))}")


def no_refresh_in_progress(plan: Plan, situation: Situation) -> Denial | None:
    """I19: while the group is being refreshed, by whomever, no host of it is touched."""
    if situation.surroundings is None or plan.action == UNDOES:
        return None
    refreshes = situation.surroundings.refreshes
    if not isinstance(refreshes, Refreshes):
        return Denial(f"instance refreshes cannot be read: {refreshes.why}", unknown=True)
    active = refreshes.active()
    return Denial(f"the instance refresh {active[0].id} goes on") if active else None


def no_deployment_in_progress(plan: Plan, situation: Situation) -> Denial | None:
    """Half-way through a rollout a restarted host may come up with an image that is refused."""
    around = situation.surroundings
    if around is None or plan.action == UNDOES:
        return None
    freeze = seconds(situation.profile.policy.freeze_seconds)
    for found, within in ((around.stack, timedelta(0)), (around.parameters, freeze)):
        if isinstance(found, Unknown):
            return Denial(f"recent deployments cannot be read: {found.why}", unknown=True)
        busy = [
            each.what
            for each in (found.known if isinstance(found, Deployments) else ())
            if each.in_progress or situation.now - each.at < within
        ]
        if busy:
            return Denial(f"{', '.join(busy)} is being deployed, or was just now")
    return None


def _told(situation: Situation) -> Circumstances | Unknown:
    held = situation.limits
    return held if isinstance(held, Unknown) else held.circumstances
