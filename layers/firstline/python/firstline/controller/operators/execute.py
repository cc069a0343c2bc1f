"""Execute operator commands: store an answer for reconcile, or change the kill switch.

Each raises `InvalidInput` for an invalid command, with one line for its sender.
"""

import contextlib
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

from firstline.config.profile import seconds
from firstline.controller import demotion
from firstline.controller.commit import commit, retry_on_conflict
from firstline.controller.operators import commands
from firstline.controller.operators.kill_switch import deliver_pause_pages, write_switch
from firstline.controller.ports.messaging import Wake
from firstline.controller.ports.store import Change, LoadedIncident, OperatorAnswer
from firstline.controller.system import System
from firstline.diagnosis.evidence import Unknown
from firstline.errors import DependencyUnavailable, InvalidInput, InvariantViolation, Unreadable
from firstline.ids import IncidentId
from firstline.incidents import approvals
from firstline.incidents.approvals import Approval, Proposal
from firstline.ledger.entries import PauseChanged
from firstline.remediation import kill_switch, limits
from firstline.signals import drill_marker


class OperatorRequest(NamedTuple):
    """A command, and the ARN of its sender."""

    command: commands.OperatorCommand
    by: str


def execute(request: OperatorRequest, system: System) -> commands.CommandResult:
    """Execute *request*.

    Raises `InvalidInput`, and `DependencyUnavailable` if it may be retried.
    """
    return retry_on_conflict(
        lambda: _execute_once(request, system), "what this changes", system.ports.clock
    )


def _execute_once(request: OperatorRequest, system: System) -> commands.CommandResult:
    match request.command:
        case commands.Approve() | commands.Deny() as command:
            return _answer(command, request.by, system)
        case commands.PauseFixes() as command:
            return _pause(command, request.by, system)
        case commands.Resume() as command:
            return _resume(command, request.by, system)
        case commands.Promote() as command:
            return demotion.reinstate(command, request.by, system)
        case commands.AnnounceDrill() as command:
            return _announce(command, request.by, system)
        case _:
            assert_never(request.command)


def _answer(
    command: commands.Approve | commands.Deny, by: str, system: System
) -> commands.CommandResult:
    now = system.ports.clock.now()
    incident = IncidentId(command.incident)
    try:
        loaded = _load_open(incident, system)
    except Unreadable as error:
        raise InvalidInput(f"{error}: its plans can be neither approved nor denied") from error
    proposal = _find_proposal(loaded, command, now)
    approval = Approval(
        plan=proposal.plan,
        granted=isinstance(command, commands.Approve),
        by=by,
        at=now,
        until=now + seconds(system.profile.policy.approval_seconds),
        why=command.why,
    )
    answer = OperatorAnswer(incident, loaded.incident.version, approval)
    commit(system.ports, Change(answer=answer))
    system.ports.wakes.queue(Wake(incident), seconds(0))
    return commands.CommandResult(
        command="approve" if approval.granted else "deny",
        by=by,
        incident=incident,
        action=proposal.action,
        targets=tuple(dict.fromkeys((*proposal.targets, *proposal.hosts))),
        plan=proposal.plan,
        until=approval.until if approval.granted else None,
    )


def _find_proposal(
    loaded: LoadedIncident, command: commands.Approve | commands.Deny, now: datetime
) -> Proposal:
    """The proposal that *command* names, after earlier answers; raises `InvalidInput`."""
    proposals = loaded.incident.proposals
    for each in loaded.approvals:
        proposals = approvals.with_answer(proposals, each)
    plans = {each.plan for each in proposals if each.plan.startswith(command.plan)}
    matching = [each for each in proposals if each.plan in plans]
    if len(plans) != 1:
        count = "several plans" if plans else "no plan"
        raise InvalidInput(
            f"{command.incident} proposed {count} whose hash begins with {command.plan}"
        )
    proposal = matching[-1]
    if not proposal.approvable:
        raise InvalidInput(f"{proposal.action} is only recommended: it cannot be approved")
    if proposal.used:
        raise InvalidInput(f"{proposal.action} was already approved and run")
    answer = proposal.approval
    if answer is not None and (not answer.granted or isinstance(command, commands.Approve)):
        verb = "approved" if answer.granted else "denied"
        raise InvalidInput(
            f"{answer.by} already {verb} it, at {answer.at.isoformat(timespec='seconds')}"
        )
    if answer is None and now >= proposal.until:
        until = proposal.until.isoformat(timespec="seconds")
        raise InvalidInput(
            f"the approval timed out at {until}: the incident is escalated to on-call"
        )
    return proposal


