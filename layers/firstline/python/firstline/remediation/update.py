"""Update: apply one observation to an incident, before anything is decided.

Answers of looks and fixes are read, the scope follows the group, readings are counted, and a fix
gets its verdict. Pure: an incident and an observation in, an incident and its events out.
"""

import copy
from datetime import datetime

import msgspec

from firstline.actions.look_host import LOOK_HOST
from firstline.config.profile import Profile, seconds
from firstline.diagnosis.diagnose import diagnose, diagnose_host
from firstline.diagnosis.evidence import (
    Evidence,
    Group,
    HostEvidence,
    HostHistory,
    Need,
    Unknown,
    needs,
)
from firstline.ids import CommandId, InstanceId
from firstline.incidents.incident import (
    NO_EFFECT_OUTCOMES,
    Attempt,
    Fact,
    Incident,
    Outcome,
    Target,
)
from firstline.ledger import entries
from firstline.remediation import recovery, verification
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Answer, Answered, OtherRefresh, describe_wrong_refresh
from firstline.remediation.limits import Limits
from firstline.signal import Condition


class FleetObservation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one reconcile read.

    ``look`` is None while no answer to a look could be read.
    """

    evidence: Evidence
    limits: Limits | Unknown
    look: dict[InstanceId, Answer] | None = None
    fix: Answer | None = None
    search_result: CommandId | OtherRefresh | None = None
    searched: bool = False
    departure: Departure | None = None


class IncidentUpdate(msgspec.Struct, frozen=True):
    """The updated incident, the events to record, and the fix that finished, if any."""

    incident: Incident
    events: tuple[entries.LedgerEvent, ...] = ()
    finished_attempt: Attempt | None = None

    def with_events(
        self, incident: Incident, *events: entries.LedgerEvent, finished: Attempt | None = None
    ) -> "IncidentUpdate":
        """This update with another *incident* and more events."""
        return IncidentUpdate(incident, (*self.events, *events), finished or self.finished_attempt)


def apply_observation(
    incident: Incident, observation: FleetObservation, profile: Profile, now: datetime
) -> IncidentUpdate:
    """The update of *incident* by *observation*."""
    scoped = _update_scope(incident, observation.evidence)
    update = IncidentUpdate(_count_clear_readings(scoped, observation.evidence, profile, now))
    update = _apply_look(update, observation, profile, now)
    update = _apply_fix_answer(update, observation, now)
    update = _update_targets(update, observation, profile, now)
    update = _judge_fix(update, observation, profile, now)
    watched = recovery.update_recovery(
        incident, update.incident, observation.evidence, profile, now
    )
    return update.with_events(_update_short_since(watched, observation.evidence, now))


def _update_scope(incident: Incident, evidence: Evidence) -> Incident:
    """The targets are the hosts in service, or the one in scope, with their known state."""
    if Need.HOSTS not in needs(incident.condition) or not isinstance(evidence.group, Group):
        return incident
    known = {each.id: each for each in incident.targets}
    hosts = evidence.group.in_service()
    if incident.scope:
        scope = {incident.scope, *_launched_here(incident, evidence.group)}
        hosts = tuple(each for each in hosts if each in scope)
    # after an empty group this is not the first reading
    read_before = bool(known or incident.hosts)
    entered = HostHistory(in_service_at=evidence.at if read_before else None)
    targets = tuple(known.get(each, Target(each, history=entered)) for each in hosts)
    return copy.replace(incident, targets=targets)


def _update_short_since(incident: Incident, evidence: Evidence, now: datetime) -> Incident:
    """Set the start of a capacity shortage; an unknown group counts as short."""
    group = evidence.group
    is_capacity = incident.condition is Condition.CAPACITY
    fine = isinstance(group, Group) and not group.below_desired_capacity
    since = (incident.short_since or now) if is_capacity and not fine else None
    return copy.replace(incident, short_since=since)


def with_known_hosts(evidence: Evidence, incident: Incident) -> Evidence:
    """*evidence* with the reports and histories of *incident*."""
    histories = {each.id: each.history for each in incident.targets}
    return copy.replace(evidence, hosts=incident.hosts, histories=histories)


def _launched_here(incident: Incident, group: Group) -> tuple[InstanceId, ...]:
    """Instances launched since this incident first replaced a host: they take its place."""
    replaced = [each.known for each in incident.attempts if each.known]
    return group.launched_since(replaced[0]) if replaced else ()


def _count_clear_readings(
    incident: Incident, evidence: Evidence, profile: Profile, now: datetime
) -> Incident:
    """Count readings in a row with every alarm OK; an unknown alarm ends the row.

    Two wakes at once are one reading: K readings mean K intervals.
    """
    if incident.alarms_beyond or not evidence.all_clear():
        return copy.replace(incident, clear_readings=0, clear_read_at=None)
    interval = seconds(profile.policy.verify_interval_seconds)
    if incident.clear_read_at is not None and now < incident.clear_read_at + interval:
        return incident
    return copy.replace(incident, clear_readings=incident.clear_readings + 1, clear_read_at=now)


def _apply_look(
    update: IncidentUpdate, observation: FleetObservation, profile: Profile, now: datetime
) -> IncidentUpdate:
    """Apply the reports of a look together: when all answered, or at its time limit."""
    incident, look = update.incident, update.incident.look
    if look is None:
        return update
    answers = (observation.look or {}).items()
    reports = {id_: each.report for id_, each in answers if isinstance(each, Answered)}
    if len(reports) < len(look.targets) and now < look.until:
        return update
    reported = {id_: reports.get(id_, Unknown("no answer in time")) for id_ in look.targets}
    fresh = {id_: HostEvidence(each, look.intended_at) for id_, each in reported.items()}
    incident = copy.replace(incident, look=None, hosts={**incident.hosts, **fresh})
    incident = _add_readings(incident, observation.evidence, profile, frozenset(look.targets))
    event = entries.HostsInspected(action=LOOK_HOST.name, token=look.token, hosts=reported)
    return update.with_events(incident, event)


def _add_readings(
    incident: Incident, evidence: Evidence, profile: Profile, looked_at: frozenset[InstanceId]
) -> Incident:
    """Add a reading for each host of the look."""
    now_known = with_known_hosts(evidence, incident)
    age_max = seconds(profile.policy.evidence_age_max_seconds)
    readers = 2 if profile.fleet.target_group else 1
    targets = tuple(
        verification.add_reading(
            each,
            diagnose_host(each.id, now_known, age_max, profile.criteria),
            readers=readers,
            report=incident.hosts[each.id].report,
            at=evidence.at,
        )
        if each.id in looked_at
        else each
        for each in incident.targets
    )
    return copy.replace(incident, targets=targets)


def _apply_fix_answer(
    update: IncidentUpdate, observation: FleetObservation, now: datetime
) -> IncidentUpdate:
    """Apply the result of the fix: answered, found after a crash, or never sent."""
    current = update.incident.current
    if current is None or current.outcome is not None:
        return update
    if current.command is None:
        return _apply_search(update, current, observation, now)
    if isinstance(observation.fix, Answered) and observation.fix.refused:
        return _end_without_verdict(update, current, Outcome.REFUSED, observation.fix.detail, now)
    if isinstance(observation.fix, Answered):
        outcome = Outcome.DONE if observation.fix.success else Outcome.FAILED
        return _with_tool_answer(update, current, outcome, observation.fix.detail, now)
    if now < current.lease_until:
        return update
    return _with_tool_answer(update, current, Outcome.UNKNOWN, "no answer in time", now)


def _apply_search(
    update: IncidentUpdate, current: Attempt, observation: FleetObservation, now: datetime
) -> IncidentUpdate:
    """I9: an intent without a command is found by its token, or was never sent."""
    if isinstance(observation.search_result, OtherRefresh):
        attempt = copy.replace(current, command=observation.search_result.command)
        return _end_without_verdict(
            update, attempt, Outcome.ANOTHER, describe_wrong_refresh(attempt), now
        )
    if observation.search_result is not None:
        attempt = copy.replace(current, command=observation.search_result)
        update = update.with_events(update.incident.with_current(attempt))
        if current.traits.reports_result:
            return update
        return _with_tool_answer(update, attempt, Outcome.DONE, "found by its effect", now)
    if not observation.searched:
        return update
    why = "its lease expired and no command has its token"
    return _end_without_verdict(update, current, Outcome.NOT_SENT, why, now)


def _end_without_verdict(
    update: IncidentUpdate, current: Attempt, outcome: Outcome, why: str, now: datetime
) -> IncidentUpdate:
    """The fix ended without a verdict: never sent, refused by its host, or not firstline's."""
    attempt = copy.replace(current, outcome=outcome, answered_at=now, helped=False)
    fact = Fact.FIX_NOT_SENT if outcome in NO_EFFECT_OUTCOMES else Fact.FIX_NOT_JUDGED
    incident = update.incident.after(fact).with_current(attempt)
    return update.with_events(incident, _fix_reported(attempt, why), finished=attempt)


