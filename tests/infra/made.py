"""The synthesized stacks: templates with their references resolved to plausible values."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

HASH = re.compile(r"[0-9A-F]{8}$")
"""The CDK's suffix of a name."""
SUFFIX = "1A2B3C4D5E6F7"
"""As long as what CloudFormation puts behind a name."""
ACCOUNT = "111122223333"
REGION = "us-east-1"
PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}
HERE = f"{REGION}:{ACCOUNT}"
ARNS = {
    "AWS::CloudWatch::Alarm": f"cloudwatch:{HERE}:alarm:",
    "AWS::CloudWatch::CompositeAlarm": f"cloudwatch:{HERE}:alarm:",
    "AWS::DynamoDB::Table": f"dynamodb:{HERE}:table/",
    "AWS::Events::Rule": f"events:{HERE}:rule/",
    "AWS::IAM::ManagedPolicy": f"iam::{ACCOUNT}:policy/",
    "AWS::IAM::Role": f"iam::{ACCOUNT}:role/",
    "AWS::KMS::Key": f"kms:{HERE}:key/",
    "AWS::Lambda::Function": f"lambda:{HERE}:function:",
    "AWS::Lambda::LayerVersion": f"lambda:{HERE}:layer:",
    "AWS::Logs::LogGroup": f"logs:{HERE}:log-group:",
    "AWS::S3::Bucket": "s3:::",
    "AWS::SNS::Topic": f"sns:{HERE}:",
    "AWS::SQS::Queue": f"sqs:{HERE}:",
    "AWS::SecretsManager::Secret": f"secretsmanager:{HERE}:secret:",
}
INTRINSICS = {"Ref", "Fn::GetAtt", "Fn::Join", "Fn::ImportValue", "Fn::Sub"}
REF_IS_ARN = {
    "AWS::IAM::ManagedPolicy",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::Lambda::LayerVersion",
    "AWS::SNS::Topic",
    "AWS::SecretsManager::Secret",
}


class Resource(NamedTuple):
    """A resource as CloudFormation would see it: its generated name, its resolved properties."""

    kind: str
    logical_id: str
    name: str
    properties: dict[str, Any]
    raw: dict[str, Any]


class Made:
    """One assembly: the two stacks' templates, read as one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.paths = sorted(folder.glob("*.template.json"))
        self.templates = {
            path.name.removesuffix(".template.json"): json.loads(path.read_text())
            for path in self.paths
        }
        self._exports = {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in self.templates.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }
        self.resources = {
            logical_id: self._resource(stack, logical_id)
            for stack, template in self.templates.items()
            for logical_id in template["Resources"]
        }

    def of(self, kind: str) -> list[Resource]:
        """All resources of *kind*."""
        return [each for each in self.resources.values() if each.kind == kind]

    def one(self, kind: str, ending: str) -> Resource:
        """The one resource of *kind* whose logical id ends in *ending*, but for its hash."""
        (found,) = [
            each for each in self.of(kind) if HASH.sub("", each.logical_id).endswith(ending)
        ]
        return found

    def arn(self, resource: Resource) -> str:
        """The ARN that it would have."""
        return f"arn:aws:{ARNS[resource.kind]}{resource.name}"

    def outputs(self, stack: str) -> Mapping[str, Any]:
        """The stack's outputs, resolved."""
        return {
            name: self._resolve(stack, output["Value"])
            for name, output in self.templates[stack]["Outputs"].items()
        }

    def exports(self) -> dict[str, str]:
        """Return a stack's exports by name."""
        return {name: str(self._resolve(*expected)) for name, expected in self._exports.items()}

    def standing(self, stack: str) -> dict[str, tuple[str, str]]:
        """The kind of each resource of *stack* and the id that CloudFormation knows it by."""
        return {
            name: (each["Type"], str(self._ref(stack, name)))
            for name, each in self.templates[stack]["Resources"].items()
        }

    def _resource(self, stack: str, logical_id: str) -> Resource:
        raw = self.templates[stack]["Resources"][logical_id]
        properties = self._resolve(stack, raw.get("Properties", {}))
        return Resource(raw["Type"], logical_id, f"{stack}-{logical_id}-{SUFFIX}", properties, raw)

    def _resolve(self, stack: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
        if isinstance(value, list):
            return [self._resolve(stack, each) for each in value]
        if not isinstance(value, dict):
            return value
        if value.keys() & INTRINSICS:
            ((intrinsic, argument),) = value.items()
            return self._intrinsic(stack, intrinsic, argument)
        return {key: self._resolve(stack, each) for key, each in value.items()}

    def _intrinsic(self, stack: str, intrinsic: str, argument: Any) -> str:  # noqa: ANN401
        if intrinsic == "Ref":
            return self._ref(stack, argument)
        if intrinsic == "Fn::GetAtt":
            return self._attribute(stack, *argument)
        if intrinsic == "Fn::Join":
            return str(argument[0]).join(self._resolve(stack, each) for each in argument[1])
        if intrinsic == "Fn::ImportValue":
            return str(self._resolve(*self._exports[argument]))
        return str(argument)

    def _ref(self, stack: str, name: str) -> str:
        if name in PSEUDO:
            return PSEUDO[name]
        if name == "AWS::StackId":
            return f"arn:aws:cloudformation:{HERE}:stack/{stack}/{SUFFIX}"
        kind = self.templates[stack]["Resources"][name]["Type"]
        if kind == "AWS::SQS::Queue":
            return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{stack}-{name}-{SUFFIX}"
        return self._named(stack, name, kind) if kind in REF_IS_ARN else f"{stack}-{name}-{SUFFIX}"

    def _attribute(self, stack: str, logical_id: str, attribute: str) -> str:
        kind = self.templates[stack]["Resources"][logical_id]["Type"]
        if attribute.endswith("Name"):
            return f"{stack}-{logical_id}-{SUFFIX}"
        if attribute == "FunctionUrl":
            return f"https://{SUFFIX}.lambda-url.{REGION}.on.aws/"
        if attribute == "StreamArn":
            return f"{self._named(stack, logical_id, kind)}/stream/2026-03-11T04:00:00.000"
        assert attribute == "Arn", f"{kind} has no {attribute} here"
        arn = self._named(stack, logical_id, kind)
        return f"{arn}:*" if kind == "AWS::Logs::LogGroup" else arn

    def _named(self, stack: str, logical_id: str, kind: str) -> str:
        return f"arn:aws:{ARNS[kind]}{stack}-{logical_id}-{SUFFIX}"
