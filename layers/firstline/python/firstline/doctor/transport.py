"""Transport: whether what carries a signal stands, is on, and leads where it must."""

import re
from collections.abc import Iterator

from firstline.doctor import parts
from firstline.doctor.facts import Alarm, Deployed, Resource, Source, Unread, known
from firstline.doctor.finding import Case, Check, Found
from firstline.doctor.people import EMERGENCY

ON = frozenset({"Enabled", "Enabling", "Creating", "Updating"})
"""What Lambda calls a source that feeds its function, or will in a moment."""
DEAD = ("Dead", "Undelivered", "Lost")
"""What the names of queues of dead letters have in them."""
GONE = "not here"
_OWN = ("Backstop", "Oversight", "Archive", "Drills")
"""What the logical ids of the alarms begin with that speak to the emergency topic."""


def transport(case: Case) -> Iterator[Found]:
    """Every rule is on and leads to its queue or topic; every source of a function feeds it."""
    deployed = _deployed(case)
    if deployed is None:
        return
    yield from _absent(case, deployed, parts.RULE)
    yield from _absent(case, deployed, parts.SOURCE)
    if not isinstance(deployed.rules, Unread):
        for each in parts.of(deployed, parts.RULE):
            if why := _off(deployed, deployed.rules, each):
                on = deployed.rules.get(each.name, True)
                line = "" if on else f"aws events enable-rule --name {each.name} {case.where}; "
                yield Found(
                    each.name, why, parts.grade(case, parts.called(each)), {"command": line}
                )
    if not isinstance(deployed.sources, Unread):
        for each in parts.of(deployed, parts.SOURCE):
            name = parts.called(each)
            if why := _unfed(deployed, deployed.sources.get(each.name), name):
                feed = f"aws lambda update-event-source-mapping --uuid {each.name} --enabled"
                command = {"command": f"{feed} {case.where}; "}
                yield Found(f"{name} {each.name}", why, parts.grade(case, name), command)


def queues(case: Case) -> Iterator[Found]:
    """Every queue is there."""
    deployed = _deployed(case)
    if deployed is None:
        return
    yield from _absent(case, deployed, parts.QUEUE)
    for each in parts.of(deployed, parts.QUEUE):
        if deployed.queues.get(each.name, GONE) == GONE:
            yield Found(each.name, "is not there", parts.grade(case, parts.called(each)))


def functions(case: Case) -> Iterator[Found]:
    """Every function is there, and active."""
    deployed = _deployed(case)
    if deployed is None:
        return
    yield from _absent(case, deployed, parts.FUNCTION)
    for each in parts.of(deployed, parts.FUNCTION):
        state = deployed.functions.get(each.name, GONE)
        if isinstance(state, str) and state != "Active":
            told = "is not there" if state == GONE else f"is {state}"
            yield Found(each.name, told, parts.grade(case, parts.called(each)))


def dead_letters(case: Case) -> Iterator[Found]:
    """No message waits as a dead letter."""
    deployed = _deployed(case)
    for each in parts.of(deployed, parts.QUEUE) if deployed else ():
        name = parts.called(each)
        count = deployed.queues.get(each.name) if deployed else None
        if isinstance(count, int) and count and any(it in name for it in DEAD):
            grave = "Signals" in name or "Undelivered" in name
            told = f"holds {count} dead letters"
            yield Found(name, told, "critical" if grave else "warning", _addresses(each))


def _addresses(queue: Resource) -> dict[str, str]:
    """Both names of a queue: its URL, and its ARN, which the URL has all parts of."""
    found = re.fullmatch(r"https://sqs\.([a-z0-9-]+)\.[^/]+/([0-9]+)/(.+)", queue.name)
    arn = f"arn:aws:sqs:{found[1]}:{found[2]}:{found[3]}" if found else "ARN"
    return {"queue": queue.name, "arn": arn}


