"""Checks of the names in `[fleet]`: each resource exists once and has the expected kind."""

import shlex
from collections.abc import Iterator, Sequence
from datetime import timedelta
from difflib import get_close_matches

from firstline.config.profile import HOSTS_MAX, Fleet, Profile
from firstline.doctor.facts import Api, Fact, ReadFailure, ScalingGroup, or_empty
from firstline.doctor.result import Check, DoctorContext, Grade, Problem

LOGS_SILENT_AFTER = timedelta(days=1)
"""Parents log each message and each probe, so that a silent day means no shipping."""


def group(case: DoctorContext) -> Iterator[Problem]:
    """`fleet.group` is the whole name of one Auto Scaling group."""
    wanted = case.profile.fleet.group
    if isinstance(case.account.groups, ReadFailure) or case.account.group(wanted):
        return
    names = [each.name for each in case.account.groups]
    near = [each for each in names if wanted in each] or get_close_matches(wanted, names)
    message = f"is not the name of an Auto Scaling group; similar: {', '.join(near) or 'none'}"
    yield Problem(wanted, message, "warning", {"name": near[0] if len(near) == 1 else "NAME"})


def group_state(case: DoctorContext) -> Iterator[Problem]:
    """The group has hosts in service, as many as may be, can grow to no more, and is active."""
    fleet = case.profile.fleet
    found = case.account.group(fleet.group)
    if found is None:
        return
    named = f"--auto-scaling-group-name {shlex.quote(found.name)} {case.region_option}"
    if not found.in_service:
        none = f"has a desired capacity of {found.desired} and no host in service"
        why = {
            "command": (
                f"aws autoscaling describe-scaling-activities {named}; the latest gives the reason"
            )
        }
        yield Problem(found.name, none, "warning", why)
    yield from _too_large(found, fleet, named)
    if len(found.in_service) > 1 and not fleet.concurrent_instances_safe:
        many = (
            f"has {len(found.in_service)} hosts in service, but concurrent_instances_safe is false"
        )
        less = f"aws autoscaling set-desired-capacity {named} --desired-capacity 1"
        yield Problem(found.name, many, "warning", {"command": less})
    if found.suspended:
        resume = f"aws autoscaling resume-processes {named} --scaling-processes"
        mend = {"command": f"{resume} {' '.join(found.suspended)}"}
        yield Problem(found.name, f"has suspended {', '.join(found.suspended)}", "warning", mend)


def _too_large(group: ScalingGroup, fleet: Fleet, named: str) -> Iterator[Problem]:
    """Report more hosts than an incident can hold, now or at the group's maximum size."""
    most = fleet.hosts_max or HOSTS_MAX
    mend = {"command": f"aws autoscaling update-auto-scaling-group {named} --max-size {most}"}
    stated = f"fleet.hosts_max is {fleet.hosts_max}" if fleet.hosts_max else ""
    if len(group.in_service) > HOSTS_MAX:
        many = f"has {len(group.in_service)} hosts; at most {HOSTS_MAX} are supported"
        yield Problem(
            group.name,
            f"{many}: an incident of the group is escalated to on-call",
            "critical",
            mend,
        )
    elif group.max_size > most:
        bound = stated or f"at most {HOSTS_MAX} are supported"
        yield Problem(
            group.name, f"may grow to {group.max_size} hosts, and {bound}", "warning", mend
        )


def tags(case: DoctorContext) -> Iterator[Problem]:
    """Every host of the group carries `fleet.tags`, and no other running instance does."""
    found = case.account.group(case.profile.fleet.group)
    if found is None or isinstance(case.account.tagged_hosts, ReadFailure):
        return
    tags_ = ",".join(f"{key}={value}" for key, value in case.profile.fleet.tags.items())
    for each in found.in_service:
        if each not in case.account.tagged_hosts:
            yield Problem(
                each, (f"is in the group but has no tag {tags_}"), "warning", {"tags": tags_}
            )
    for each in case.account.tagged_hosts:
        if each not in found.in_service:
            yield Problem(each, f"has the tag {tags_} but is not in service in the group", "note")


