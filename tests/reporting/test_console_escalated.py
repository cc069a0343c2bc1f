"""Escalated incidents on the console: open for people until their alarms are known to be OK."""

import copy
from datetime import timedelta

import pytest

from firstline.diagnosis.evidence import AlarmFact, AlarmReading, AlarmState, DeletedAlarm, Unknown
from firstline.ids import IncidentId
from firstline.reporting.console.escalation import (
    AlarmedIncident,
    EscalationState,
    alarms_to_read,
    escalation_states,
)
from firstline.reporting.console.overview import group_rows
from tests.builders import ALARM, ID, NOW, OK, OTHER
from tests.reporting.test_console import ROW

HOUR = timedelta(hours=1)
ONE, TWO = (f"arn:aws:cloudwatch:us-east-1:[account]:alarm:{name}" for name in ("one", "two"))
CASE = AlarmedIncident(id=IncidentId(ID), opened_at=NOW - HOUR, escalated_at=NOW, alarms=(ONE, TWO))
SILENT = AlarmReading(AlarmState.INSUFFICIENT_DATA)


@pytest.mark.parametrize(
    ("one", "two", "is_open", "says"),
    [
        (ALARM, ALARM, True, "one, two: ALARM"),
        (ALARM, OK, True, "one: ALARM"),
        (SILENT, OK, True, "one: INSUFFICIENT_DATA"),
        (Unknown("denied"), OK, True, "one: unknown (denied)"),
        (ALARM, Unknown("denied"), True, "one: ALARM; two: unknown (denied)"),
        (OK, None, True, "two: unknown (it was not read)"),
        (OK, OK, False, "OK now"),
        (DeletedAlarm(), OK, True, "one: deleted"),
    ],
)
def test_it_is_open_until_each_alarm_is_known_to_be_ok(
    one: AlarmFact, two: AlarmFact | None, says: str, *, is_open: bool
) -> None:
    read = {ONE: one} | ({TWO: two} if two is not None else {})
    assert escalation_states([CASE], read, NOW) == {ID: EscalationState(is_open, says)}


@pytest.mark.parametrize(
    "case", [copy.replace(CASE, alarms=()), copy.replace(CASE, alarms=(ONE,))], ids=["none", "gone"]
)
def test_an_incident_without_alarms_is_open_for_a_week(case: AlarmedIncident) -> None:
    """It has no alarm, or its alarm was deleted."""
    week = timedelta(days=7)
    shown = [
        escalation_states([case], {ONE: DeletedAlarm()}, NOW + after)
        for after in (week, week + HOUR)
    ]
    assert [each[case.id].is_open for each in shown] == [True, False]
    firing = escalation_states([case], {ONE: ALARM}, NOW + 2 * week)[case.id]
    assert firing.is_open is bool(case.alarms)


def test_alarms_that_are_not_kept_are_unknown() -> None:
    beyond = copy.replace(CASE, beyond=True)
    assert escalation_states([beyond], {ONE: OK, TWO: OK}, NOW + 10 * HOUR) == {
        ID: EscalationState(is_open=True, alarms="others that are not kept: unknown")
    }


@pytest.mark.parametrize(("after", "is_open"), [(HOUR, False), (-HOUR, True)])
def test_an_alarm_that_rings_again_is_the_later_incidents(
    after: timedelta,
    is_open: bool,  # noqa: FBT001 - a column
) -> None:
    """It was OK in between; one that opened before the escalation shows nothing of that."""
    other = AlarmedIncident(id=OTHER, opened_at=NOW + after, escalated_at=None, alarms=(ONE, TWO))
    found = escalation_states([CASE, other], {ONE: ALARM, TWO: ALARM}, NOW + 2 * HOUR)
    assert found.keys() == {ID}
    assert found[CASE.id].is_open is is_open
    assert (found[CASE.id].alarms == "a later incident has its alarms") is not is_open


def test_only_the_alarms_of_escalated_ones_are_read() -> None:
    """Each once."""
    other = copy.replace(CASE, id=OTHER, escalated_at=None, alarms=("another",))
    assert alarms_to_read([CASE, CASE, other]) == (ONE, TWO)


def test_each_list_has_the_latest_first() -> None:
    """Escalated and open by their opening, the ended by their end, and none that ended before."""
    rows = [
        copy.replace(ROW, id=IncidentId(f"inc-{n}"), opened_at=NOW + n * HOUR) for n in range(8)
    ]
    ended = [
        copy.replace(each, outcome="resolved", ended_at=NOW + 20 * HOUR - number * HOUR)
        for number, each in enumerate(rows[:4])
    ]
    escalated = [copy.replace(each, outcome="escalated", escalated=True) for each in rows[4:6]]
    found = group_rows([*ended, *escalated, *rows[6:]], since=NOW + 18 * HOUR)
    assert [[each.id for each in those] for those in found] == [
        ["inc-5", "inc-4"],
        ["inc-7", "inc-6"],
        ["inc-0", "inc-1", "inc-2"],
    ]
