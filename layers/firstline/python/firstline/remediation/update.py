"""Learn: what an observation changes in an incident, before anything is decided.

Answers of looks and fixes are read, the scope follows the group, readings are counted, and a
fix gets its verdict. Pure: an incident and an observation in, an incident and its news out.
"""

import copy
from datetime import datetime

import msgspec

from firstline.actions.look_host import LOOK_HOST
from firstline.config.profile import Profile, seconds
from firstline.diagnosis.diagnose import diagnose, judge
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
from firstline.incidents.incident import UNDONE, Attempt, Fact, Incident, Outcome, Target
from firstline.ledger import entries
from firstline.remediation import recovery
from firstline.remediation import verification as verify
from firstline.remediation.departure import Departure
from firstline.remediation.execution import Another, Answer, Answered, astray
from firstline.remediation.limits import Limits
from firstline.signal import Condition


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """All that one reconcile read. ``look`` is None while no look's answers could be read."""

    evidence: Evidence
    limits: Limits | Unknown
    look: dict[InstanceId, Answer] | None = None
    fix: Answer | None = None
    found: CommandId | Another | None = None
    searched: bool = False
    departure: Departure | None = None


class IncidentUpdate(msgspec.Struct, frozen=True):
    """The incident as it is now known to be, what is news, and the fix that is over, if one is."""

    incident: Incident
    news: tuple[entries.LedgerEvent, ...] = ()
    over: Attempt | None = None

    def adding(
        self, incident: Incident, *news: entries.LedgerEvent, over: Attempt | None = None
    ) -> "IncidentUpdate":
        """This lesson and one more."""
        return IncidentUpdate(incident, (*self.news, *news), over or self.over)


def learn(incident: Incident, seen: Observation, profile: Profile, now: datetime) -> IncidentUpdate:
    """What *seen* teaches about *incident*."""
    scoped = _scope(incident, seen.evidence)
    lesson = IncidentUpdate(_clear_readings(scoped, seen.evidence, profile, now))
    lesson = _look_answers(lesson, seen, profile, now)
    lesson = _fix_answer(lesson, seen, now)
    lesson = _standing(lesson, seen, profile, now)
    lesson = _fix_verdict(lesson, seen, profile, now)
    watched = recovery.watch(incident, lesson.incident, seen.evidence, profile, now)
    return lesson.adding(_short_since(watched, seen.evidence, now))


def _scope(incident: Incident, evidence: Evidence) -> Incident:
    """The targets are the hosts in service, or the one in scope, with what is known of them."""
    if Need.HOSTS not in needs(incident.condition) or not isinstance(evidence.group, Group):
        return incident
    known = {each.id: each for each in incident.targets}
    hosts = evidence.group.in_service()
    if incident.scope:
        scope = {incident.scope, *_launched_here(incident, evidence.group)}
        hosts = tuple(each for each in hosts if each in scope)
    # a group that was empty for a while is not read for the first time
    read_before = bool(known or incident.hosts)
    entered = HostHistory(in_service_at=evidence.at if read_before else None)
    targets = tuple(known.get(each, Target(each, history=entered)) for each in hosts)
    return copy.replace(incident, targets=targets)


def _short_since(incident: Incident, evidence: Evidence, now: datetime) -> Incident:
    """Since when the group of a trouble of capacity is short; one that is unknown is not fine."""
    group = evidence.group
    about = incident.condition is Condition.CAPACITY
    fine = isinstance(group, Group) and not group.short
    since = (incident.short_since or now) if about and not fine else None
    return copy.replace(incident, short_since=since)


def learnt(evidence: Evidence, incident: Incident) -> Evidence:
    """*evidence* with what *incident* has learnt of its hosts."""
    histories = {each.id: each.history for each in incident.targets}
    return copy.replace(evidence, hosts=incident.hosts, histories=histories)


def _launched_here(incident: Incident, group: Group) -> tuple[InstanceId, ...]:
    """What was launched since this incident first replaced a host: it stands in its place."""
    replaced = [each.known for each in incident.attempts if each.known]
    return group.beyond(replaced[0]) if replaced else ()


