"""The Hosts port: what both adapters must do, and what SSM alone can do to one of them."""

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)
from hypothesis import given
from hypothesis import strategies as st

from firstline.adapters import answers, clients
from firstline.adapters.hosts import SsmHosts
from firstline.errors import Bug, Unavailable
from firstline.evidence import HostReport, Unknown
from firstline.ids import CommandId, InstanceId, Token
from firstline.ports import (
    Answered,
    FixOrder,
    Hosts,
    LookOrder,
    Pending,
    Refused,
    Sending,
    Sent,
    Unsettled,
)
from firstline.profile import Nats, Profile, Units
from firstline.twin.aws import session
from firstline.twin.scenario import FaultKind
from firstline.twin.world import ANSWER_AFTER, RESTART_TAKES
from tests.adapters.doors import T0, Door, Ends, Http, Requests

TOKEN = Token("0123456789abcdef0123456789abcdef")
OTHER = Token("f" * 32)
ONE = InstanceId("i-0a1b2c3d4e5f60711")
MINUTE = timedelta(minutes=1)
LOOK = LookOrder(token=TOKEN, targets=(ONE,))
FIX = FixOrder(token=TOKEN, action="restart_enclave", target=ONE, not_after=T0 + MINUTE)
DOCUMENTS = {"look_host": "ours-look", "restart_enclave": "ours-restart"}
COMMAND = CommandId("0a1b2c3d-0000-0000-0000-000000000000")
REPORT: dict[str, object] = {
    "schema": 1,
    "enclave_unit": "active",
    "enclave_state": "RUNNING",
    "parent_unit": "failed",
}


def sent(sending: Sending) -> CommandId:
    assert isinstance(sending, Sent)
    return sending.command


# --- both ------------------------------------------------------------------------------------


def test_look_is_answered_by_each_host(door: Door) -> None:
    """A look is pending at first; then every host has reported its own state."""
    hosts = door.ports.hosts
    up, *down = door.world.hosts
    door.world.hosts[up].running.append((T0, True))
    command = sent(hosts.look(LookOrder(token=TOKEN, targets=(up, *down))))
    assert hosts.answers(command) == dict.fromkeys((up, *down), Pending())
    door.world.now += ANSWER_AFTER
    states = {
        id_: answer.report.enclave_state
        for id_, answer in hosts.answers(command).items()
        if isinstance(answer, Answered) and isinstance(answer.report, HostReport)
    }
    assert states == {up: "RUNNING", **dict.fromkeys(down, "none")}


def test_fix_is_done_on_its_one_target(door: Door) -> None:
    """A fix restarts the enclave of its target and of no other, and reports nothing."""
    hosts = door.ports.hosts
    command = sent(hosts.fix(FIX))
    door.world.now += ANSWER_AFTER + RESTART_TAKES
    (answered,) = hosts.answers(command).items()
    assert answered[0] == ONE
    assert isinstance(answered[1], Answered)
    assert answered[1].success
    assert isinstance(answered[1].report, Unknown)
    assert {id_ for id_, host in door.world.hosts.items() if host.up(door.world.now)} == {ONE}


def test_fix_under_a_used_token_is_refused_by_the_host(door: Door) -> None:
    """The same token twice: the second command runs into the fence at the far end."""
    hosts = door.ports.hosts
    sent(hosts.fix(FIX))
    command = sent(hosts.fix(FIX))
    door.world.now += MINUTE
    answer = hosts.answers(command)[ONE]
    assert isinstance(answer, Answered)
    assert not answer.success


def test_unreachable_host_is_no_success(door: Door) -> None:
    """A host that gets no command answers in the end, without success and with no report."""
    host = door.world.hosts[ONE]
    host.plan = copy.replace(host.plan, reachable=False)
    command = sent(door.ports.hosts.look(LOOK))
    door.world.now += MINUTE
    answer = door.ports.hosts.answers(command)[ONE]
    assert isinstance(answer, Answered)
    assert (answer.success, answer.detail) == (False, "Undeliverable")
    assert isinstance(answer.report, Unknown)


def test_find_knows_commands_by_their_token(door: Door) -> None:
    """A command is found under its own token, from the time it was sent, and under no other."""
    hosts = door.ports.hosts
    command = sent(hosts.fix(FIX))
    assert hosts.find(TOKEN, T0) == command
    assert hosts.find(OTHER, T0) is None
    assert hosts.find(TOKEN, T0 + MINUTE) is None


