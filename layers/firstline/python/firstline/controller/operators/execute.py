"""Levers at work: a person's word is put where reconcile finds it, or the switch is turned.

Each raises `InvalidInput` for what cannot be done, in one line for the person who asked.
"""

import contextlib
from datetime import datetime, timedelta
from typing import NamedTuple, assert_never

from firstline.config.profile import seconds
from firstline.controller import demotion
from firstline.controller.commit import commit, contend
from firstline.controller.operators import commands
from firstline.controller.operators.kill_switch import settle_switch, write
from firstline.controller.ports.people import Wake
from firstline.controller.ports.store import Change, Given, Loaded
from firstline.controller.system import System
from firstline.diagnosis.evidence import Unknown
from firstline.errors import DependencyUnavailable, InvalidInput, InvariantViolation, Unreadable
from firstline.ids import IncidentId
from firstline.incidents import approvals
from firstline.incidents.approvals import Approval, Proposal
from firstline.ledger.entries import PauseChanged
from firstline.remediation import kill_switch as pauses
from firstline.remediation import limits
from firstline.signals import drill_marker as announced


class Call(NamedTuple):
    """A lever, and the ARN of who pulls it."""

    lever: commands.OperatorCommand
    by: str


def pull(call: Call, system: System) -> commands.CommandResult:
    """Do what *call* asks.

    Raises `InvalidInput`, and `DependencyUnavailable` where it may be tried again.
    """
    return contend(lambda: _pull(call, system), "what this changes", system.ports.clock)


def _pull(call: Call, system: System) -> commands.CommandResult:
    match call.lever:
        case commands.Approve() | commands.Deny() as word:
            return _answer(word, call.by, system)
        case commands.PauseFixes() as order:
            return _pause(order, call.by, system)
        case commands.Resume() as order:
            return _resume(order, call.by, system)
        case commands.Promote() as order:
            return demotion.promote(order, call.by, system)
        case commands.AnnounceDrill() as order:
            return _announce(order, call.by, system)
        case _:
            assert_never(call.lever)


def _answer(
    word: commands.Approve | commands.Deny, by: str, system: System
) -> commands.CommandResult:
    now = system.ports.clock.now()
    incident = IncidentId(word.incident)
    try:
        loaded = _open(incident, system)
    except Unreadable as error:
        raise InvalidInput(f"{error}: nothing of it can be approved or denied") from error
    proposal = _proposed(loaded, word, now)
    approval = Approval(
        plan=proposal.plan,
        granted=isinstance(word, commands.Approve),
        by=by,
        at=now,
        until=now + seconds(system.profile.policy.approval_seconds),
        why=word.why,
    )
    given = Given(incident, loaded.incident.version, approval)
    commit(system.ports, Change(given=given))
    system.ports.wakes.queue(Wake(incident), seconds(0))
    return commands.CommandResult(
        lever="approve" if approval.granted else "deny",
        by=by,
        incident=incident,
        action=proposal.action,
        targets=(proposal.target, *(each for each in proposal.hosts if each != proposal.target)),
        plan=proposal.plan,
        until=approval.until if approval.granted else None,
    )


def _proposed(loaded: Loaded, word: commands.Approve | commands.Deny, now: datetime) -> Proposal:
    """The proposal that *word* is about, as it stands after what others said; or `InvalidInput`."""
    known = loaded.incident.proposals
    for each in loaded.approvals:
        known = approvals.with_answer(known, each)
    plans = {each.plan for each in known if each.plan.startswith(word.plan)}
    found = [each for each in known if each.plan in plans]
    if len(plans) != 1:
        what = "several plans" if plans else "no plan"
        raise InvalidInput(f"{word.incident} proposed {what} whose hash begins with {word.plan}")
    proposal = found[-1]
    if not proposal.approvable:
        raise InvalidInput(f"{proposal.action} is only recommended: nobody can approve it here")
    if proposal.used:
        raise InvalidInput(f"{proposal.action} was approved and done already")
    said = proposal.approval
    if said is not None and (not said.granted or isinstance(word, commands.Approve)):
        verb = "approved" if said.granted else "denied"
        raise InvalidInput(
            f"{said.by} {verb} it already, at {said.at.isoformat(timespec='seconds')}"
        )
    if said is None and now >= proposal.until:
        until = proposal.until.isoformat(timespec="seconds")
        raise InvalidInput(f"it stood until {until}, and silence is no: a person has the incident")
    return proposal


