"""One resource's configuration as canonical JSON, from a template or from a service."""

from collections.abc import Mapping
from typing import Any

import msgspec

MISSING = "not here"
REMOVED = "null"
"""The JSON of a setting that was removed from an existing resource."""
UNREADABLE = '"unreadable"'
RESERVED_CONCURRENCY = "ReservedConcurrentExecutions"
_OF_A_TARGET = ("Arn", "Input", "RoleArn")


def canonical(value: object) -> str:
    """Return *value* as canonical JSON, so that equal policies give equal text.

    Keys and lists are sorted, a list of one equals its item, and ``{"AWS": "*"}`` equals ``*``.
    Services return policies in a different form with the same meaning (a queue's ``Action``:
    aws-controllers-k8s/sqs-controller 108). The list of a ``numeric`` filter keeps its order.
    """
    return msgspec.json.encode(_ordered(value), order="deterministic").decode()


def parse_config(text: str) -> str:
    """Return a service's JSON as canonical JSON; `UNREADABLE` if it cannot be parsed."""
    try:
        return canonical(msgspec.json.decode(text.encode()))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return UNREADABLE


def schedule_config(schedule: Mapping[str, Any]) -> str:
    """Return the checked schedules of a schedule, from the template or from Scheduler."""
    target = {key: schedule["Target"][key] for key in _OF_A_TARGET if key in schedule["Target"]}
    ends = {"EndDate": str(schedule["EndDate"])} if schedule.get("EndDate") else {}
    state, expression = schedule["State"], schedule["ScheduleExpression"]
    return canonical({"State": state, "ScheduleExpression": expression, "Target": target, **ends})


def concurrency_config(function: Mapping[str, Any]) -> str:
    """Return a function's reserved concurrency; null means none is reserved."""
    return canonical({RESERVED_CONCURRENCY: function.get(RESERVED_CONCURRENCY)})


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
