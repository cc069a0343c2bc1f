"""Hosts: whether SSM reaches them, with an agent that is safe, and whether they have our units."""

from collections.abc import Iterator, Sized
from datetime import timedelta

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.doctor.facts import Remembered, Unread
from firstline.doctor.finding import Case, Check, Found
from firstline.ids import InstanceId

AGENT_LEAST = (3, 3, 2746, 0)
"""The first agent that gives parameters to a script as variables and not as its text (SSM)."""
LOOK_OLD = timedelta(days=14)
"""A host's units are as its image made them, unless somebody changed them since."""
WITHOUT = {"not-found": "has no unit", "unknown": "did not say whether it has a unit"}
"""What a look says of a unit that is not known to be there."""


def reached(case: Case) -> Iterator[Found]:
    """SSM reaches every host of the group."""
    found = case.account.group(case.profile.fleet.group)
    if found is None or isinstance(case.account.agents, Unread):
        return
    states = {each.host: each.state for each in case.account.agents}
    for host in found.in_service:
        state = states.get(host, "not registered with SSM")
        if state != "Online":
            yield Found(host, f"is {state}", "warning")


def agent(case: Case) -> Iterator[Found]:
    """Every host's SSM agent is 3.3.2746.0 or later."""
    least = ".".join(map(str, AGENT_LEAST))
    if isinstance(case.account.agents, Unread):
        return
    for each in case.account.agents:
        if _parts(each.version) < AGENT_LEAST:
            yield Found(each.host, f"has the agent {each.version}, not {least}", "warning")


def units(case: Case) -> Iterator[Found]:
    """Every host has the units of `fleet.units`: its look says so, or the last one that it had."""
    for host, report in _looked(case).items():
        if isinstance(report, HostReport):
            yield from _units(case, host, report, "")
        else:
            yield Found(host, f"gave no report: {report.why}", "warning", {"key": "units"})
    for host, told in _recent(case).items():
        yield from _units(case, host, told.report, f", as it said {_age(case, told)} ago")


def looked_at(case: Case) -> Iterator[Found]:
    """Every host was looked at now: `--look` asks; without it the last look of 14 days speaks."""
    recent = _recent(case)
    unseen = [each for each in _others(case) if each not in recent]
    if case.account.group(case.profile.fleet.group) is None and not _looked(case):
        yield Found("hosts", "are not known, and none was looked at", "note")
    if unseen:
        told = f"nobody looked at within {LOOK_OLD.days} days: {', '.join(unseen)}"
        yield Found(_hosts(unseen), told, "note")
    if recent:
        ages = (f"{host} {_age(case, told)} ago" for host, told in recent.items())
        yield Found(_hosts(recent), f"spoke in an earlier look: {', '.join(ages)}", "note")


def _looked(case: Case) -> dict[InstanceId, HostReport | Unknown]:
    """What hosts said now."""
    return case.account.looked if isinstance(case.account.looked, dict) else {}


def _others(case: Case) -> list[InstanceId]:
    """The hosts in service that were not asked now."""
    group = case.account.group(case.profile.fleet.group)
    return [each for each in (group.in_service if group else ()) if each not in _looked(case)]


def _recent(case: Case) -> dict[InstanceId, Remembered]:
    """What those said before, if that is not too long ago."""
    told = case.account.remembered
    known = {} if isinstance(told, Unread) else told
    since = case.account.now - LOOK_OLD
    return {each: known[each] for each in _others(case) if each in known and known[each].at > since}


def _units(case: Case, host: InstanceId, report: HostReport, said: str) -> Iterator[Found]:
    named = case.profile.fleet.units
    for field, name, state in (
        ("enclave", named.enclave, report.enclave_unit),
        ("parent", named.parent, report.parent_unit),
    ):
        if state in WITHOUT:
            told = f"{WITHOUT[state]} {name}{said}"
            yield Found(host, told, "warning", {"key": f"units.{field}"})


def _hosts(named: Sized) -> str:
    return f"{len(named)} host{'' if len(named) == 1 else 's'}"


def _age(case: Case, told: Remembered) -> str:
    """In the largest unit of which there are two."""
    minutes = max(case.account.now - told.at, timedelta(0)) // timedelta(minutes=1)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _parts(version: str) -> tuple[int, ...]:
    """The numbers of a version; what is none counts as the oldest."""
    return tuple(int(each) if each.isdecimal() else 0 for each in version.split("."))


CHECKS = (
    Check(
        name="host-reached",
        ask=reached,
        severity="warning",
        consequence="the host is neither looked at nor restarted; it can only be replaced",
        remedy="aws ssm describe-instance-information --filters Key=InstanceIds,Values={quoted}"
        " {region}",
    ),
    Check(
        name="agent",
        ask=agent,
        severity="warning",
        consequence="an older agent puts parameters into a script's text, where a shell reads them",
        remedy="aws ssm send-command --document-name AWS-UpdateSSMAgent --instance-ids {quoted}"
        " {region}",
    ),
    Check(
        name="units",
        ask=units,
        severity="warning",
        consequence="a restart of a unit that is not there mends nothing",
        remedy="set fleet.{key} to a name that systemctl list-units shows, then {deploy}",
    ),
    Check(
        name="looked-at",
        ask=looked_at,
        severity="note",
        consequence="it is not known which units they have now",
        remedy="{look} asks the hosts, and changes nothing on them",
    ),
)
