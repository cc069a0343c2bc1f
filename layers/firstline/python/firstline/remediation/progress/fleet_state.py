"""The known state of the fleet: hosts by health, or the firing alarms."""

from firstline.diagnosis.evidence import AlarmReading, AlarmState, DeletedAlarm, Group, Need, needs
from firstline.diagnosis.health_checks import HostHealth
from firstline.remediation.situation import Situation


def describe_fleet(situation: Situation) -> str:
    """One line; for a condition without hosts it describes the group, or else the alarms."""
    incident, group = situation.incident, situation.evidence.group
    if not situation.needs_hosts:
        if Need.GROUP in needs(incident.condition) and isinstance(group, Group):
            return f"{len(group.in_service())} of {group.desired} instances are in service"
        return _alarms(situation)
    if not incident.targets:
        empty = isinstance(group, Group)
        return "no host is in service" if empty else "the hosts in service are unknown"
    counts = _counts(situation)
    named = [
        f"{counts[health]} {health}"
        for health in (HostHealth.DEAD, HostHealth.SERVING, HostHealth.UNKNOWN)
    ]
    named += [
        f"{counts[health]} {health}"
        for health in (HostHealth.STARTING, HostHealth.STOPPING)
        if counts[health]
    ]
    dead = situation.diagnosis.having(HostHealth.DEAD)
    failures = sorted({str(situation.diagnosis.hosts[each].failure) for each in dead})
    what = f" ({', '.join(failures)})" if failures else ""
    return f"{', '.join(named)} of {_count(len(incident.targets), 'host')}{what}"


def _counts(situation: Situation) -> dict[HostHealth, int]:
    """The hosts in scope by health; a verified one serves."""
    verdicts = situation.diagnosis.hosts
    healths = [
        HostHealth.SERVING if each.verified else verdicts[each.id].health
        for each in situation.incident.targets
    ]
    return {health: healths.count(health) for health in HostHealth}


def _alarms(situation: Situation) -> str:
    facts = situation.evidence.alarms
    if not facts:
        return "the incident has no alarm"
    read = [each.state for each in facts.values() if isinstance(each, AlarmReading)]
    gone = sum(isinstance(each, DeletedAlarm) for each in facts.values())
    unread = len(facts) - len(read) - gone
    others = "".join(f", {n} {what}" for n, what in ((gone, "deleted"), (unread, "unknown")) if n)
    return f"{read.count(AlarmState.ALARM)} of {_count(len(facts), 'alarm')} in ALARM{others}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