def target_group(case: DoctorContext) -> Iterator[Problem]:
    """`fleet.target_group` is there, of `fleet.load_balancer`, and the group's hosts are in it."""
    fleet, account = case.profile.fleet, case.account
    wanted = fleet.target_group
    if not wanted or isinstance(account.target_groups, ReadFailure):
        return
    found = next((each for each in account.target_groups if each.name == wanted), None)
    if found is None:
        near = get_close_matches(wanted, [each.name for each in account.target_groups], cutoff=0.4)
        why = f"is not a target group in this Region; similar: {', '.join(near) or 'none'}"
        yield Problem(wanted, why, "critical")
        return
    if fleet.load_balancer not in ("", *found.balancers):
        of = ", ".join(found.balancers) or "none"
        yield Problem(wanted, f"belongs to {of}, not to {fleet.load_balancer}", "critical")
    hosts = or_empty(account.groups) and account.group(fleet.group)
    if hosts and account.targets is not None and not isinstance(account.targets, ReadFailure):
        lacking = [each for each in hosts.in_service if each not in account.targets]
        if lacking:
            yield Problem(wanted, f"does not contain {', '.join(lacking)} of the group", "warning")


def load_balancer(case: DoctorContext) -> Iterator[Problem]:
    """`fleet.load_balancer` is there."""
    wanted = case.profile.fleet.load_balancer
    if not wanted or isinstance(case.account.balancers, ReadFailure):
        return
    if wanted not in case.account.balancers:
        there = ", ".join(case.account.balancers) or "none"
        yield Problem(
            wanted, (f"is not a load balancer in this Region; existing: {there}"), "critical"
        )


def api(case: DoctorContext) -> Iterator[Problem]:
    """`fleet.http_api` is the id of an HTTP API, `fleet.rest_api` the name of one REST API."""
    fleet, account = case.profile.fleet, case.account
    if not isinstance(account.http_apis, ReadFailure):
        for each in fleet.http_apis:
            if why := _not_http(each, account.http_apis, or_empty(account.rest_apis)):
                yield Problem(each, why, "warning", {"key": "http_api"})
    if not isinstance(account.rest_apis, ReadFailure):
        for each in fleet.rest_apis:
            if why := _not_rest(each, account.rest_apis, or_empty(account.http_apis)):
                yield Problem(each, why, "warning", {"key": "rest_api"})


def _not_http(id_: str, there: Sequence[Api], rest: Sequence[Api]) -> str:
    one = next((each for each in there if each.id == id_), None)
    if one is None:
        is_rest = any(id_ in (it.id, it.name) for it in rest)
        return (
            "is a REST API: name it as rest_api"
            if is_rest
            else ("is not the id of an HTTP API in this Region")
        )
    if one.protocol != "HTTP":
        return f"is an API of {one.protocol}, which publishes other metrics"
    return ""


def _not_rest(name: str, there: Sequence[Api], http: Sequence[Api]) -> str:
    named = [each for each in there if each.name == name]
    if not named:
        ids = [it.id for it in http if name in (it.id, it.name)]
        return f"is an HTTP API: set http_api = {ids[0]!r}" if ids else "is not a REST API"
    if len(named) > 1:
        return f"is the name of {len(named)} REST APIs, which share their metrics"
    return ""


def key(case: DoctorContext) -> Iterator[Problem]:
    """`fleet.kms_key` is there and enabled."""
    state = case.account.key
    if isinstance(state, str) and state != "Enabled":
        yield Problem(case.profile.fleet.kms_key, f"is {state}", "warning")


