"""Operator commands on the command line: signed, sent once, and printed as one line."""

import json
import re

import pytest
from boto3.session import Session

from firstline.cli.account import operator_url
from firstline.cli.main import dispatch
from firstline.config import fleet_choice
from tests.adapters.loopback import Loopback, http

APPROVED = {
    "command": "approve",
    "by": "arn:alice",
    "incident": "inc-0123456789abcdef0123",
    "action": "restart_enclave",
    "targets": ["i-0a1b2c3d4e5f60711"],
    "plan": "a" * 64,
    "until": "2026-03-11T05:00:00Z",
}
PAUSED = {"command": "pause", "by": "arn:alice", "scope": "everything", "notified": False}
APPROVE = ["approve", "inc-0123456789abcdef0123", "aaaaaaaa", "--region", "eu-west-1"]
PAUSE = ["pause", "everything", "--why", "a drill", "--for", "2h", "--region", "eu-west-1"]
RESUME = ["resume", "everything", "--why", "over", "--region", "eu-west-1"]
PROMOTED = {"command": "promote", "by": "arn:alice", "action": "restart_enclave"}
PROMOTE = ["promote", "restart_enclave", "--why", "mended", "--region", "eu-west-1"]
DENY = ["deny", "inc-0123456789abcdef0123", "aaaaaaaa", "--why", "no", "--region", "eu-west-1"]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "AKIDEXAMPLE"), ("SECRET_ACCESS_KEY", "secret")):
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv(fleet_choice.VARIABLE, "vettid")


def answering(status: str, body: object) -> Loopback:
    return Loopback(http(status, json.dumps(body).encode(), "Content-Type: application/json"))


def test_an_approval_is_signed_for_lambda_and_sent_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The caller is in the signature alone."""
    with answering("200 OK", APPROVED) as server:
        assert dispatch([*APPROVE, "--url", server.url]) == 0
        (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert re.search(rb"Credential=AKIDEXAMPLE/\d{8}/eu-west-1/lambda/aws4_request", head)
    assert json.loads(body) == {
        "command": "approve",
        "incident": "inc-0123456789abcdef0123",
        "plan": "aaaaaaaa",
        "why": "",
    }
    out = capsys.readouterr().out
    assert out.startswith("approved: restart_enclave on i-0a1b2c3d4e5f60711 for inc-0123456789")
    assert "(recorded as arn:alice)" in out


class Looked(Exception):
    """A deployment was looked up."""


@pytest.mark.parametrize(
    ("given", "fleet"),
    [
        ([], "vettid"),
        (["--fleet", "prod"], "prod"),
        (["--fleet", "no.toml", "--fleet", "x"], "x"),
    ],
)
@pytest.mark.parametrize("order", [APPROVE, DENY, PAUSE, RESUME, PROMOTE], ids=lambda each: each[0])
def test_a_deployment_is_found_by_its_fleet(
    order: list[str], given: list[str], fleet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its name, for a reader of a page without a fleet file."""

    def find(name: str, session: Session) -> str:
        raise Looked(name, session.region_name)

    monkeypatch.setattr(operator_url, "find", find)
    with pytest.raises(Looked) as looked:
        dispatch([*order, *given])
    assert looked.value.args == (fleet, "eu-west-1")


