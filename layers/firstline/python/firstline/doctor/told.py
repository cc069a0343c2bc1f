"""Told: what a template or a service tells of one thing, as one text that can be compared."""

from collections.abc import Mapping
from typing import Any

import msgspec

GONE = "not here"
NONE = "null"
"""The text of what somebody removed from what is still there."""
UNREADABLE = '"unreadable"'
RESERVED = "ReservedConcurrentExecutions"
_OF_A_TARGET = ("Arn", "Input", "RoleArn")


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
