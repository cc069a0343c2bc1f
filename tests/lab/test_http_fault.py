"""HTTP faults as bytes: botocore reads each service's own code of a refusal out of them."""

import pytest
from botocore.model import Shape
from botocore.parsers import create_parser

from firstline.lab import http_fault
from firstline.lab.http_fault import HttpFault


@pytest.mark.parametrize(
    ("service", "protocol", "code"),
    [
        ("dynamodb", "json", "ProvisionedThroughputExceededException"),
        ("ssm", "json", "ThrottlingException"),
        ("ec2", "ec2", "RequestLimitExceeded"),
        ("autoscaling", "query", "Throttling"),
    ],
)
def test_a_refusal_has_the_code_of_its_service(service: str, protocol: str, code: str) -> None:
    status, body = http_fault.answer(HttpFault.THROTTLED, protocol, service)
    response = {"status_code": int(status), "headers": {}, "body": body}
    parsed = create_parser(protocol).parse(response, Shape("Any", {"type": "structure"}))
    assert parsed["Error"]["Code"] == code
