"""Drift: whether what carries signals is still as the stack's own template has it.

CloudFormation detects drift as well, of all resources, in minutes, and for whoever may read them
all. Here only that is held on which hearing a P1 rests, and that no other check asks for.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from firstline.checkup import parts, watched
from firstline.checkup.facts import Deployed, Meant, Unread
from firstline.checkup.finding import Case, Check, Found, Grade
from firstline.checkup.template import Stands, resolved
from firstline.errors import Malformed

QUEUE_POLICY = "AWS::SQS::QueuePolicy"
TOPIC_POLICY = "AWS::SNS::TopicPolicy"
SCHEDULE = "AWS::Scheduler::Schedule"
GONE = "not here"
NONE = "null"
"""The text of what somebody removed from what is still there."""
UNREADABLE = '"unreadable"'
_CALLED = {
    parts.RULE: "event pattern",
    QUEUE_POLICY: "policy",
    TOPIC_POLICY: "policy",
    SCHEDULE: "schedule",
    parts.FUNCTION: "concurrency",
}
RESERVED = "ReservedConcurrentExecutions"
_OF_A_TARGET = ("Arn", "Input", "RoleArn")


class _Resource(msgspec.Struct, frozen=True, rename="pascal"):
    type: str
    properties: object = None


class _Template(msgspec.Struct, frozen=True, rename="pascal"):
    resources: dict[str, _Resource]


class _Rule(msgspec.Struct, frozen=True, rename="pascal"):
    event_pattern: dict[str, Any]


class _Named(msgspec.Struct, frozen=True):
    ref: str = msgspec.field(name="Ref")


class _Policy(msgspec.Struct, frozen=True, rename="pascal"):
    policy_document: dict[str, Any]
    queues: tuple[_Named, ...] = ()
    topics: tuple[_Named, ...] = ()


class _Schedule(msgspec.Struct, frozen=True, rename="pascal"):
    schedule_expression: str
    target: dict[str, Any]
    state: str = "ENABLED"


class _Function(msgspec.Struct, frozen=True):
    reserved: int | None = msgspec.field(name=RESERVED, default=None)


def meant(template: object, stands: Stands) -> tuple[Meant, ...]:
    """What *template* says of rules, policies and schedules; raises `Malformed`."""
    try:
        found = msgspec.convert(template, _Template).resources
        return tuple(
            held
            for name, each in found.items()
            if each.type in _TOLD
            for held in _TOLD[each.type](name, each.properties, stands)
        )
    except (msgspec.ValidationError, KeyError) as error:
        raise Malformed(f"the stack's template is not as this version makes it: {error}") from error


def canonical(value: object) -> str:
    """*value* as one text: keys and lists in one order, a list of one as it, everybody as ``*``.

    Services give policies back in a form of their own that means the same (a queue's ``Action``:
    aws-controllers-k8s/sqs-controller 108). Only the list of a ``numeric`` filter has an order.
    """
    return msgspec.json.encode(_ordered(value), order="deterministic").decode()


def told(text: str) -> str:
    """What a service tells in JSON, as one text; what cannot be read is no template's."""
    try:
        return canonical(msgspec.json.decode(text.encode()))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return UNREADABLE


def scheduled(told: Mapping[str, Any]) -> str:
    """What must hold of a schedule, as the template or Scheduler tells it, as one text."""
    target = {key: told["Target"][key] for key in _OF_A_TARGET if key in told["Target"]}
    ends = {"EndDate": str(told["EndDate"])} if told.get("EndDate") else {}
    state, expression = told["State"], told["ScheduleExpression"]
    return canonical({"State": state, "ScheduleExpression": expression, "Target": target, **ends})


def reserved(told: Mapping[str, Any]) -> str:
    """What is reserved of a function's concurrency, as either tells it; none of it is 0."""
    return canonical({RESERVED: told.get(RESERVED)})


def drift(case: Case) -> Iterator[Found]:
    """Event patterns, policies, schedules and reserved concurrency are the template's."""
    deployed = case.account.deployed
    if not isinstance(deployed, Deployed) or isinstance(deployed.drift, Unread):
        return
    for each, now in deployed.drift.items():
        if not isinstance(now, Unread) and (what := _changed(each, now)):
            stack = watched.stack_name(case.profile)
            yield Found(each.name, what, _grade(case, each, now), {"stack": stack})


