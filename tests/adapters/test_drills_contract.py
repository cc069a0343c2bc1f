"""The alarms that a drill rings: found by name, turned once."""

from typing import Any

import pytest

from firstline.adapters.aws import clients
from firstline.cli.account.alarm_state import CloudWatchAlarms, DrillAlarm
from firstline.diagnosis.evidence import AlarmState
from firstline.errors import DependencyUnavailable, InvalidInput
from tests.adapters.account import Answer, Answering, Refusal

STACK = "firstline-vettid-app"
NAME = f"{STACK}-Detectionhealthyhosts0A1B2C3D-X1Y2Z3"
ARN = f"arn:aws:cloudwatch:us-east-1:111122223333:alarm:{NAME}"
METRIC = {"MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v"}]}
RUNG = DrillAlarm(NAME, ARN, AlarmState.OK, "m", {"d": "v"})


def shown(**more: Any) -> Answer:  # noqa: ANN401 - the service's shape
    return {"AlarmName": NAME, "AlarmArn": ARN, "StateValue": "OK", **more}


def listing(*alarms: Answer) -> Answering:
    return Answering(
        {"cloudwatch.DescribeAlarms": {"MetricAlarms": list(alarms), "CompositeAlarms": []}}
    )


def over(one: Answering) -> CloudWatchAlarms:
    return CloudWatchAlarms(clients.alarms(one.session), STACK)


def test_an_alarm_of_the_stack_is_found_by_its_name_in_the_profile() -> None:
    """And not one whose name only begins so."""
    longer = shown(AlarmName=f"{STACK}-Detectionhealthyhostsslow0A1B2C3D-X")
    one = listing(longer, shown(**METRIC))
    assert over(one).find_created("healthy-hosts") == RUNG
    asked = one.parameters("cloudwatch.DescribeAlarms")
    assert asked["AlarmNamePrefix"] == f"{STACK}-Detectionhealthyhosts"
    assert one.calls == ["cloudwatch.DescribeAlarms"]


@pytest.mark.parametrize(
    ("metrics", "metric"),
    [
        ([{"Id": "a", "MetricStat": {"Metric": METRIC}}, {"Id": "b", "Expression": "a"}], "m"),
        ([{"Id": each, "MetricStat": {"Metric": METRIC}} for each in "ab"], "m"),
        ([{"Id": it, "MetricStat": {"Metric": METRIC | {"MetricName": it}}} for it in "ab"], ""),
        ([{"Id": "a", "Expression": 'SELECT MAX("m") FROM "AWS/EC2"'}], "m"),
        ([{"Id": "a", "Expression": "SEARCH('m', 'Average')"}], ""),
    ],
)
def test_an_alarm_on_an_expression(metrics: list[Answer], metric: str) -> None:
    """Of several metrics none is the alarm's."""
    one = listing(shown(Metrics=metrics))
    found = over(one).find(NAME)
    assert found is not None
    assert found.metric == metric


def test_what_is_not_there_is_none() -> None:
    """Neither of the stack's nor by a name."""
    one = listing()
    assert over(one).find_created("x") is over(one).find("x") is None


def test_a_turn_is_asked_for_once() -> None:
    """With the reason that its history keeps."""
    one = Answering({"cloudwatch.SetAlarmState": {}})
    over(one).set_state(RUNG, AlarmState.ALARM, "why")
    assert one.asked == [
        (
            "cloudwatch.SetAlarmState",
            {"AlarmName": NAME, "StateValue": "ALARM", "StateReason": "why"},
        )
    ]


def test_what_fails_is_unavailable() -> None:
    """And an alarm that shows no ARN is no alarm to ring."""
    refused = Refusal("AccessDenied")
    one = over(
        Answering({"cloudwatch.DescribeAlarms": refused, "cloudwatch.SetAlarmState": refused})
    )
    with pytest.raises(DependencyUnavailable, match="AccessDenied"):
        one.find_created("x")
    with pytest.raises(DependencyUnavailable, match="AccessDenied"):
        one.find("x")
    with pytest.raises(DependencyUnavailable, match="AccessDenied"):
        one.set_state(RUNG, AlarmState.OK, "over")
    lacking = listing({"AlarmName": NAME})
    with pytest.raises(InvalidInput, match="AlarmArn"):
        over(lacking).find(NAME)