def backstop(case: Case) -> Iterator[Found]:
    """Every alarm on firstline itself is there, and speaks to the emergency topic."""
    deployed = _deployed(case)
    if deployed is None or isinstance(case.account.alarms, Unread):
        return
    there = {each.name: each for each in known(case.account.alarms)}
    for each in known(deployed.resources):
        if each.kind not in parts.ALARMS or not each.logical_id.startswith(_OWN):
            continue
        alarm = there.get(each.name.rpartition(":")[2])
        grave = each.logical_id.startswith("Backstop")
        if alarm is None or not _speaks(alarm, deployed):
            told = "does not speak to the emergency topic" if alarm else "is not there"
            yield Found(each.name, told, "critical" if grave else "warning")


def _deployed(case: Case) -> Deployed | None:
    found = case.account.deployed
    return found if isinstance(found, Deployed) else None


def _speaks(alarm: Alarm, deployed: Deployed) -> bool:
    """Whether it has the emergency topic as its action, any where that is not told."""
    topic = deployed.outputs.get(EMERGENCY)
    return topic in alarm.actions if topic else bool(alarm.actions)


def _absent(case: Case, deployed: Deployed, kind: str) -> Iterator[Found]:
    for name in parts.lacking(deployed, kind):
        grade = parts.grade(case, name)
        yield Found(name, "is no part of the stack", grade, {"command": ""})


def _off(deployed: Deployed, rules: dict[str, bool], rule: Resource) -> str:
    """Why *rule* carries nothing to where it must; empty where it does, or nobody knows."""
    if rule.name not in rules:
        return "is not there"
    if not rules[rule.name]:
        return "is switched off"
    targets = deployed.targets.get(rule.name, ())
    heard = parts.RULES.get(parts.called(rule))
    into = [
        each for each in known(deployed.resources) if heard and parts.called(each) == heard.into
    ]
    if isinstance(targets, Unread) or any(_place(it.name) in map(_place, targets) for it in into):
        return ""
    return f"does not lead to {heard.into if heard else 'anything known'}"


def _unfed(deployed: Deployed, source: Source | None, name: str) -> str:
    """Why the source *name* does not feed its function; empty where it does."""
    if source is None:
        return "is not there"
    if source.state not in ON:
        return f"is {source.state}"
    wanted = [
        each.name
        for each in parts.of(deployed, parts.FUNCTION)
        if parts.called(each) == parts.SOURCES.get(name)
    ]
    return "" if source.function in wanted else f"feeds {source.function}"


def _place(name: str) -> tuple[str, ...]:
    """Account and name, of a queue's address as of an ARN."""
    return tuple(re.split("[/:]", name)[-2:])


_ANEW = "{deploy} --revert-drift makes anew what was deleted"
_GRADED = "critical where a P1 passes through it, else a warning"
CHECKS = (
    Check(
        name="transport",
        ask=transport,
        severity=_GRADED,
        consequence="signals do not come in, or nobody takes them",
        remedy="{command}" + _ANEW + " or changed",
    ),
    Check(
        name="queue",
        ask=queues,
        severity=_GRADED,
        consequence="what should wait in it is lost",
        remedy=_ANEW,
    ),
    Check(
        name="function",
        ask=functions,
        severity=_GRADED,
        consequence="nobody does what it is for",
        remedy="aws lambda get-function --function-name {quoted} {region}; its state's reason says"
        " why; " + _ANEW,
    ),
    Check(
        name="dead-letters",
        ask=dead_letters,
        severity="critical for signals, else a warning",
        consequence="it was given up: a signal that may have been a P1, a wake, or an entry's copy",
        remedy="aws sqs receive-message --queue-url {queue} {region}; once its cause is mended, aws"
        " sqs start-message-move-task --source-arn {arn} {region}",
    ),
    Check(
        name="backstop",
        ask=backstop,
        severity="critical for what speaks when a P1 is unheard, else a warning",
        consequence="nobody is told that firstline is deaf",
        remedy=_ANEW,
    ),
)