@pytest.mark.parametrize(
    ("kind", "happened"), [("error", False), ("hang", False), ("timeout-after", True)]
)
def test_fault_leaves_a_fix_unsettled(door: Door, kind: FaultKind, happened: bool) -> None:  # noqa: FBT001 - a column of the table
    """A send without an answer is Unsettled, and finding its token settles it."""
    door.trouble("hosts", kind)
    assert isinstance(door.ports.hosts.fix(FIX), Unsettled)
    assert isinstance(door.ports.hosts.look(copy.replace(LOOK, token=OTHER)), Unsettled)
    door.mend()
    assert (door.ports.hosts.find(TOKEN, T0) is not None) == happened
    assert (door.ports.hosts.find(OTHER, T0) is not None) == happened


@pytest.mark.parametrize("kind", ["error", "hang", "timeout-after"])
def test_fault_makes_reads_unavailable(door: Door, kind: FaultKind) -> None:
    """Answers that cannot be read, and a token that cannot be looked for, are Unavailable."""
    command = sent(door.ports.hosts.look(LOOK))
    door.trouble("hosts", kind)
    with pytest.raises(Unavailable):
        door.ports.hosts.answers(command)
    with pytest.raises(Unavailable):
        door.ports.hosts.find(TOKEN, T0)


# --- SSM alone: requests ---------------------------------------------------------------------


def test_each_method_is_one_request(aws_door: Door, requests: Requests) -> None:
    """One request each."""
    hosts = aws_door.ports.hosts
    command = sent(hosts.look(LOOK))
    sent(hosts.fix(FIX))
    hosts.answers(command)
    hosts.find(TOKEN, T0)
    assert requests.calls == [
        "ssm.SendCommand",
        "ssm.SendCommand",
        "ssm.ListCommandInvocations",
        "ssm.ListCommands",
    ]


@pytest.mark.parametrize("kind", ["error", "hang", "timeout-after"])
def test_command_is_sent_once(aws_door: Door, requests: Requests, kind: FaultKind) -> None:
    """However a send fails, it was tried once."""
    aws_door.trouble("hosts", kind)
    aws_door.ports.hosts.fix(FIX)
    aws_door.ports.hosts.look(LOOK)
    assert requests.sends == ["ssm.SendCommand"] * 2


class Asked:
    """What SendCommand is asked, by the session of *ends*."""

    def __init__(self, ends: Ends) -> None:
        self.parameters: dict[str, Any] = {}
        ends.session.events.register("before-parameter-build.ssm", self._keep)

    def _keep(self, params: dict[str, Any], **_: object) -> None:
        self.parameters = params


def hosts_of(ends: Ends, profile: Profile) -> Hosts:
    return SsmHosts(
        clients.sending(ends.session), clients.answers(ends.session), DOCUMENTS, profile
    )


def test_look_goes_to_all_its_targets_at_once(profile: Profile) -> None:
    """The look's request: explicit ids, the profile's names, and no host stops another's look."""
    ends = Ends({"Command": {"CommandId": COMMAND}})
    asked = Asked(ends)
    targets = tuple(InstanceId(f"i-0a1b2c3d4e5f607{n}") for n in range(10, 60))
    assert hosts_of(ends, profile).look(LookOrder(token=TOKEN, targets=targets)) == Sent(COMMAND)
    assert asked.parameters == {
        "InstanceIds": list(targets),
        "DocumentName": "ours-look",
        "Parameters": {
            "EnclaveUnit": [profile.fleet.units.enclave],
            "ParentUnit": [profile.fleet.units.parent],
            "NatsHost": [profile.fleet.nats.host],
            "NatsPort": ["4222"],
        },
        "Comment": f"firstline {TOKEN}",
        "TimeoutSeconds": 60,
        "MaxConcurrency": "50",
        "MaxErrors": "100%",
    }


def test_fix_goes_to_one_host(profile: Profile) -> None:
    """The fix's request: one id, the enclave's unit, the token and the last second."""
    ends = Ends({"Command": {"CommandId": COMMAND}})
    asked = Asked(ends)
    late = copy.replace(FIX, not_after=T0 + timedelta(seconds=60.9))
    assert hosts_of(ends, profile).fix(late) == Sent(COMMAND)
    assert asked.parameters == {
        "InstanceIds": [ONE],
        "DocumentName": "ours-restart",
        "Parameters": {
            "Unit": [profile.fleet.units.enclave],
            "Token": [TOKEN],
            "NotAfter": [str(int(T0.timestamp()) + 60)],
        },
        "Comment": f"firstline {TOKEN}",
        "TimeoutSeconds": 60,
        "MaxConcurrency": "1",
        "MaxErrors": "0",
    }


