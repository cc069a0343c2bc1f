"""The Hosts port: what both adapters must do."""

import copy
from datetime import timedelta

import pytest

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.errors import DependencyUnavailable
from firstline.ids import CommandId, Token
from firstline.lab.twin.fleet.hosts import ANSWER_AFTER, ENCLAVE_RESTART_TAKES
from firstline.lab.twin.scenario import FaultKind
from firstline.remediation.execution import (
    COMMAND_SEARCH_MARGIN,
    Answered,
    Pending,
    Refused,
    Sending,
    Sent,
    Unsettled,
)
from tests.adapters.backends import T0, Door, Requests
from tests.adapters.ssm import FIX, LOOK, ONE, TOKEN

OTHER = Token("f" * 32)
MINUTE = timedelta(minutes=1)


def sent(sending: Sending) -> CommandId:
    assert isinstance(sending, Sent)
    return sending.command


def test_look_is_answered_by_each_host(door: Door) -> None:
    """A look is pending at first; then every host that can be reached has reported its state."""
    hosts = door.ports.hosts
    up, down, lost = door.world.hosts
    door.world.hosts[up].enclave.turn(T0, holds=True)
    host = door.world.hosts[lost]
    host.plan = copy.replace(host.plan, reachable=False)
    command = sent(hosts.look(copy.replace(LOOK, targets=(up, down, lost))))
    assert hosts.answers(command) == dict.fromkeys((up, down, lost), Pending())
    door.world.now += MINUTE
    answers = hosts.answers(command)
    states = {
        id_: answer.report.enclave_state
        for id_, answer in answers.items()
        if isinstance(answer, Answered) and isinstance(answer.report, HostReport)
    }
    assert states == {up: "RUNNING", down: "none"}
    assert isinstance(undelivered := answers[lost], Answered)
    assert (undelivered.success, undelivered.detail) == (False, "Undeliverable")
    assert isinstance(undelivered.report, Unknown)


def test_fix_is_done_once_on_its_one_target(door: Door) -> None:
    """A fix restarts the enclave of its target alone; under a used token the host refuses it."""
    hosts = door.ports.hosts
    first, second = sent(hosts.fix(FIX)), sent(hosts.fix(FIX))
    door.world.now += ANSWER_AFTER + ENCLAVE_RESTART_TAKES
    for command, success in ((first, True), (second, False)):
        [(target, answer)] = hosts.answers(command).items()
        assert target == ONE
        assert isinstance(answer, Answered)
        assert answer.success is success
        assert isinstance(answer.report, Unknown)
    assert {id_ for id_, host in door.world.hosts.items() if host.enclave.at(door.world.now)} == {
        ONE
    }


def test_host_unknown_to_ssm_is_refused(door: Door) -> None:
    """One such target, and the command is sent to none."""
    host = door.world.hosts[ONE]
    host.plan = copy.replace(host.plan, registered=False)
    targets = tuple(door.world.hosts)
    assert door.ports.hosts.look(copy.replace(LOOK, targets=targets)) == Refused(
        "InvalidInstanceId"
    )
    assert door.world.commands == {}


def test_find_knows_commands_by_their_token(door: Door) -> None:
    """A command is found under its own token, from a little before it was sent, and no other."""
    hosts = door.ports.hosts
    command = sent(hosts.fix(FIX))
    assert hosts.find(FIX, T0 + COMMAND_SEARCH_MARGIN) == command
    assert hosts.find(copy.replace(FIX, token=OTHER), T0) is None
    assert hosts.find(FIX, T0 + COMMAND_SEARCH_MARGIN + MINUTE) is None


@pytest.mark.parametrize(
    ("kind", "happened"), [("error", False), ("hang", False), ("timeout-after", True)]
)
def test_fault_leaves_commands_unsettled(door: Door, kind: FaultKind, happened: bool) -> None:  # noqa: FBT001 - a column of the table
    """A send without an answer is Unsettled; nothing can be read until its token can be found."""
    hosts = door.ports.hosts
    command = sent(hosts.look(copy.replace(LOOK, token=Token("0" * 32))))
    door.trouble("hosts", kind)
    assert isinstance(hosts.look(copy.replace(LOOK, token=OTHER)), Unsettled)
    assert isinstance(hosts.fix(FIX), Unsettled)
    with pytest.raises(DependencyUnavailable):
        hosts.answers(command)
    with pytest.raises(DependencyUnavailable):
        hosts.find(FIX, T0)
    door.mend()
    assert [
        hosts.find(copy.replace(FIX, token=token), T0) is not None for token in (TOKEN, OTHER)
    ] == [happened] * 2


def test_each_method_is_one_request(aws_door: Door, requests: Requests) -> None:
    """One request each."""
    hosts = aws_door.ports.hosts
    command = sent(hosts.look(LOOK))
    sent(hosts.fix(FIX))
    hosts.answers(command)
    hosts.find(FIX, T0)
    assert requests.calls == [
        "ssm.SendCommand",
        "ssm.SendCommand",
        "ssm.ListCommandInvocations",
        "ssm.ListCommands",
    ]
