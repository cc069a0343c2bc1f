"""Hosts: whether SSM reaches them, with an agent that is safe, and whether they have our units."""

from collections.abc import Iterator

from firstline.checkup.facts import Unread
from firstline.checkup.finding import Case, Check, Found
from firstline.evidence import HostReport

AGENT_LEAST = (3, 3, 2746, 0)
"""The first agent that gives parameters to a script as variables and not as its text (SSM)."""


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
    """Every host has the units of `fleet.units`: a look says so, where one was asked for."""
    looked = case.account.looked
    if looked is None:
        told = "were not looked at: doctor --look asks the hosts"
        yield Found("fleet.units", told, "note", {"key": "units"})
        return
    if isinstance(looked, Unread):
        return
    for host, report in looked.items():
        if not isinstance(report, HostReport):
            yield Found(host, f"gave no report: {report.why}", "warning", {"key": "units"})
            continue
        named = case.profile.fleet.units
        for field, name, state in (
            ("enclave", named.enclave, report.enclave_unit),
            ("parent", named.parent, report.parent_unit),
        ):
            if state == "not-found":
                yield Found(host, f"has no unit {name}", "warning", {"key": f"units.{field}"})


def _parts(version: str) -> tuple[int, ...]:
    """The numbers of a version; what is none counts as the oldest."""
    return tuple(int(each) if each.isdecimal() else 0 for each in version.split("."))


CHECKS = (
    Check(
        name="host-reached",
        ask=reached,
        severity="warning",
        consequence="the host is neither looked at nor restarted; it can only be replaced",
        remedy="aws ssm describe-instance-information --filters Key=InstanceIds,Values={subject}",
    ),
    Check(
        name="agent",
        ask=agent,
        severity="warning",
        consequence="an older agent puts parameters into a script's text, where a shell reads them",
        remedy="aws ssm send-command --document-name AWS-UpdateSSMAgent --instance-ids {subject}",
    ),
    Check(
        name="units",
        ask=units,
        severity="warning; a note where no look was asked for",
        consequence="a restart of a unit that is not there mends nothing",
        remedy="set fleet.{key} to a name that systemctl list-units shows, and deploy",
    ),
)
