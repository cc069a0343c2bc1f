"""The contents of a stack's template that an operator would miss, each as ``KIND:NAME``.

Examples: ``subscriber:Oversight/Emergency:a@example.com``, ``alarm:Detection/healthy-hosts``. Names
are CDK paths from the template's metadata, which stay the same between versions.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from firstline.doctor.deploy_settings import CONTEXT_OUTPUT
from firstline.errors import InvalidInput

KINDS = {
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::CompositeAlarm": "backstop",
    "AWS::Events::Rule": "rule",
    "AWS::SNS::Topic": "topic",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::DynamoDB::Table": "table",
    "AWS::S3::Bucket": "bucket",
    "AWS::KMS::Key": "key",
}
"""The word for each kind of resource whose removal matters."""
SUBSCRIPTION = "AWS::SNS::Subscription"
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::Role")
ALARM_STATES = "Detection/AlarmStates"
"""The rule whose pattern names foreign alarms."""
MODE = "mode"
_ARN = ":alarm:"


class Resource(msgspec.Struct, frozen=True, rename="pascal"):
    """The parsed part of a template's resource."""

    type: str
    properties: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class Template(msgspec.Struct, frozen=True, rename="pascal"):
    """The parsed part of a template."""

    resources: dict[str, Resource] = {}
    outputs: dict[str, dict[str, Any]] = {}


def template_of(body: object) -> Template:
    """Return *body* as a template; raises `InvalidInput`."""
    try:
        return msgspec.convert(body, Template)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"a stack's template does not have the CDK's form: {error}") from error


def contents(template: object) -> frozenset[str]:
    """Return the contents of *template*; raises `InvalidInput`."""
    read = template_of(template)
    paths = {key: _path(key, each) for key, each in read.resources.items()}
    found = (item for key, each in read.resources.items() for item in _items(each, key, paths))
    return frozenset((*found, *_settings(read.outputs)))


def _path(key: str, resource: Resource) -> str:
    """Return the CDK's path without stack and ``Resource``; default: the logical id."""
    path = str(resource.metadata.get("aws:cdk:path", ""))
    return path.partition("/")[2].removesuffix("/Resource") or key


def _items(resource: Resource, key: str, paths: Mapping[str, str]) -> Iterator[str]:
    path, properties = paths[key], resource.properties
    if resource.type in KINDS:
        yield f"{KINDS[resource.type]}:{path}"
    if resource.type == SUBSCRIPTION:
        topic = properties.get("TopicArn")
        named = paths.get(topic.get("Ref", ""), "") if isinstance(topic, dict) else str(topic)
        yield f"subscriber:{named}:{properties.get('Endpoint')}"
    if path == ALARM_STATES:
        yield from _external_alarms(properties.get("EventPattern", {}).get("resources", []))
    if resource.type in POLICIES:
        yield from _permissions(path, properties)


def _external_alarms(patterns: list[Any]) -> Iterator[str]:
    """Yield foreign alarms by name; the stack's own are matched by a prefix."""
    for each in patterns:
        if isinstance(each, dict) and "prefix" in each:
            continue
        text = "".join(map(str, each["Fn::Join"][1])) if isinstance(each, dict) else str(each)
        yield f"external-alarm:{text.partition(_ARN)[2]}"


def _permissions(path: str, properties: Mapping[str, Any]) -> Iterator[str]:
    documents = [properties.get("PolicyDocument", {})]
    documents += [each.get("PolicyDocument", {}) for each in properties.get("Policies", ())]
    for document in documents:
        for statement in document.get("Statement", ()):
            actions = statement.get("Action", ())
            for action in [actions] if isinstance(actions, str) else actions:
                kind = "permission" if statement.get("Effect") == "Allow" else "denial"
                yield f"{kind}:{path}:{action}"


def _settings(outputs: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the deployment's settings without e-mail addresses, which are subscribers."""
    try:
        found = json.loads(outputs.get(CONTEXT_OUTPUT, {}).get("Value", "{}"))
    except (TypeError, ValueError):  # an earlier version's output was not JSON
        found = {}
    for key, value in found.items() if isinstance(found, dict) else ():
        if not str(key).endswith("_email"):
            yield f"{MODE}:{value}" if key == MODE else f"setting:{key}={value}"
