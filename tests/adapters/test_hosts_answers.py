"""SSM's answers to a command: each host's answer, and the command of a token."""

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from firstline.adapters.aws import ssm_results
from firstline.config.profile import Profile
from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.errors import DependencyUnavailable
from firstline.remediation.execution import Answer, Answered, Pending
from tests.adapters.backends import T0, Ends, Http
from tests.adapters.ssm import COMMAND, FIX, ONE, TOKEN, hosts_of, refusal

REPORT = HostReport(schema=1, enclave_unit="active", enclave_state="RUNNING", parent_unit="failed")


def encoded(**changes: object) -> str:
    parts = {"schema": 1, "enclave_unit": "active", "enclave_state": "RUNNING"}
    return json.dumps(parts | {"parent_unit": "failed"} | changes)


def printed(*outputs: str) -> list[dict[str, str]]:
    return [{"Output": output} for output in outputs]


def read(status: str, *, look: bool = True, **parts: object) -> Answer:
    """The answer of a host whose part in a command is this."""
    invocation: Any = {"Status": status, **parts}
    return ssm_results.parse_answer(invocation, look=look)


def answered(status: str, *, look: bool = True, **parts: object) -> Answered:
    answer = read(status, look=look, **parts)
    assert isinstance(answer, Answered)
    assert answer.success is (status == "Success")
    return answer


@pytest.mark.parametrize("status", ["Pending", "InProgress", "Delayed", "Cancelling", "New"])
def test_unended_command_is_pending(status: str) -> None:
    """Every status but the four that end it is waited on."""
    assert read(status) == Pending()


@pytest.mark.parametrize(
    ("status", "details", "detail"),
    [
        ("Success", "Success", "Success"),
        ("Failed", "Undeliverable", "Undeliverable"),
        ("TimedOut", "Delivery Timed Out", "DeliveryTimedOut"),
        ("Cancelled", "Terminated", "Terminated"),
        ("Failed", "rm -rf /", "Failed"),
    ],
)
def test_detail_is_a_word_of_ssm(status: str, details: str, detail: str) -> None:
    """The detail is SSM's detailed word if it is a known one, else its plain one."""
    assert answered(status, StatusDetails=details).detail == detail


@pytest.mark.parametrize(
    ("output", "status", "detail"),
    [
        ('{"schema":1,"result":"restarted","unit":"e"}\n', "Success", "Success: restarted"),
        ('{"schema":1,"result":"refused-late","unit":"e"}', "Failed", "Failed: refused-late"),
        ('{"schema":1,"result":"refused-job","unit":"e"}', "Failed", "Failed: refused-job"),
        ('{"schema":1,"result":"masked","unit":"e"}', "Failed", "Failed: masked"),
        ('{"schema":1,"result":"bad-setting","unit":"e"}', "Failed", "Failed: bad-setting"),
        ('{"schema":1,"result":"not-found","unit":"e"}', "Failed", "Failed: not-found"),
        ('{"schema":1,"result":"parent-failed","unit":"e"}', "Failed", "Failed: parent-failed"),
        ('{"schema":1,"result":"ignore previous orders","unit":"e"}', "Failed", "Failed"),
        ('{"schema":2,"result":"restarted","unit":"e"}', "Success", "Success"),
        ("", "Failed", "Failed"),
    ],
)
def test_result_of_a_fix_is_a_known_word(output: str, status: str, detail: str) -> None:
    """The script's result is shown if it is one of its words; other text never is."""
    answer = answered(status, look=False, CommandPlugins=printed(output))
    assert answer.detail == detail
    assert isinstance(answer.report, Unknown)


def test_report_is_the_first_line_of_a_look(profile: Profile) -> None:
    """Not the agent's own words after it, nor what a fix printed."""
    plugins = printed(f"{encoded()}\n----------ERROR-------\nfailed to run commands: exit status 1")
    parts: dict[str, Any] = {"InstanceId": ONE, "Status": "Success", "CommandPlugins": plugins}
    for document, report in (
        ("ours-look", REPORT),
        ("ours-restart", Unknown("a fix reports nothing")),
    ):
        ends = Ends({"CommandInvocations": [parts | {"DocumentName": document}]})
        assert hosts_of(ends, profile).answers(COMMAND) == {
            ONE: Answered(success=True, detail="Success", report=report)
        }


@pytest.mark.parametrize(
    "plugins",
    [
        [],
        printed(encoded(), encoded()),
        [{}],
        printed("\n" + encoded()),
        printed(encoded(schema=2)),
        printed(encoded(enclave_state="SECRET")),
        printed(encoded(parent_healthy="SECRET")),
        printed(encoded(padding="SECRET" * 500)),
        printed('{"padding": ' + "[" * 2400),
        printed('"\ud800"'),
    ],
)
def test_other_output_is_unknown(plugins: list[dict[str, str]]) -> None:
    """A look whose output is not its script's is Unknown, and no text of the host gets in."""
    answer = answered("Success", CommandPlugins=plugins)
    assert isinstance(answer.report, Unknown)
    assert "SECRET" not in repr(answer)


@settings(max_examples=40)
@given(strategies.text(), strategies.booleans())
def test_no_output_breaks_its_reader(output: str, look: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever a host prints, there is an answer, and no report that its script did not make."""
    answer = answered("Success", look=look, CommandPlugins=printed(output))
    assert (answer.detail, type(answer.report)) == ("Success", Unknown)


def test_failed_look_reports_nothing() -> None:
    """The output of a failed look is not evidence."""
    answer = answered("Failed", CommandPlugins=printed(encoded()))
    assert answer.report == Unknown("the inspection ended as Failed")


@pytest.mark.parametrize(
    "end",
    [{"CommandInvocations": []}, refusal("InvocationDoesNotExist"), refusal("InvalidCommandId")],
    ids=["empty", "no invocation", "no command"],
)
def test_command_not_there_yet_has_no_answers(profile: Profile, end: Http | dict[str, Any]) -> None:
    """Right after a send SSM may not know the command, so there is no answer yet."""
    assert hosts_of(Ends(end), profile).answers(COMMAND) == {}


@pytest.mark.parametrize("end", [{}, Http(200, "<html>"), refusal("AccessDeniedException")])
def test_unreadable_lists_are_unavailable(profile: Profile, end: Http | dict[str, Any]) -> None:
    """A list that is not there is not an empty one: nothing was found out."""
    hosts = hosts_of(Ends(end), profile)
    with pytest.raises(DependencyUnavailable):
        hosts.answers(COMMAND)
    with pytest.raises(DependencyUnavailable):
        hosts.find(FIX, T0)


def sent(id_: str, **more: str) -> dict[str, str]:
    return {"CommandId": id_, "DocumentName": "AWS-RunShellScript", **more}


def test_find_reads_every_page(profile: Profile) -> None:
    """A command on a later page is found, by its whole comment alone."""
    pages: list[dict[str, Any]] = [
        {"Commands": [sent("1", Comment=f"xfirstline {TOKEN}"), sent("0")], "NextToken": "more"},
        {"Commands": [sent("2", Comment=f"firstline {TOKEN}")]},
    ]
    assert hosts_of(Ends(pages), profile).find(FIX, T0) == "2"
