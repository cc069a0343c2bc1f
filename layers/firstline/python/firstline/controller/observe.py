"""Observe: read the fleet's current state. A failed read is `Unknown`; it never raises.

The observation updates the incident, and becomes the situation to decide on.
"""

import copy
from collections.abc import Callable
from itertools import takewhile

from firstline.actions.catalogue import FIXES
from firstline.config.profile import seconds
from firstline.config.settings import Mode
from firstline.controller import demotion
from firstline.controller.ports.readers import Fleet
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis.diagnose import diagnose
from firstline.diagnosis.evidence import NOT_NEEDED, Alarms, Evidence, Group, Need, Unknown, needs
from firstline.diagnosis.preflight import Image, KeyState, PreflightFacts
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import CommandId, InstanceId
from firstline.incidents.incident import Attempt
from firstline.redaction import redact
from firstline.remediation import verification
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Answer, OtherRefresh, fix_order
from firstline.remediation.guards.surroundings import loud_alarms
from firstline.remediation.limits import Limits
from firstline.remediation.situation import Situation
from firstline.remediation.update import FleetObservation, apply_observation, with_known_hosts

SUSPECTS_MAX = 50
"""The most hosts in one answer of SSM or EC2."""


def observe(work: IncidentUnitOfWork) -> FleetObservation:
    """Read the alarm, the limits, the evidence of the condition, and pending answers."""
    attempt = _unanswered(work.incident.current)
    fix = _answers(work, attempt.command if attempt else None)
    unsent = attempt is not None and attempt.command is None and work.now >= attempt.lease_until
    sent_fix = _find_sent_fix(work, attempt) if attempt is not None and unsent else None
    evidence = _evidence(work)
    return FleetObservation(
        evidence=evidence,
        limits=_limits(work),
        look=_answers(work, work.incident.look.command if work.incident.look else None),
        fix=(fix or {}).get(attempt.hosts[0]) if attempt and attempt.hosts else None,
        search_result=sent_fix if not isinstance(sent_fix, Unknown) else None,
        searched=unsent and not isinstance(sent_fix, Unknown),
        departure=_departure(work, evidence),
    )


def _unanswered(current: Attempt | None) -> Attempt | None:
    """The attempt without an answer, if its action is known to this version."""
    is_unanswered = current is not None and current.outcome is None and current.action in FIXES
    return current if is_unanswered else None


def update_incident(work: IncidentUnitOfWork, observation: FleetObservation) -> None:
    """Apply *observation*: answers, readings, and the verdict on a fix, which frees the lease."""
    update = apply_observation(work.incident, observation, work.system.profile, work.now)
    work.incident = update.incident
    for event in update.events:
        work.append_entry(event)
    if update.finished_attempt is not None:
        work.release_lease(
            observation.limits,
            update.finished_attempt.token if update.finished_attempt.failed else None,
        )
        demotion.count_verdict(work, update.finished_attempt)


def assess(work: IncidentUnitOfWork, observation: FleetObservation) -> Situation:
    """The situation that the decision uses, after the update."""
    profile, incident = work.system.profile, work.incident
    evidence = with_known_hosts(observation.evidence, incident)
    hosts = tuple(each.id for each in incident.targets if not each.verified)
    age_max = seconds(profile.policy.evidence_age_max_seconds)
    return Situation(
        now=work.now,
        incident=incident,
        evidence=evidence,
        diagnosis=diagnose(evidence, hosts, age_max, profile.criteria),
        limits=observation.limits,
        profile=profile,
        mode=_mode(work, observation.limits),
    )


def _mode(work: IncidentUnitOfWork, limits: Limits | Unknown) -> Mode:
    """The deployed mode; ``dry-run`` for an announced drill."""
    if isinstance(limits, Limits) and limits.switch.is_dry_run_drill(work.incident, work.now):
        return "dry-run"
    return work.system.settings.mode


def with_preflight(work: IncidentUnitOfWork, situation: Situation) -> Situation:
    """*situation* with preflight facts, which only a fix needs."""
    ports = work.system.ports
    key = read(ports.preflight.key)
    return copy.replace(
        situation,
        surroundings=PreflightFacts(
            refreshes=read(ports.scaling.refreshes),
            muted=read(lambda: _muted(situation, ports.fleet)),
            key=key,
            stack=read(ports.preflight.stack),
            parameters=read(ports.preflight.parameters),
            builds=read(ports.preflight.builds),
            image=_image(work, key),
        ),
    )


