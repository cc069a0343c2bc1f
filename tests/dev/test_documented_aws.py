"""The documents' lines of the AWS command line are requests that the services take."""

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import botocore.session
import pytest
from boto3.session import Session
from botocore import xform_name
from moto import mock_aws

from tests.dev.documented import DOCUMENTS, commands
from tests.dev.lines import AWS_ONLY_READ, aws_only_read

if TYPE_CHECKING:
    from typing import Literal

AWS_ITSELF = {"--query", "--output", "--region", "--no-cli-pager"}
AWS = sorted(
    {tuple(line[1:]) for document in DOCUMENTS for line in commands(document) if line[0] == "aws"}
)


@pytest.mark.parametrize("line", AWS, ids=" ".join)
def test_a_command_of_aws_is_one(line: tuple[str, ...]) -> None:
    """Its service, operation and options are in botocore's models."""
    service, operation, *rest = line
    if service == "s3":  # the command line's own, over several requests
        return
    model = botocore.session.get_session().get_service_model(service)
    operations = {xform_name(each, "-"): each for each in model.operation_names}
    shape = model.operation_model(operations[operation]).input_shape
    takes = {f"--{xform_name(each, '-')}" for each in (shape.members if shape else {})}
    takes |= {each.replace("--", "--no-", 1) for each in takes} | AWS_ITSELF
    assert {each for each in rest if each.startswith("--")} <= takes


KNOWN_THERE = {
    "INCIDENTS": "incidents",
    "INCIDENTS-restored": "incidents",
    "DEAD_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/dead",
}


@pytest.mark.parametrize("line", [each for each in AWS if not aws_only_read(each)], ids=" ".join)
def test_a_command_of_aws_is_taken(line: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """By moto, with the values that are told: their types and names are those of the service."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")
    service, operation, *rest = line[: line.index("|")] if "|" in line else line
    with mock_aws():
        session = Session(region_name="us-east-1")
        known = KNOWN_THERE | {"$SIGNING_KEY": there(session)}
        client: Any = session.client(cast("Literal['sqs']", service))
        shape = client.meta.service_model.operation_model(named(service, operation)).input_shape
        members = {xform_name(each, "-"): (each, it) for each, it in shape.members.items()}
        asked = {}
        for flag, value in pairwise(rest):
            if flag.startswith("--") and flag not in AWS_ITSELF:
                name, member = members[flag.removeprefix("--")]
                told = known.get(value, value)
                plain = member.type_name == "string"
                asked[name] = told if plain else json.loads(told)
        answer = getattr(client, operation.replace("-", "_"))(**asked)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def there(session: Session) -> str:
    """Make what the lines are about; gives the key's id."""
    session.client("dynamodb").create_table(
        TableName="incidents",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        KeySchema=[
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
    )
    session.client("sqs").create_queue(QueueName="dead")
    session.client("secretsmanager").create_secret(Name="SECRET", SecretString="set it")
    made = session.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return made["KeyMetadata"]["KeyId"]


def named(service: str, operation: str) -> str:
    """What the service's model calls an operation of the command line's."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(each, "-"): str(each) for each in model.operation_names}[operation]


def test_each_reason_not_to_run_a_line_of_aws_is_needed() -> None:
    """Of a line that is gone the reason goes, too."""
    needed = {word for line in AWS for word in line[:2]}
    assert set(AWS_ONLY_READ) <= needed