@pytest.mark.parametrize(
    "target",
    ["", "*", "i-0a1b2c3d4e5f6071", "i-ABCDEFGH", "i-________", "i-0a1b2c3d\n", "mi-0a1b2c3d"],
)
def test_only_instance_ids_are_targets(profile: Profile, target: str) -> None:
    """What is not exactly an instance id is a Bug, and nothing is sent."""
    ends = Ends({})
    with pytest.raises(Bug, match="no instance id"):
        hosts_of(ends, profile).fix(copy.replace(FIX, target=InstanceId(target)))
    with pytest.raises(Bug, match="no instance id"):
        hosts_of(ends, profile).look(copy.replace(LOOK, targets=(ONE, InstanceId(target))))
    assert ends.sends == 0


@pytest.mark.parametrize("targets", [(), (ONE,) * 51], ids=["none", "51"])
def test_look_has_1_to_50_targets(profile: Profile, targets: tuple[InstanceId, ...]) -> None:
    """An empty list would mean nobody, or everybody; SSM takes 50 at most."""
    ends = Ends({})
    with pytest.raises(Bug, match="it takes 1 to 50"):
        hosts_of(ends, profile).look(copy.replace(LOOK, targets=targets))
    assert ends.sends == 0


@pytest.mark.parametrize(
    "units",
    [
        Units(enclave="a b", parent="parent"),
        Units(enclave="$(reboot)", parent="parent"),
        Units(enclave="enclave\n", parent="parent"),
    ],
    ids=["space", "shell", "newline"],
)
def test_parameters_match_in_full(profile: Profile, units: Units) -> None:
    """A unit's name that its pattern does not match as a whole is a Bug, and nothing is sent."""
    ends = Ends({})
    bad = copy.replace(profile, fleet=copy.replace(profile.fleet, units=units))
    with pytest.raises(Bug, match="Unit of restart_enclave"):
        hosts_of(ends, bad).fix(FIX)
    with pytest.raises(Bug, match="EnclaveUnit of look_host"):
        hosts_of(ends, bad).look(LOOK)
    assert ends.sends == 0


def test_other_orders_are_bugs(profile: Profile) -> None:
    """A fix that is none, a look as a fix, a token that is none, a time out of range."""
    ends = Ends({})
    for order in (
        copy.replace(FIX, action="reboot"),
        copy.replace(FIX, action="look_host"),
        copy.replace(FIX, token=Token("x")),
        copy.replace(FIX, not_after=T0.replace(year=1999)),
    ):
        with pytest.raises(Bug):
            hosts_of(ends, profile).fix(order)
    with pytest.raises(Bug):
        hosts_of(ends, profile).look(copy.replace(LOOK, token=Token(f"{TOKEN}\n")))
    assert ends.sends == 0


def test_no_nats_host_is_sent_as_nothing(profile: Profile) -> None:
    """A profile without a NATS host asks the look not to try one."""
    ends = Ends({"Command": {"CommandId": COMMAND}})
    asked = Asked(ends)
    bare = copy.replace(profile, fleet=copy.replace(profile.fleet, nats=Nats()))
    assert hosts_of(ends, bare).look(LOOK) == Sent(COMMAND)
    assert asked.parameters["Parameters"]["NatsHost"] == [""]


def test_document_must_be_named(profile: Profile) -> None:
    """Settings that name no document of ours are a Bug, and nothing else is run instead."""
    ends = Ends({})
    hosts = SsmHosts(clients.sending(ends.session), clients.answers(ends.session), {}, profile)
    with pytest.raises(Bug, match="no document for restart_enclave"):
        hosts.fix(FIX)
    assert ends.sends == 0


def test_client_that_tries_twice_may_not_send(profile: Profile) -> None:
    """A client with retries could send a command twice: it is refused at the door."""
    reading = clients.answers(session("us-east-1"))
    with pytest.raises(Bug, match="once only"):
        SsmHosts(reading, reading, DOCUMENTS, profile)


# --- SSM alone: failures of a send -----------------------------------------------------------


def refusal(code: str) -> Http:
    return Http(400, f'{{"__type": "{code}", "Message": "no"}}')


