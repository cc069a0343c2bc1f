"""Act: execute a decision.

The intent of a fix is committed before the fix is sent (I8). Each function leaves the unit of work
committed, with its next wake queued.

The intent's transaction takes the group's lease under a new fence and counts the attempt. The fix
is sent once. An unknown outcome is a value: once the lease has expired the command is searched by
its token, and never sent again. The script on the host refuses a repeated token and a late
delivery, which enforces the fence on the host.
"""

import copy
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from firstline.actions.action import Action
from firstline.actions.catalogue import ACTIONS
from firstline.actions.look_host import LOOK_HOST
from firstline.config.profile import seconds
from firstline.controller import demotion, investigate
from firstline.controller.ports.store import Fence, LeaseWrite
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis.evidence import Group, HostEvidence, Unknown
from firstline.diagnosis.health_checks import HostHealth
from firstline.errors import InvariantViolation
from firstline.ids import CommandId
from firstline.incidents import approvals
from firstline.incidents.approvals import Proposal
from firstline.incidents.incident import Attempt, Fact, Incident, Look, Outcome
from firstline.ledger import entries, report_location
from firstline.notifications import pages
from firstline.remediation import escalation, verification
from firstline.remediation.decision import Decision
from firstline.remediation.decision import Look as LookStep
from firstline.remediation.execution import (
    LookOrder,
    Refused,
    Sending,
    Sent,
    Unsettled,
    describe_wrong_refresh,
    fix_order,
    is_wrong_refresh,
)
from firstline.remediation.limits import (
    AttemptRecord,
    Lease,
    Limits,
    extend_lease,
    release_lease,
    take_lease,
)
from firstline.remediation.plan import Plan, intent_token
from firstline.remediation.situation import Situation

FUNCTION_TIMEOUT = timedelta(seconds=60)
"""Reconcile's timeout in Lambda; ``infra`` uses this value."""
LEASE_MARGIN = timedelta(seconds=30)


def send_look(work: IncidentUnitOfWork, step: LookStep) -> None:
    """Send a look. Its answers are read at a later wake; it takes no lease, since it only reads."""
    token = intent_token(work.incident.id, work.incident.chain.length, LOOK_HOST.name)
    until = work.now + seconds(work.system.profile.policy.look_timeout_seconds)
    intent = Look(token=token, targets=step.targets, intended_at=work.now, until=until)
    work.incident = copy.replace(work.incident, look=intent)
    work.append_entry(
        entries.LookIntended(action=LOOK_HOST.name, token=token, targets=step.targets)
    )
    work.commit()
    sending = work.system.ports.hosts.look(LookOrder(token=token, targets=step.targets))
    if isinstance(sending, Refused):
        work.incident = _after_refused_look(work.incident, step, sending, work.now)
    elif isinstance(sending, Sent):
        sent = copy.replace(intent, command=sending.command)
        work.incident = copy.replace(work.incident, look=sent)
    event = entries.LookReported(action=LOOK_HOST.name, token=token, targets=step.targets)
    work.append_entry(_with_outcome(event, sending))
    work.commit_and_requeue(step.read_at)


def _after_refused_look(
    incident: Incident, step: LookStep, refused: Refused, now: datetime
) -> Incident:
    """The incident after a refused look, with the host of a single look marked silent.

    SSM refuses a whole command for one bad target, so the next looks go to one host each.
    """
    if len(step.targets) > 1:
        return copy.replace(incident, look=None, look_singly=True)
    (host,) = step.targets
    unseen = HostEvidence(Unknown(refused.why), now)
    targets = tuple(
        verification.add_missed_reading(each, now) if each.id == host else each
        for each in incident.targets
    )
    hosts = {**incident.hosts, host: unseen}
    return copy.replace(incident, look=None, hosts=hosts, targets=targets)


def send_fix(work: IncidentUnitOfWork, plan: Plan, situation: Situation) -> None:
    """Commit the intent with its lease, send the fix once, and record the outcome."""
    attempt, lease = _prepare_fix(work, plan, situation)
    work.commit()
    executor = work.system.ports.executor(attempt.traits.executor)
    order = fix_order(attempt, work.incident.id)
    sending = executor.fix(order)
    _record_sending(work, attempt, lease, sending)
    work.commit_and_requeue(work.now + seconds(work.system.profile.policy.poll_seconds))


