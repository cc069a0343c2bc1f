"""The twin's hosts: what their units say, and what keeps an enclave from starting."""

import json
from datetime import timedelta

import pytest

from firstline.diagnosis.evidence import UnitState
from firstline.ids import InstanceId
from firstline.lab.twin.fleet import systemd
from firstline.lab.twin.fleet.hosts import ANSWER_AFTER, Host, Invocation
from firstline.lab.twin.fleet.systemd import History
from firstline.lab.twin.scenario import HostPlan
from tests.builders import NOW
from tests.infra.documents.states import STATES, State, expected, reported

A = InstanceId("i-0a1b2c3d4e5f60711")
SECOND = timedelta(seconds=1)
RESTART = {
    "Unit": "enclave",
    "Token": "0" * 32,
    "NotAfter": str(int((NOW + 60 * SECOND).timestamp())),
}


@pytest.mark.parametrize("now", ["active", "activating", "deactivating", "failed"])
def test_the_enclaves_unit_speaks_as_on_a_real_systemd(now: UnitState) -> None:
    """By the table that holds the scripts to it."""
    shown = systemd.enclave_unit(History(first=now), NOW, masked=False)
    report = {key.replace("enclave", "parent"): each for key, each in shown.items()}
    assert reported(report) == expected(_state(now))


def test_a_parent_that_loops_speaks_as_on_a_real_systemd() -> None:
    """It waits for the next attempt."""
    report = systemd.parent_unit("active", lambda: 3600, runs=False, loops=True)
    assert reported(report) == expected(_state("auto-restart"))


def test_a_parent_waits_for_the_start_of_its_enclave() -> None:
    """Its job is queued behind the enclave's."""
    report = systemd.parent_unit("activating", lambda: 3600, runs=False, loops=True)
    assert reported(report) == expected(_state("waiting"))


def _state(name: str) -> State:
    return next(each for each in STATES if each.name == name)


def test_a_stop_takes_its_time_and_leaves_the_unit_inactive() -> None:
    """While it lasts, no restart comes between; the enclave is listed until it has ended."""
    plan = HostPlan(id=A, enclave="up", stopped_by_hand_at_seconds=10)
    host = Host(plan, NOW, None)
    seen = {}
    for seconds in (9, 10, 15, 30):
        report = host.report(NOW + seconds * SECOND)
        seen[seconds] = tuple(report[key] for key in ("enclave_unit", "enclave_state"))
    assert seen == {
        9: ("active", "RUNNING"),
        10: ("deactivating", "TERMINATING"),
        15: ("deactivating", "none"),
        30: ("inactive", "none"),
    }
    assert host.report(NOW + 30 * SECOND)["parent_unit"] == "inactive"
    answered_at, answer = host.run("restart_enclave", RESTART, NOW + 20 * SECOND)
    assert (answered_at, _result(answer)) == (NOW + 20 * SECOND + ANSWER_AFTER, "refused-job")
    _, answer = host.run("restart_enclave", RESTART | {"Token": "1" * 32}, NOW + 30 * SECOND)
    assert _result(answer) == "restarted"
    assert host.report(NOW + 50 * SECOND)["enclave_unit"] == "active"


def test_no_enclave_starts_past_an_obstacle() -> None:
    """The unit fails, and its parent is not started; while a start goes on, nothing is known."""
    host = Host(HostPlan(id=A, obstacle="no-hugepages"), NOW, None)
    assert host.report(NOW)["enclave_obstacle"] == "no-hugepages"
    answered_at, answer = host.run("restart_enclave", RESTART, NOW)
    assert (answer.status, _result(answer), answer.refused) == ("Failed", "failed", False)
    assert host.report(NOW + ANSWER_AFTER)["enclave_obstacle"] is None
    report = host.report(answered_at)
    assert report["enclave_obstacle"] == "no-hugepages"
    assert (report["enclave_unit"], report["parent_unit"]) == ("failed", "inactive")
    assert not host.serves(answered_at + 60 * SECOND)


def _result(answer: Invocation) -> str:
    return str(json.loads(answer.output)["result"])


def test_ec2_finds_no_fault_in_a_host_that_serves_again() -> None:
    """One that is lost with its enclave is impaired until it recovers."""
    plan = HostPlan(id=A, reachable=False, recovers_at_seconds=10)
    host = Host(plan, NOW, None)
    assert [host.status(NOW + each * SECOND) for each in (9, 10)] == ["impaired", "ok"]
