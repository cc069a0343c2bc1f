"""Deployment: whether what stands of firstline is whole, runs, and is of this profile."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from firstline.config import deployment_section
from firstline.doctor import deploying, parts, watched
from firstline.doctor.facts import Deployed, Unread, known
from firstline.doctor.finding import Case, Check, Found, Grade

HEARTBEAT_OLD = timedelta(minutes=10)
"""The sweep beats each minute; CloudWatch may show it some minutes late."""
TO_PEOPLE = frozenset({"emergency_email", "routing_key_secret_arn", "pager_region", "pager_url"})
"""The settings without which a P1 reaches no one."""
WHOLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
LOG_GROUP = "AWS::Logs::LogGroup"


def stack(case: Case) -> Iterator[Found]:
    """The app stack is there, and its last change is complete."""
    name, deployed = watched.stack_name(case.profile), case.account.deployed
    if deployed is None:
        told = "is not deployed: paging, topics and functions cannot be known yet"
        yield Found(name, told, "note")
    elif isinstance(deployed, Deployed) and deployed.status not in WHOLE:
        yield Found(name, f"is {deployed.status}", "warning")


def mode(case: Case) -> Iterator[Found]:
    """The deployment fixes: it was promoted to `enforce`."""
    deployed = _deployed(case)
    if deployed and deployed.outputs.get("Mode") == "observe":
        yield Found("mode", "is observe", "note")


def profile(case: Case) -> Iterator[Found]:
    """What is deployed is this very profile."""
    deployed, own = _deployed(case), case.profile.digest
    if deployed:
        found = deployed.outputs.get("ProfileDigest", own)
        if found != own:
            told = f"deployed is the profile {found[:12]}, and this is {own[:12]}"
            yield Found(case.profile.name, told, "warning")


def settings(case: Case) -> Iterator[Found]:
    """The fleet file's `[deployment]` says what was deployed: people, secret, mode and the rest."""
    deployed = _deployed(case)
    if deployed is None or case.settings is None:
        return
    stands, own = deploying.given(deployed), case.settings.given()
    for key in sorted(stands.keys() | own.keys()):
        if stands and stands.get(key) != own.get(key):
            was, says = stands.get(key, "not given"), own.get(key, "nothing")
            lost = key in TO_PEOPLE and key in stands and key not in own
            grade: Grade = "critical" if lost else "warning"
            told = f"was deployed as {was}, and {case.path} says {says}"
            yield Found(key, told, grade, {"line": _line(key, stands)})


def _line(key: str, stands: Mapping[str, str]) -> str:
    """What to do with *key* so that the file says what stands."""
    if key not in stands:
        return f"remove {key}"
    return f"write {deployment_section.line(key, stands[key])}"


def heartbeat(case: Case) -> Iterator[Found]:
    """The sweep beat within ten minutes."""
    deployed = _deployed(case)
    if deployed is None or isinstance(deployed.heartbeat, Unread):
        return
    last = deployed.heartbeat
    if last is None or case.account.now - last > HEARTBEAT_OLD:
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "in a day"
        logs = {"logs": _log_group(deployed, "ResponseSweep")}
        yield Found("heartbeat", f"was not seen {since}", "critical", logs)


def errors(case: Case) -> Iterator[Found]:
    """No function failed within a day."""
    deployed = _deployed(case)
    if deployed is None or isinstance(deployed.errors, Unread):
        return
    for name, count in deployed.errors.items():
        if count:
            made = (each for each in parts.of(deployed, parts.FUNCTION) if each.name == name)
            logs = {"logs": _log_group(deployed, next(map(parts.called, made), name))}
            yield Found(name, f"failed {count} times within a day", "warning", logs)


def _log_group(deployed: Deployed, function: str) -> str:
    """The name of the log group of *function*, a part's name; Lambda's own where none is shown."""
    wanted = {f"{function}Logs", f"{function}{function}Logs"}
    made = (each for each in parts.of(deployed, LOG_GROUP) if parts.called(each) in wanted)
    return next((each.name for each in made), f"/aws/lambda/{function}")


def oversight(case: Case) -> Iterator[Found]:
    """None of the alarms on firstline itself rings."""
    own, detection = (f"{watched.stack_name(case.profile)}{it}" for it in ("-", "-Detection"))
    for each in known(case.account.alarms):
        ours = each.name.startswith(own) and not each.name.startswith(detection)
        if ours and each.state == "ALARM":
            grade: Grade = "warning" if each.name.startswith(f"{own}Drills") else "critical"
            yield Found(each.name, f"is in ALARM since {each.since:%Y-%m-%d %H:%M} UTC", grade)


def incidents(case: Case) -> Iterator[Found]:
    """Every open incident can be read by this code, of the 25 that opened last."""
    found = case.account.unreadable
    for id_, why in ({} if isinstance(found, Unread) else found).items():
        yield Found(id_, f"cannot be read: {why}", "warning")


def _deployed(case: Case) -> Deployed | None:
    found = case.account.deployed
    return found if isinstance(found, Deployed) else None


CHECKS = (
    Check(
        name="stack",
        ask=stack,
        severity="warning; a note before the first deployment",
        consequence="what is deployed is not what was meant",
        remedy="{deploy}; see the events of the stack {subject}",
    ),
    Check(
        name="mode",
        ask=mode,
        severity="note",
        consequence="nothing is fixed: firstline pages, looks and says what it would have done",
        remedy="{enforce}, once its decisions are trusted",
    ),
    Check(
        name="profile",
        ask=profile,
        severity="warning",
        consequence="doctor judges another profile than the one that decides",
        remedy="{deploy}, or name the deployed one with --fleet",
    ),
    Check(
        name="deployment-settings",
        ask=settings,
        severity="critical where the file lacks a way to people that was deployed, else a warning",
        consequence="the next deployment takes what the file says: a reader, the pager or the mode"
        " may go",
        remedy="{line} under [deployment] to keep it; {deploy} to take what the file says",
    ),
    Check(
        name="heartbeat",
        ask=heartbeat,
        severity="critical",
        consequence="firstline is dead: pages owed are not sent again",
        remedy="aws logs filter-log-events --log-group-name {logs} --filter-pattern ERROR {region};"
        " then see the state of its schedule",
    ),
    Check(
        name="oversight",
        ask=oversight,
        severity="critical; a warning where no drill came through",
        consequence="firstline cannot be relied on to page",
        remedy="aws cloudwatch describe-alarms --alarm-names {quoted} {region}; its description"
        " says why",
    ),
    Check(
        name="function-errors",
        ask=errors,
        severity="warning",
        consequence="what it was to do was done late, by a retry or the sweep",
        remedy="aws logs filter-log-events --log-group-name {logs} --filter-pattern ERROR {region}",
    ),
    Check(
        name="incidents",
        ask=incidents,
        severity="warning",
        consequence="where the deployed code cannot read it either, it is a person's alone",
        remedy="docs/OPERATIONS.md, An incident that cannot be read",
    ),
)
