"""Act: carry out a decision. A mutation is preceded by its committed intent.

Each function leaves the draft committed, with its next wake queued.
"""

import copy
from datetime import datetime, timedelta
from typing import assert_never

import msgspec

from firstline.actions.action import Action
from firstline.actions.catalogue import ACTIONS
from firstline.actions.look_host import LOOK_HOST
from firstline.config.profile import seconds
from firstline.controller import background, demotion
from firstline.controller.ports.store import Fence, LeaseWrite
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.diagnosis.evidence import Group, HostEvidence, Unknown
from firstline.diagnosis.health_checks import HostHealth
from firstline.errors import InvariantViolation
from firstline.ids import CommandId
from firstline.incidents import approvals
from firstline.incidents.approvals import Proposal
from firstline.incidents.incident import Attempt, Fact, Incident, Look, Outcome
from firstline.ledger import entries
from firstline.ledger import report_location as report_place
from firstline.notifications import pages as paging
from firstline.remediation import escalation, limits, plan, verification
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
from firstline.remediation.limits import Lease, Limits
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation

FUNCTION_TIMEOUT = timedelta(seconds=60)
"""Reconcile's timeout in Lambda; ``infra`` uses this value."""
MARGIN = timedelta(seconds=30)


def look(draft: IncidentUnitOfWork, step: LookStep) -> None:
    """Send a look; its answers are read at a later wake. Nothing is leased: it only reads."""
    token = plan.intent_token(draft.incident.id, draft.incident.chain.length, LOOK_HOST.name)
    until = draft.now + seconds(draft.system.profile.policy.look_timeout_seconds)
    intent = Look(token=token, targets=step.targets, intended_at=draft.now, until=until)
    draft.incident = copy.replace(draft.incident, look=intent)
    draft.record(entries.LookIntended(action=LOOK_HOST.name, token=token, targets=step.targets))
    draft.commit()
    sending = draft.system.ports.hosts.look(LookOrder(token=token, targets=step.targets))
    if isinstance(sending, Refused):
        draft.incident = _refused_look(draft.incident, step, sending, draft.now)
    elif isinstance(sending, Sent):
        sent = copy.replace(intent, command=sending.command)
        draft.incident = copy.replace(draft.incident, look=sent)
    event = entries.LookReported(action=LOOK_HOST.name, token=token, targets=step.targets)
    draft.record(_reported(event, sending))
    draft.rest(step.read_at)


def _refused_look(incident: Incident, step: LookStep, refused: Refused, now: datetime) -> Incident:
    """SSM refuses all for the sake of one: look singly, and a host refused by itself is silent."""
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


def fix(draft: IncidentUnitOfWork, what: Plan, about: Situation) -> None:
    """Commit the intent with lease and spending, send it once, and record what is known."""
    attempt, lease = _intend(draft, what, about)
    draft.commit()
    executor = draft.system.ports.executor(attempt.traits.executor)
    order = fix_order(attempt, draft.incident.id)
    sending = executor.fix(order)
    _take_in(draft, attempt, lease, sending)
    draft.rest(draft.now + seconds(draft.system.profile.policy.poll_seconds))


def ask(draft: IncidentUnitOfWork, what: Plan, unknowns: tuple[str, ...], about: Situation) -> None:
    """Tell people of the plan and go on watching: their word wakes it, and silence is no (I8).

    *unknowns* are the guards that lack a fact, which a yes overrides.
    """
    held, profile = draft.incident, draft.system.profile
    proposal = Proposal(
        plan=what.hash,
        action=what.action,
        target=what.target,
        hosts=what.hosts,
        parameters=what.parameters,
        approvable=about.autonomy(what.action) in {"approve", "auto"},
        unknowns=unknowns,
        key=f"{held.id}:ask-{len(held.proposals) + 1}",
        at=draft.now,
        until=draft.now + seconds(profile.policy.approval_seconds),
    )
    draft.record(proposal.to_ledger())
    draft.incident = copy.replace(draft.incident, proposals=(*held.proposals, proposal))
    demoted = about.demotion(what.action)
    page = paging.asked(held, proposal, what.facts, draft.system.origin, demoted)
    draft.owe(*paging.routed(page, profile.routes))
    draft.rest(draft.now + seconds(profile.policy.watch_seconds))


def hand_over(draft: IncidentUnitOfWork, decision: Decision, about: Situation) -> None:
    """Give it to a person: a page under its own key, and nothing more from here (R12, R44)."""
    known, metrics = background.look_up(draft, about)
    told = escalation.escalation_details(draft.incident, about.diagnosis, decision, known)
    if demoted := demotion.told(draft, about.limits):
        told |= {"demoted": "; ".join(demoted)}
    event = {"owner": "on-call", **told, "metrics": metrics}
    draft.record(msgspec.convert(event, type=entries.HandedOver))
    background.record_alarm_metric(draft)
    told |= {"report_link": _report_link(draft)}
    routes = draft.system.profile.routes
    draft.owe(*paging.hand_over(draft.incident, told, draft.now, routes))
    _end(draft, Fact.GAVE_UP, about.limits)


def close(draft: IncidentUnitOfWork, held: Limits | Unknown) -> None:
    """It is over: every page is resolved."""
    background.record_alarm_metric(draft)
    mended = any(each.repaired for each in draft.incident.attempts)
    draft.owe(*paging.resolutions(draft.incident, draft.now, _report_link(draft)))
    _end(draft, Fact.RECOVERED_BY_FIX if mended else Fact.RECOVERED_BY_ITSELF, held)


