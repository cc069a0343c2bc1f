"""Situations for `decide` and its guards, with defaults, and their answers.

By default nothing stops the fix of `A`: each test changes the one fact that it tests.
"""

import copy
from datetime import datetime
from typing import Any

from firstline.config.profile import Ladder, Profile
from firstline.diagnosis.diagnose import diagnose
from firstline.ids import IncidentId, InstanceId, Token
from firstline.incidents.approvals import Approval, Proposal
from firstline.incidents.demotion import ActionTrackRecord, Demotion, TrackRecords
from firstline.remediation.guards.guard import Denial
from firstline.remediation.guards.order import ask_guards
from firstline.remediation.kill_switch import OFF, KillSwitch, Pause
from firstline.remediation.limits import AttemptRecord, Lease, Limits
from firstline.remediation.plan import Plan
from firstline.remediation.situation import Situation
from firstline.remediation.update import with_known_hosts
from firstline.signal import Condition
from tests.builders import AGE_MAX, NOW, OTHER, PROFILE, A, ago, evidence, incident


def lease(*spent: AttemptRecord, **fields: object) -> Lease:
    """The fleet's lease, free by default."""
    values: dict[str, Any] = {"group": PROFILE.fleet.group, "spent": spent}
    return Lease(**values | fields)


def spent(seconds: float, id_: InstanceId = A, action: str = "restart_enclave") -> AttemptRecord:
    """An attempt on *id_* so many seconds ago."""
    return AttemptRecord(Token("d" * 32), action, id_, ago(seconds))


def switch(scope: str, *, ends: float = -3600) -> KillSwitch:
    """A kill switch with one pause, which ended so many seconds ago, or ends later."""
    pause = Pause(scope=scope, why="a drill", by="arn:of:alice", at=ago(60), until=ago(ends))
    return KillSwitch(version=1, pauses=(pause,))


def approval(*, granted: bool = True, ended: float = -60) -> Approval:
    """Alice's word on the restart of `A`; a yes ended so many seconds ago, or ends later."""
    return Approval(
        plan=plan().hash,
        granted=granted,
        by="arn:of:alice",
        at=ago(60),
        until=ago(ended),
        why="" if granted else "not now",
    )


def proposal(said: Approval | None = None, *, stood: float = -30, **fields: object) -> Proposal:
    """The restart of `A`, proposed until so many seconds ago, or later."""
    values: dict[str, Any] = {
        "plan": plan().hash,
        "action": "restart_enclave",
        "targets": (A,),
        "hosts": (A,),
        "parameters": {},
        "approvable": True,
        "key": "approval-1",
        "at": ago(600),
        "until": ago(stood),
        "approval": said,
    }
    return Proposal(**values | fields)


def limits(
    *spendings: AttemptRecord,
    paused: bool = False,
    holder: IncidentId | None = None,
    until: datetime | None = None,
    trusts: TrackRecords = (),
) -> Limits:
    """The lease and the kill switch, both free by default."""
    held = lease(*spendings, holder=holder, until=until, trusts=trusts)
    return Limits(held, switch("everything") if paused else OFF)


def demoted(seconds: float = 3600, incident: IncidentId = OTHER) -> Limits:
    """The restart was demoted so many seconds ago, in that incident."""
    down = Demotion(ago(seconds), 3, incident)
    return limits(trusts=(ActionTrackRecord(action="restart_enclave", failed=3, demoted=down),))


def policy(**fields: object) -> Profile:
    """The runbook's profile with some other numbers."""
    values: dict[str, Any] = fields
    return copy.replace(PROFILE, policy=copy.replace(PROFILE.policy, **values))


def laddered(*rungs: str, condition: Condition = Condition.COMPLETE_OUTAGE) -> Profile:
    """The runbook's profile with this one ladder, all of it automatic."""
    actions = tuple(
        copy.replace(each, autonomy="auto") if each.name in rungs else each
        for each in PROFILE.actions
    )
    ladders = (Ladder(condition=condition, rungs=rungs),)
    return copy.replace(PROFILE, ladders=ladders, actions=actions)


FACTS = (
    "the host lists no enclave (source: host report)",
    (
        "the load balancer finds it unhealthy (source: load balancer;"
        " unless egress, NATS, the path to NATS or the load balancer fails)"
    ),
)
"""Facts against a host of the builders' complete outage."""
RESTART_ONLY = laddered("restart_enclave")


def situation(**fields: object) -> Situation:
    """All that `decide` sees; the diagnosis follows from the evidence, as in reconcile."""
    values: dict[str, Any] = {
        "now": NOW,
        "incident": incident(),
        "evidence": evidence(),
        "limits": limits(),
        "profile": PROFILE,
        "mode": "enforce",
    }
    values |= fields
    held = values["incident"]
    values["evidence"] = with_known_hosts(values["evidence"], held)
    unverified = tuple(each.id for each in held.targets if not each.verified)
    criteria = values["profile"].criteria
    values.setdefault("diagnosis", diagnose(values["evidence"], unverified, AGE_MAX, criteria))
    return Situation(**values)


def plan(
    target_id: InstanceId = A,
    action: str = "restart_enclave",
    hosts: tuple[InstanceId, ...] | None = None,
) -> Plan:
    """A fix of `A`."""
    touched = (target_id,) if hosts is None else hosts
    return Plan(action=action, target=target_id, hosts=touched, facts=("two checks agree",))


def denials(about: Situation, what: Plan | None = None) -> dict[str, Denial]:
    """Which guards deny, and what they say."""
    return {each.guard: each.denial for each in ask_guards(what or plan(), about) if each.denial}
