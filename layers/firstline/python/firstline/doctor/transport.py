"""Checks of transport: each resource that carries signals exists, is on, and has its target."""

import re
from collections.abc import Iterator

from firstline.doctor import stack_parts
from firstline.doctor.facts import (
    Alarm,
    EventSourceMapping,
    ReadFailure,
    Resource,
    StackState,
    or_empty,
)
from firstline.doctor.recipients import EMERGENCY
from firstline.doctor.result import Check, DoctorContext, Problem

ACTIVE_STATES = frozenset({"Enabled", "Enabling", "Creating", "Updating"})
"""The states of an event source mapping that invokes its function, now or shortly."""
DEAD_LETTER_MARKS = ("Dead", "Undelivered", "Lost")
"""The parts of the names of dead-letter queues."""
MISSING = "not here"
_OWN = ("Backstop", "Oversight", "Archive", "Drills")
"""The prefixes of the logical ids of alarms that notify the emergency topic."""


def transport(case: DoctorContext) -> Iterator[Problem]:
    """Every rule is on and leads to its queue or topic; every source of a function feeds it."""
    deployed = _deployed(case)
    if deployed is None:
        return
    yield from _missing(case, deployed, stack_parts.RULE)
    yield from _missing(case, deployed, stack_parts.SOURCE)
    if not isinstance(deployed.rules, ReadFailure):
        for each in stack_parts.resources_of(deployed, stack_parts.RULE):
            if why := _rule_problem(deployed, deployed.rules, each):
                on = deployed.rules.get(each.name, True)
                line = (
                    ""
                    if on
                    else f"aws events enable-rule --name {each.name} {case.region_option}; "
                )
                yield Problem(
                    each.name,
                    why,
                    stack_parts.grade(case, stack_parts.part_name(each)),
                    {"command": line},
                )
    if not isinstance(deployed.sources, ReadFailure):
        for each in stack_parts.resources_of(deployed, stack_parts.SOURCE):
            name = stack_parts.part_name(each)
            if why := _source_problem(deployed, deployed.sources.get(each.name), name):
                feed = f"aws lambda update-event-source-mapping --uuid {each.name} --enabled"
                command = {"command": f"{feed} {case.region_option}; "}
                yield Problem(f"{name} {each.name}", why, stack_parts.grade(case, name), command)


def queues(case: DoctorContext) -> Iterator[Problem]:
    """Every queue is there."""
    deployed = _deployed(case)
    if deployed is None:
        return
    yield from _missing(case, deployed, stack_parts.QUEUE)
    for each in stack_parts.resources_of(deployed, stack_parts.QUEUE):
        if deployed.queues.get(each.name, MISSING) == MISSING:
            yield Problem(
                each.name, "does not exist", stack_parts.grade(case, stack_parts.part_name(each))
            )


def functions(case: DoctorContext) -> Iterator[Problem]:
    """Every function is there, and active."""
    deployed = _deployed(case)
    if deployed is None:
        return
    yield from _missing(case, deployed, stack_parts.FUNCTION)
    for each in stack_parts.resources_of(deployed, stack_parts.FUNCTION):
        state = deployed.functions.get(each.name, MISSING)
        if isinstance(state, str) and state != "Active":
            message = "does not exist" if state == MISSING else f"is {state}"
            yield Problem(each.name, message, stack_parts.grade(case, stack_parts.part_name(each)))


def dead_letters(case: DoctorContext) -> Iterator[Problem]:
    """No message waits as a dead letter."""
    deployed = _deployed(case)
    for each in stack_parts.resources_of(deployed, stack_parts.QUEUE) if deployed else ():
        name = stack_parts.part_name(each)
        count = deployed.queues.get(each.name) if deployed else None
        if isinstance(count, int) and count and any(it in name for it in DEAD_LETTER_MARKS):
            grave = "Signals" in name or "Undelivered" in name
            message = f"holds {count} dead letters"
            yield Problem(name, message, "critical" if grave else "warning", _queue_fills(each))


def _queue_fills(queue: Resource) -> dict[str, str]:
    """Return a queue's URL and its ARN, which is built from the URL."""
    found = re.fullmatch(r"https://sqs\.([a-z0-9-]+)\.[^/]+/([0-9]+)/(.+)", queue.name)
    arn = f"arn:aws:sqs:{found[1]}:{found[2]}:{found[3]}" if found else "ARN"
    return {"queue": queue.name, "arn": arn}


