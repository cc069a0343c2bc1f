"""Observe: read the world as it is now. What cannot be read is unknown, and never raises.

What was seen is taken into the draft, and put together with it as the situation to decide on.
"""

import copy
from collections.abc import Callable
from itertools import takewhile

from firstline.actions.catalogue import FIXES
from firstline.config.profile import seconds
from firstline.config.settings import Mode
from firstline.controller import demotion
from firstline.controller.ports.readings import Fleet
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
"""As many as SSM and EC2 tell of in one answer."""


def observe(draft: IncidentUnitOfWork) -> FleetObservation:
    """The alarm, the limits, what the condition needs, and the answers that are waited for."""
    attempt = _waited_for(draft.incident.current)
    fix = _answers(draft, attempt.command if attempt else None)
    unsent = attempt is not None and attempt.command is None and draft.now >= attempt.lease_until
    found = _find(draft, attempt) if attempt is not None and unsent else None
    evidence = _evidence(draft)
    return FleetObservation(
        evidence=evidence,
        limits=_limits(draft),
        look=_answers(draft, draft.incident.look.command if draft.incident.look else None),
        fix=(fix or {}).get(attempt.hosts[0]) if attempt and attempt.hosts else None,
        found=found if not isinstance(found, Unknown) else None,
        searched=unsent and not isinstance(found, Unknown),
        departure=_departure(draft, evidence),
    )


def _waited_for(current: Attempt | None) -> Attempt | None:
    """The attempt that has no answer yet; one that this version does not know has none to read."""
    known = current is not None and current.outcome is None and current.action in FIXES
    return current if known else None


def take_in(draft: IncidentUnitOfWork, seen: FleetObservation) -> None:
    """Learn from what was seen: answers, readings, the verdict on a fix, which frees the lease."""
    lesson = apply_observation(draft.incident, seen, draft.system.profile, draft.now)
    draft.incident = lesson.incident
    for event in lesson.events:
        draft.record(event)
    if lesson.finished_attempt is not None:
        draft.release(
            seen.limits, lesson.finished_attempt.token if lesson.finished_attempt.failed else None
        )
        demotion.judge(draft, lesson.finished_attempt)


def situation(draft: IncidentUnitOfWork, seen: FleetObservation) -> Situation:
    """All that the decision may rest on, as it is after what was just learnt."""
    profile, incident = draft.system.profile, draft.incident
    evidence = with_known_hosts(seen.evidence, incident)
    hosts = tuple(each.id for each in incident.targets if not each.verified)
    age_max = seconds(profile.policy.evidence_age_max_seconds)
    return Situation(
        now=draft.now,
        incident=incident,
        evidence=evidence,
        diagnosis=diagnose(evidence, hosts, age_max, profile.criteria),
        limits=seen.limits,
        profile=profile,
        mode=_mode(draft, seen.limits),
    )


def _mode(draft: IncidentUnitOfWork, limits: Limits | Unknown) -> Mode:
    """As deployed; the incident of a drill that an operator announced is only observed."""
    if isinstance(limits, Limits) and limits.switch.is_dry_run_drill(draft.incident, draft.now):
        return "observe"
    return draft.system.settings.mode


def with_surroundings(draft: IncidentUnitOfWork, about: Situation) -> Situation:
    """*about* with what goes on around the fleet, which only a fix needs to know."""
    ports = draft.system.ports
    key = read(ports.around.key)
    return copy.replace(
        about,
        surroundings=PreflightFacts(
            refreshes=read(ports.scaling.refreshes),
            muted=read(lambda: _muted(about, ports.fleet)),
            key=key,
            stack=read(ports.around.stack),
            parameters=read(ports.around.parameters),
            builds=read(ports.around.builds),
            image=_image(draft, key),
        ),
    )


def _muted(about: Situation, fleet: Fleet) -> tuple[str, ...]:
    """The redacted ARNs of the alarms behind the fix that a mute rule keeps quiet.

    One alarm that no rule mutes is enough for a fix: those after it are not asked for.
    """
    return tuple(map(redact, takewhile(fleet.muted, loud_alarms(about))))