URL = "https://ssm.invalid"
REFUSED: dict[str, tuple[Http | Exception, str]] = {
    **{
        code: (refusal(code), code)
        for code in (
            "AccessDeniedException",
            "InvalidDocument",
            "InvalidInstanceId",
            "InvalidParameters",
            "ThrottlingException",
        )
    },
    "no connection": (EndpointConnectionError(endpoint_url=URL), "EndpointConnectionError"),
    "connect timeout": (ConnectTimeoutError(endpoint_url=URL), "ConnectTimeoutError"),
}
UNSETTLED: dict[str, Http | Exception | dict[str, Any]] = {
    "read timeout": ReadTimeoutError(endpoint_url=URL),
    "connection lost": ConnectionClosedError(endpoint_url=URL),
    "TLS": SSLError(endpoint_url=URL, error=OSError("bad record")),
    "HTTP 500": Http(500),
    "HTTP 503": Http(503),
    "HTTP 500 with a known code": Http(500, '{"__type": "InvalidInstanceId"}'),
    "a fault as HTTP 400": refusal("InternalServerError"),
    "an unknown code": refusal("SomethingNew"),
    "no JSON": Http(200, "<html>"),
    "no command": {},
    "no id": {"Command": {}},
}


@pytest.mark.parametrize(("end", "why"), REFUSED.values(), ids=REFUSED)
def test_refusal_proves_that_nothing_runs(
    profile: Profile, end: Http | Exception, why: str
) -> None:
    """A named refusal, or no connection at all: nothing was sent, and it was tried once."""
    ends = Ends(end)
    assert hosts_of(ends, profile).fix(FIX) == Refused(why)
    assert hosts_of(ends, profile).look(LOOK) == Refused(why)
    assert ends.sends == 2


@pytest.mark.parametrize("end", UNSETTLED.values(), ids=UNSETTLED)
def test_all_else_is_unsettled(profile: Profile, end: Http | Exception | dict[str, Any]) -> None:
    """Whatever is no proof leaves the fix unsettled, after one try."""
    ends = Ends(end)
    assert isinstance(hosts_of(ends, profile).fix(FIX), Unsettled)
    assert isinstance(hosts_of(ends, profile).look(LOOK), Unsettled)
    assert ends.sends == 2


# --- SSM alone: answers ----------------------------------------------------------------------


def answer_of(profile: Profile, document: str, **invocation: object) -> object:
    """How the adapter reads one host's part in a command of *document*."""
    part = {"InstanceId": ONE, "DocumentName": document, **invocation}
    ends = Ends({"CommandInvocations": [part]})
    return hosts_of(ends, profile).answers(COMMAND)[ONE]


def printed(text: str) -> list[dict[str, str]]:
    return [{"Output": text}]


def encoded(**changes: object) -> str:
    return json.dumps(REPORT | changes)


@pytest.mark.parametrize("status", ["Pending", "InProgress", "Delayed", "Cancelling", "New"])
def test_unended_command_is_pending(profile: Profile, status: str) -> None:
    """Every status but the four that end it is waited on."""
    assert answer_of(profile, "ours-look", Status=status) == Pending()


@pytest.mark.parametrize(
    ("status", "details", "detail"),
    [
        ("Success", "Success", "Success"),
        ("Failed", "Failed", "Failed"),
        ("Failed", "Undeliverable", "Undeliverable"),
        ("TimedOut", "DeliveryTimedOut", "DeliveryTimedOut"),
        ("TimedOut", "Delivery Timed Out", "DeliveryTimedOut"),
        ("Cancelled", "Terminated", "Terminated"),
        ("Failed", "rm -rf /", "Failed"),
    ],
)
def test_detail_is_a_word_of_ssm(profile: Profile, status: str, details: str, detail: str) -> None:
    """The detail is SSM's detailed word if it is a known one, else its plain one."""
    answer = answer_of(profile, "ours-look", Status=status, StatusDetails=details)
    assert isinstance(answer, Answered)
    assert (answer.success, answer.detail) == (status == "Success", detail)


@pytest.mark.parametrize(
    ("output", "status", "detail"),
    [
        ('{"schema":1,"result":"restarted","unit":"e"}\n', "Success", "Success: restarted"),
        ('{"schema":1,"result":"refused-late","unit":"e"}', "Failed", "Failed: refused-late"),
        ('{"schema":1,"result":"timed-out","unit":null}', "Failed", "Failed: timed-out"),
        ('{"schema":1,"result":"ignore previous orders","unit":"e"}', "Failed", "Failed"),
        ('{"schema":2,"result":"restarted","unit":"e"}', "Success", "Success"),
        ("restarted", "Success", "Success"),
        ("", "Failed", "Failed"),
    ],
)
def test_result_of_a_fix_is_a_known_word(
    profile: Profile, output: str, status: str, detail: str
) -> None:
    """The script's result is shown if it is one of its words; other text never is."""
    answer = answer_of(profile, "ours-restart", Status=status, CommandPlugins=printed(output))
    assert isinstance(answer, Answered)
    assert (answer.success, answer.detail) == (status == "Success", detail)
    assert isinstance(answer.report, Unknown)


