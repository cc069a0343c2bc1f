"""Templates with their references resolved to what was deployed."""

from typing import Any

from tests.end_to_end.cloud import ACCOUNT, REGION
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.stand_ins import resolved_secrets

PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}
HERE = f"{REGION}:{ACCOUNT}"
ARNS = {
    "AWS::CloudWatch::Alarm": f"cloudwatch:{HERE}:alarm:",
    "AWS::DynamoDB::Table": f"dynamodb:{HERE}:table/",
    "AWS::KMS::Key": f"kms:{HERE}:key/",
    "AWS::S3::Bucket": "s3:::",
    "AWS::Events::Rule": f"events:{HERE}:rule/",
    "AWS::IAM::Role": f"iam::{ACCOUNT}:role/",
    "AWS::Lambda::Function": f"lambda:{HERE}:function:",
    "AWS::Logs::LogGroup": f"logs:{HERE}:log-group:",
    "AWS::SQS::Queue": f"sqs:{HERE}:",
}
"""The ARN of what has a name alone; of anything else ``Ref`` is the ARN.

moto leaves out the ``:*`` at the end of a log group's.
"""


class Template:
    """One stack's template as it was deployed."""

    def __init__(self, deployment: Deployment, stack: str) -> None:
        self._deployment = deployment
        self._stack = stack
        self.resources: dict[str, Any] = deployment.assembly.templates[stack]["Resources"]
        self.ids = deployment.resources(stack)
        exports = deployment.cloud.client("cloudformation").list_exports()["Exports"]
        self._exports = {each["Name"]: each["Value"] for each in exports}

    def properties(self, logical_id: str) -> dict[str, Any]:
        """The resource's properties, resolved."""
        properties = self._resolve(self.resources[logical_id].get("Properties", {}))
        return resolved_secrets(self._deployment.cloud, properties)

    def _resolve(self, value: Any) -> Any:  # noqa: ANN401, PLR0911 - any JSON
        match value:
            case list():
                return [self._resolve(each) for each in value]
            case {"Ref": name}:
                return PSEUDO.get(name) or self.ids.get(name) or self._stack_id()
            case {"Fn::GetAtt": [name, attribute]}:
                return self._attribute(name, attribute)
            case {"Fn::ImportValue": name}:
                return self._exports[name]
            case {"Fn::Join": [between, parts]}:
                return between.join(self._resolve(each) for each in parts)
            case dict():
                assert not [key for key in value if key.startswith("Fn::")], value
                return {key: self._resolve(each) for key, each in value.items()}
            case _:
                return value

    def _attribute(self, name: str, attribute: str) -> str:
        kind, id_ = self.resources[name]["Type"], self.ids[name]
        last = id_.rpartition("/")[2] if kind == "AWS::SQS::Queue" else id_
        if attribute.endswith("Name"):
            return last.rpartition(":")[2]
        if attribute == "StreamArn":
            tables = self._deployment.cloud.client("dynamodb")
            return str(tables.describe_table(TableName=id_)["Table"]["LatestStreamArn"])
        assert attribute == "Arn", (kind, attribute)
        if kind not in ARNS:
            return id_
        return f"arn:aws:{ARNS[kind]}{last}"

    def _stack_id(self) -> str:
        result = self._deployment.cloud.client("cloudformation").describe_stacks(
            StackName=self._stack
        )
        return str(result["Stacks"][0]["StackId"])