def request_approval(
    work: IncidentUnitOfWork, plan: Plan, unknowns: tuple[str, ...], situation: Situation
) -> None:
    """Queue a page that asks for approval, and keep watching: no answer is a denial (I8).

    *unknowns* are the guards that lack a fact; an approval overrides them.
    """
    incident, profile = work.incident, work.system.profile
    proposal = Proposal(
        plan=plan.hash,
        action=plan.action,
        targets=(plan.target,),
        hosts=plan.hosts,
        parameters=plan.parameters,
        approvable=situation.autonomy(plan.action) in {"approve", "auto"},
        unknowns=unknowns,
        key=f"{incident.id}:approval-{len(incident.proposals) + 1}",
        at=work.now,
        until=work.now + seconds(profile.policy.approval_seconds),
    )
    work.append_entry(proposal.to_ledger())
    work.incident = copy.replace(work.incident, proposals=(*incident.proposals, proposal))
    demoted = situation.demotion(plan.action)
    page = pages.approval_page(incident, proposal, plan.facts, work.system.origin, demoted)
    work.queue_pages(*pages.route(page, profile.routes))
    work.commit_and_requeue(work.now + seconds(profile.policy.watch_seconds))


def escalate(work: IncidentUnitOfWork, decision: Decision, situation: Situation) -> None:
    """Escalate the incident: page under a new key, and take no further action (R12, R44)."""
    lines, metrics = investigate.investigate(work, situation)
    details = escalation.escalation_details(work.incident, situation.diagnosis, decision, lines)
    if demoted := demotion.describe_demotions(work, situation.limits):
        details |= {"demoted": "; ".join(demoted)}
    event = {"owner": "on-call", **details, "metrics": metrics}
    work.append_entry(msgspec.convert(event, type=entries.IncidentEscalated))
    investigate.record_alarm_metric(work)
    details |= {"report_link": _report_url(work)}
    routes = work.system.profile.routes
    work.queue_pages(*pages.escalation_pages(work.incident, details, work.now, routes))
    _end_incident(work, Fact.ESCALATED, situation.limits)


def close(work: IncidentUnitOfWork, limits: Limits | Unknown) -> None:
    """Close the incident and resolve every page."""
    investigate.record_alarm_metric(work)
    repaired = any(each.repaired for each in work.incident.attempts)
    work.queue_pages(*pages.resolve_pages(work.incident, work.now, _report_url(work)))
    _end_incident(work, Fact.RECOVERED_BY_FIX if repaired else Fact.RECOVERED_BY_ITSELF, limits)


def _report_url(work: IncidentUnitOfWork) -> str:
    """The address of the incident's report, valid once the archive has the last entry."""
    settings = work.system.settings
    return report_location.reports_url(
        settings.archive_bucket, settings.home.region, work.incident.id
    )


def _end_incident(work: IncidentUnitOfWork, fact: Fact, limits: Limits | Unknown) -> None:
    if work.incident.current is None:  # a fix under way keeps the lease until it runs out
        work.release_lease(limits)
    work.incident = copy.replace(work.incident.after(fact), ended_at=work.now, look=None)
    work.commit_and_requeue(None, closes=work.incident.correlation_key)


def _prepare_fix(
    work: IncidentUnitOfWork, plan: Plan, situation: Situation
) -> tuple[Attempt, Lease]:
    limits, group = situation.limits, situation.evidence.group
    if isinstance(limits, Unknown) or isinstance(group, Unknown) or situation.surroundings is None:
        raise InvariantViolation(
            "a fix was decided without readable limits, its group, or its surroundings"
        )
    dead = situation.diagnosis.having(HostHealth.DEAD)
    alive = tuple(each for each in plan.hosts if each not in dead)
    attempt = _new_attempt(work, plan, limits, group)
    spent = AttemptRecord(attempt.token, attempt.action, attempt.target, work.now, alive)
    window = seconds(work.system.profile.policy.spending_seconds)
    until = attempt.lease_until
    lease = take_lease(work.lease_after(limits), work.incident.id, until, spent, window)
    work.lease = LeaseWrite(lease, limits.lease.fence)
    work.fence = Fence(
        switch=limits.switch.version,
        group=limits.lease.group,
        events=limits.circumstances.answers,
        incident=work.incident.id,
        plan=plan.hash,
    )
    work.incident = copy.replace(
        work.incident.after(Fact.FIX_INTENDED),
        attempts=(*work.incident.attempts, attempt),
        proposals=approvals.with_used_approval(work.incident.proposals, plan.hash),
    )
    work.append_entry(_intent_entry(attempt, plan))
    return attempt, lease