def _load_open(incident: IncidentId, system: System) -> LoadedIncident:
    loaded = system.ports.store.load(incident)
    if loaded is None:
        raise InvalidInput(f"there is no incident {incident} in {system.profile.fleet.name}")
    if loaded.incident.ended:
        raise InvalidInput(f"{incident} is already {loaded.incident.status}")
    return loaded


def _pause(command: commands.PauseFixes, by: str, system: System) -> commands.CommandResult:
    now = system.ports.clock.now()
    if not now < command.until <= now + kill_switch.PAUSE_DURATION_MAX:
        days = kill_switch.PAUSE_DURATION_MAX.days
        raise InvalidInput(f"until: give an instant within the next {days} days, later than now")
    if command.scope.startswith("inc-"):
        with contextlib.suppress(Unreadable):  # other code may read it, and must not fix then
            _load_open(IncidentId(command.scope), system)
    pause = kill_switch.Pause(
        scope=command.scope, why=command.why, by=by, at=now, until=command.until
    )
    switch = _readable_switch(system)
    if len(switch.pauses) >= kill_switch.PAUSES_MAX:
        raise InvalidInput(f"{kill_switch.PAUSES_MAX} pauses are active already: pause everything")
    paged = _write_and_page(
        kill_switch.add_pause(switch, pause, system.provenance()), pause, system
    )
    return commands.CommandResult(
        command="pause",
        by=by,
        scope=pause.scope,
        until=pause.until,
        notified=paged,
        under_way=_fix_in_progress(system, now),
    )


def _fix_in_progress(system: System, now: datetime) -> commands.FixInProgress | Unknown | None:
    """A fix that may still be running: the lease is read after the pause was committed."""
    try:
        lease = system.ports.store.limits(system.profile.fleet.group).lease
    except (DependencyUnavailable, InvariantViolation) as error:
        return Unknown(str(error))
    fix_record = limits.fix_in_progress(lease, now)
    if fix_record is None:
        return None
    return commands.FixInProgress(
        action=fix_record.action,
        target=fix_record.target,
        alive=fix_record.alive,
        incident=str(lease.holder),
        until=lease.until or now,
    )


def _resume(command: commands.Resume, by: str, system: System) -> commands.CommandResult:
    now = system.ports.clock.now()
    switch = _readable_switch(system)
    pause = next((each for each in switch.pauses if each.scope == command.scope), None)
    if pause is None:
        scopes = ", ".join(each.scope for each in switch.pauses) or "nothing"
        raise InvalidInput(f"{command.scope} is not paused; active pauses: {scopes}")
    change = PauseChanged(change="resumed", why=command.why, by=by)
    paged = _write_and_page(
        kill_switch.remove_pause(switch, pause, change, now, system.provenance()), pause, system
    )
    return commands.CommandResult(command="resume", by=by, scope=pause.scope, notified=paged)


def _announce(command: commands.AnnounceDrill, by: str, system: System) -> commands.CommandResult:
    now = system.ports.clock.now()
    if not now < command.until <= now + drill_marker.DRILL_DURATION_MAX:
        hours = drill_marker.DRILL_DURATION_MAX // timedelta(hours=1)
        raise InvalidInput(f"until: give an instant within the next {hours} hours, later than now")
    drill = drill_marker.new_drill(command.alarm, by, now, command.until)
    change = kill_switch.add_drill(_readable_switch(system), drill, system.provenance())
    if len(change.switch.drills) > drill_marker.DRILLS_MAX:
        raise InvalidInput(
            f"{drill_marker.DRILLS_MAX} drills are registered already: wait until one ends"
        )
    write_switch(change, system)
    return commands.CommandResult(command="drill", by=by, until=drill.until, marker=drill.marker)


def _readable_switch(system: System) -> kill_switch.KillSwitch:
    """The switch; an unreadable one is on, and must be repaired by hand."""
    switch = system.ports.store.switch()
    if switch.unreadable:
        why = f"the item control/switch cannot be read, so fixes are blocked: {switch.unreadable}"
        raise InvalidInput(f"{why}; delete it in the table of incidents")
    return switch


def _write_and_page(
    change: kill_switch.SwitchChange, pause: kill_switch.Pause, system: System
) -> bool:
    """Write the switch. True if PagerDuty accepted the page; else the sweep retries it."""
    after = deliver_pause_pages(write_switch(change, system), system)
    return all(each.sent_at is not None for each in after.pages if each.key == pause.key)
