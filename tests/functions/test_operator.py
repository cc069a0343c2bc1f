"""The operators' function URL: who calls is IAM's word, and a mistake gets one line."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, strategies

from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import FaultPlan
from functions import operator
from tests.functions.test_handlers import door_of, system_of
from tests.strategies import CALM
from tests.strategies import JSON as ANY_JSON

JSON = ANY_JSON | strategies.just("\ud800")

CALLER = "arn:aws:sts::111122223333:assumed-role/on-call/alice"
PAUSE = {
    "command": "pause",
    "scope": "everything",
    "why": "a drill",
    "until": "2026-03-11T05:00:00Z",
}


def call(body: object, *, caller: str | None = CALLER) -> dict[str, Any]:
    """The event of a function URL, in its format 2.0."""
    iam = {"iam": {"userArn": caller}} if caller else {}
    return {"requestContext": {"authorizer": iam}, "body": json.dumps(body)}


def answer(event: dict[str, Any], door: MemoryBackend | None = None) -> tuple[object, Any]:
    result = operator.handler(event, None, system_of(door or door_of()))
    return result["statusCode"], json.loads(str(result["body"]))


def test_a_lever_is_pulled_by_the_caller_whom_iam_names() -> None:
    """The body has no say in who calls."""
    door = door_of()
    status, result = answer(call(PAUSE), door)
    assert (status, result["by"], result["notified"]) == (200, CALLER, True)
    (pause,) = door.store.tables.switch.pauses
    assert pause.by == CALLER
    status, result = answer(call(PAUSE | {"by": "mallory"}), door)
    assert (status, list(result)) == (400, ["error"])


def test_a_body_in_base64_is_the_same() -> None:
    """Lambda encodes what it takes for binary."""
    event = call(PAUSE)
    event |= {"body": base64.b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
    assert answer(event)[0] == 200


@pytest.mark.parametrize("event", [{}, {"requestContext": {}}, call(PAUSE, caller=None)])
def test_a_request_without_a_caller_is_refused(event: dict[str, Any]) -> None:
    """A URL that lost its authorization would come without a caller."""
    door = door_of()
    assert answer(event, door)[0] == 403
    assert door.store.tables.switch.pauses == ()


def test_a_mistake_is_answered_with_one_line() -> None:
    """The mistake, and its correction."""
    status, result = answer(call(PAUSE | {"scope": "all"}))
    assert status == 400
    assert result["error"].startswith(
        "scope: give everything, an incident's id, or one of complete"
    )
    assert answer({**call(None), "body": None})[0] == 400


def test_a_store_that_is_down_asks_to_try_again() -> None:
    """The outcome is unknown."""
    door = door_of(FaultPlan(dependency="store", until_seconds=600))
    status, result = answer(call(PAUSE), door)
    assert status == 503
    assert result["error"].startswith("the command may or may not have taken effect: ")


SIGNED = {"authorizer": {"iam": {"userArn": CALLER}}}
TEXT = "the body is not valid: send the operator command as one JSON document"
ODD: dict[str, tuple[object, int, str]] = {
    "a list": ([], 403, "the request has no IAM caller: sign it with SigV4"),
    "no context": ({"requestContext": None}, 403, "the request has no IAM caller"),
    "no authorizer": (
        {"requestContext": {"authorizer": None}},
        403,
        "the request has no IAM caller",
    ),
    "no iam": (
        {"requestContext": {"authorizer": {"iam": None}}},
        403,
        "the request has no IAM caller",
    ),
    "a number for a caller": (
        {"requestContext": {"authorizer": {"iam": {"userArn": 1}}}},
        403,
        "the request has no IAM caller",
    ),
    "a body that is a document": ({"requestContext": SIGNED, "body": PAUSE}, 400, TEXT),
    "half of a character": ({"requestContext": SIGNED, "body": "\ud800"}, 400, TEXT),
    "no Base64": (
        {"requestContext": SIGNED, "body": "a?", "isBase64Encoded": True},
        400,
        TEXT,
    ),
    "Base64 that is a word": (
        {"requestContext": SIGNED, "body": "{}", "isBase64Encoded": "true"},
        400,
        TEXT,
    ),
    "nothing at all": (
        {"requestContext": SIGNED},
        400,
        "not an operator command: approve, deny, pause",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_an_invalid_request_gets_one_line(name: str) -> None:
    event, status, why = ODD[name]
    result = operator.handler(event, None, system_of(door_of()))
    assert result["statusCode"] == status
    assert json.loads(str(result["body"]))["error"].startswith(why)


@CALM
@given(strategies.data())
def test_no_value_of_any_key_is_a_traceback(data: strategies.DataObject) -> None:
    """At every depth of the request, and within its body; only the caller sends a command."""
    event: Any = call(PAUSE) | {"isBase64Encoded": False}
    paths = [[], ["requestContext"], ["requestContext", "authorizer"], ["body"]]
    paths += [["requestContext", "authorizer", "iam"], ["isBase64Encoded"]]
    *path, last = ["event", *data.draw(strategies.sampled_from(paths))]
    within = document = {"event": event}
    for key in path:
        within = within[key]
    within[last] = data.draw(JSON)
    result = operator.handler(document["event"], None, system_of(door_of()))
    assert result["statusCode"] in {200, 400, 403}
    body = json.loads(str(result["body"]))
    assert result["statusCode"] == 200 or list(body) == ["error"]
