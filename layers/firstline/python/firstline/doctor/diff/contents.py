"""Contents: what a stack's template holds that a person would miss, each by one word and a name.

``subscriber:Oversight/Emergency:a@example.com``, ``alarm:Detection/healthy-hosts``. Names are the
CDK's paths, which a template has as metadata; they stay the same from version to version.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from firstline.doctor.deploying import OUTPUT
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
"""What is missed once it is gone, and the word for it."""
SUBSCRIPTION = "AWS::SNS::Subscription"
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::Role")
ALARM_STATES = "Detection/AlarmStates"
"""The rule whose pattern names the alarms of others."""
MODE = "mode"
_ARN = ":alarm:"


class Resource(msgspec.Struct, frozen=True, rename="pascal"):
    """A resource of a template, as far as it is read."""

    type: str
    properties: dict[str, Any] = {}
    metadata: dict[str, Any] = {}


class Template(msgspec.Struct, frozen=True, rename="pascal"):
    """A template, as far as it is read."""

    resources: dict[str, Resource] = {}
    outputs: dict[str, dict[str, Any]] = {}


def template_of(body: object) -> Template:
    """The template that *body* is; raises `InvalidInput`."""
    try:
        return msgspec.convert(body, Template)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"a stack's template is not as the CDK makes it: {error}") from error


def contents(template: object) -> frozenset[str]:
    """What *template* holds; raises `InvalidInput` for what is none."""
    read = template_of(template)
    paths = {key: _path(key, each) for key, each in read.resources.items()}
    found = (item for key, each in read.resources.items() for item in _items(each, key, paths))
    return frozenset((*found, *_settings(read.outputs)))


def _path(key: str, resource: Resource) -> str:
    """The CDK's path without stack and ``Resource``; the logical id where there is none."""
    path = str(resource.metadata.get("aws:cdk:path", ""))
    return path.partition("/")[2].removesuffix("/Resource") or key


def _items(resource: Resource, key: str, paths: Mapping[str, str]) -> Iterator[str]:
    path, said = paths[key], resource.properties
    if resource.type in KINDS:
        yield f"{KINDS[resource.type]}:{path}"
    if resource.type == SUBSCRIPTION:
        topic = said.get("TopicArn")
        named = paths.get(topic.get("Ref", ""), "") if isinstance(topic, dict) else str(topic)
        yield f"subscriber:{named}:{said.get('Endpoint')}"
    if path == ALARM_STATES:
        yield from _heard(said.get("EventPattern", {}).get("resources", []))
    if resource.type in POLICIES:
        yield from _permissions(path, said)


def _heard(patterns: list[Any]) -> Iterator[str]:
    """The alarms of others, by their names; the stack's own go by a prefix."""
    for each in patterns:
        if isinstance(each, dict) and "prefix" in each:
            continue
        text = "".join(map(str, each["Fn::Join"][1])) if isinstance(each, dict) else str(each)
        yield f"external-alarm:{text.partition(_ARN)[2]}"


def _permissions(path: str, said: Mapping[str, Any]) -> Iterator[str]:
    documents = [said.get("PolicyDocument", {})]
    documents += [each.get("PolicyDocument", {}) for each in said.get("Policies", ())]
    for document in documents:
        for statement in document.get("Statement", ()):
            actions = statement.get("Action", ())
            for action in [actions] if isinstance(actions, str) else actions:
                kind = "permission" if statement.get("Effect") == "Allow" else "denial"
                yield f"{kind}:{path}:{action}"


def _settings(outputs: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """What the stack was deployed with, but for the addresses, which are subscribers."""
    try:
        found = json.loads(outputs.get(OUTPUT, {}).get("Value", "{}"))
    except (TypeError, ValueError):  # an earlier version's was no JSON
        found = {}
    for key, value in found.items() if isinstance(found, dict) else ():
        if not str(key).endswith("_email"):
            yield f"{MODE}:{value}" if key == MODE else f"setting:{key}={value}"