def _report_link(draft: IncidentUnitOfWork) -> str:
    """Where its report will be as soon as the archive has its end."""
    settings = draft.system.settings
    return report_place.reports_url(
        settings.archive_bucket, settings.home.region, draft.incident.id
    )


def _end(draft: IncidentUnitOfWork, fact: Fact, held: Limits | Unknown) -> None:
    if draft.incident.current is None:  # a fix under way keeps the lease until it runs out
        draft.release(held)
    draft.incident = copy.replace(draft.incident.after(fact), ended_at=draft.now, look=None)
    draft.rest(None, closes=draft.incident.cause)


def _intend(draft: IncidentUnitOfWork, what: Plan, about: Situation) -> tuple[Attempt, Lease]:
    """The intent, and the lease that it takes, in the draft."""
    held, group = about.limits, about.evidence.group
    if isinstance(held, Unknown) or isinstance(group, Unknown) or about.surroundings is None:
        raise InvariantViolation(
            "a fix was decided without readable limits, its group, or its surroundings"
        )
    dead = about.diagnosis.having(HostHealth.DEAD)
    alive = tuple(each for each in what.hosts if each not in dead)
    attempt = _attempt(draft, what, held, group)
    spent = limits.AttemptRecord(attempt.token, attempt.action, attempt.target, draft.now, alive)
    window = seconds(draft.system.profile.policy.spending_seconds)
    until = attempt.lease_until
    lease = limits.take_lease(draft.lease_after(held), draft.incident.id, until, spent, window)
    draft.lease = LeaseWrite(lease, held.lease.fence)
    draft.fence = Fence(
        switch=held.switch.version,
        group=held.lease.group,
        events=held.circumstances.answers,
        incident=draft.incident.id,
        plan=what.hash,
    )
    draft.incident = copy.replace(
        draft.incident.after(Fact.FIX_INTENDED),
        attempts=(*draft.incident.attempts, attempt),
        proposals=approvals.with_used_approval(draft.incident.proposals, what.hash),
    )
    draft.record(_intended(attempt, what))
    return attempt, lease


def _attempt(draft: IncidentUnitOfWork, what: Plan, held: Limits, group: Group) -> Attempt:
    """*what* as it is to be tried now, under the next fence."""
    action = ACTIONS[what.action]
    return Attempt(
        token=plan.intent_token(draft.incident.id, draft.incident.chain.length, what.hash),
        action=what.action,
        target=what.target,
        hosts=what.hosts,
        known=() if action.verifier == "host" else group.in_service(),
        parameters=what.parameters,
        plan=what.hash,
        fence=held.lease.fence + 1,
        intended_at=draft.now,
        not_after=draft.now + action.delivery_limit,
        lease_until=draft.now + lease_duration(action),
    )


def _intended(attempt: Attempt, what: Plan) -> entries.FixIntended:
    """As its entry records it."""
    return entries.FixIntended(
        action=attempt.action,
        token=attempt.token,
        targets=(attempt.target,),
        hosts=attempt.hosts,
        parameters=what.parameters,
        plan=attempt.plan,
        fence=attempt.fence,
        facts=what.facts,
        not_after=attempt.not_after,
    )


def _take_in(draft: IncidentUnitOfWork, attempt: Attempt, lease: Lease, sending: Sending) -> None:
    """What the sending came to: an unsettled one changes nothing, and is looked for later."""
    event = entries.FixReported(action=attempt.action, target=attempt.target, token=attempt.token)
    if isinstance(sending, Sent) and is_wrong_refresh(attempt, sending.command):
        return _went_astray(draft, copy.replace(attempt, command=sending.command), lease, event)
    draft.record(_reported(event, sending))
    match sending:
        case Sent(command):
            until = verification.verdict_deadline(attempt, draft.system.profile)
            draft.lease = LeaseWrite(limits.extend_lease(lease, until), lease.fence)
            draft.incident = _sent_fix(draft.incident, attempt, command, draft.now)
        case Refused():
            refused = copy.replace(
                attempt, outcome=Outcome.NOT_SENT, answered_at=draft.now, helped=False
            )
            draft.lease = LeaseWrite(limits.release_lease(lease), lease.fence)
            draft.incident = draft.incident.after(Fact.FIX_NOT_SENT).with_current(refused)
        case Unsettled():
            pass
        case _:
            assert_never(sending)
    return None


def _went_astray(
    draft: IncidentUnitOfWork, met: Attempt, lease: Lease, event: entries.FixReported
) -> None:
    """The group did it to another than was meant: it is over, and the next wake hands it over."""
    over = copy.replace(met, outcome=Outcome.ANOTHER, answered_at=draft.now, helped=False)
    told = copy.replace(
        event, outcome=Outcome.ANOTHER, command=met.command, detail=describe_wrong_refresh(met)
    )
    draft.record(told)
    draft.lease = LeaseWrite(limits.release_lease(lease), lease.fence)
    draft.incident = draft.incident.after(Fact.FIX_NOT_JUDGED).with_current(over)


def _sent_fix(incident: Incident, attempt: Attempt, command: CommandId, now: datetime) -> Incident:
    """A command's answer comes later; the group's acceptance is its answer."""
    sent = copy.replace(attempt, command=command)
    if attempt.traits.reports_result:
        return incident.with_current(sent)
    answered = copy.replace(sent, outcome=Outcome.DONE, answered_at=now)
    return incident.after(Fact.FIX_ANSWERED).with_current(answered)


def _reported[Event: (entries.LookReported, entries.FixReported)](
    event: Event, sending: Sending
) -> Event:
    """*event* with what the sending came to."""
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
    """I10: longer than the function may live, and than the command may take to end."""
    return max(FUNCTION_TIMEOUT, action.delivery_limit + action.execution_limit) + MARGIN