def _image(draft: IncidentUnitOfWork, key: KeyState | Unknown | None) -> Image | Unknown | None:
    """The published image and those that the key allows; None where the profile names neither."""
    around = draft.system.ports.around
    published = read(around.image_published)
    if published is None or isinstance(published, Unknown):
        return published
    if not isinstance(key, KeyState):
        return key or Image(published)
    allowed = read(lambda: around.images_allowed(key.id))
    return allowed if isinstance(allowed, Unknown) else Image(published, allowed)


def _evidence(draft: IncidentUnitOfWork) -> Evidence:
    ports, fleet = draft.system.ports, draft.system.ports.fleet
    needed = needs(draft.incident.condition)
    alarms = _alarms(draft)
    # whether a refresh of this incident may be under way
    refreshed = any(each.traits.replaces_fleet for each in draft.incident.attempts)
    group = read(fleet.group) if Need.GROUP in needed else NOT_NEEDED
    suspects = _suspects(draft, group)
    return Evidence(
        at=draft.now,
        alarm=alarms.get(draft.incident.alarm_arn, Unknown("no alarm leads it")),
        alarms=alarms,
        group=group,
        target_health=read(fleet.target_health) if Need.TARGET_HEALTH in needed else NOT_NEEDED,
        hosts=draft.incident.hosts,
        answering=read(fleet.answering) if Need.ANSWERING in needed else NOT_NEEDED,
        connections=read(lambda: ports.hosts.connections(suspects)) if suspects else NOT_NEEDED,
        instance_statuses=read(lambda: fleet.statuses(suspects)) if suspects else NOT_NEEDED,
        refreshes=read(ports.scaling.refreshes) if refreshed else NOT_NEEDED,
    )


def _suspects(draft: IncidentUnitOfWork, group: Group | Unknown) -> tuple[InstanceId, ...]:
    """Once a host is silent, every host in service is asked about: many may be lost at once."""
    silent = {each.id for each in draft.incident.targets if each.silent}
    if not silent:
        return ()
    others = group.in_service() if isinstance(group, Group) else ()
    return tuple(sorted(silent | set(others)))[:SUSPECTS_MAX]


def _alarms(draft: IncidentUnitOfWork) -> Alarms:
    """Every alarm that the incident waits for, in one request."""
    arns = draft.incident.alarms
    found = read(lambda: draft.system.ports.fleet.alarms(arns)) if arns else {}
    return dict.fromkeys(arns, found) if isinstance(found, Unknown) else found


def _limits(draft: IncidentUnitOfWork) -> Limits | Unknown:
    """Lease and kill switch; corrupt or unreadable they are unknown, which stops every fix."""
    group = draft.system.profile.fleet.group
    try:
        return read(lambda: draft.system.ports.store.limits(group))
    except InvariantViolation as error:
        return Unknown(str(error))


def _answers(
    draft: IncidentUnitOfWork, command: CommandId | None
) -> dict[InstanceId, Answer] | None:
    if command is None:
        return None
    answers = read(lambda: draft.system.ports.hosts.answers(command))
    return None if isinstance(answers, Unknown) else answers


def _find(draft: IncidentUnitOfWork, attempt: Attempt) -> CommandId | OtherRefresh | Unknown | None:
    """Whether the intent was sent after all, once its lease has run out (I9, I10)."""
    executor = draft.system.ports.executor(attempt.traits.executor)
    order = fix_order(attempt, draft.incident.id)
    return read(lambda: executor.find(order, attempt.intended_at))


def _departure(draft: IncidentUnitOfWork, evidence: Evidence) -> Departure | None:
    """How the host of the fix that waits for its verdict left its group, if it did."""
    current = draft.incident.current
    if (
        current is None
        or current.answered_at is None
        or not verification.has_left(current, evidence)
    ):
        return None
    host, since = InstanceId(current.target), current.intended_at
    found = read(lambda: draft.system.ports.scaling.departure(host, since))
    return None if isinstance(found, Unknown) else found


def read[T](reading: Callable[[], T]) -> T | Unknown:
    """What *reading* brings; Unknown, and why, where it fails."""
    try:
        return reading()
    except DependencyUnavailable as error:
        return Unknown(str(error))
