"""Recovery: whether the evidence proves a recovery, and whether the trouble came back.

Pure: it returns a fact, or a changed incident.
"""

import copy
from datetime import datetime

from firstline.config.channels import Routes
from firstline.config.profile import Policy, Profile
from firstline.diagnosis.evidence import (
    AlarmReading,
    DeletedAlarm,
    Evidence,
    Group,
    Need,
    is_ok,
    needs,
)
from firstline.incidents import quiet_window
from firstline.incidents.incident import Incident
from firstline.notifications import pages as paging


def is_proven(incident: Incident, evidence: Evidence, policy: Policy) -> bool:
    """I4: every alarm is OK, K of K, and every target of a whole group is verified."""
    if incident.clear_readings < policy.verify_readings:
        return False
    if not all(each.verified for each in incident.targets):
        return False
    group = evidence.group
    about_hosts = Need.HOSTS in needs(incident.condition)
    return not about_hosts or (isinstance(group, Group) and group.at_desired_capacity)


def is_alarm_deleted(evidence: Evidence) -> bool:
    """True if an alarm was deleted, and every other one is OK."""
    read = evidence.alarms.values()
    deleted = [each for each in read if isinstance(each, DeletedAlarm)]
    return bool(deleted) and all(is_ok(each) for each in read if each not in deleted)


def update_recovery(
    before: Incident, after: Incident, evidence: Evidence, profile: Profile, now: datetime
) -> Incident:
    """*after*, with a recovery by itself or a return of the trouble, by *evidence*.

    *before* is the incident before this reading.
    """
    if after.recovered_at is not None:
        came_back = _came_back(before, after, evidence)
        return _with_return(after, evidence, profile.routes, now) if came_back else after
    busy = after.current is not None or after.look is not None
    if busy or not quiet_window.applies(after) or not is_proven(after, evidence, profile.policy):
        return after
    return copy.replace(after, recovered_at=now)


def _came_back(before: Incident, after: Incident, evidence: Evidence) -> bool:
    """True if an alarm is known not to be OK, or a verified host is doubted.

    An unreadable alarm has not come back; it proves no recovery either.
    """
    verified = {each.id for each in before.targets if each.verified and each.readings}
    doubted = (each.id in verified and not each.readings for each in after.targets)
    return _fires(evidence) or any(doubted)


def _fires(evidence: Evidence) -> bool:
    read = (each for each in evidence.alarms.values() if isinstance(each, AlarmReading))
    return not all(map(is_ok, read))


def _with_return(incident: Incident, evidence: Evidence, routes: Routes, now: datetime) -> Incident:
    """A P1 whose own alarm fires again notifies at once, with or without its signal."""
    after = quiet_window.with_return(incident, now)
    leads = isinstance(evidence.alarm, AlarmReading) and not is_ok(evidence.alarm)
    pages = paging.return_pages(after, now, routes) if leads else ()
    return copy.replace(after, pages=(*after.pages, *pages))
