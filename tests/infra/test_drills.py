"""The drill: rung by CloudWatch's own schedule, missed by CloudWatch's own alarm."""

import json

from firstline.config.settings import Settings
from tests.infra.made import Made
from tests.infra.permissions import may
from tests.infra.test_detection import change, heard

WEEK_SECONDS = 7 * 24 * 3600


def test_the_alarm_is_heard_like_any_other_and_known_as_the_drill(made: Made) -> None:
    """By the same rule; and the functions know its ARN."""
    alarm = made.one("AWS::CloudWatch::Alarm", "Detectiondrill")
    assert heard(made, change(alarm.name))
    function = made.one("AWS::Lambda::Function", "ResponseIngest")
    read = Settings.read(function.properties["Environment"]["Variables"])
    assert read.alarms[made.arn(alarm)] == "drill"


def test_by_itself_it_never_rings_and_nobody_depends_on_it(made: Made) -> None:
    """No count is below none; it has no action, and is in no composite."""
    alarm = made.one("AWS::CloudWatch::Alarm", "Detectiondrill")
    alarm_properties = alarm.properties
    assert (alarm_properties["ComparisonOperator"], alarm_properties["Threshold"]) == (
        "LessThanThreshold",
        0,
    )
    assert alarm_properties["TreatMissingData"] == "notBreaching"
    assert not {"AlarmActions", "OKActions"} & alarm_properties.keys()
    for each in made.of("AWS::CloudWatch::CompositeAlarm"):
        assert alarm.name not in each.properties["AlarmRule"]


def test_the_schedule_rings_it_and_may_ring_no_other(made: Made) -> None:
    """Its role turns the one alarm; a ring that fails is tried again within the hour."""
    alarm = made.one("AWS::CloudWatch::Alarm", "Detectiondrill")
    schedule = made.one("AWS::Scheduler::Schedule", "EverySixDays").properties
    assert schedule["ScheduleExpression"] == "rate(6 days)"
    asked = json.loads(schedule["Target"]["Input"])
    assert (asked["AlarmName"], asked["StateValue"]) == (alarm.name, "ALARM")
    role = made.one("AWS::IAM::Role", "DrillsScheduleRole")
    assert schedule["Target"]["RoleArn"] == made.arn(role)
    assert may(role, "cloudwatch:SetAlarmState", made.arn(alarm))
    others = [each for each in made.of("AWS::CloudWatch::Alarm") if each.name != alarm.name]
    assert not any(may(role, "cloudwatch:SetAlarmState", made.arn(each)) for each in others)


def test_a_drill_that_is_missed_reaches_the_emergency_topic(made: Made) -> None:
    """Six days and six hours without one; CloudWatch looks back a week at most."""
    missed = made.one("AWS::CloudWatch::Alarm", "DrillsMissed").properties
    looks_back = missed["Period"] * missed["EvaluationPeriods"]
    assert 6 * 24 * 3600 < looks_back == (6 * 24 + 6) * 3600 <= WEEK_SECONDS
    assert (missed["MetricName"], missed["TreatMissingData"]) == ("DrillsPassed", "breaching")
    assert missed["WarmUpConfiguration"] == {"WarmUpPeriodDurationInMinutes": 2880}
    assert missed["AlarmActions"] == [made.arn(made.one("AWS::SNS::Topic", "Emergency"))]