def _with_tool_answer(
    update: IncidentUpdate, current: Attempt, outcome: Outcome, detail: str, now: datetime
) -> IncidentUpdate:
    """The tool has answered; whatever the answer, looks now judge the fix."""
    attempt = copy.replace(current, outcome=outcome, answered_at=now)
    incident = update.incident.after(Fact.FIX_ANSWERED).with_current(attempt)
    reset = tuple(
        copy.replace(each, readings=0) if each.id == current.target else each
        for each in incident.targets
    )
    incident = copy.replace(incident, targets=reset)
    return update.with_events(incident, _fix_reported(attempt, detail))


def _update_targets(
    update: IncidentUpdate, observation: FleetObservation, profile: Profile, now: datetime
) -> IncidentUpdate:
    """Update which targets are verified."""
    incident = update.incident
    policy = profile.policy
    hosts = tuple(each.id for each in incident.targets)
    age_max = seconds(policy.evidence_age_max_seconds)
    diagnosis = diagnose(
        with_known_hosts(observation.evidence, incident), hosts, age_max, profile.criteria
    )
    targets = tuple(
        verification.update_verified(each, diagnosis.hosts[each.id], policy.verify_readings, now)
        for each in incident.targets
    )
    changed = [
        after
        for before, after in zip(incident.targets, targets, strict=True)
        if before.verified != after.verified
    ]
    events = (_hosts_verified(changed, policy.verify_readings),) if changed else ()
    return update.with_events(copy.replace(incident, targets=targets), *events)


