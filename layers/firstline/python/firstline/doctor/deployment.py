"""Checks of the deployment: it is complete, runs, and matches this profile."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from firstline.config import deployment_section
from firstline.doctor import alarm_inventory, deploy_settings, stack_parts
from firstline.doctor.facts import ReadFailure, StackState, or_empty
from firstline.doctor.result import Check, DoctorContext, Grade, Problem

HEARTBEAT_MAX_AGE = timedelta(minutes=10)
"""The sweep writes a heartbeat each minute; CloudWatch may show it minutes later."""
PAGING_SETTINGS = frozenset(
    {"emergency_email", "routing_key_secret_arn", "pager_region", "pager_url"}
)
"""The settings without which a P1 pages no one."""
COMPLETE_STATUSES = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
LOG_GROUP = "AWS::Logs::LogGroup"


def stack(case: DoctorContext) -> Iterator[Problem]:
    """The app stack is there, and its last change is complete."""
    name, deployed = alarm_inventory.stack_name(case.profile), case.account.deployed
    if deployed is None:
        message = "is not deployed: paging, topics and functions are unknown"
        yield Problem(name, message, "note")
    elif isinstance(deployed, StackState) and deployed.status not in COMPLETE_STATUSES:
        yield Problem(name, f"is {deployed.status}", "warning")


def mode(case: DoctorContext) -> Iterator[Problem]:
    """The deployment fixes: it was promoted to `enforce`."""
    deployed = _deployed(case)
    if deployed and deployed.mode == "dry-run":
        yield Problem("mode", "is dry-run", "note")


def profile(case: DoctorContext) -> Iterator[Problem]:
    """The deployed profile is this profile."""
    deployed, own = _deployed(case), case.profile.digest
    if deployed:
        found = deployed.outputs.get("ProfileDigest", own)
        if found != own:
            message = f"the deployed fleet file is {found[:12]}, this one is {own[:12]}"
            yield Problem(case.profile.name, message, "warning")


def settings(case: DoctorContext) -> Iterator[Problem]:
    """The fleet file's `[deployment]` has the deployed settings."""
    deployed = _deployed(case)
    if deployed is None or case.settings is None:
        return
    current, own = deploy_settings.decode_settings(deployed), case.settings.explicit_settings()
    for key in sorted(current.keys() | own.keys()):
        if current and current.get(key) != own.get(key):
            was, says = current.get(key, "not given"), own.get(key, "nothing")
            lost = key in PAGING_SETTINGS and key in current and key not in own
            grade: Grade = "critical" if lost else "warning"
            message = f"was deployed as {was}, and {case.path} says {says}"
            yield Problem(key, message, grade, {"line": _edit_line(key, current)})


def _edit_line(key: str, deployed: Mapping[str, str]) -> str:
    """Return the edit of *key* that makes the file agree with the deployment."""
    if key not in deployed:
        return f"remove {key}"
    return f"write {deployment_section.toml_line(key, deployed[key])}"


def heartbeat(case: DoctorContext) -> Iterator[Problem]:
    """The sweep wrote a heartbeat within ten minutes."""
    deployed = _deployed(case)
    if deployed is None or isinstance(deployed.heartbeat, ReadFailure):
        return
    last = deployed.heartbeat
    if last is None or case.account.now - last > HEARTBEAT_MAX_AGE:
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "in a day"
        logs = {"logs": _log_group(deployed, "ResponseSweep")}
        yield Problem("heartbeat", f"has no data {since}", "critical", logs)


def errors(case: DoctorContext) -> Iterator[Problem]:
    """No function failed within a day."""
    deployed = _deployed(case)
    if deployed is None or isinstance(deployed.errors, ReadFailure):
        return
    for name, count in deployed.errors.items():
        if count:
            made = (
                each
                for each in stack_parts.resources_of(deployed, stack_parts.FUNCTION)
                if each.name == name
            )
            logs = {"logs": _log_group(deployed, next(map(stack_parts.part_name, made), name))}
            yield Problem(name, f"failed {count} times within a day", "warning", logs)


def _log_group(deployed: StackState, function: str) -> str:
    """Return the log group of *function*, a stack part; default: Lambda's own name for it."""
    wanted = {f"{function}Logs", f"{function}{function}Logs"}
    made = (
        each
        for each in stack_parts.resources_of(deployed, LOG_GROUP)
        if stack_parts.part_name(each) in wanted
    )
    return next((each.name for each in made), f"/aws/lambda/{function}")


def oversight(case: DoctorContext) -> Iterator[Problem]:
    """None of the alarms on firstline itself is in ALARM."""
    own, detection = (
        f"{alarm_inventory.stack_name(case.profile)}{it}" for it in ("-", "-Detection")
    )
    for each in or_empty(case.account.alarms):
        ours = each.name.startswith(own) and not each.name.startswith(detection)
        if ours and each.state == "ALARM":
            grade: Grade = "warning" if each.name.startswith(f"{own}Drills") else "critical"
            yield Problem(each.name, f"is in ALARM since {each.since:%Y-%m-%d %H:%M} UTC", grade)


def incidents(case: DoctorContext) -> Iterator[Problem]:
    """This code can read every open incident, of the 25 that opened last."""
    found = case.account.unreadable_incidents
    for id_, why in ({} if isinstance(found, ReadFailure) else found).items():
        yield Problem(id_, f"cannot be read: {why}", "warning")


def _deployed(case: DoctorContext) -> StackState | None:
    found = case.account.deployed
    return found if isinstance(found, StackState) else None


CHECKS = (
    Check(
        name="stack",
        run=stack,
        severity="warning; a note before the first deployment",
        consequence="the deployed state differs from the intended one",
        remedy="{deploy}; see the events of the stack {subject}",
    ),
    Check(
        name="mode",
        run=mode,
        severity="note",
        consequence=(
            "no fix runs: firstline pages, inspects and records the fixes that it would run"
        ),
        remedy="{enforce}, once you trust its decisions",
    ),
    Check(
        name="profile",
        run=profile,
        severity="warning",
        consequence="doctor checks another fleet file than the deployed one",
        remedy="{deploy}, or name the deployed one with --fleet",
    ),
    Check(
        name="deployment-settings",
        run=settings,
        severity="critical if the file lacks a deployed recipient, else a warning",
        consequence="the next deployment applies the file: it may remove a recipient or the pager, "
        "or"
        " change the mode",
        remedy="{line} under [deployment] to keep it; {deploy} to apply the file",
    ),
    Check(
        name="heartbeat",
        run=heartbeat,
        severity="critical",
        consequence="firstline does not run: pending pages are not retried",
        remedy="aws logs filter-log-events --log-group-name {logs} --filter-pattern ERROR {region};"
        " then see the state of its schedule",
    ),
    Check(
        name="oversight",
        run=oversight,
        severity="critical; a warning where no drill passed",
        consequence="firstline cannot be relied on to page",
        remedy="aws cloudwatch describe-alarms --alarm-names {quoted} {region}; its description"
        " has the reason",
    ),
    Check(
        name="function-errors",
        run=errors,
        severity="warning",
        consequence="its work was done late, by a retry or the sweep",
        remedy="aws logs filter-log-events --log-group-name {logs} --filter-pattern ERROR {region}",
    ),
    Check(
        name="incidents",
        run=incidents,
        severity="warning",
        consequence="if the deployed code cannot read it either, an operator must handle it",
        remedy="docs/OPERATIONS.md, An incident that cannot be read",
    ),
)
