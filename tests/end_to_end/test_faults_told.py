"""What fails where no test is looking is told, and nothing else: or no test here proves much."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest
from botocore.exceptions import ClientError

from firstline.controller.ports.messaging import Wake
from firstline.ids import IncidentId
from tests.end_to_end.cloud import Cloud
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.refusals import Answered
from tests.end_to_end.services import service_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DENIED = b'{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "not you"}'


@contextmanager
def denied(cloud: Cloud, service: str) -> Iterator[None]:
    """While it is entered, nobody may call *service*."""
    before = cloud.door

    def door(environment: "WSGIEnvironment", start: "StartResponse") -> "Iterable[bytes] | None":
        if service_of(environment) != service:
            return before(environment, start)
        start("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
        return [DENIED]

    cloud.door = door
    try:
        yield
    finally:
        cloud.door = before


def test_a_refusal_is_told_by_the_cloud_and_by_every_function(deployment: Deployment) -> None:
    """The store says AccessDenied: to a function that fails, and to one that is asked again."""
    wake = msgspec.json.encode(Wake(IncidentId("inc-0123456789abcdef0123"))).decode()
    records = {"Records": [{"messageId": "1", "body": wake}]}
    with denied(deployment.cloud, "dynamodb"):
        swept = deployment.lambdas.invoke(deployment.function("sweep"), {})
        woken = deployment.lambdas.invoke(deployment.function("reconcile"), records)
    assert swept.failed
    assert woken.payload == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    faults = deployment.cloud.faults.take()
    for result in (
        "answered: dynamodb Query 400: ",
        f"function {deployment.function('sweep')}: ",
        f"function {deployment.function('reconcile')} logged: ",
    ):
        assert [each for each in faults if each.startswith(result) and "AccessDenied" in each], (
            result
        )


def test_a_refusal_of_the_fleet_is_told_with_its_code(deployment: Deployment) -> None:
    """Whoever asks for a document that was not deployed."""
    commands = deployment.cloud.client("ssm")
    with pytest.raises(ClientError, match="InvalidDocument"):
        commands.send_command(DocumentName="not-deployed", InstanceIds=["i-0a1b2c3d4e5f60711"])
    (result,) = deployment.cloud.faults.take()
    assert result.startswith("answered: ssm SendCommand 400: ")
    assert "InvalidDocument" in result


@pytest.mark.parametrize(
    ("call", "said", "expected"),
    [
        (
            "dynamodb TransactWriteItems 400",
            "TransactionCanceledException: reasons [None, ConditionalCheckFailed]",
            True,
        ),
        (
            "dynamodb TransactWriteItems 400",
            "TransactionCanceledException: reasons [None, ValidationError]",
            False,
        ),
        ("dynamodb PutItem 400", "ConditionalCheckFailedException", False),
        ("s3 PUT /a/entries/1.json 412 If-None-Match", "<Code>PreconditionFailed</Code>", True),
        ("s3 PUT /a/entries/1.json 412", "<Code>PreconditionFailed</Code>", False),
        ("s3 PUT /a/entries/1.json 403 If-None-Match", "<Code>AccessDenied</Code>", False),
    ],
)
def test_a_refusal_is_expected_by_name_alone(call: str, said: str, *, expected: bool) -> None:
    """The call, its status and what was said must all be those of the list."""
    assert Answered(call, said).expected is expected