def _clear_readings(
    incident: Incident, evidence: Evidence, profile: Profile, now: datetime
) -> Incident:
    """Readings in a row that found every alarm OK; an unknown one breaks the row.

    Two wakes at once are one reading: K readings mean K intervals.
    """
    if incident.alarms_beyond or not evidence.all_clear():
        return copy.replace(incident, clear_readings=0, clear_read_at=None)
    interval = seconds(profile.policy.verify_interval_seconds)
    if incident.clear_read_at is not None and now < incident.clear_read_at + interval:
        return incident
    return copy.replace(incident, clear_readings=incident.clear_readings + 1, clear_read_at=now)


def _look_answers(
    lesson: IncidentUpdate, seen: Observation, profile: Profile, now: datetime
) -> IncidentUpdate:
    """Reports of a look are taken in together: when all answered, or when its time is up."""
    incident, look = lesson.incident, lesson.incident.look
    if look is None:
        return lesson
    answers = (seen.look or {}).items()
    reports = {id_: each.report for id_, each in answers if isinstance(each, Answered)}
    if len(reports) < len(look.targets) and now < look.until:
        return lesson
    reported = {id_: reports.get(id_, Unknown("no answer in time")) for id_ in look.targets}
    fresh = {id_: HostEvidence(each, look.intended_at) for id_, each in reported.items()}
    incident = copy.replace(incident, look=None, hosts={**incident.hosts, **fresh})
    incident = _readings(incident, seen.evidence, profile, frozenset(look.targets))
    event = entries.HostsInspected(action=LOOK_HOST.name, token=look.token, hosts=reported)
    return lesson.adding(incident, event)


def _readings(
    incident: Incident, evidence: Evidence, profile: Profile, looked_at: frozenset[InstanceId]
) -> Incident:
    """One more reading for each host that was looked at."""
    now_known = learnt(evidence, incident)
    age_max = seconds(profile.policy.evidence_age_max_seconds)
    readers = 2 if profile.fleet.target_group else 1
    targets = tuple(
        verify.read(
            each,
            judge(each.id, now_known, age_max, profile.criteria),
            readers=readers,
            report=incident.hosts[each.id].report,
            at=evidence.at,
        )
        if each.id in looked_at
        else each
        for each in incident.targets
    )
    return copy.replace(incident, targets=targets)


def _fix_answer(lesson: IncidentUpdate, seen: Observation, now: datetime) -> IncidentUpdate:
    """What became of the fix: answered, found again after a crash, or never sent."""
    current = lesson.incident.current
    if current is None or current.outcome is not None:
        return lesson
    if current.command is None:
        return _search(lesson, current, seen, now)
    if isinstance(seen.fix, Answered) and seen.fix.refused:
        return _over(lesson, current, Outcome.REFUSED, seen.fix.detail, now)
    if isinstance(seen.fix, Answered):
        outcome = Outcome.DONE if seen.fix.success else Outcome.FAILED
        return _answered(lesson, current, outcome, seen.fix.detail, now)
    if now < current.lease_until:
        return lesson
    return _answered(lesson, current, Outcome.UNKNOWN, "no answer in time", now)


def _search(
    lesson: IncidentUpdate, current: Attempt, seen: Observation, now: datetime
) -> IncidentUpdate:
    """I9: an intent without a command is found by its token, or was never sent."""
    if isinstance(seen.found, Another):
        met = copy.replace(current, command=seen.found.command)
        return _over(lesson, met, Outcome.ANOTHER, astray(met), now)
    if seen.found is not None:
        found = copy.replace(current, command=seen.found)
        lesson = lesson.adding(lesson.incident.with_current(found))
        if current.traits.reports_result:
            return lesson
        return _answered(lesson, found, Outcome.DONE, "found by what it began", now)
    if not seen.searched:
        return lesson
    why = "its lease ran out and no command bears its token"
    return _over(lesson, current, Outcome.NOT_SENT, why, now)


def _over(
    lesson: IncidentUpdate, current: Attempt, outcome: Outcome, why: str, now: datetime
) -> IncidentUpdate:
    """The fix is over without a verdict: never sent, refused by its host, or not ours at all."""
    attempt = copy.replace(current, outcome=outcome, answered_at=now, helped=False)
    fact = Fact.FIX_NOT_SENT if outcome in UNDONE else Fact.FIX_NOT_JUDGED
    incident = lesson.incident.after(fact).with_current(attempt)
    return lesson.adding(incident, _reported(attempt, why), over=attempt)


