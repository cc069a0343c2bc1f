"""The configuration that a stack's template gives the resources that carry signals."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from firstline.doctor import stack_parts
from firstline.doctor.actual_config import (
    RESERVED_CONCURRENCY,
    canonical,
    concurrency_config,
    schedule_config,
)
from firstline.doctor.facts import ExpectedConfig
from firstline.doctor.template import References, resolve, template_errors, template_resources

QUEUE_POLICY = "AWS::SQS::QueuePolicy"
TOPIC_POLICY = "AWS::SNS::TopicPolicy"
SCHEDULE = "AWS::Scheduler::Schedule"


class _Rule(msgspec.Struct, frozen=True, rename="pascal"):
    event_pattern: dict[str, Any]


class _Reference(msgspec.Struct, frozen=True):
    ref: str = msgspec.field(name="Ref")


class _QueuePolicy(msgspec.Struct, frozen=True, rename="pascal"):
    policy_document: dict[str, Any]
    queues: tuple[_Reference, ...]


class _TopicPolicy(msgspec.Struct, frozen=True, rename="pascal"):
    policy_document: dict[str, Any]
    topics: tuple[_Reference, ...]


class _Schedule(msgspec.Struct, frozen=True, rename="pascal"):
    schedule_expression: str
    target: dict[str, Any]
    state: str = "ENABLED"


class _Function(msgspec.Struct, frozen=True):
    reserved: int | None = msgspec.field(name=RESERVED_CONCURRENCY, default=None)


def expected_configs(template: object, references: References) -> tuple[ExpectedConfig, ...]:
    """Return the configurations in *template*; raises `InvalidInput`."""
    with template_errors():
        return tuple(
            config
            for name, each in template_resources(template).items()
            if each.type in _PARSERS
            for config in _PARSERS[each.type](name, each.properties, references)
        )


def _of_rule(name: str, properties: object, references: References) -> Iterator[ExpectedConfig]:
    rule = msgspec.convert(properties, _Rule)
    pattern = canonical(resolve(rule.event_pattern, references))
    yield ExpectedConfig(stack_parts.RULE, references.ref(name), _part(name, references), pattern)


def _of_queue_policy(
    _: str, properties: object, references: References
) -> Iterator[ExpectedConfig]:
    policy = msgspec.convert(properties, _QueuePolicy)
    return _of_policy(QUEUE_POLICY, policy.policy_document, policy.queues, references)


def _of_topic_policy(
    _: str, properties: object, references: References
) -> Iterator[ExpectedConfig]:
    policy = msgspec.convert(properties, _TopicPolicy)
    return _of_policy(TOPIC_POLICY, policy.policy_document, policy.topics, references)


def _of_policy(
    kind: str, policy: dict[str, Any], targets: tuple[_Reference, ...], references: References
) -> Iterator[ExpectedConfig]:
    text = canonical(resolve(policy, references))
    for each in targets:
        yield ExpectedConfig(kind, references.ref(each.ref), _part(each.ref, references), text)


def _of_schedule(name: str, properties: object, references: References) -> Iterator[ExpectedConfig]:
    schedule = msgspec.convert(properties, _Schedule)
    match schedule.target.get("Arn"):
        case {"Fn::GetAtt": [str(function), "Arn"]}:
            part = _part(function, references)
        case _:
            part = _part(name, references)
    target = {key: resolve(each, references) for key, each in schedule.target.items()}
    text = schedule_config(
        {
            "State": schedule.state,
            "ScheduleExpression": schedule.schedule_expression,
            "Target": target,
        }
    )
    yield ExpectedConfig(SCHEDULE, references.ref(name), part, text)


def _of_function(name: str, properties: object, references: References) -> Iterator[ExpectedConfig]:
    text = concurrency_config(
        {RESERVED_CONCURRENCY: msgspec.convert(properties, _Function).reserved}
    )
    yield ExpectedConfig(stack_parts.FUNCTION, references.ref(name), _part(name, references), text)


_PARSERS: dict[str, Callable[[str, object, References], Iterator[ExpectedConfig]]] = {
    stack_parts.RULE: _of_rule,
    QUEUE_POLICY: _of_queue_policy,
    TOPIC_POLICY: _of_topic_policy,
    SCHEDULE: _of_schedule,
    stack_parts.FUNCTION: _of_function,
}


def _part(name: str, references: References) -> str:
    """Return the stack part of resource *name*: its logical id without the CDK's hash."""
    return stack_parts.part_name(references.resources[name])
