"""The permissions that each deployed function's role needs, one IAM request each.

The only source is the deployed stack's template. `infra` grants exactly what the functions call:
tests check each grant against a recorded call or a stated reason (docs/IAM.md).
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from firstline.doctor.facts import ContextKey, RequiredPermission
from firstline.doctor.template import (
    References,
    TemplateResource,
    resolve,
    template_errors,
    template_resources,
)
from firstline.errors import InvalidInput

HEALTH_REGION = "us-east-1"
"""The only Region of the AWS Health API."""
SAMPLE_IDS = {
    ":instance/*": ":instance/i-0123456789abcdef0",
    ":key/*": ":key/12345678-0a1b-2c3d-4e5f-123456789012",
}
"""Sample ids for patterns of resources; other wildcards become ``x``."""


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


class DeployedFunction(msgspec.Struct, frozen=True):
    """A deployed function: its name in the code and its physical name."""

    known_as: str
    name: str


def required_permissions(
    template: object, references: References
) -> dict[DeployedFunction, tuple[RequiredPermission, ...]]:
    """Return the permissions of each function of *template*; raises `InvalidInput`."""
    with template_errors():
        found = template_resources(template)
        return {
            DeployedFunction(known_as, references.ref(name)): tuple(
                _of(known_as, found[role], references)
            )
            for name, known_as, role in _functions(found)
        }


def batches(wanted: tuple[RequiredPermission, ...]) -> Iterator[tuple[RequiredPermission, ...]]:
    """Group permissions that one simulation can check: same resource, same condition keys."""
    alike: dict[tuple[str, tuple[ContextKey, ...]], list[RequiredPermission]] = {}
    for each in wanted:
        alike.setdefault((each.resource, each.context), []).append(each)
    return map(tuple, alike.values())


def as_tuple(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """Return one value or several as a tuple."""
    return (value,) if isinstance(value, str) else value


def _functions(found: Mapping[str, TemplateResource]) -> Iterator[tuple[str, str, str]]:
    """Yield each function's logical id, name in the code, and role's logical id."""
    for name, each in found.items():
        if each.type != "AWS::Lambda::Function":
            continue
        own = msgspec.convert(each.properties, _Properties)
        match own.role:
            case {"Fn::GetAtt": [str(role), "Arn"]}:
                yield name, own.handler.split(".")[1], role
            case _:
                raise InvalidInput(
                    f"the function {name} has a role that its template does not define"
                )


def _of(
    function: str, role: TemplateResource, references: References
) -> Iterator[RequiredPermission]:
    """Yield the permissions that a role allows, once each, in the template's order."""
    own = msgspec.convert(resolve(role.properties, references), _Properties)
    statements = [each for policy in own.policies for each in policy.policy_document.statement]
    keys = {key for each in statements for by_key in each.condition.values() for key in by_key}
    found: dict[RequiredPermission, None] = {}
    for each in statements:
        carried = tuple(_statement_keys(each)) if each.effect == "Allow" else ()
        for action in as_tuple(each.action) if each.effect == "Allow" else ():
            given = (*carried, *_global_keys(action, references))
            absent = tuple(sorted(keys - {key for key, *_ in carried}))
            for resource in as_tuple(each.resource):
                found[RequiredPermission(function, action, _sample(resource), given, absent)] = None
    return iter(found)


def _statement_keys(statement: _Statement) -> Iterator[ContextKey]:
    """Yield the condition keys that a statement requires, with values that satisfy it."""
    for operator, by_key in statement.condition.items():
        for key, values in by_key.items():
            match operator:
                case "StringEquals":
                    yield key, "string", as_tuple(values)[:1]
                case "ForAnyValue:StringEquals":
                    yield key, "stringList", as_tuple(values)
                case _:
                    raise InvalidInput(f"an allowance of the template has the condition {operator}")


def _global_keys(action: str, references: References) -> Iterator[ContextKey]:
    """Yield the condition keys of every request, which organisation policies often use."""
    region = HEALTH_REGION if action.startswith("health:") else references.home.region
    yield "aws:RequestedRegion", "string", (region,)
    yield "aws:SecureTransport", "boolean", ("true",)
    yield "aws:PrincipalAccount", "string", (references.home.account,)
    yield "aws:ResourceAccount", "string", (references.home.account,)


def _sample(resource: str) -> str:
    """Return a resource that matches the pattern; ``*`` stays for actions without one."""
    if resource == "*":
        return resource
    if ":log-group:" in resource and resource.endswith(":*"):
        resource = f"{resource[:-1]}log-stream:x"
    for pattern, sample in SAMPLE_IDS.items():
        resource = resource.replace(pattern, sample)
    return resource.replace("*", "x").replace("?", "x")
