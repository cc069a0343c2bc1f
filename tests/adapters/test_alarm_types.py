"""Kinds of alarms: each place that reads alarms asks for every kind, and reads every list."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import botocore.session
import pytest
from boto3.session import Session

import firstline
from firstline.adapters.aws import clients
from firstline.adapters.aws.alarm_types import ALARM_TYPES, LIST_OF_TYPE
from firstline.adapters.aws.fleet import AwsFleet
from firstline.adapters.clock import SystemClock
from firstline.cli.account.alarm_state import CloudWatchAlarms
from firstline.diagnosis.evidence import AlarmReading, AlarmState
from firstline.doctor.facts import Alarm
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.lab.twin.aws import HOME
from firstline.lab.twin.operations import describe_alarms
from firstline.lab.twin.scenario import Scenario
from firstline.lab.twin.world import World
from tests.adapters.account import Answer, Answering
from tests.builders import PROFILE

T0 = datetime(2026, 3, 11, 4, 18, 43, tzinfo=UTC)
NAME = "s-Detectionvaultsdonotopen0A1B2C3D-X1"
ARN = f"arn:aws:cloudwatch:{HOME.region}:{HOME.account}:alarm:{NAME}"
SHOWN = {
    "AlarmName": NAME,
    "AlarmArn": ARN,
    "StateValue": "ALARM",
    "StateUpdatedTimestamp": T0,
    "ActionsEnabled": True,
    "AlarmActions": [],
}
PACKAGE = Path(firstline.__file__).parent
READS = re.compile(r"\bdescribe_alarm(s|_history)\b")


class Place(NamedTuple):
    """A module that reads alarms, how it does, and whether it found the one that is there."""

    file: str
    read: Callable[[Session], object]
    found: Callable[[Any], bool]


def drilled(session: Session) -> CloudWatchAlarms:
    return CloudWatchAlarms(clients.alarms(session), "s")


PLACES = (
    Place(
        "adapters/aws/fleet.py",
        lambda one: AwsFleet(one, PROFILE, HOME, SystemClock()).alarms((ARN,)),
        lambda found: found == {ARN: AlarmReading(AlarmState.ALARM)},
    ),
    Place(
        "adapters/aws/fleet.py",
        lambda one: AwsFleet(one, PROFILE, HOME, SystemClock()).firing((ARN,)),
        lambda found: [each.arn for each in found] == [ARN],
    ),
    Place(
        "doctor/readers/alarms.py",
        lambda one: AlarmsReader(one).all(),
        lambda found: [each.name for each in found] == [NAME],
    ),
    Place(
        "cli/account/alarm_state.py",
        lambda one: drilled(one).find(NAME),
        lambda found: found is not None and found.arn == ARN,
    ),
    Place(
        "cli/account/alarm_state.py",
        lambda one: drilled(one).find_created("vaults-do-not-open"),
        lambda found: found is not None and found.arn == ARN,
    ),
)


def listing(kind: str | None = None) -> Answer:
    """DescribeAlarms with the one alarm in the list of *kind*."""
    return {shown: [SHOWN] if each == kind else [] for each, shown in LIST_OF_TYPE.items()}


def test_each_list_of_an_answer_is_of_a_kind() -> None:
    """A kind that AWS adds, with its list, fails here until it has a row."""
    model: Any = botocore.session.get_session().get_service_model("cloudwatch")
    answer = model.operation_model("DescribeAlarms").output_shape
    lists = {name for name, shape in answer.members.items() if shape.type_name == "list"}
    assert set(LIST_OF_TYPE.values()) == lists
    assert set(ALARM_TYPES) == set(model.shape_for("AlarmType").enum)


@pytest.mark.parametrize("kind", ALARM_TYPES)
@pytest.mark.parametrize("place", PLACES, ids=lambda each: each.file)
def test_an_alarm_of_any_kind_is_found(place: Place, kind: str) -> None:
    """And every kind is asked for."""
    one = Answering({"cloudwatch.DescribeAlarms": listing(kind)})
    assert place.found(place.read(one.session))
    assert set(one.parameters("cloudwatch.DescribeAlarms")["AlarmTypes"]) == set(ALARM_TYPES)


@pytest.mark.parametrize("place", PLACES, ids=lambda each: each.file)
def test_an_alarm_of_no_kind_is_not_found(place: Place) -> None:
    """The callers can tell the two apart."""
    one = Answering({"cloudwatch.DescribeAlarms": listing()})
    assert not place.found(place.read(one.session))


def test_the_history_of_any_kind_is_asked_for() -> None:
    """Doctor asks whether an alarm has ever been OK."""
    one = Answering({"cloudwatch.DescribeAlarmHistory": {"AlarmHistoryItems": []}})
    AlarmsReader(one.session).with_history(Alarm(name=NAME, state="ALARM", since=T0), T0)
    assert set(one.parameters("cloudwatch.DescribeAlarmHistory")["AlarmTypes"]) == set(ALARM_TYPES)


ELSEWHERE = {
    "lab/twin/operations.py",
    "adapters/aws/investigation.py",  # what a metric alarm judges: no other kind has a metric
}


def test_every_place_that_reads_alarms_is_above() -> None:
    """A new one fails here until it has a row, or a reason to name one kind alone."""
    modules = {path.relative_to(PACKAGE): path.read_text() for path in PACKAGE.rglob("*.py")}
    reading = {str(path) for path, text in modules.items() if READS.search(text)}
    assert reading == {each.file for each in PLACES} | ELSEWHERE
    listing_by_name = {str(path) for path, text in modules.items() if '"MetricAlarms"' in text}
    assert listing_by_name == {"adapters/aws/alarm_types.py"}


CONFIGURATIONS: dict[str, Answer] = {
    "MetricAlarm": {"metrics": []},
    "CompositeAlarm": {"alarmRule": "ALARM(x)"},
    "LogAlarm": {"scheduledQueryConfiguration": {}},
}


@pytest.mark.parametrize("kind", ALARM_TYPES)
def test_the_twin_lists_an_alarm_under_its_kind(kind: str) -> None:
    """Where that kind is asked for; without a word of kinds CloudWatch shows metric alarms."""
    world = World(Scenario(name="kinds"), T0, "group")
    envelope = {"detail": {"configuration": CONFIGURATIONS[kind]}}
    world.watch(ARN, json.dumps(envelope).encode(), None)
    world.advance(T0 + timedelta(minutes=1))

    def lists(**asked: object) -> set[str]:
        answer = describe_alarms(world, {"AlarmNames": [NAME], **asked})
        assert answer.keys() == set(LIST_OF_TYPE.values())
        return {each for each, found in answer.items() if found}

    assert lists(AlarmTypes=ALARM_TYPES) == {LIST_OF_TYPE[kind]}  # type: ignore[index]  # each is a kind
    assert lists(AlarmTypes=[each for each in ALARM_TYPES if each != kind]) == set()
    assert lists() == ({"MetricAlarms"} if kind == "MetricAlarm" else set())
