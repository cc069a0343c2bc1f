"""Both scripts on a real systemd: each state of a unit, and what becomes of a pair of them."""

import json
import os
import signal
import time
from typing import Any

import pytest

from infra.documents import content
from tests.infra.documents import restarting
from tests.infra.documents.host import Ran
from tests.infra.documents.restarting import INCIDENT, answer
from tests.infra.documents.states import ONESHOT, STATES, State, expected, reported
from tests.infra.documents.systemd.machine import Machine, until


@pytest.fixture(scope="module")
def began() -> float:
    """Give when the machine was not there yet."""
    return time.monotonic()


@pytest.fixture(scope="module")
def states(began: float, machine: Machine) -> Machine:
    """Give a machine with a unit in each state; they get there side by side."""
    assert began
    for state in STATES:
        if state.service:
            machine.unit(state.unit, state.service)
    machine.systemctl("daemon-reload")
    for state in STATES:
        for command in state.begin:
            machine.systemctl(command.format(unit=state.unit))
    for state in STATES:
        machine.wait(state.unit, **state.shown)
    (machine.share / "mended").touch()
    return machine


def look(machine: Machine, unit: str) -> dict[str, Any]:
    """Look at a unit as the parent's."""
    document = content.look_host(enclave_units=("absent",), parent_units=(unit,))
    values = {"EnclaveUnit": "absent", "ParentUnit": unit, "NatsPort": "4222"}
    values |= {"NatsHost": "", "CredentialsFile": ""}
    ran = machine.send(document, values)
    report: dict[str, Any] = json.loads(ran.out)
    return report


def restart(machine: Machine, unit: str, parent: str = "", **environment: str) -> Ran:
    """Restart a unit, and its parent."""
    document, values = order(unit, parent)
    return machine.send(document, values, **environment)


def order(
    unit: str, parent: str = "", allowance: str = "600"
) -> tuple[dict[str, Any], dict[str, str]]:
    """Give a document that restarts a unit, and a delivery of its own token."""
    values = restarting.values(Unit=unit, Token=os.urandom(16).hex(), AllowanceSeconds=allowance)
    if not parent:
        return content.restart_parent(units=(unit,)), values
    values |= {"ParentUnit": parent, "Action": "restart_enclave"}
    return content.restart_enclave(units=(unit,), parents=(parent,)), values


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_unit_in_each_state_is_told(states: Machine, began: float, state: State) -> None:
    """As the stand-in is; the first attempt is dated, and later ones are as old as the boot."""
    report = look(states, state.unit)
    assert reported(report) == expected(state)
    if state.starting:
        seconds = report["parent_unit_detail"]["starting_seconds"]
        first = state.shown["SubState"] == "start"
        most = time.monotonic() - began + 1
        assert seconds <= most if first else abs(report["uptime_seconds"] - seconds) < 30


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_unit_in_each_state_is_restarted_or_left_alone(states: Machine, state: State) -> None:
    """Also where its starts are used up; what is left alone stays as it is."""
    before = states.shown(state.unit, "Job", "InvocationID", "ActiveState")
    assert answer(restart(states, state.unit)) == (*state.answer, state.unit)
    after = states.shown(state.unit, "Job", "InvocationID", "ActiveState")
    assert (after == before) == (state.answer[0] == 3)


def pair(machine: Machine, name: str, enclave: str, parent: str, more: str = "") -> tuple[str, str]:
    """Make an enclave and a parent that comes after it, of these lines."""
    units = (f"{name}-enclave", f"{name}-parent")
    machine.unit(units[0], f"{ONESHOT}{enclave}\n")
    machine.unit(
        units[1],
        f"[Unit]\nRequires={units[0]}.service\nAfter={units[0]}.service\n{more}\n{parent}\n",
    )
    machine.systemctl("daemon-reload")
    return units


RUNS = "[Service]\nExecStart=sleep 600"


def test_a_parent_at_its_start_limit_is_back_with_its_enclave(machine: Machine) -> None:
    """Its count is reset, which `start` alone would not do."""
    limit = "StartLimitIntervalSec=300\nStartLimitBurst=1"
    enclave, parent = pair(
        machine, "limit", "ExecStart=true", f"{ONESHOT}ExecStart=test -e /share/limit", limit
    )
    machine.systemctl(f"start {parent}")
    (machine.share / "limit").touch()
    assert machine.systemctl(f"start {parent}").status != 0
    assert answer(restart(machine, enclave, parent)) == (0, "restarted", enclave)
    assert machine.shown(parent, "ActiveState") == {"ActiveState": "active"}


