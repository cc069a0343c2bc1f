"""What a role may do: IAM's documented evaluation, of as much as our policies use.

An explicit denial wins; without an allowance nothing is allowed (IAM guide, "Policy evaluation
logic"). Actions are compared without regard to case, resources with; ``*`` and ``?`` stand for any
text, also over colons and slashes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from tests.infra.made import Made, Resource

type Context = Mapping[str, Sequence[str]]
ELEMENTS = {"Sid", "Effect", "Action", "Resource", "NotResource", "Condition"}
"""The elements that statements may have: others would be evaluated wrongly here."""


@dataclass(frozen=True)
class Request:
    """One question to IAM: may this be done to that; *context* holds its condition keys."""

    action: str
    resource: str
    context: Context = field(default_factory=dict)


def role_of(made: Made, function: str) -> Resource:
    """The role of the function whose handler is ``functions.FUNCTION.handler``."""
    wanted = f"functions.{function}.handler"
    (found,) = [
        each for each in made.of("AWS::Lambda::Function") if each.properties["Handler"] == wanted
    ]
    return next(
        role for role in made.of("AWS::IAM::Role") if made.arn(role) == found.properties["Role"]
    )


def statements(role: Resource) -> list[dict[str, Any]]:
    """Every statement of the role's inline policies."""
    return [
        statement
        for policy in role.properties["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def may(role: Resource, action: str, resource: str, **tags: str) -> bool:
    """Return True if *role* may do *action* on *resource*, an instance of which has *tags*."""
    context = {f"aws:ResourceTag/{key}": (value,) for key, value in tags.items()}
    return allowed(statements(role), Request(action, resource, context))


def allowed(all_: Sequence[Mapping[str, Any]], request: Request) -> bool:
    """Return True if a statement allows *request* and none denies it."""
    effects = {each["Effect"] for each in fitting(all_, request)}
    return "Allow" in effects and "Deny" not in effects


def fitting(all_: Sequence[Mapping[str, Any]], request: Request) -> Iterator[Mapping[str, Any]]:
    """The statements that speak of *request*."""
    for each in all_:
        assert each.keys() <= ELEMENTS
        if _fits(each, request):
            yield each


def listed(value: str | Sequence[str]) -> list[str]:
    """One value or several, as several."""
    return [value] if isinstance(value, str) else list(value)


def _fits(statement: Mapping[str, Any], request: Request) -> bool:
    if not any(like(it.lower(), request.action.lower()) for it in listed(statement["Action"])):
        return False
    if "NotResource" in statement:
        about = not any(like(it, request.resource) for it in listed(statement["NotResource"]))
    else:
        about = any(like(it, request.resource) for it in listed(statement["Resource"]))
    return about and _holds(statement.get("Condition", {}), request.context)


def like(pattern: str, value: str) -> bool:
    """Return True if *value* matches *pattern*."""
    return bool(_compiled(pattern).fullmatch(value))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if it == "*" else "." if it == "?" else re.escape(it) for it in pattern)
    return re.compile("".join(parts), re.DOTALL)


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """All operators and all their keys must hold; of a key's values one is enough."""
    given = {key.lower(): values for key, values in context.items()}
    return all(
        _operator(operator, listed(wanted), given.get(key.lower(), ()))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _operator(operator: str, wanted: list[str], given: Sequence[str]) -> bool:
    """A key that the request does not carry holds for none of these but the negated one."""
    match operator:
        case "StringEquals":
            return len(given) == 1 and given[0] in wanted
        case "StringNotEquals":
            return not any(each in wanted for each in given)
        case "ForAnyValue:StringEquals":
            return any(each in wanted for each in given)
        case "ArnLike":
            return len(given) == 1 and any(like(each, given[0]) for each in wanted)
        case _:
            raise AssertionError(f"{operator}: say here how IAM judges it")
