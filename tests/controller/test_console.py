"""The console of the deployed system: what it reads, and what it shows of an escalated incident."""

import copy
from datetime import datetime, timedelta

import pytest

from firstline.controller.console import ALARMS_MAX, ENDED_MAX, OPEN_MAX, read_view
from firstline.controller.ports.store import Change
from firstline.ids import CorrelationKey, IncidentId
from firstline.incidents.incident import Status
from firstline.lab.twin.scenario import DEFAULT_HOSTS
from firstline.reporting.console.view import Detail, Overview
from tests.builders import ALARM_ARN, incident
from tests.controller.rig import START, Rig

HOUR = timedelta(hours=1)
MENDED_AT = 3600


@pytest.fixture
def rig() -> Rig:
    """A rig whose incident was escalated; an operator repairs the hosts an hour after the alarm."""
    hosts = [copy.replace(each, restarted_by_hand_at_seconds=MENDED_AT) for each in DEFAULT_HOSTS]
    made = Rig(*hosts, mode="dry-run")
    made.hear()
    held = made.at_the_end()
    assert held.status is Status.ESCALATED
    made.script.calls.clear()
    return made


def shown(rig: Rig) -> Overview:
    view = read_view("", rig.system)
    assert isinstance(view, Overview)
    return view


def test_an_escalated_incident_is_open_until_its_alarm_is_ok(rig: Rig) -> None:
    """With its owner and next steps; then it is among those that ended."""
    view = shown(rig)
    (row,) = view.escalated
    assert (row.outcome, row.owner, view.open, view.ended) == (
        *("escalated", "on-call"),
        *((), ()),
    )
    assert row.owned_since == rig.incident().ended_at
    assert row.alarms == "vettid-prod-enclave-healthy-hosts: ALARM"
    assert row.steps[0] == "R13 check the AWS Health dashboard for the Region"
    assert [each.text for each in row.links] == ["alarm", "report"]
    assert row.hosts is not None
    assert (row.hosts.total, row.hosts.counts) == (3, {"dead": 3, "serving": 0, "unknown": 0})
    rig.world.advance(START + timedelta(seconds=MENDED_AT) + HOUR)
    after = shown(rig)
    assert (after.escalated, [each.alarms for each in after.ended]) == ((), ["OK now"])


def test_its_alarms_are_read_by_one_request_and_only_while_one_is_escalated(rig: Rig) -> None:
    shown(rig)
    assert rig.script.calls["alarms"] == 1
    read_view(rig.id(), rig.system)
    assert rig.script.calls["alarms"] == 2
    held = rig.incident()
    rig.store(copy.replace(held, status=Status.RESOLVED), version=held.version + 1)
    shown(rig)
    read_view(rig.id(), rig.system)
    assert rig.script.calls["alarms"] == 2


def test_alarms_that_cannot_be_read_are_unknown(rig: Rig) -> None:
    """So that it stays on top, on the overview and by itself."""
    rig.world.advance(START + timedelta(seconds=MENDED_AT) + HOUR)
    rig.script.failing = {"alarms"}
    (row,) = shown(rig).escalated
    assert row.alarms == "vettid-prod-enclave-healthy-hosts: unknown (fleet.alarms: throttled)"
    detail = read_view(rig.id(), rig.system)
    assert isinstance(detail, Detail)
    assert (detail.row.escalated, detail.row.alarms) == (True, row.alarms)


def test_no_more_alarms_are_read_than_one_request_takes(rig: Rig) -> None:
    """The others are unknown."""
    held = rig.incident()
    others = tuple(f"{ALARM_ARN}-{number}" for number in range(ALARMS_MAX))
    rig.store(copy.replace(held, alarms=(*others, ALARM_ARN)), version=held.version + 1)
    (row,) = shown(rig).escalated
    assert rig.script.calls["alarms"] == 1
    assert row.alarms.endswith("vettid-prod-enclave-healthy-hosts: unknown (it was not read)")


def put(rig: Rig, number: int, status: Status, ended_at: datetime | None) -> None:
    """Store another incident, which opened so many minutes after the alarm."""
    made = copy.replace(
        incident(),
        id=IncidentId(f"inc-{number:020}"),
        correlation_key=CorrelationKey(f"c{number}"),
        alarms=(),
        opened_at=START + timedelta(minutes=number),
        status=status,
        ended_at=ended_at,
    )
    rig.system.ports.store.commit(Change(incident=made))


@pytest.mark.parametrize("status", [Status.INVESTIGATING, Status.ESCALATED])
def test_of_many_the_latest_are_shown_and_the_others_are_counted(status: Status) -> None:
    rig = Rig()
    ended = None if status is Status.INVESTIGATING else START
    for number in range(OPEN_MAX):
        put(rig, number, status, ended)
    assert not shown(rig).more
    put(rig, OPEN_MAX, status, ended)
    view = shown(rig)
    found = view.open or view.escalated
    assert (len(found), view.more) == (OPEN_MAX, True)
    assert found[0].id == IncidentId(f"inc-{OPEN_MAX:020}")


def test_of_those_that_ended_the_latest_day_is_shown() -> None:
    """No more than a few, and without the ends of their ledgers."""
    rig = Rig()
    put(rig, 1, Status.RESOLVED, START - 25 * HOUR)
    put(rig, 2, Status.RESOLVED, START - 23 * HOUR)
    assert [each.id for each in shown(rig).ended] == [IncidentId(f"inc-{2:020}")]
    for number in range(3, 3 + ENDED_MAX):
        put(rig, number, Status.RESOLVED, START)
    assert len(shown(rig).ended) == ENDED_MAX
    assert rig.script.calls["last_entries"] == 0


def test_what_comes_next_has_its_time_and_its_reason() -> None:
    """Of an open incident, at each of its wakes."""
    rig = Rig(mode="dry-run")
    rig.hear()
    for _ in range(3):
        rig.turn()
    (row,) = shown(rig).open
    held = rig.incident()
    assert (row.next_at, row.doing) == (held.next_wake_at, "watches; 0 of 3 hosts verified")
    assert row.next == "reconciles again"
    assert row.why
    assert row.hosts is not None
    assert row.hosts.total == 3


def test_hosts_are_counted_only_where_a_decision_saw_them() -> None:
    """Before the first decision nothing is known of them."""
    rig = Rig()
    rig.hear()
    (row,) = shown(rig).open
    assert (row.hosts, row.next, row.why) == (None, "reconciles again", "")
