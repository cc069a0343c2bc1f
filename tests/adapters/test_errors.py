"""Whatever botocore raises is one list, and no error of our own code is taken for it."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from botocore.exceptions import ClientError, NoCredentialsError, TokenRetrievalError
from botocore.parsers import ResponseParserError

from firstline.adapters.aws.errors import PARSER_ERRORS, describe, failure_reason, unavailable
from firstline.doctor.facts import ReadFailure
from firstline.doctor.readers.requests import read
from firstline.errors import DependencyUnavailable
from tests.adapters.backends import Ends, Http

ROOT = Path(__file__).parents[2]
HTML = "<html><head><title>Sign in</title></head></html>"
OPERATIONS: dict[str, Callable[[Session], Any]] = {
    "json": lambda it: it.client("ssm").list_commands(),
    "query": lambda it: it.client("autoscaling").describe_auto_scaling_groups(),
    "ec2": lambda it: it.client("ec2").describe_instances(),
    "rest-json": lambda it: it.client("apigatewayv2").get_apis(),
    "rest-xml": lambda it: it.client("s3").list_objects_v2(Bucket="bucket"),
    "cbor": lambda it: it.client("cloudwatch").describe_alarms(),
}
BODIES: dict[str, str | bytes] = {
    "HTML": HTML,
    "no UTF-8": b"\xff\xfe",
    "a list": "[]",
    "null": "null",
    "a number": "1e400",
    "text": '"x"',
    "cut": '{"Commands": [',
    "deep": "[" * 9999,
    "no date": '{"Commands": [{"RequestedDateTime": {}}]}',
    "a date of no year": '{"Commands": [{"RequestedDateTime": 1e400}]}',
}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_that_is_none_of_the_services_is_unavailable(
    operation: str, body: str, status: int
) -> None:
    """Or no answer at all, as JSON of other keys and XML of other names are."""
    session = Ends(Http(status, BODIES[body])).session
    assert not found("unavailable", OPERATIONS[operation], session)
    assert not found("read", OPERATIONS[operation], session)


def found(how: str, ask: Callable[[Session], Any], session: Session) -> dict[str, Any]:
    """The services' answer without HTTP's own part."""
    try:
        with unavailable("service"):
            answer = ask(session) if how == "unavailable" else read("a:B", lambda: ask(session))
    except DependencyUnavailable:
        return {}
    if isinstance(answer, ReadFailure):
        return {}
    return {key: value for key, value in answer.items() if key != "ResponseMetadata" and value}


@pytest.mark.parametrize("slip", PARSER_ERRORS)
def test_an_error_of_our_own_is_no_failure_of_aws(slip: type[Exception]) -> None:
    """But for a part that an answer lacks, or has once too often."""

    def ours() -> None:
        raise slip("ours")

    lacks = issubclass(slip, ValueError)
    with pytest.raises(DependencyUnavailable if lacks else slip), unavailable("service"):
        ours()
    if not lacks:
        with pytest.raises(slip):
            read("a:B", ours)


def test_why_names_what_is_lacking() -> None:
    assert failure_reason(KeyError("Stacks")) == "its answer has no 'Stacks'"
    assert failure_reason(IndexError()) == "its answer has an unexpected form"
    assert failure_reason(TypeError()) is None
    assert failure_reason(NoCredentialsError()) == "NoCredentialsError"


def test_a_person_gets_the_reason_in_words() -> None:
    """Botocore's own sentence, or that something else than AWS answers."""
    mend = "sign in (aws sso login, aws configure), or name other credentials by --profile"
    assert describe(NoCredentialsError()) == f"there are no credentials: {mend}"
    over = TokenRetrievalError(provider="sso", error_msg="Token has expired")
    assert describe(over).endswith(f"Token has expired: {mend}")
    expired = ClientError({"Error": {"Code": "ExpiredToken"}}, "GetCallerIdentity")
    assert describe(expired) == f"ExpiredToken: {mend}"
    denied = ClientError({"Error": {"Code": "AccessDenied"}}, "GetCallerIdentity")
    assert describe(denied) == "AccessDenied"
    text = "its endpoint is not an AWS endpoint (ResponseParserError)"
    assert describe(ResponseParserError("b'<html>...'")) == text


APART = {
    "layers/firstline/python/firstline/adapters/aws/errors.py": "the one list",
    "layers/firstline/python/firstline/adapters/aws/hosts.py": "a command that SSM lists later",
    "layers/firstline/python/firstline/adapters/aws/s3_archive.py": "a key that is there, or not",
    "layers/firstline/python/firstline/adapters/aws/store.py": "what DynamoDB takes at no time",
    "layers/firstline/python/firstline/doctor/readers/stacks.py": "a stack that does not exist",
}
"""Which modules catch errors of botocore by name, and what these are there."""


def caught() -> Iterator[tuple[str, str]]:
    """Each module, and each of botocore's names that it catches, under whatever alias."""
    for folder in ("layers/firstline", "functions", "infra", "tools", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            names = {
                alias.asname or alias.name
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("botocore")
                for alias in node.names
            } | {"botocore"}
            for node in ast.walk(tree):
                if isinstance(node, ast.ExceptHandler) and node.type is not None:
                    for each in ast.walk(node.type):
                        if isinstance(each, ast.Name) and each.id in names:
                            yield str(path.relative_to(ROOT)), each.id


def test_no_other_module_lists_what_botocore_raises() -> None:
    """A list of one's own lacks what another list learnt."""
    places = set(caught()) | {(next(iter(APART)), "FAILURES")}
    assert {path for path, _ in places} == set(APART)
    assert {name for path, name in places if path != next(iter(APART))} == {"ClientError"}
