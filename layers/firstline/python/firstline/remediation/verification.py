"""Verification: whether a target works, and whether a fix helped.

Health checks that are independent of the fix judge it, K of K: never the tool's result.

A reading is good if the host's own report and the load balancer both find the host serving. An
incident closes when all its alarms were OK at K readings in a row and every target in scope is
verified.
"""

import copy
from datetime import datetime

from firstline.actions.cancel_refresh import REFRESH_ID
from firstline.config.profile import Profile
from firstline.diagnosis.diagnose import HostDiagnosis
from firstline.diagnosis.evidence import (
    Evidence,
    Group,
    HostReport,
    Refreshes,
    Unknown,
)
from firstline.diagnosis.health_checks import HostHealth
from firstline.ids import InstanceId
from firstline.incidents.incident import Attempt, Incident, Target


def add_reading(
    target: Target,
    verdict: HostDiagnosis,
    *,
    readers: int,
    report: HostReport | Unknown,
    at: datetime,
) -> Target:
    """*target* after one more look: a good reading counts, any other resets the count.

    Good means: the host reported, and *readers* different checks find it serving.
    """
    if not isinstance(report, HostReport):
        return add_missed_reading(target, at)
    good = verdict.health is HostHealth.SERVING and len(verdict.serving) >= readers
    lost = report.parent_nats_connected is False
    history = copy.replace(
        target.history,
        silent_at=None,
        nats_lost_at=(target.history.nats_lost_at or at) if lost else None,
    )
    readings = target.readings + 1 if good else 0
    return copy.replace(target, readings=readings, silent=0, history=history)


def add_missed_reading(target: Target, at: datetime) -> Target:
    """*target* after a look without a report: none came in time, or SSM refused the look."""
    since = target.history.silent_at or at
    history = copy.replace(target.history, silent_at=since, nats_lost_at=None)
    return copy.replace(target, readings=0, silent=target.silent + 1, history=history)


def update_verified(
    target: Target, verdict: HostDiagnosis, readings_needed: int, now: datetime
) -> Target:
    """*target* verified at K of K, and no longer when a single check finds it dead.

    One check is enough to doubt, and to look again; a fix needs two.
    """
    if verdict.health is HostHealth.DEAD or (target.verified and verdict.dead):
        return copy.replace(target, readings=0, verified_at=None)
    if not target.verified and target.readings >= readings_needed:
        return copy.replace(target, verified_at=now)
    return target


def verified_since(targets: tuple[Target, ...], at: datetime) -> frozenset[InstanceId]:
    """The targets that were verified at or after *at*."""
    return frozenset(
        each.id for each in targets if each.verified_at is not None and each.verified_at >= at
    )


def is_launching(evidence: Evidence) -> bool:
    """True if an instance of the group boots: Pending, in a hook, or out of a warm pool."""
    instances = evidence.group.instances if isinstance(evidence.group, Group) else ()
    return any(each.lifecycle.startswith("Pending") for each in instances)


def has_left(attempt: Attempt, evidence: Evidence) -> bool:
    """True if the host of a restart is out of service; a group without hosts shows nothing."""
    group = evidence.group
    if attempt.traits.verifier != "host" or not isinstance(group, Group) or not group.instances:
        return False
    return attempt.target not in group.in_service()


def verdict_deadline(attempt: Attempt, profile: Profile) -> datetime:
    """The latest time of *attempt*'s verdict: each host of a refresh adds its time."""
    patience = profile.verify_timeout(attempt.action) * (1 + len(attempt.hosts))
    return attempt.lease_until + profile.settle(attempt.action) + patience


def has_helped(
    attempt: Attempt, incident: Incident, evidence: Evidence, verified: frozenset[InstanceId]
) -> bool:
    """True if *attempt* achieved its purpose; unreadable evidence counts as not.

    A restart helped when its host is *verified*. A replacement helped when none of its hosts is
    in service any more, the group is whole, and every instance launched since is verified, at
    least one of them in scope: a verdict needs a host.
    """
    group, refreshes = evidence.group, evidence.refreshes
    match attempt.traits.verifier:
        case "host":
            return attempt.target in verified
        case "refresh":
            intended = attempt.parameters.get(REFRESH_ID)
            known = refreshes.known if isinstance(refreshes, Refreshes) else ()
            return any(each.id == intended and each.ended for each in known)
        case _ if not isinstance(group, Group) or not group.at_desired_capacity:
            return False
        case _:
            launched = group.launched_since(attempt.known)
            gone = not set(attempt.hosts) & set(group.in_service())
            looked_at = {each.id for each in incident.targets} & set(launched)
            return gone and bool(looked_at) and looked_at <= verified
