"""What is known of the fleet: how many hosts live how, or which alarms fire."""

from firstline.diagnosis.evidence import AlarmReading, AlarmState, DeletedAlarm, Group, Need, needs
from firstline.diagnosis.health_checks import HostHealth
from firstline.remediation.situation import Situation


def known(about: Situation) -> str:
    """One line; of a condition without hosts it is about its group, or else about the alarms."""
    incident, group = about.incident, about.evidence.group
    if not about.needs_hosts:
        if Need.GROUP in needs(incident.condition) and isinstance(group, Group):
            return f"{len(group.in_service())} of {group.desired} instances are in service"
        return _alarms(about)
    if not incident.targets:
        empty = isinstance(group, Group)
        return "no host is in service" if empty else "which hosts are in service is not known"
    counts = _lives(about)
    named = [
        f"{counts[life]} {life}"
        for life in (HostHealth.DEAD, HostHealth.SERVING, HostHealth.UNKNOWN)
    ]
    named += [
        f"{counts[life]} {life}"
        for life in (HostHealth.STARTING, HostHealth.STOPPING)
        if counts[life]
    ]
    dead = about.diagnosis.having(HostHealth.DEAD)
    failures = sorted({str(about.diagnosis.hosts[each].failure) for each in dead})
    what = f" ({', '.join(failures)})" if failures else ""
    return f"{', '.join(named)} of {_count(len(incident.targets), 'host')}{what}"


def _lives(about: Situation) -> dict[HostHealth, int]:
    """How many of the hosts in scope live how; one that is verified serves."""
    verdicts = about.diagnosis.hosts
    lives = [
        HostHealth.SERVING if each.verified else verdicts[each.id].health
        for each in about.incident.targets
    ]
    return {life: lives.count(life) for life in HostHealth}


def _alarms(about: Situation) -> str:
    facts = about.evidence.alarms
    if not facts:
        return "no alarm stands behind it"
    read = [each.state for each in facts.values() if isinstance(each, AlarmReading)]
    gone = sum(isinstance(each, DeletedAlarm) for each in facts.values())
    unread = len(facts) - len(read) - gone
    others = "".join(f", {n} {what}" for n, what in ((gone, "deleted"), (unread, "unknown")) if n)
    return f"{read.count(AlarmState.ALARM)} of {_count(len(facts), 'alarm')} in ALARM{others}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