def _muted(situation: Situation, fleet: Fleet) -> tuple[str, ...]:
    """The redacted ARNs of the muted alarms behind the fix.

    One alarm without a mute is enough for a fix, so the search stops there.
    """
    return tuple(map(redact, takewhile(fleet.muted, loud_alarms(situation))))


def _image(work: IncidentUnitOfWork, key: KeyState | Unknown | None) -> Image | Unknown | None:
    """The published image and those that the key allows; None if the profile names neither."""
    reader = work.system.ports.preflight
    published = read(reader.image_published)
    if published is None or isinstance(published, Unknown):
        return published
    if not isinstance(key, KeyState):
        return key or Image(published)
    allowed = read(lambda: reader.images_allowed(key.id))
    return allowed if isinstance(allowed, Unknown) else Image(published, allowed)


def _evidence(work: IncidentUnitOfWork) -> Evidence:
    ports, fleet = work.system.ports, work.system.ports.fleet
    needed = needs(work.incident.condition)
    alarms = _alarms(work)
    # whether a refresh of this incident may be under way
    refreshed = any(each.traits.replaces_fleet for each in work.incident.attempts)
    group = read(fleet.group) if Need.GROUP in needed else NOT_NEEDED
    suspects = _suspects(work, group)
    return Evidence(
        at=work.now,
        alarm=alarms.get(work.incident.alarm_arn, Unknown("no alarm leads it")),
        alarms=alarms,
        group=group,
        target_health=read(fleet.target_health) if Need.TARGET_HEALTH in needed else NOT_NEEDED,
        hosts=work.incident.hosts,
        answering=read(fleet.answering) if Need.ANSWERING in needed else NOT_NEEDED,
        connections=read(lambda: ports.hosts.connections(suspects)) if suspects else NOT_NEEDED,
        instance_statuses=read(lambda: fleet.statuses(suspects)) if suspects else NOT_NEEDED,
        refreshes=read(ports.scaling.refreshes) if refreshed else NOT_NEEDED,
    )


def _suspects(work: IncidentUnitOfWork, group: Group | Unknown) -> tuple[InstanceId, ...]:
    """All hosts in service once one is silent, since many may be lost at once."""
    silent = {each.id for each in work.incident.targets if each.silent}
    if not silent:
        return ()
    others = group.in_service() if isinstance(group, Group) else ()
    return tuple(sorted(silent | set(others)))[:SUSPECTS_MAX]


def _alarms(work: IncidentUnitOfWork) -> Alarms:
    """Every alarm that the incident waits for, in one request."""
    arns = work.incident.alarms
    readings = read(lambda: work.system.ports.fleet.alarms(arns)) if arns else {}
    return dict.fromkeys(arns, readings) if isinstance(readings, Unknown) else readings


def _limits(work: IncidentUnitOfWork) -> Limits | Unknown:
    """The lease and the kill switch; Unknown if corrupt or unreadable, which blocks every fix."""
    group = work.system.profile.fleet.group
    try:
        return read(lambda: work.system.ports.store.limits(group))
    except InvariantViolation as error:
        return Unknown(str(error))


def _answers(
    work: IncidentUnitOfWork, command: CommandId | None
) -> dict[InstanceId, Answer] | None:
    if command is None:
        return None
    answers = read(lambda: work.system.ports.hosts.answers(command))
    return None if isinstance(answers, Unknown) else answers


def _find_sent_fix(
    work: IncidentUnitOfWork, attempt: Attempt
) -> CommandId | OtherRefresh | Unknown | None:
    """The command of an intent whose lease ran out, if it was sent after all (I9, I10)."""
    executor = work.system.ports.executor(attempt.traits.executor)
    order = fix_order(attempt, work.incident.id)
    return read(lambda: executor.find(order, attempt.intended_at))


def _departure(work: IncidentUnitOfWork, evidence: Evidence) -> Departure | None:
    """The way in which the host of an unjudged fix left its group, if it did."""
    current = work.incident.current
    if (
        current is None
        or current.answered_at is None
        or not verification.has_left(current, evidence)
    ):
        return None
    host, since = InstanceId(current.target), current.intended_at
    departure = read(lambda: work.system.ports.scaling.departure(host, since))
    return None if isinstance(departure, Unknown) else departure


def read[T](call: Callable[[], T]) -> T | Unknown:
    """The result of *call*, or Unknown with the reason of its failure."""
    try:
        return call()
    except DependencyUnavailable as error:
        return Unknown(str(error))
