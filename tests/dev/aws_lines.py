"""Lines of the AWS command line, read as it reads them, by botocore's models."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, NamedTuple

import botocore.session
from botocore import xform_name

RENAMED = {"--notification-endpoint": "--endpoint"}
"""What the AWS command line calls otherwise than the service does: its own option has the name."""
AWS_ITSELF = {"--query", "--output", "--region", "--no-cli-pager"}


class Request(NamedTuple):
    """The request of a line: an operation of a service, and its parameters."""

    service: str
    operation: str
    parameters: dict[str, Any]


def request(words: Iterable[str]) -> Request:
    """The request of *words*, from the service on; raises `ValueError` for what is none."""
    service, command, *rest = words
    model = _service(service)
    operations = {xform_name(each, "-"): each for each in model.operation_names}
    if command not in operations:
        raise ValueError(f"{service} has no {command}")
    shape = model.operation_model(operations[command]).input_shape
    members = {f"--{xform_name(name, '-')}": (name, it) for name, it in shape.members.items()}
    given = {}
    for flag, values in _flags(rest):
        if flag not in AWS_ITSELF:
            name, member = _member(members, flag)
            given[name] = _value(member, flag, values)
    if lacking := set(shape.required_members) - given.keys():
        raise ValueError(f"{service} {command} lacks {', '.join(sorted(lacking))}")
    return Request(service, operations[command], given)


@cache
def _service(name: str) -> Any:  # noqa: ANN401 - botocore has no types
    return botocore.session.get_session().get_service_model(name)


def _flags(words: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each option with the words behind it."""
    flag, values = "", list[str]()
    for word in [*words, "--"]:
        if word.startswith("--"):
            if flag:
                yield flag, values
            flag, values = word, []
        else:
            values.append(word)
    if words and not words[0].startswith("--"):
        raise ValueError(f"{words[0]} belongs to no option")


def _member(members: dict[str, tuple[str, Any]], flag: str) -> tuple[str, Any]:
    flag = RENAMED.get(flag, flag)
    found = members.get(flag) or members.get(flag.replace("--no-", "--", 1))
    if found is None:
        raise ValueError(f"there is no option {flag}")
    return found


def _value(member: Any, flag: str, values: list[str]) -> object:  # noqa: ANN401 - as above
    """As the command line reads it: JSON, or its shorthand ``Key=a,Values=b``."""
    kind = member.type_name
    if kind == "boolean":
        return not flag.startswith("--no-")
    if not values or (len(values) > 1 and kind != "list"):
        raise ValueError(f"{flag} has {len(values)} values")
    if kind == "string":
        return values[0]
    if values[0][0] in "[{":
        return json.loads(values[0])
    if kind == "list":
        return [_item(member.member, each) for each in values]
    return int(values[0]) if kind in {"integer", "long"} else values[0]


def _item(member: Any, word: str) -> object:  # noqa: ANN401 - as above
    if member.type_name != "structure":
        return word
    pairs = (each.split("=", 1) for each in word.split(","))
    return {
        name: [value] if member.members[name].type_name == "list" else value
        for name, value in pairs
    }