def _of_rule(name: str, properties: object, stands: Stands) -> Iterator[Meant]:
    rule = msgspec.convert(properties, _Rule)
    pattern = canonical(resolved(rule.event_pattern, stands))
    yield Meant(parts.RULE, stands.named(name), _part(name, stands), pattern)


def _of_queue_policy(_: str, properties: object, stands: Stands) -> Iterator[Meant]:
    policy = msgspec.convert(properties, _Policy)
    return _of_policy(QUEUE_POLICY, policy, policy.queues, stands)


def _of_topic_policy(_: str, properties: object, stands: Stands) -> Iterator[Meant]:
    policy = msgspec.convert(properties, _Policy)
    return _of_policy(TOPIC_POLICY, policy, policy.topics, stands)


def _of_policy(
    kind: str, policy: _Policy, of: tuple[_Named, ...], stands: Stands
) -> Iterator[Meant]:
    text = canonical(resolved(policy.policy_document, stands))
    for each in of:
        yield Meant(kind, stands.named(each.ref), _part(each.ref, stands), text)


def _of_schedule(name: str, properties: object, stands: Stands) -> Iterator[Meant]:
    schedule = msgspec.convert(properties, _Schedule)
    match schedule.target.get("Arn"):
        case {"Fn::GetAtt": [str(function), "Arn"]}:
            part = _part(function, stands)
        case _:
            part = _part(name, stands)
    target = {key: resolved(each, stands) for key, each in schedule.target.items()}
    text = scheduled(
        {
            "State": schedule.state,
            "ScheduleExpression": schedule.schedule_expression,
            "Target": target,
        }
    )
    yield Meant(SCHEDULE, stands.named(name), part, text)


def _of_function(name: str, properties: object, stands: Stands) -> Iterator[Meant]:
    text = reserved({RESERVED: msgspec.convert(properties, _Function).reserved})
    yield Meant(parts.FUNCTION, stands.named(name), _part(name, stands), text)


_TOLD: dict[str, Callable[[str, object, Stands], Iterator[Meant]]] = {
    parts.RULE: _of_rule,
    QUEUE_POLICY: _of_queue_policy,
    TOPIC_POLICY: _of_topic_policy,
    SCHEDULE: _of_schedule,
    parts.FUNCTION: _of_function,
}


def _part(name: str, stands: Stands) -> str:
    """What hangs on the resource *name* goes by its name without the CDK's hash."""
    return parts.called(stands.resources[name])


def _grade(case: Case, meant: Meant, now: str) -> Grade:
    """A function with another concurrency still runs, unless it has none."""
    runs = meant.kind == parts.FUNCTION and now != reserved({RESERVED: 0})
    return "warning" if runs else parts.grade(case, meant.part)


def _changed(meant: Meant, now: str) -> str:
    """In what it differs; empty where it does not, or where another check tells that it is gone."""
    if now == GONE:
        return "is not there" if meant.kind == SCHEDULE else ""
    called = _CALLED[meant.kind]
    if now == NONE:
        return f"has lost its {called}"
    if now == UNREADABLE:
        return f"has another {called} than the template: it cannot be read"
    if now == meant.text:
        return ""
    was, stands = msgspec.json.decode(meant.text), msgspec.json.decode(now)
    differ = [key for key in was if not isinstance(stands, dict) or was[key] != stands.get(key)]
    return f"has another {called} than the template: {', '.join(differ) or 'there is more in it'}"


def _ordered(value: object) -> object:
    match value:
        case {"AWS": "*" | ["*"], **others} if not others:
            return "*"
        case dict():
            return {
                key: each if key == "numeric" else _ordered(each) for key, each in value.items()
            }
        case [one]:
            return _ordered(one)
        case list():
            return sorted(map(_ordered, value), key=msgspec.json.encode)
        case _:
            return value


CHECKS = (
    Check(
        name="drift",
        ask=drift,
        severity="critical where a P1 passes through it, else a warning",
        consequence="signals do not come in, are refused, or are not dealt with",
        remedy="aws cloudformation detect-stack-drift --stack-name {stack} tells what was changed;"
        " firstline deploy --revert-drift -c profile=PATH puts it back",
    ),
)
