"""Proof: which statement of a role allows what its function asks for, and why there are others."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from tests.iam.calls import Call
from tests.iam.reasons import reason
from tests.iam.stacks import Stacks
from tests.infra.made import Resource
from tests.infra.permissions import fitting, like, listed, statements


class Part(NamedTuple):
    """One action on one resource that a statement of a role allows, and the calls that use it."""

    role: str
    function: str
    statement: Mapping[str, Any]
    action: str
    resource: str
    used_by: tuple[Call, ...]

    @property
    def reason(self) -> str:
        """Why it is there although no call uses it."""
        return reason(self.function, self.action, self.resource)


def roles(stacks: Stacks) -> Iterator[tuple[Resource, str]]:
    """Every role with the name of the function that it is for, empty where it is a schedule's."""
    made = stacks.made
    functions = {
        each.properties["Role"]: each.properties["Handler"].split(".")[1]
        for each in made.of("AWS::Lambda::Function")
    }
    for role in made.of("AWS::IAM::Role"):
        yield role, functions.get(made.arn(role), "")


def parts(stacks: Stacks, calls: tuple[Call, ...]) -> Iterator[Part]:
    """Each allowed action on each resource of each statement of each role."""
    for role, function in roles(stacks):
        asked = [(each, stacks.request(each)) for each in calls if each.function == function]
        for statement in statements(role):
            if statement["Effect"] == "Allow":
                fit = [each for each in asked if any(fitting([statement], each[1]))]
                pairs = product(listed(statement["Action"]), listed(statement["Resource"]))
                for action, resource in pairs:
                    used = tuple(
                        call
                        for call, request in fit
                        if call.action == action and like(resource, request.resource)
                    )
                    yield Part(role.logical_id, function, statement, action, resource, used)
