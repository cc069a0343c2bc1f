"""The documents' lines of the AWS command line are requests that the services take."""

from typing import TYPE_CHECKING, Any, cast

import pytest
from boto3.session import Session
from moto import mock_aws

from tests.dev.aws_lines import request
from tests.dev.documented import DOCUMENTS, commands
from tests.dev.lines import AWS_ONLY_READ, aws_only_read

if TYPE_CHECKING:
    from typing import Literal

AWS = sorted(
    {tuple(line[1:]) for document in DOCUMENTS for line in commands(document) if line[0] == "aws"}
)


@pytest.mark.parametrize("line", AWS, ids=" ".join)
def test_a_command_of_aws_is_one(line: tuple[str, ...]) -> None:
    """Its service, operation, options and what is required are in botocore's models."""
    if line[0] != "s3":  # the command line's own, over several requests
        request(whole(line))


def whole(line: tuple[str, ...]) -> tuple[str, ...]:
    """*line* up to the command that reads what it prints."""
    return line[: line.index("|")] if "|" in line else line


KNOWN_THERE = {
    "INCIDENTS": "incidents",
    "INCIDENTS-restored": "incidents",
    "DEAD_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/dead",
}


@pytest.mark.parametrize("line", [each for each in AWS if not aws_only_read(each)], ids=" ".join)
def test_a_command_of_aws_is_taken(line: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """By moto, with the documented values: their types and names are the service's."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "x")
    service, _, given = request(whole(line))
    with mock_aws():
        session = Session(region_name="us-east-1")
        known = KNOWN_THERE | {"$SIGNING_KEY": there(session)}
        client: Any = session.client(cast("Literal['sqs']", service))
        asked = {
            name: known.get(value, value) if isinstance(value, str) else value
            for name, value in given.items()
        }
        answer = getattr(client, line[1].replace("-", "_"))(**asked)
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


def test_each_reason_not_to_run_a_line_of_aws_is_needed() -> None:
    """Of a line that is gone the reason goes, too."""
    needed = {word for line in AWS for word in line[:2]}
    assert set(AWS_ONLY_READ) <= needed
