"""Needs: what the role of each deployed function must be allowed, one request to IAM each.

The one source is the template of the stack that stands. What `infra` grants there is what the
functions ask for: tests hold each grant to a recorded call, or to its reason (docs/IAM.md).
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from firstline.doctor.facts import Given, Need
from firstline.doctor.template import Described, Stands, described, resolved, understood
from firstline.errors import InvalidInput

HEALTH_REGION = "us-east-1"
"""AWS Health answers there alone."""
SAMPLES = {
    ":instance/*": ":instance/i-0123456789abcdef0",
    ":key/*": ":key/12345678-0a1b-2c3d-4e5f-123456789012",
}
"""What stands for the ids that nobody knows; anything stands for other wildcards."""


class _Statement(msgspec.Struct, frozen=True, rename="pascal", forbid_unknown_fields=True):
    effect: Literal["Allow", "Deny"]
    action: str | tuple[str, ...]
    resource: str | tuple[str, ...] = ()
    not_resource: str | tuple[str, ...] = ()
    condition: dict[str, dict[str, str | tuple[str, ...]]] = {}
    sid: str = ""


class _Document(msgspec.Struct, frozen=True, rename="pascal"):
    statement: tuple[_Statement, ...]


class _Policy(msgspec.Struct, frozen=True, rename="pascal"):
    policy_document: _Document


class _Properties(msgspec.Struct, frozen=True, rename="pascal"):
    policies: tuple[_Policy, ...] = ()
    handler: str = ""
    role: object = None


class Function(msgspec.Struct, frozen=True):
    """A deployed function: what it is called in the code, and its own name."""

    known_as: str
    name: str


def needs(template: object, stands: Stands) -> dict[Function, tuple[Need, ...]]:
    """What each function of *template* asks for; raises `InvalidInput` where it cannot be told."""
    with understood():
        found = described(template)
        return {
            Function(known_as, stands.named(name)): tuple(_of(known_as, found[role], stands))
            for name, known_as, role in _functions(found)
        }


def batches(wanted: tuple[Need, ...]) -> Iterator[tuple[Need, ...]]:
    """Those of one function that one simulation can ask: of one resource, with the same keys."""
    alike: dict[tuple[str, tuple[Given, ...]], list[Need]] = {}
    for each in wanted:
        alike.setdefault((each.resource, each.given), []).append(each)
    return map(tuple, alike.values())


def listed(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """One value or several, as several."""
    return (value,) if isinstance(value, str) else value


def _functions(found: Mapping[str, Described]) -> Iterator[tuple[str, str, str]]:
    """Each function's logical id, what it is called in the code, its role's logical id."""
    for name, each in found.items():
        if each.type != "AWS::Lambda::Function":
            continue
        own = msgspec.convert(each.properties, _Properties)
        match own.role:
            case {"Fn::GetAtt": [str(role), "Arn"]}:
                yield name, own.handler.split(".")[1], role
            case _:
                raise InvalidInput(
                    f"the function {name} has a role that its template does not make"
                )


def _of(function: str, role: Described, stands: Stands) -> Iterator[Need]:
    """What a role of the template allows: once each, in the template's order."""
    own = msgspec.convert(resolved(role.properties, stands), _Properties)
    statements = [each for policy in own.policies for each in policy.policy_document.statement]
    keys = {key for each in statements for by_key in each.condition.values() for key in by_key}
    found: dict[Need, None] = {}
    for each in statements:
        carried = tuple(_carried(each)) if each.effect == "Allow" else ()
        for action in listed(each.action) if each.effect == "Allow" else ():
            given = (*carried, *_everywhere(action, stands))
            absent = tuple(sorted(keys - {key for key, *_ in carried}))
            for resource in listed(each.resource):
                found[Need(function, action, _sample(resource), given, absent)] = None
    return iter(found)


def _carried(statement: _Statement) -> Iterator[Given]:
    """The keys that an allowance asks for, as the function's calls carry them."""
    for operator, by_key in statement.condition.items():
        for key, values in by_key.items():
            match operator:
                case "StringEquals":
                    yield key, "string", listed(values)[:1]
                case "ForAnyValue:StringEquals":
                    yield key, "stringList", listed(values)
                case _:
                    raise InvalidInput(f"an allowance of the template has the condition {operator}")


def _everywhere(action: str, stands: Stands) -> Iterator[Given]:
    """What every request carries, and policies of an organisation often ask for."""
    region = HEALTH_REGION if action.startswith("health:") else stands.home.region
    yield "aws:RequestedRegion", "string", (region,)
    yield "aws:SecureTransport", "boolean", ("true",)
    yield "aws:PrincipalAccount", "string", (stands.home.account,)
    yield "aws:ResourceAccount", "string", (stands.home.account,)


def _sample(resource: str) -> str:
    """A resource that the pattern is for, since a request names one; ``*`` is what names none."""
    if resource == "*":
        return resource
    if ":log-group:" in resource and resource.endswith(":*"):
        resource = f"{resource[:-1]}log-stream:x"
    for pattern, sample in SAMPLES.items():
        resource = resource.replace(pattern, sample)
    return resource.replace("*", "x").replace("?", "x")