def _answered(
    lesson: IncidentUpdate, current: Attempt, outcome: Outcome, detail: str, now: datetime
) -> IncidentUpdate:
    """Whatever the tool says, the fix is now judged by looking."""
    attempt = copy.replace(current, outcome=outcome, answered_at=now)
    incident = lesson.incident.after(Fact.FIX_ANSWERED).with_current(attempt)
    begun_anew = tuple(
        copy.replace(each, readings=0) if each.id == current.target else each
        for each in incident.targets
    )
    incident = copy.replace(incident, targets=begun_anew)
    return lesson.adding(incident, _reported(attempt, detail))


def _standing(
    lesson: IncidentUpdate, seen: Observation, profile: Profile, now: datetime
) -> IncidentUpdate:
    """Which targets are verified now, and which are not any more."""
    incident = lesson.incident
    policy = profile.policy
    hosts = tuple(each.id for each in incident.targets)
    age_max = seconds(policy.evidence_age_max_seconds)
    diagnosis = diagnose(learnt(seen.evidence, incident), hosts, age_max, profile.criteria)
    targets = tuple(
        verify.settle(each, diagnosis.hosts[each.id], policy.verify_readings, now)
        for each in incident.targets
    )
    turned = [
        after
        for before, after in zip(incident.targets, targets, strict=True)
        if before.verified != after.verified
    ]
    news = (_turned(turned, policy.verify_readings),) if turned else ()
    return lesson.adding(copy.replace(incident, targets=targets), *news)


def _fix_verdict(
    lesson: IncidentUpdate, seen: Observation, profile: Profile, now: datetime
) -> IncidentUpdate:
    """I23, S04: a fix helped if looking says so in time; otherwise it failed.

    Of a host that somebody took away there is no verdict; one that its group replaced for its
    health was not helped.
    """
    evidence, incident, current = seen.evidence, lesson.incident, lesson.incident.current
    if current is None or current.answered_at is None:
        return lesson
    entered = (each.history.in_service_at for each in incident.targets)
    since = max((at for at in entered if at is not None), default=current.answered_at)
    verified = verify.since(incident.targets, current.answered_at)
    if verify.helped(current, incident, evidence, verified):
        return _judged(lesson, current, helped=True)
    # each host that a refresh has brought back gives it the time for one more
    back = len(verified - set(current.known)) if current.known else 0
    patience = profile.verify_timeout(current.action) * (1 + back)
    # what still boots is waited for, and has its own time once it is in service
    launching = bool(current.known) and verify.launches(evidence)
    late = not launching and now >= max(since, current.answered_at) + patience
    if verify.left(current, evidence) and (late or seen.departure is not None):
        return _without_host(lesson, current, seen.departure, now)
    return _judged(lesson, current, helped=False) if late else lesson


def _without_host(
    lesson: IncidentUpdate, current: Attempt, went: Departure | None, now: datetime
) -> IncidentUpdate:
    """The host of the fix left its group: only where that was for its health, it was not helped."""
    if went is not None and went.unhealthy:
        return _judged(lesson, current, helped=False)
    why = "its host left the group, and nothing says why" if went is None else "it was taken away"
    return _over(lesson, current, Outcome.TARGET_LEFT, why, now)


def _judged(lesson: IncidentUpdate, current: Attempt, *, helped: bool) -> IncidentUpdate:
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
    incident = lesson.incident.after(fact).with_current(attempt)
    return lesson.adding(incident, event, over=attempt)


def _reported(attempt: Attempt, detail: str) -> entries.FixReported:
    return entries.FixReported(
        action=attempt.action,
        target=attempt.target,
        token=attempt.token,
        outcome=attempt.outcome or "",
        detail=detail,
    )


def _turned(targets: list[Target], readings: int) -> entries.HostsVerified:
    """One entry for all, so that a turn's transaction stays within its bound."""
    return entries.HostsVerified(
        verified=tuple(each.id for each in targets if each.verified),
        doubted=tuple(each.id for each in targets if not each.verified),
        readings_needed=readings,
    )