def _judge_fix(
    update: IncidentUpdate, observation: FleetObservation, profile: Profile, now: datetime
) -> IncidentUpdate:
    """I23, S04: a fix helped if looks confirm it in time; otherwise it failed.

    A host that a person took away gives no verdict; one that its group replaced for its health
    was not helped.
    """
    evidence, incident, current = observation.evidence, update.incident, update.incident.current
    if current is None or current.answered_at is None:
        return update
    entered = (each.history.in_service_at for each in incident.targets)
    since = max((at for at in entered if at is not None), default=current.answered_at)
    verified = verification.verified_since(incident.targets, current.answered_at)
    if verification.has_helped(current, incident, evidence, verified):
        return _with_verdict(update, current, helped=True)
    # each host that a refresh has brought back adds the time for one more
    back = len(verified - set(current.known)) if current.known else 0
    patience = profile.verify_timeout(current.action) * (1 + back)
    # a booting instance is awaited, and has its own time once it is in service
    launching = bool(current.known) and verification.is_launching(evidence)
    late = not launching and now >= max(since, current.answered_at) + patience
    if verification.has_left(current, evidence) and (late or observation.departure is not None):
        return _judge_without_host(update, current, observation.departure, now)
    return _with_verdict(update, current, helped=False) if late else update


def _judge_without_host(
    update: IncidentUpdate, current: Attempt, went: Departure | None, now: datetime
) -> IncidentUpdate:
    """The host of the fix left its group: only a departure for its health is a verdict."""
    if went is not None and went.unhealthy:
        return _with_verdict(update, current, helped=False)
    why = (
        "its host left the group for an unknown reason" if went is None else "its host was removed"
    )
    return _end_without_verdict(update, current, Outcome.TARGET_LEFT, why, now)


def _with_verdict(update: IncidentUpdate, current: Attempt, *, helped: bool) -> IncidentUpdate:
    attempt = copy.replace(current, helped=helped)
    fact = Fact.FIX_HELPED if helped else Fact.FIX_DID_NOT_HELP
    event = entries.FixVerified(
        action=attempt.action,
        target=attempt.target,
        token=attempt.token,
        outcome=attempt.outcome,
        detail=str(fact),
        helped=helped,
    )
    incident = update.incident.after(fact).with_current(attempt)
    return update.with_events(incident, event, finished=attempt)


def _fix_reported(attempt: Attempt, detail: str) -> entries.FixReported:
    return entries.FixReported(
        action=attempt.action,
        target=attempt.target,
        token=attempt.token,
        outcome=attempt.outcome or "",
        detail=detail,
    )


def _hosts_verified(targets: list[Target], readings: int) -> entries.HostsVerified:
    """One entry for all, so that the transaction of a reconcile stays within its limit."""
    return entries.HostsVerified(
        verified=tuple(each.id for each in targets if each.verified),
        doubted=tuple(each.id for each in targets if not each.verified),
        readings_needed=readings,
    )
