"""Surroundings: whether something else is happening that a fix would make worse.

External events are in the limits. Preflight facts are read once every other guard lets the fix
pass; until then their guards pass. They never stop an action that takes back a fix of firstline.
"""

from datetime import timedelta

from firstline.actions.catalogue import FIXES
from firstline.config.profile import seconds
from firstline.diagnosis.evidence import AlarmReading, Group, Refreshes, Unknown, is_ok
from firstline.diagnosis.external_events import EVENTS_PER_SORT_MAX, EventSort, ExternalEvents
from firstline.diagnosis.health_checks import FailureMode
from firstline.diagnosis.preflight import Deployments
from firstline.redaction import redact
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.reason import Reason
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from firstline.signal import SKEW_MAX


def dependency_is_well(plan: Plan, situation: Situation) -> Denial | None:
    """Hosts are left alone when all of them lack a dependency: no restart can help.

    A host whose own enclave is gone is repaired all the same: NATS is not its cause.
    """
    if plan.traits.undoes_own_fix or situation.diagnosis.dependency is None:
        return None
    verdicts = (situation.diagnosis.hosts.get(each) for each in plan.hosts)
    gone = (each is not None and each.failure is FailureMode.ENCLAVE_GONE for each in verdicts)
    if plan.hosts and all(gone):
        return None
    return Denial(
        Reason.DEPENDENCY_DOWN,
        f"no host reaches {situation.diagnosis.dependency}: hosts are not touched",
    )


def no_storm(plan: Plan, situation: Situation) -> Denial | None:
    """I21: many unrelated troubles at once have one cause outside the hosts."""
    if plan.traits.undoes_own_fix or not situation.incident.storm:
        return None
    return Denial(Reason.STORM, "the incident is a storm of unrelated failures", final=True)


def no_alarm_is_suppressed(plan: Plan, situation: Situation) -> Denial | None:
    """I17: an operator who suppressed the alarm expects the trouble: it pages, without a fix.

    Disabled actions and a mute count too, also after the incident opened.
    """
    if plan.traits.undoes_own_fix:
        return None
    if situation.incident.suppressed:
        return Denial(Reason.ALARM_SUPPRESSED, "CloudWatch suppresses every alarm of the incident")
    known = _known(situation, "mute", "muted alarms")
    if isinstance(known, Denial):
        return known
    around = situation.surroundings
    if around is not None and isinstance(around.muted, Unknown):
        return Denial(
            Reason.MUTE_RULES_UNREADABLE,
            f"mute rules cannot be read: {around.muted.why}",
            unknown=True,
        )
    silences = _silences(situation, known)
    if not silences or not all(silences.values()):
        return None
    return Denial(Reason.ALARM_MUTED, f"alarms are silenced: {'; '.join(silences.values())}")


def loud_alarms(situation: Situation) -> tuple[str, ...]:
    """The ARNs of the alarms that are not OK and not silenced by an operator, as far as known."""
    limits = situation.limits
    known = ExternalEvents() if isinstance(limits, Unknown) else limits.circumstances
    return tuple(arn for arn, silence in _silences(situation, known).items() if not silence)


def _silences(situation: Situation, known: ExternalEvents) -> dict[str, str]:
    """The silence of each alarm that is not OK, by ARN; empty if it is not silenced."""
    read = situation.evidence.alarms.items()
    return {arn: _silence(arn, situation, known) for arn, each in read if not is_ok(each)}


def _silence(arn: str, situation: Situation, known: ExternalEvents) -> str:
    """How an operator silenced the alarm; empty if not, or not known.

    A signal that opened or joined an incident was not muted. An earlier mute is over, if it is
    earlier by more than clocks may differ.
    """
    name, alarm = redact(arn.partition(":alarm:")[2]), situation.evidence.alarms[arn]
    if isinstance(alarm, AlarmReading) and alarm.suppressed:
        return f"{name}: {alarm.suppressed}"
    since = situation.incident.signalled_at - SKEW_MAX
    if until := known.muted(arn, since, situation.now):
        return f"{name} is muted until {until.isoformat(timespec='seconds')}"
    around = situation.surroundings
    ruled = () if around is None or isinstance(around.muted, Unknown) else around.muted
    return f"a mute rule is active on {name}" if redact(arn) in ruled else ""


