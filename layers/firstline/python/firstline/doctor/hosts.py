"""Checks of hosts: SSM reaches them, their agent is safe, and they have the fleet's units."""

from collections.abc import Iterator, Sized
from datetime import timedelta

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.doctor.facts import PastHostReport, ReadFailure
from firstline.doctor.result import Check, DoctorContext, Problem
from firstline.ids import InstanceId

AGENT_VERSION_MIN = (3, 3, 2746, 0)
"""The first agent that passes parameters as variables, not in the script's text (SSM)."""
REPORT_MAX_AGE = timedelta(days=14)
"""Units come from the image, so that a report stays valid for two weeks."""
UNIT_PROBLEMS = {"not-found": "has no unit", "unknown": "did not report whether it has a unit"}
"""The unit states in a report that do not show that the unit exists."""


def ssm_reachable(case: DoctorContext) -> Iterator[Problem]:
    """SSM reaches every host of the group."""
    found = case.account.group(case.profile.fleet.group)
    if found is None or isinstance(case.account.agents, ReadFailure):
        return
    states = {each.host: each.state for each in case.account.agents}
    for host in found.in_service:
        state = states.get(host, "not registered with SSM")
        if state != "Online":
            yield Problem(host, f"is {state}", "warning")


def agent(case: DoctorContext) -> Iterator[Problem]:
    """Every host's SSM agent is 3.3.2746.0 or later."""
    least = ".".join(map(str, AGENT_VERSION_MIN))
    if isinstance(case.account.agents, ReadFailure):
        return
    for each in case.account.agents:
        if _version(each.version) < AGENT_VERSION_MIN:
            yield Problem(
                each.host, (f"has agent version {each.version}; the minimum is {least}"), "warning"
            )


def units(case: DoctorContext) -> Iterator[Problem]:
    """Every host has the units of `fleet.units`, by its present or its last report."""
    for host, report in _reports(case).items():
        if isinstance(report, HostReport):
            yield from _units(case, host, report, "")
        else:
            yield Problem(host, f"gave no report: {report.why}", "warning", {"key": "units"})
    for host, past in _past_reports(case).items():
        yield from _units(case, host, past.report, f", as reported {_age(case, past)} ago")


def inspected(case: DoctorContext) -> Iterator[Problem]:
    """Every host was inspected now (`--look`) or has a report of the last 14 days."""
    recent = _past_reports(case)
    missing = [each for each in _unreported(case) if each not in recent]
    if case.account.group(case.profile.fleet.group) is None and not _reports(case):
        yield Problem("hosts", "are unknown, and no host was inspected", "note")
    if missing:
        message = f"not inspected within {REPORT_MAX_AGE.days} days: {', '.join(missing)}"
        yield Problem(_hosts(missing), message, "note")
    if recent:
        ages = (f"{host} {_age(case, past)} ago" for host, past in recent.items())
        yield Problem(
            _hosts(recent), (f"reported in an earlier inspection: {', '.join(ages)}"), "note"
        )


def _reports(case: DoctorContext) -> dict[InstanceId, HostReport | Unknown]:
    """Return the present reports."""
    return case.account.host_reports if isinstance(case.account.host_reports, dict) else {}


def _unreported(case: DoctorContext) -> list[InstanceId]:
    """Return the hosts in service without a present report."""
    group = case.account.group(case.profile.fleet.group)
    return [each for each in (group.in_service if group else ()) if each not in _reports(case)]


def _past_reports(case: DoctorContext) -> dict[InstanceId, PastHostReport]:
    """Return the past reports of those hosts, up to `REPORT_MAX_AGE`."""
    reports = case.account.past_host_reports
    known = {} if isinstance(reports, ReadFailure) else reports
    since = case.account.now - REPORT_MAX_AGE
    return {
        each: known[each] for each in _unreported(case) if each in known and known[each].at > since
    }


def _units(
    case: DoctorContext, host: InstanceId, report: HostReport, suffix: str
) -> Iterator[Problem]:
    named = case.profile.fleet.units
    for field, name, state in (
        ("enclave", named.enclave, report.enclave_unit),
        ("parent", named.parent, report.parent_unit),
    ):
        if state in UNIT_PROBLEMS:
            message = f"{UNIT_PROBLEMS[state]} {name}{suffix}"
            yield Problem(host, message, "warning", {"key": f"units.{field}"})


def _hosts(named: Sized) -> str:
    return f"{len(named)} host{'' if len(named) == 1 else 's'}"


def _age(case: DoctorContext, past: PastHostReport) -> str:
    """Return the age in the largest unit that gives at least two."""
    minutes = max(case.account.now - past.at, timedelta(0)) // timedelta(minutes=1)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _version(version: str) -> tuple[int, ...]:
    """Return the numbers of a version; a part that is no number counts as 0."""
    return tuple(int(each) if each.isdecimal() else 0 for each in version.split("."))


CHECKS = (
    Check(
        name="host-reached",
        run=ssm_reachable,
        severity="warning",
        consequence="the host cannot be inspected or restarted; it can only be replaced",
        remedy="aws ssm describe-instance-information --filters Key=InstanceIds,Values={quoted}"
        " {region}",
    ),
    Check(
        name="agent",
        run=agent,
        severity="warning",
        consequence="an older agent puts parameters into a script's text, where a shell reads them",
        remedy="aws ssm send-command --document-name AWS-UpdateSSMAgent --instance-ids {quoted}"
        " {region}",
    ),
    Check(
        name="units",
        run=units,
        severity="warning",
        consequence="the restart of a missing unit has no effect",
        remedy="set fleet.{key} to a name that systemctl list-units shows, then {deploy}",
    ),
    Check(
        name="looked-at",
        run=inspected,
        severity="note",
        consequence="their present units are unknown",
        remedy="{look} inspects the hosts and changes nothing on them",
    ),
)
