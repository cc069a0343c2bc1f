"""An endpoint that is none of AWS's: each command that asks AWS ends with one line and status 2."""

import pytest

from firstline.cli.event_files import RUNBOOK
from firstline.cli.main import dispatch
from firstline.config import fleet_choice
from tests.adapters.loopback import Loopback, http

SIGN_IN = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body></body></html>"
ANSWERS = {
    "HTML": http("200 OK", SIGN_IN, "Content-Type: text/html"),
    "HTML that refuses": http("403 Forbidden", SIGN_IN, "Content-Type: text/html"),
    "no UTF-8": http("200 OK", b"\xff\xfe<html>"),
    "a list": http("200 OK", b"[]"),
    "nothing": http("200 OK"),
}
GUID = "00000000-0000-0000-0000-000000000001"
PLAN = ["inc-00000000000000000001", "0123456789ab"]
COMMANDS = {
    "approve": ["approve", *PLAN],
    "deny": ["deny", *PLAN, "--why", "no"],
    "doctor": ["doctor"],
    "drill": ["drill", "complete-outage"],
    "report-user": ["report-user", "--user", GUID, "--details", "x"],
    "audit export": ["audit", "export", "never.jsonl"],
    "audit list": ["audit", "list"],
}


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that open nothing."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "key",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        fleet_choice.VARIABLE: str(RUNBOOK),
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("command", COMMANDS)
def test_an_endpoint_that_is_none_of_aws_is_one_line(
    command: str,
    answer: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Loopback(ANSWERS[answer]) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        assert dispatch(COMMANDS[command]) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert output.err.startswith(f"firstline: {command.partition(' ')[0]}: ")
    assert "fleet file" not in output.err
    assert len(output.err) < 200


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_function_url_that_is_none_of_ours_is_one_line(
    answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its effect is unknown."""
    with Loopback(ANSWERS[answer]) as server:
        url = server.url.replace("/v2/enqueue", "/")
        assert dispatch([*COMMANDS["approve"], "--url", url]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert len(err) < 200


CONFIGURATIONS = {
    ("AWS_PROFILE", "gone"): "The config profile (gone) could not be found",
    ("AWS_ENDPOINT_URL", "nonsense"): "its endpoint is not an AWS endpoint (ValueError)",
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
def test_a_configuration_that_cannot_be_used_is_one_line(
    configuration: tuple[str, str],
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(*configuration)
    assert dispatch(COMMANDS[command]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert CONFIGURATIONS[configuration] in err
