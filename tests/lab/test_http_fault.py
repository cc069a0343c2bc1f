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


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (HttpFault.FAILED, 500, b""),
        (HttpFault.CUT, 200, b'{"Resp'),
        (HttpFault.EMPTY, 200, b""),
        (HttpFault.GARBLED, 200, b"\xff\xfe\x80"),
    ],
)
def test_an_answer_is_cut_or_no_answer_at_all(fault: HttpFault, status: int, body: bytes) -> None:
    assert http_fault.answer(fault, "json", "ssm") == (status, body)


def test_what_is_refused_or_fails_was_not_done_and_no_strange_answer_is_sent_again() -> None:
    assert {each for each in HttpFault if not each.effect} == {
        HttpFault.THROTTLED,
        HttpFault.FAILED,
    }
    assert {each for each in HttpFault if not each.retried} == {
        HttpFault.CUT,
        HttpFault.EMPTY,
        HttpFault.GARBLED,
    }