def _open(incident: IncidentId, system: System) -> Loaded:
    loaded = system.ports.store.load(incident)
    if loaded is None:
        raise InvalidInput(f"there is no incident {incident} in {system.profile.fleet.name}")
    if loaded.incident.ended:
        raise InvalidInput(f"{incident} is {loaded.incident.status} already")
    return loaded


def _pause(order: commands.PauseFixes, by: str, system: System) -> commands.CommandResult:
    now = system.ports.clock.now()
    if not now < order.until <= now + pauses.PAUSE_DURATION_MAX:
        days = pauses.PAUSE_DURATION_MAX.days
        raise InvalidInput(f"until: give an instant within the next {days} days, later than now")
    if order.scope.startswith("inc-"):
        with contextlib.suppress(Unreadable):  # other code may read it, and must not fix then
            _open(IncidentId(order.scope), system)
    pause = pauses.Pause(scope=order.scope, why=order.why, by=by, at=now, until=order.until)
    switch = _readable(system)
    if len(switch.pauses) >= pauses.PAUSES_MAX:
        raise InvalidInput(f"there are {pauses.PAUSES_MAX} pauses already: pause everything")
    told = _turned(pauses.add_pause(switch, pause, system.provenance()), pause, system)
    return commands.CommandResult(
        lever="pause",
        by=by,
        scope=pause.scope,
        until=pause.until,
        told=told,
        under_way=_under_way(system, now),
    )


def _under_way(system: System, now: datetime) -> commands.UnderWay | Unknown | None:
    """The fix that may still go on: the lease is read after the pause was committed."""
    try:
        lease = system.ports.store.limits(system.profile.fleet.group).lease
    except (DependencyUnavailable, InvariantViolation) as error:
        return Unknown(str(error))
    spent = limits.fix_in_progress(lease, now)
    if spent is None:
        return None
    return commands.UnderWay(
        action=spent.action,
        target=spent.target,
        alive=spent.alive,
        incident=str(lease.holder),
        until=lease.until or now,
    )


def _resume(order: commands.Resume, by: str, system: System) -> commands.CommandResult:
    now = system.ports.clock.now()
    switch = _readable(system)
    over = next((each for each in switch.pauses if each.scope == order.scope), None)
    if over is None:
        known = ", ".join(each.scope for each in switch.pauses) or "nothing"
        raise InvalidInput(f"{order.scope} is not paused: paused is {known}")
    change = PauseChanged(change="resumed", why=order.why, by=by)
    told = _turned(
        pauses.remove_pause(switch, over, change, now, system.provenance()), over, system
    )
    return commands.CommandResult(lever="resume", by=by, scope=over.scope, told=told)


def _announce(order: commands.AnnounceDrill, by: str, system: System) -> commands.CommandResult:
    """From now on, before the alarm is rung."""
    now = system.ports.clock.now()
    if not now < order.until <= now + announced.DRILL_DURATION_MAX:
        hours = announced.DRILL_DURATION_MAX // timedelta(hours=1)
        raise InvalidInput(f"until: give an instant within the next {hours} hours, later than now")
    drill = announced.new_drill(order.alarm, by, now, order.until)
    changed = pauses.add_drill(_readable(system), drill, system.provenance())
    if len(changed.switch.drills) > announced.DRILLS_MAX:
        raise InvalidInput(f"{announced.DRILLS_MAX} drills are announced already: wait for an end")
    write(changed, system)
    return commands.CommandResult(lever="drill", by=by, until=drill.until, word=drill.word)


def _readable(system: System) -> pauses.KillSwitch:
    """The switch; one that cannot be read is on, and is turned by hand alone."""
    switch = system.ports.store.switch()
    if switch.unreadable:
        why = f"the item control/switch cannot be read, so fixes are stopped: {switch.unreadable}"
        raise InvalidInput(f"{why}; remove it in the table of incidents")
    return switch


def _turned(changed: pauses.SwitchChange, pause: pauses.Pause, system: System) -> bool:
    """Write the switch. True if PagerDuty took what is owed of *pause*; else the sweep tries on."""
    after = settle_switch(write(changed, system), system)
    return all(each.sent_at is not None for each in after.pages if each.key == pause.key)