def region_is_healthy(plan: Plan, situation: Situation) -> Denial | None:
    """I18: in an open AWS Health issue nothing is replaced, and in one of KMS nothing restarted."""
    if plan.traits.undoes_own_fix:
        return None
    known = _known(situation, "health", "open AWS Health issues")
    if isinstance(known, Denial):
        return known
    issues = known.issues(situation.now)
    if not issues or not (plan.traits.launches_instances or "KMS" in issues):
        return None
    return Denial(
        Reason.REGION_IMPAIRED,
        f"AWS Health has an open issue for {', '.join(issues)} in this Region",
    )


def calendar_is_open(plan: Plan, situation: Situation) -> Denial | None:
    """A change freeze: while a change calendar is closed only a person changes anything."""
    if plan.traits.undoes_own_fix:
        return None
    known = _known(situation, "calendar", "change calendars")
    if isinstance(known, Denial):
        return known
    closed = known.closed_calendars(situation.now)
    return (
        Denial(Reason.CALENDAR_CLOSED, f"the change calendar {', '.join(closed)} is closed")
        if closed
        else None
    )


def no_finding_on_target(plan: Plan, situation: Situation) -> Denial | None:
    """I22: a host with a grave security finding is kept as it is, as evidence."""
    if plan.traits.undoes_own_fix:
        return None
    known = _known(situation, "finding", "security findings")
    if isinstance(known, Denial):
        return known
    suspects = sorted(set(known.suspects(situation.now)) & set(plan.hosts))
    if not suspects:
        return None
    return Denial(
        Reason.SECURITY_FINDING, f"a security finding is open on {', '.join(suspects)}", final=True
    )


def group_launches(plan: Plan, situation: Situation) -> Denial | None:
    """No instance is ended or added in a group whose processes for it are suspended."""
    group = situation.evidence.group
    suspended = group.suspended if isinstance(group, Group) else ()
    stopped = sorted(FIXES[plan.action].processes & set(suspended))
    return (
        Denial(
            Reason.PROCESSES_SUSPENDED, f"the group's processes are suspended: {', '.join(stopped)}"
        )
        if stopped
        else None
    )


def no_refresh_in_progress(plan: Plan, situation: Situation) -> Denial | None:
    """I19: while any instance refresh of the group is active, no host of it is touched."""
    if situation.surroundings is None or plan.traits.undoes_own_fix:
        return None
    refreshes = situation.surroundings.refreshes
    if not isinstance(refreshes, Refreshes):
        return Denial(
            Reason.REFRESHES_UNREADABLE,
            f"instance refreshes cannot be read: {refreshes.why}",
            unknown=True,
        )
    active = refreshes.active()
    return (
        Denial(Reason.REFRESH_IN_PROGRESS, f"the instance refresh {active[0].id} is in progress")
        if active
        else None
    )


def no_deployment_in_progress(plan: Plan, situation: Situation) -> Denial | None:
    """Half-way through a rollout a restarted host may come up with an image that is refused."""
    around = situation.surroundings
    if around is None or plan.traits.undoes_own_fix:
        return None
    freeze = seconds(situation.profile.policy.freeze_seconds)
    for deployments, within in ((around.stack, timedelta(0)), (around.parameters, freeze)):
        if isinstance(deployments, Unknown):
            return Denial(
                Reason.DEPLOYMENTS_UNREADABLE,
                f"recent deployments cannot be read: {deployments.why}",
                unknown=True,
            )
        busy = [
            each.what
            for each in (deployments.known if isinstance(deployments, Deployments) else ())
            if each.in_progress or situation.now - each.at < within
        ]
        if busy:
            return Denial(
                Reason.DEPLOYMENT_IN_PROGRESS,
                f"{', '.join(busy)} is being deployed, or was deployed recently",
            )
    return None


def _known(situation: Situation, sort: EventSort, what: str) -> ExternalEvents | Denial:
    """External events, if those of *sort*, named by *what*, are all known."""
    limits = situation.limits
    if isinstance(limits, Unknown):
        return Denial(Reason.EXTERNAL_EVENTS_UNREADABLE, f"{what} cannot be read: {limits.why}")
    until = limits.circumstances.overflow_until(sort, situation.now)
    if until is None:
        return limits.circumstances
    why = f"{what} exceed {EVENTS_PER_SORT_MAX}, and one that was not stored may block the fix"
    return Denial(
        Reason.EXTERNAL_EVENTS_OVERFLOW, f"{why}, until {until.isoformat(timespec='seconds')}"
    )
