"""Meant: what a stack's template says of that which carries signals."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from firstline.doctor import parts
from firstline.doctor.facts import Meant
from firstline.doctor.template import Stands, described, resolved, understood
from firstline.doctor.told import RESERVED, canonical, reserved, scheduled

QUEUE_POLICY = "AWS::SQS::QueuePolicy"
TOPIC_POLICY = "AWS::SNS::TopicPolicy"
SCHEDULE = "AWS::Scheduler::Schedule"


class _Rule(msgspec.Struct, frozen=True, rename="pascal"):
    event_pattern: dict[str, Any]


class _Named(msgspec.Struct, frozen=True):
    ref: str = msgspec.field(name="Ref")


class _QueuePolicy(msgspec.Struct, frozen=True, rename="pascal"):
    policy_document: dict[str, Any]
    queues: tuple[_Named, ...]


class _TopicPolicy(msgspec.Struct, frozen=True, rename="pascal"):
    policy_document: dict[str, Any]
    topics: tuple[_Named, ...]


class _Schedule(msgspec.Struct, frozen=True, rename="pascal"):
    schedule_expression: str
    target: dict[str, Any]
    state: str = "ENABLED"


class _Function(msgspec.Struct, frozen=True):
    reserved: int | None = msgspec.field(name=RESERVED, default=None)


def meant(template: object, stands: Stands) -> tuple[Meant, ...]:
    """What *template* says of rules, policies and schedules; raises `InvalidInput`."""
    with understood():
        return tuple(
            held
            for name, each in described(template).items()
            if each.type in _TOLD
            for held in _TOLD[each.type](name, each.properties, stands)
        )


def _of_rule(name: str, properties: object, stands: Stands) -> Iterator[Meant]:
    rule = msgspec.convert(properties, _Rule)
    pattern = canonical(resolved(rule.event_pattern, stands))
    yield Meant(parts.RULE, stands.named(name), _part(name, stands), pattern)


def _of_queue_policy(_: str, properties: object, stands: Stands) -> Iterator[Meant]:
    policy = msgspec.convert(properties, _QueuePolicy)
    return _of_policy(QUEUE_POLICY, policy.policy_document, policy.queues, stands)


def _of_topic_policy(_: str, properties: object, stands: Stands) -> Iterator[Meant]:
    policy = msgspec.convert(properties, _TopicPolicy)
    return _of_policy(TOPIC_POLICY, policy.policy_document, policy.topics, stands)


def _of_policy(
    kind: str, policy: dict[str, Any], of: tuple[_Named, ...], stands: Stands
) -> Iterator[Meant]:
    text = canonical(resolved(policy, stands))
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
