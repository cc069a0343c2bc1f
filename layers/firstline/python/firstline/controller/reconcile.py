"""Reconcile: observe one incident and take its next step. Read this first.

An event only wakes an incident. Each wake reads the world, decides by a pure function, commits the
intent, executes it, and queues the next wake. A wake of an older generation is dropped; on a commit
conflict the run starts again from the stored incident.

There is no workflow to resume and no history to replay: the stored incident is the whole state. An
incident therefore survives a deployment, a crash, and a duplicated or lost message.
"""

from typing import assert_never

from firstline.controller import act, inbox, raise_severity, unreadable_incidents
from firstline.controller.commit import retry_on_conflict
from firstline.controller.observe import assess, observe, update_incident, with_preflight
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import LoadedIncident
from firstline.controller.send_updates import send_updates, update_queuer
from firstline.controller.system import System
from firstline.controller.unit_of_work import IncidentUnitOfWork
from firstline.errors import Abandoned
from firstline.remediation.decide import decide
from firstline.remediation.decision import (
    Close,
    Decision,
    Escalate,
    Fix,
    Look,
    Raise,
    RequestApproval,
    Wait,
)
from firstline.remediation.decision_record import decision_inputs
from firstline.remediation.situation import Situation
from firstline.remediation.update import FleetObservation


def reconcile(wake: Wake, system: System) -> None:
    """Take the next step of the incident; raises `DependencyUnavailable` for redelivery.

    An incident that cannot be read or stored is paged. The sweep wakes it once it can be read.
    """
    try:
        retry_on_conflict(lambda: _reconcile_once(wake, system), wake.incident, system.ports.clock)
    except Abandoned as error:
        unreadable_incidents.page(error, system)


def _reconcile_once(wake: Wake, system: System) -> None:
    loaded = system.ports.store.load(wake.incident)
    if loaded is None or _is_stale(wake, loaded):
        return None
    work = IncidentUnitOfWork(loaded.incident, system, system.ports.clock.now())
    inbox.merge_and_page(work, loaded)
    work.now = system.ports.clock.now()
    work.measure_responses()
    if work.incident.ended:
        inbox.reopen_later_signals(work, loaded)
        send_updates(work)
        return work.commit_and_requeue(None)

    observation = observe(work)
    update_incident(work, observation)
    decision, situation = _decide(work, observation)
    work.append_entry(decision_inputs(observation, situation).add_to(decision.to_ledger()))
    work.before_requeue = update_queuer(work, decision, situation)
    _execute(work, decision, situation)
    return send_updates(work)


def _execute(work: IncidentUnitOfWork, decision: Decision, situation: Situation) -> None:
    match decision.step:
        case Wait(until):
            work.commit_and_requeue(until)
        case Look():
            act.send_look(work, decision.step)
        case Fix(plan):
            act.send_fix(work, plan, situation)
        case RequestApproval(plan, unknowns):
            act.request_approval(work, plan, unknowns, situation)
        case Raise(severity):
            raise_severity.raise_severity(work, severity, decision.why)
        case Escalate():
            act.escalate(work, decision, situation)
        case Close():
            act.close(work, situation.limits)
        case _:
            assert_never(decision.step)


def _decide(work: IncidentUnitOfWork, observation: FleetObservation) -> tuple[Decision, Situation]:
    """The next step. One with a plan is decided again with preflight facts."""
    situation = assess(work, observation)
    decision = decide(situation)
    if isinstance(decision.step, Fix | RequestApproval):
        situation = with_preflight(work, situation)
        decision = decide(situation)
    return decision, situation


def _is_stale(wake: Wake, loaded: LoadedIncident) -> bool:
    """True for an older generation, or if the inbox of a joined signal is empty again."""
    if wake.generation == 0:
        return not loaded.inbox and not loaded.approvals
    return wake.generation < loaded.incident.wake_generation
