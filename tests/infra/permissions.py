"""What a role may do: as much of IAM's evaluation as its policies use."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from tests.infra.made import Made, Resource

CONDITIONS = {"StringEquals"}


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
    """Whether *role* may do *action* to *resource*, an instance of which carries *tags*."""
    context = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    effects = set(_effects(role, action, resource, context))
    return "Allow" in effects and "Deny" not in effects


def _effects(
    role: Resource, action: str, resource: str, context: Mapping[str, str]
) -> Iterator[str]:
    for statement in statements(role):
        assert statement.keys() <= {"Effect", "Action", "Resource", "Condition"}
        if (
            _matches(statement["Action"], action)
            and _matches(statement["Resource"], resource)
            and _holds(statement.get("Condition", {}), context)
        ):
            yield statement["Effect"]


def _matches(patterns: str | list[str], value: str) -> bool:
    each = [patterns] if isinstance(patterns, str) else patterns
    return any(fnmatchcase(value, pattern) for pattern in each)


def _holds(condition: Mapping[str, Mapping[str, str]], context: Mapping[str, str]) -> bool:
    assert condition.keys() <= CONDITIONS
    wanted = condition.get("StringEquals", {})
    return all(context.get(key) == value for key, value in wanted.items())
