"""Reconcile: one look at one incident, and the one next step. Read this first.

An event only says *look now*. Each wake reads the world afresh, decides by a pure function,
commits what it is about to do, does it, and queues the next wake. A wake of an older generation
is dropped; a commit that comes second begins again from what the first one wrote.
"""

from typing import assert_never

from firstline.controller import act, inbox, raising, unreadable
from firstline.controller.commit import contend
from firstline.controller.inform import informing, send_updates
from firstline.controller.observe import observe, situation, take_in, with_surroundings
from firstline.controller.ports.people import Wake
from firstline.controller.ports.store import Loaded
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
    """Do the next step of the wake's incident; raises `DependencyUnavailable` to be woken again.

    One that cannot be read or stored is a person's. The sweep wakes it once it can be read.
    """
    try:
        contend(lambda: _turn(wake, system), wake.incident, system.ports.clock)
    except Abandoned as error:
        unreadable.page(error, system)


def _turn(wake: Wake, system: System) -> None:
    loaded = system.ports.store.load(wake.incident)
    if loaded is None or _stale(wake, loaded):
        return None
    draft = IncidentUnitOfWork(loaded.incident, system, system.ports.clock.now())
    inbox.page_first(draft, loaded)
    draft.now = system.ports.clock.now()
    draft.measure_responses()
    if draft.incident.ended:
        inbox.forward(draft, loaded)
        send_updates(draft)
        return draft.rest(None)

    seen = observe(draft)
    take_in(draft, seen)
    decision, about = _decided(draft, seen)
    draft.record(decision_inputs(seen, about).add_to(decision.to_ledger()))
    draft.before_rest = informing(draft, decision, about)
    _carry_out(draft, decision, about)
    return send_updates(draft)


def _carry_out(draft: IncidentUnitOfWork, decision: Decision, about: Situation) -> None:
    match decision.step:
        case Wait(until):
            draft.rest(until)
        case Look():
            act.look(draft, decision.step)
        case Fix(plan):
            act.fix(draft, plan, about)
        case RequestApproval(plan, unknowns):
            act.ask(draft, plan, unknowns, about)
        case Raise(severity):
            raising.raise_severity(draft, severity, decision.why)
        case Escalate():
            act.hand_over(draft, decision, about)
        case Close():
            act.close(draft, about.limits)
        case _:
            assert_never(decision.step)


def _decided(draft: IncidentUnitOfWork, seen: FleetObservation) -> tuple[Decision, Situation]:
    """The next step; one with a plan is decided on again with what goes on around the fleet."""
    about = situation(draft, seen)
    decision = decide(about)
    if isinstance(decision.step, Fix | RequestApproval):
        about = with_surroundings(draft, about)
        decision = decide(about)
    return decision, about


def _stale(wake: Wake, loaded: Loaded) -> bool:
    """An older generation; or the wake of a signal or an approval that was already taken in."""
    if wake.generation == 0:
        return not loaded.inbox and not loaded.approvals
    return wake.generation < loaded.incident.wake_generation