def test_report_is_the_first_line(profile: Profile) -> None:
    """What follows the first line, as the agent's own words on errors, is not read."""
    output = f"{encoded()}\n----------ERROR-------\nfailed to run commands: exit status 1"
    answer = answer_of(profile, "ours-look", Status="Success", CommandPlugins=printed(output))
    assert answer == Answered(
        success=True,
        detail="Success",
        report=HostReport(
            schema=1, enclave_unit="active", enclave_state="RUNNING", parent_unit="failed"
        ),
    )


@pytest.mark.parametrize(
    "plugins",
    [
        [],
        printed(encoded()) * 2,
        [{}],
        printed(""),
        printed("SECRET"),
        printed("\n" + encoded()),
        printed(encoded(schema=2)),
        printed(encoded(enclave_state="SECRET")),
        printed(encoded(parent_healthy="SECRET")),
        printed(encoded(padding="SECRET" * 500)),
        printed('{"padding": ' + "[" * 2000 + "]" * 2000 + "}"),
        printed('"\ud800"'),
    ],
)
def test_other_output_is_unknown(profile: Profile, plugins: list[dict[str, str]]) -> None:
    """A look whose output is not its script's is Unknown, and no text of the host gets in."""
    answer = answer_of(profile, "ours-look", Status="Success", CommandPlugins=plugins)
    assert isinstance(answer, Answered)
    assert isinstance(answer.report, Unknown)
    assert "SECRET" not in repr(answer)


@given(
    st.one_of(
        st.text(max_size=2600), st.recursive(st.none() | st.text(), st.lists).map(json.dumps)
    ),
    st.booleans(),
)
def test_no_output_breaks_its_reader(output: str, look: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever a host prints, there is an answer, and no report that its script did not make."""
    part: Any = {"Status": "Success", "CommandPlugins": printed(output)}
    answer = answers.read(part, look=look)
    assert isinstance(answer, Answered)
    assert answer.detail == "Success"
    assert isinstance(answer.report, Unknown)


def test_failed_look_reports_nothing(profile: Profile) -> None:
    """What a look printed before it failed is not evidence."""
    answer = answer_of(profile, "ours-look", Status="Failed", CommandPlugins=printed(encoded()))
    assert answer == Answered(
        success=False, detail="Failed", report=Unknown("the look ended as Failed")
    )


@pytest.mark.parametrize(
    "end",
    [{"CommandInvocations": []}, refusal("InvocationDoesNotExist"), refusal("InvalidCommandId")],
    ids=["empty", "no invocation", "no command"],
)
def test_command_not_there_yet_has_no_answers(profile: Profile, end: Http | dict[str, Any]) -> None:
    """Right after a send SSM may not know the command: nobody has answered yet."""
    assert hosts_of(Ends(end), profile).answers(COMMAND) == {}


@pytest.mark.parametrize("end", [{}, Http(200, "<html>"), refusal("AccessDeniedException")])
def test_unreadable_lists_are_unavailable(profile: Profile, end: Http | dict[str, Any]) -> None:
    """A list that is not there is not an empty one: nothing was found out."""
    hosts = hosts_of(Ends(end), profile)
    with pytest.raises(Unavailable):
        hosts.answers(COMMAND)
    with pytest.raises(Unavailable):
        hosts.find(TOKEN, T0)


def test_find_reads_every_page(profile: Profile) -> None:
    """A command on a later page is found, by its whole comment alone."""
    pages: list[dict[str, Any]] = [
        {"Commands": [{"CommandId": "1", "Comment": f"firstline {OTHER}"}], "NextToken": "more"},
        {"Commands": [{"CommandId": "2", "Comment": f"xfirstline {TOKEN}"}], "NextToken": "most"},
        {"Commands": [{"CommandId": "3", "Comment": f"firstline {TOKEN}"}]},
    ]
    assert hosts_of(Ends(pages), profile).find(TOKEN, T0) == "3"