def log_group(case: DoctorContext) -> Iterator[Problem]:
    """`fleet.parent_log_group` is there, and lines come in."""
    wanted, found = case.profile.fleet.parent_log_group, case.account.log_group
    if not wanted or isinstance(found, ReadFailure):
        return
    if found is None:
        yield Problem(
            wanted, ("is not a log group in this Region: a deployment with it fails"), "warning"
        )
    elif found.last_at is None or case.account.now - found.last_at > LOGS_SILENT_AFTER:
        since = f"since {found.last_at:%Y-%m-%d %H:%M} UTC" if found.last_at else "ever"
        yield Problem(wanted, f"has received no line {since}", "warning")


def other_resources(case: DoctorContext) -> Iterator[Problem]:
    """`fleet.stack`, the parameters, the launch template and the deployment group are there."""
    fleet, account = case.profile.fleet, case.account
    named: tuple[tuple[str, str, Fact[bool] | None, Grade], ...] = (
        ("stack", fleet.stack, account.stack, "warning"),
        ("launch_template", fleet.launch_template, account.launch_template, "note"),
        ("deployment_group", fleet.deployment_group, account.deployment_group, "note"),
    )
    for field, name, there, grade in named:
        if there is False:
            yield Problem(
                name, (f"does not exist in this Region (fleet.{field})"), grade, {"key": field}
            )
    if account.parameters is None or isinstance(account.parameters, ReadFailure):
        return
    for field, name in parameters(case.profile):
        if name not in account.parameters:
            yield Problem(
                name, (f"is not a parameter in this Region ({field})"), "warning", {"key": field}
            )


def parameters(profile: Profile) -> tuple[tuple[str, str], ...]:
    """Return every SSM parameter that `[fleet]` names, with its key."""
    fleet = profile.fleet
    named = [("watched_parameters", each) for each in fleet.watched_parameters]
    named.append(("pcr0_parameter", fleet.pcr0_parameter))
    return tuple((field, name) for field, name in named if name)


_UNFIXED = "guards cannot read it and deny every fix; pages are still sent"

CHECKS = (
    Check(
        name="group",
        run=group,
        severity="warning",
        consequence="no host is inspected and no fix runs",
        remedy='set fleet.group = "{name}" (the full name), then {deploy}',
    ),
    Check(
        name="group-state",
        run=group_state,
        severity="warning",
        consequence="fixes are denied, or two hosts answer every message twice",
        remedy="{command}",
    ),
    Check(
        name="tags",
        run=tags,
        severity="warning; a note for an instance outside the group",
        consequence="IAM allows commands only on tagged instances: the others are not inspected",
        remedy="tag only the group's hosts (fleet.tags), with propagation at launch",
    ),
    Check(
        name="target-group",
        run=target_group,
        severity="critical; a warning if only hosts are missing in it",
        consequence="its alarms have no data, and the health of hosts is not read from it",
        remedy="set fleet.target_group and fleet.load_balancer to the last parts of their ARNs",
    ),
    Check(
        name="load-balancer",
        run=load_balancer,
        severity="critical",
        consequence="its alarms have no data",
        remedy="set fleet.load_balancer to the part of its ARN after loadbalancer/, or remove it",
    ),
    Check(
        name="api",
        run=api,
        severity="warning",
        consequence="the API's alarm has no data",
        remedy="set fleet.{key}: http_api is an HTTP API's id, rest_api a REST API's name",
    ),
    Check(
        name="key",
        run=key,
        severity="warning",
        consequence="enclaves cannot decrypt, and no fix runs",
        remedy="aws kms describe-key --key-id {quoted} {region}; restore its state, or set"
        " fleet.kms_key",
    ),
    Check(
        name="log-group",
        run=log_group,
        severity="warning",
        consequence="the counts of the parents' log stay empty",
        remedy="ship the parents' journal to it, or remove fleet.parent_log_group",
    ),
    Check(
        name="surroundings",
        run=other_resources,
        severity="warning; a note where it only appears in reports to people",
        consequence=_UNFIXED,
        remedy="correct or remove {key} in the fleet file, then {deploy}",
    ),
)