def backstop(case: DoctorContext) -> Iterator[Problem]:
    """Every alarm on firstline itself is there, and notifies the emergency topic."""
    deployed = _deployed(case)
    if deployed is None or isinstance(case.account.alarms, ReadFailure):
        return
    there = {each.name: each for each in or_empty(case.account.alarms)}
    for each in or_empty(deployed.resources):
        if each.kind not in stack_parts.ALARMS or not each.logical_id.startswith(_OWN):
            continue
        alarm = there.get(each.name.rpartition(":")[2])
        grave = each.logical_id.startswith("Backstop")
        if alarm is None or not _notifies_emergency(alarm, deployed):
            message = "does not notify the emergency topic" if alarm else "does not exist"
            yield Problem(each.name, message, "critical" if grave else "warning")


def _deployed(case: DoctorContext) -> StackState | None:
    found = case.account.deployed
    return found if isinstance(found, StackState) else None


def _notifies_emergency(alarm: Alarm, deployed: StackState) -> bool:
    """Return True if the alarm notifies the emergency topic; any topic if that is unknown."""
    topic = deployed.outputs.get(EMERGENCY)
    return topic in alarm.actions if topic else bool(alarm.actions)


def _missing(case: DoctorContext, deployed: StackState, kind: str) -> Iterator[Problem]:
    for name in stack_parts.missing_parts(deployed, kind):
        grade = stack_parts.grade(case, name)
        yield Problem(name, "is not part of the stack", grade, {"command": ""})


def _rule_problem(deployed: StackState, rules: dict[str, bool], rule: Resource) -> str:
    """Return why *rule* does not deliver to its target; empty if it does or was not read."""
    if rule.name not in rules:
        return "does not exist"
    if not rules[rule.name]:
        return "is disabled"
    targets = deployed.targets.get(rule.name, ())
    expected = stack_parts.RULES.get(stack_parts.part_name(rule))
    into = [
        each
        for each in or_empty(deployed.resources)
        if expected and stack_parts.part_name(each) == expected.into
    ]
    if isinstance(targets, ReadFailure) or any(
        _account_and_name(it.name) in map(_account_and_name, targets) for it in into
    ):
        return ""
    return f"does not lead to {expected.into if expected else 'a known target'}"


def _source_problem(deployed: StackState, source: EventSourceMapping | None, name: str) -> str:
    """Return why the source *name* does not invoke its function; empty if it does."""
    if source is None:
        return "does not exist"
    if source.state not in ACTIVE_STATES:
        return f"is {source.state}"
    wanted = [
        each.name
        for each in stack_parts.resources_of(deployed, stack_parts.FUNCTION)
        if stack_parts.part_name(each) == stack_parts.SOURCES.get(name)
    ]
    return "" if source.function in wanted else f"feeds {source.function}"


def _account_and_name(name: str) -> tuple[str, ...]:
    """Return account and name, from a queue's URL or from an ARN."""
    return tuple(re.split("[/:]", name)[-2:])


_REDEPLOY = "{deploy} --revert-drift creates it again"
_GRADED = "critical where a P1 passes through it, else a warning"
CHECKS = (
    Check(
        name="transport",
        run=transport,
        severity=_GRADED,
        consequence="signals do not arrive, or are not read",
        remedy="{command}" + _REDEPLOY + " or changed",
    ),
    Check(
        name="queue",
        run=queues,
        severity=_GRADED,
        consequence="its messages are lost",
        remedy=_REDEPLOY,
    ),
    Check(
        name="function",
        run=functions,
        severity=_GRADED,
        consequence="its work is not done",
        remedy="aws lambda get-function --function-name {quoted} {region}; see its state's reason"
        "; " + _REDEPLOY,
    ),
    Check(
        name="dead-letters",
        run=dead_letters,
        severity="critical for signals, else a warning",
        consequence=(
            "a message failed for good: a signal that may have been a P1, a wake, or an "
            "entry's copy"
        ),
        remedy="aws sqs receive-message --queue-url {queue} {region}; once the cause is fixed, aws"
        " sqs start-message-move-task --source-arn {arn} {region}",
    ),
    Check(
        name="backstop",
        run=backstop,
        severity="critical for alarms that report an unreceived P1, else a warning",
        consequence="no recipient is notified if firstline receives no signals",
        remedy=_REDEPLOY,
    ),
)