def test_a_parent_that_does_not_come_back_is_told(machine: Machine) -> None:
    """The enclave runs, and nothing speaks for it."""
    enclave, parent = pair(machine, "alone", "ExecStart=true", f"{ONESHOT}ExecStart=false")
    assert answer(restart(machine, enclave, parent)) == (1, "parent-failed", enclave)


def test_an_enclave_that_fails_is_told(machine: Machine) -> None:
    """Systemd then starts no parent, unless the enclave fails before the parent's job runs."""
    fails = "ExecStart=sh -c 'sleep 0.5; exit 1'"
    enclave, parent = pair(machine, "broken", fails, RUNS)
    assert answer(restart(machine, enclave, parent)) == (1, "failed", enclave)
    machine.wait(parent, ActiveState="inactive")


SLOW = "ExecStart=sh -c 'until test -e /share/{0}; do sleep 0.05; done'"


def test_a_parent_starts_after_a_restart_that_timed_out(machine: Machine) -> None:
    """Its job was queued with the enclave's, and waits for it."""
    enclave, parent = pair(machine, "slow", SLOW.format("slow"), RUNS)
    ran = restart(machine, enclave, parent, FIRSTLINE_RESTART_SECONDS="1")
    assert answer(ran) == (1, "timed-out", enclave)
    (machine.share / "slow").touch()
    machine.wait(parent, ActiveState="active")


def test_a_parent_starts_after_a_command_that_was_cancelled(machine: Machine) -> None:
    """An agent kills the script; systemd goes on."""
    enclave, parent = pair(machine, "killed", SLOW.format("killed"), RUNS)
    with machine.running(*machine.command(*order(enclave, parent))) as process:
        machine.wait(enclave, ActiveState="activating")
        until(lambda: machine.shown(parent, "Job")["Job"])
        os.killpg(process.pid, signal.SIGKILL)
    (machine.share / "killed").touch()
    machine.wait(parent, ActiveState="active")


def test_a_restart_whose_allocator_fails_shows_a_stopped_unit(machine: Machine) -> None:
    """Systemd has stopped it by then, and starts it no more: the obstacle says so, not a person."""
    machine.unit("pool", f"{ONESHOT}ExecStart=mkdir /run/pool\n")
    machine.unit(
        "pooled",
        "[Unit]\nRequires=pool.service\nAfter=pool.service\n"
        f"{ONESHOT}ExecStart=true\n[Install]\nWantedBy=basic.target\n",
    )
    machine.systemctl("daemon-reload")
    machine.systemctl("enable pooled")
    machine.systemctl("start pooled")
    assert machine.systemctl("restart pool pooled").status != 0
    assert machine.shown("pool", "ActiveState") == {"ActiveState": "failed"}
    found = look(machine, "pooled")
    assert (found["parent_unit"], found["parent_unit_detail"]["stopped"]) == ("inactive", True)


def test_an_old_job_is_cancelled_and_its_unit_restarted(machine: Machine) -> None:
    """Here every job is old; the parent's waits for the enclave's."""
    enclave, parent = pair(machine, "old", SLOW.format("old"), RUNS)
    machine.systemctl(f"start --no-block {enclave} {parent}")
    machine.wait(enclave, ActiveState="activating")
    assert answer(restart(machine, enclave, parent)) == (3, "refused-job", enclave)
    (machine.share / "old").touch()
    machine.wait(parent, ActiveState="active")
    (machine.share / "old").unlink()
    machine.systemctl(f"restart --no-block {enclave}")
    machine.wait(enclave, ActiveState="activating")
    job = machine.shown(enclave, "Job")["Job"]
    with machine.running(*machine.command(*order(enclave, parent, "0"))) as process:
        until(lambda: machine.shown(enclave, "Job")["Job"] not in {"", job})
        (machine.share / "old").touch()
        out, err = process.communicate()
    assert answer(Ran(process.returncode, out, err)) == (0, "restarted", enclave)
    machine.wait(parent, ActiveState="active")


def test_a_restart_is_a_line_of_the_journal(machine: Machine) -> None:
    """With its incident, action, token and result."""
    machine.unit("line", f"{ONESHOT}ExecStart=true\n")
    machine.systemctl("daemon-reload")
    document, values = order("line")
    machine.send(document, values)
    machine.run("journalctl", "--sync")
    lines = machine.run("journalctl", "--identifier=firstline", "--output=cat").out.splitlines()
    who = f"incident={INCIDENT} action=restart_parent unit=line token={values['Token']}"
    assert [line for line in lines if "unit=line " in line] == [f"{who} result=restarted"]