def _new_attempt(work: IncidentUnitOfWork, plan: Plan, limits: Limits, group: Group) -> Attempt:
    action = ACTIONS[plan.action]
    return Attempt(
        token=intent_token(work.incident.id, work.incident.chain.length, plan.hash),
        action=plan.action,
        target=plan.target,
        hosts=plan.hosts,
        known=() if action.verifier == "host" else group.in_service(),
        parameters=plan.parameters,
        plan=plan.hash,
        fence=limits.lease.fence + 1,
        intended_at=work.now,
        not_after=work.now + action.delivery_limit,
        lease_until=work.now + lease_duration(action),
    )


def _intent_entry(attempt: Attempt, plan: Plan) -> entries.FixIntended:
    return entries.FixIntended(
        action=attempt.action,
        token=attempt.token,
        targets=(attempt.target,),
        hosts=attempt.hosts,
        parameters=plan.parameters,
        plan=attempt.plan,
        fence=attempt.fence,
        facts=plan.facts,
        not_after=attempt.not_after,
    )


def _record_sending(
    work: IncidentUnitOfWork, attempt: Attempt, lease: Lease, sending: Sending
) -> None:
    """Record the outcome of the sending. An unsettled one is searched for at a later wake."""
    event = entries.FixReported(action=attempt.action, target=attempt.target, token=attempt.token)
    if isinstance(sending, Sent) and is_wrong_refresh(attempt, sending.command):
        return _record_wrong_refresh(
            work, copy.replace(attempt, command=sending.command), lease, event
        )
    work.append_entry(_with_outcome(event, sending))
    match sending:
        case Sent(command):
            until = verification.verdict_deadline(attempt, work.system.profile)
            work.lease = LeaseWrite(extend_lease(lease, until), lease.fence)
            work.incident = _after_sent_fix(work.incident, attempt, command, work.now)
        case Refused():
            refused = copy.replace(
                attempt, outcome=Outcome.NOT_SENT, answered_at=work.now, helped=False
            )
            work.lease = LeaseWrite(release_lease(lease), lease.fence)
            work.incident = work.incident.after(Fact.FIX_NOT_SENT).with_current(refused)
        case Unsettled():
            pass
        case _:
            assert_never(sending)
    return None


def _record_wrong_refresh(
    work: IncidentUnitOfWork, attempt: Attempt, lease: Lease, event: entries.FixReported
) -> None:
    """Record that the group ran another refresh; the next wake escalates."""
    finished = copy.replace(attempt, outcome=Outcome.ANOTHER, answered_at=work.now, helped=False)
    report = copy.replace(
        event,
        outcome=Outcome.ANOTHER,
        command=attempt.command,
        detail=describe_wrong_refresh(attempt),
    )
    work.append_entry(report)
    work.lease = LeaseWrite(release_lease(lease), lease.fence)
    work.incident = work.incident.after(Fact.FIX_NOT_JUDGED).with_current(finished)


def _after_sent_fix(
    incident: Incident, attempt: Attempt, command: CommandId, now: datetime
) -> Incident:
    """The incident after a sent fix. A group answers at once, by its acceptance."""
    sent = copy.replace(attempt, command=command)
    if attempt.traits.reports_result:
        return incident.with_current(sent)
    answered = copy.replace(sent, outcome=Outcome.DONE, answered_at=now)
    return incident.after(Fact.FIX_ANSWERED).with_current(answered)


def _with_outcome[Event: (entries.LookReported, entries.FixReported)](
    event: Event, sending: Sending
) -> Event:
    match sending:
        case Sent(command):
            return copy.replace(event, outcome="sent", command=command)
        case Refused(why):
            return copy.replace(event, outcome=Outcome.NOT_SENT, detail=why)
        case Unsettled(why):
            return copy.replace(event, outcome=Outcome.UNKNOWN, detail=why)
        case _:
            assert_never(sending)


def lease_duration(action: Action) -> timedelta:
    """The duration of a lease: longer than the function and the command may take (I10)."""
    return max(FUNCTION_TIMEOUT, action.delivery_limit + action.execution_limit) + LEASE_MARGIN
