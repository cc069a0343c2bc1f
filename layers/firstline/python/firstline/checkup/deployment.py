"""Deployment: whether what stands of firstline is whole, runs, and is of this profile."""

from collections.abc import Iterator
from datetime import timedelta

from firstline.checkup import watched
from firstline.checkup.facts import Deployed, Unread, known
from firstline.checkup.finding import Case, Check, Found, Grade

HEARTBEAT_OLD = timedelta(minutes=10)
"""The sweep beats each minute; CloudWatch may show it some minutes late."""
WHOLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
_SIGNALS = ("Signals", "Undelivered")
"""What the logical id of a queue has in it that may hold a P1's signal."""


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


def heartbeat(case: Case) -> Iterator[Found]:
    """The sweep beat within ten minutes."""
    deployed = _deployed(case)
    if deployed is None or isinstance(deployed.heartbeat, Unread):
        return
    last = deployed.heartbeat
    if last is None or case.account.now - last > HEARTBEAT_OLD:
        since = f"since {last:%Y-%m-%d %H:%M} UTC" if last else "in a day"
        yield Found("heartbeat", f"was not seen {since}", "critical")


def dead_letters(case: Case) -> Iterator[Found]:
    """No message waits as a dead letter."""
    deployed = _deployed(case)
    for name, count in deployed.dead_letters.items() if deployed else ():
        if isinstance(count, int) and count:
            yield Found(name, f"holds {count} dead letters", _grade(name))


def transport(case: Case) -> Iterator[Found]:
    """Every rule and every source of a function is switched on."""
    deployed = _deployed(case)
    if deployed is None:
        return
    rules = {} if isinstance(deployed.rules, Unread) else deployed.rules
    for name, on in (*rules.items(), *deployed.sources.items()):
        if on is False:
            yield Found(name, "is switched off", "critical")


def errors(case: Case) -> Iterator[Found]:
    """No function failed within a day."""
    deployed = _deployed(case)
    if deployed is None or isinstance(deployed.errors, Unread):
        return
    for name, count in deployed.errors.items():
        if count:
            yield Found(name, f"failed {count} times within a day", "warning")


def oversight(case: Case) -> Iterator[Found]:
    """None of the alarms on firstline itself rings."""
    own, detection = (f"{watched.stack_name(case.profile)}{it}" for it in ("-", "-Detection"))
    for each in known(case.account.alarms):
        ours = each.name.startswith(own) and not each.name.startswith(detection)
        if ours and each.state == "ALARM":
            grade: Grade = "warning" if each.name.startswith(f"{own}Drills") else "critical"
            yield Found(each.name, f"is in ALARM since {each.since:%Y-%m-%d %H:%M} UTC", grade)


def _deployed(case: Case) -> Deployed | None:
    found = case.account.deployed
    return found if isinstance(found, Deployed) else None


def _grade(queue: str) -> Grade:
    return "critical" if any(each in queue for each in _SIGNALS) else "warning"


CHECKS = (
    Check(
        name="stack",
        ask=stack,
        severity="warning; a note before the first deployment",
        consequence="what is deployed is not what was meant",
        remedy="firstline deploy -c profile=PATH; see the events of the stack {subject}",
    ),
    Check(
        name="mode",
        ask=mode,
        severity="note",
        consequence="nothing is fixed: firstline pages, looks and says what it would have done",
        remedy="firstline deploy -c mode=enforce, once its decisions are trusted",
    ),
    Check(
        name="profile",
        ask=profile,
        severity="warning",
        consequence="doctor judges another profile than the one that decides",
        remedy="firstline deploy -c profile=PATH, or name the deployed one with --profile",
    ),
    Check(
        name="heartbeat",
        ask=heartbeat,
        severity="critical",
        consequence="firstline is dead: pages owed are not sent again",
        remedy="aws logs tail, on the log group of the sweep; then see its schedule's state",
    ),
    Check(
        name="oversight",
        ask=oversight,
        severity="critical; a warning where no drill came through",
        consequence="firstline cannot be relied on to page",
        remedy="aws cloudwatch describe-alarms --alarm-names {subject}: its description says why",
    ),
    Check(
        name="dead-letters",
        ask=dead_letters,
        severity="critical for signals, a warning for wakes",
        consequence="a signal was given up that may have been a P1",
        remedy="aws sqs receive-message on {subject}, then start-message-move-task",
    ),
    Check(
        name="transport",
        ask=transport,
        severity="critical",
        consequence="signals do not come in, or nobody takes them",
        remedy="aws events enable-rule, or aws lambda update-event-source-mapping --enabled",
    ),
    Check(
        name="function-errors",
        ask=errors,
        severity="warning",
        consequence="what it was to do was done late, by a retry or the sweep",
        remedy="aws logs filter-log-events on the log group of {subject}, with ERROR",
    ),
)