@pytest.mark.parametrize(
    ("arguments", "answer", "line"),
    [
        (
            PAUSE,
            PAUSED,
            "paused: no fixes of everything before ; PagerDuty has not received it yet",
        ),
        (
            RESUME,
            PAUSED | {"command": "resume", "notified": True},
            "resumed: fixes of everything are",
        ),
        (PROMOTE, PROMOTED, "promoted: restart_enclave has the autonomy of the fleet file again"),
        (
            DENY,
            APPROVED | {"command": "deny"},
            "denied: restart_enclave on i-0a1b2c3d4e5f60711 for",
        ),
    ],
)
def test_each_operator_command_prints_its_result(
    arguments: list[str],
    answer: dict[str, object],
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In words, and with --json the answer as it is."""
    with answering("200 OK", answer) as server:
        assert dispatch([*arguments, "--url", server.url]) == 0
        assert capsys.readouterr().out.startswith(line)
        assert dispatch([*arguments, "--url", server.url, "--json"]) == 0
        output = json.loads(capsys.readouterr().out)
    assert {key: output[key] for key in answer if key != "until"} == {
        key: value for key, value in answer.items() if key != "until"
    }


ON_ITS_WAY = {
    "type": "under-way",
    "action": "restart_enclave",
    "target": "i-0a1b2c3d4e5f60711",
    "alive": [],
    "incident": "inc-0123456789abcdef0123",
    "until": "2026-03-11T04:21:13Z",
}


WHAT = "restart_enclave on i-0a1b2c3d4e5f60711 for inc-0123456789abcdef0123"
UNTIL = "2026-03-11T04:21:13+00:00"


@pytest.mark.parametrize(
    ("under_way", "line"),
    [
        (None, "in progress: no fix"),
        (
            ON_ITS_WAY,
            f"in progress: {WHAT}, committed before; it may change its host until {UNTIL}",
        ),
        (
            {"type": "unknown", "why": "throttled"},
            "in progress: unknown, the lease cannot be read (throttled): check the incidents first",
        ),
    ],
)
def test_a_pause_says_what_it_came_too_late_for(
    under_way: object, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person who reads it knows whether to put hands on the host."""
    with answering("200 OK", PAUSED | {"under_way": under_way}) as server:
        assert dispatch([*PAUSE, "--url", server.url]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [line]


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        ("400 Bad Request", {"error": "there is no incident"}, "approve: there is no incident"),
        (
            "403 Forbidden",
            {"Message": "Forbidden"},
            "approve: you may not run operator commands (Forbidden)",
        ),
        ("502 Bad Gateway", [], "approve: the answer was 502 (no reason given)"),
        ("200 OK", {"x": 1}, "approve: the answer is none of firstline's"),
    ],
)
def test_a_refusal_is_one_line(
    status: str, body: object, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message of the function, or of the URL itself."""
    with answering(status, body) as server:
        assert dispatch([*APPROVE, "--url", server.url]) == 2
    assert capsys.readouterr().err.startswith(f"firstline: {line}")


def test_no_answer_is_reported_as_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    """It may have been done, so it is not sent again."""
    assert dispatch([*APPROVE, "--url", "http://127.0.0.1:9/"]) == 2
    assert "it may be done or not, look" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["approve", "x", "aaaaaaaa"], "approve: incident: give an incident's id"),
        (["resume", "all", "--why", "x"], "resume: scope: give everything, an incident's id"),
        ([*PAUSE[:5], "2 hours"], "pause: --for 2 hours: give a number with m, h or d"),
        ([*PAUSE[:5], "0h"], "pause: --for 0h: give a number with m, h or d"),
    ],
)
def test_a_mistake_needs_no_network(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is found before anything is sent."""
    assert dispatch(arguments) == 2
    assert capsys.readouterr().err.startswith(f"firstline: {line}")


@pytest.mark.parametrize("command", ["doctor", "pause", "approve", "drill", "audit", "report"])
def test_an_unreadable_profile_is_reported_before_the_region(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are wrong: the one of the command line is reported."""
    for each in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")
    arguments = {
        "pause": ["everything", "--why", "x", "--for", "1h"],
        "approve": ["inc-0123456789abcdef0123", "5f1c09ab"],
        "drill": ["complete-outage"],
        "audit": ["list"],
        "report": ["--since", "7d"],
    }
    assert dispatch([command, *arguments.get(command, []), "--fleet", "gone.toml"]) == 2
    assert f"firstline: {command}: gone.toml: cannot be read" in capsys.readouterr().err


def test_credentials_are_signed_for_tls_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A signed request has a session token, so it uses TLS only."""
    assert dispatch([*APPROVE, "--url", "http://example.com/"]) == 2
    assert "give an address that begins with https://" in capsys.readouterr().err


def test_without_a_region_or_credentials_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each with how to mend it."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert dispatch([*APPROVE[:3], "--url", "http://127.0.0.1:9/"]) == 2
    assert "no Region is set" in capsys.readouterr().err
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert dispatch([*APPROVE, "--url", "http://127.0.0.1:9/"]) == 2
    assert "no AWS credentials are set" in capsys.readouterr().err


def stacks(outputs: str) -> bytes:
    """CloudFormation's answer to DescribeStacks."""
    stack = f"<member><StackName>x</StackName><Outputs>{outputs}</Outputs></member>"
    body = f"<DescribeStacksResponse><DescribeStacksResult><Stacks>{stack}</Stacks>"
    return f"{body}</DescribeStacksResult></DescribeStacksResponse>".encode()


NO_STACK = b"<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>"


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        ("200 OK", stacks(""), "firstline-vettid-app has no OperatorUrl: deploy this version"),
        ("400 Bad Request", NO_STACK, "the stack firstline-vettid-app cannot be read (Validation"),
    ],
)
def test_a_stack_without_the_url_is_reported(
    status: str,
    body: bytes,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The stack's name follows from the profile's fleet."""
    with Loopback(http(status, body)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", server.url)
        assert dispatch(APPROVE) == 2
    assert line in capsys.readouterr().err


def test_the_url_is_the_stacks_output(monkeypatch: pytest.MonkeyPatch) -> None:
    """No one has to know it."""
    output = "<OutputKey>OperatorUrl</OutputKey><OutputValue>https://url</OutputValue>"
    with Loopback(http("200 OK", stacks(f"<member>{output}</member>"))) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", server.url)
        assert operator_url.find("vettid", Session(region_name="eu-west-1")) == "https://url"
        assert b"StackName=firstline-vettid-app" in server.requests[0]


def test_an_unreadable_stack_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was sent."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:9/")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    assert dispatch(APPROVE) == 2
    assert "the stack firstline-vettid-app cannot be read" in capsys.readouterr().err
