"""What `firstline doctor` finds of what somebody changed by hand in what carries signals."""

import copy
import json
from typing import Any

import pytest

from firstline.doctor import parts
from firstline.doctor.facts import Meant, Resource
from firstline.doctor.meant import QUEUE_POLICY, SCHEDULE, TOPIC_POLICY, meant
from firstline.doctor.template import Stands
from firstline.doctor.told import (
    GONE,
    NONE,
    RESERVED,
    UNREADABLE,
    canonical,
    reserved,
    scheduled,
    told,
)
from firstline.errors import InvalidInput
from tests.builders import HOME
from tests.doctor.accounts import DEPLOYED, HASH, found

PLACE = "us-east-1:111122223333"
QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/signals"
TOPIC = f"arn:aws:sns:{PLACE}:emergency"
STANDS = Stands(
    HOME,
    {
        each.logical_id: each
        for each in (
            Resource(parts.RULE, "DetectionAlarmStates" + HASH, "alarms"),
            Resource(parts.QUEUE, "QueuesSignals" + HASH, QUEUE),
            Resource("AWS::SNS::Topic", "OversightEmergency" + HASH, TOPIC),
            Resource(parts.FUNCTION, "ResponseSweep" + HASH, "sweep"),
            Resource("AWS::IAM::Role", "Role", "ringer"),
            Resource(SCHEDULE, "ResponseSweepEveryMinute" + HASH, "each-minute"),
            Resource(SCHEDULE, "DrillsEverySixDays" + HASH, "drills"),
        )
    },
    {},
)
PATTERN = {"source": ["aws.cloudwatch"], "detail": {"n": [{"numeric": [">=", 7]}]}}
ALLOWED = {
    "Effect": "Allow",
    "Action": ["sqs:SendMessage"],
    "Resource": {"Fn::GetAtt": ["QueuesSignals" + HASH, "Arn"]},
    "Condition": {
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["DetectionAlarmStates" + HASH, "Arn"]}}
    },
}
CALLS = {
    "Arn": {"Fn::GetAtt": ["ResponseSweep" + HASH, "Arn"]},
    "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
    "RetryPolicy": {"MaximumRetryAttempts": 0},
}
CALLED = {
    "Arn": f"arn:aws:lambda:{PLACE}:function:sweep",
    "RoleArn": "arn:aws:iam::111122223333:role/ringer",
}


def template(kind: str, name: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"Resources": {name + HASH: {"Type": kind, "Properties": properties}}}


def test_a_rule_is_held_to_its_pattern() -> None:
    """And is one of the profile's parts."""
    (told,) = meant(template(parts.RULE, "DetectionAlarmStates", EventPattern=PATTERN), STANDS)
    assert told == Meant(parts.RULE, "alarms", "DetectionAlarmStates", canonical(PATTERN))


def test_a_policy_is_held_for_each_queue_that_it_is_of() -> None:
    """With its references in place: a rule's ARN and a queue's."""
    policy = {"Version": "2012-10-17", "Statement": [ALLOWED]}
    queues = [{"Ref": "QueuesSignals" + HASH}]
    asked = template(QUEUE_POLICY, "QueuesSignalsPolicy", PolicyDocument=policy, Queues=queues)
    (told,) = meant(asked, STANDS)
    assert (told.kind, told.name, told.part) == (QUEUE_POLICY, QUEUE, "QueuesSignals")
    assert json.loads(told.text)["Statement"] == {
        "Effect": "Allow",
        "Action": "sqs:SendMessage",
        "Resource": f"arn:aws:sqs:{PLACE}:signals",
        "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:events:{PLACE}:rule/alarms"}},
    }


def test_a_policy_is_held_for_each_topic_that_it_is_of() -> None:
    """As it is for a queue."""
    policy: dict[str, Any] = {"Statement": []}
    topics = [{"Ref": "OversightEmergency" + HASH}]
    asked = template(TOPIC_POLICY, "EmergencyPolicy", PolicyDocument=policy, Topics=topics)
    assert meant(asked, STANDS) == (
        Meant(TOPIC_POLICY, TOPIC, "OversightEmergency", '{"Statement":[]}'),
    )


def test_a_schedule_is_held_to_when_it_calls_what() -> None:
    """It is on where its template says nothing; on it hangs what the function does."""
    asked = template(
        SCHEDULE, "ResponseSweepEveryMinute", ScheduleExpression="rate(1 minute)", Target=CALLS
    )
    now = {
        "State": "ENABLED",
        "ScheduleExpression": "rate(1 minute)",
        "Target": {**CALLED, "RetryPolicy": {"MaximumRetryAttempts": 9}},
        "GroupName": "default",
    }
    assert meant(asked, STANDS) == (
        Meant(SCHEDULE, "each-minute", "ResponseSweep", scheduled(now)),
    )
    for changes in ({"State": "DISABLED"}, {"EndDate": "2026-01-01"}, {"Target": {"Arn": "x"}}):
        assert scheduled({**now, **changes}) != scheduled(now)


def test_a_schedule_that_calls_no_function_goes_by_its_own_name() -> None:
    """The drills call AWS itself."""
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:cloudwatch:setAlarmState", "Input": "{}"}
    asked = template(SCHEDULE, "DrillsEverySixDays", ScheduleExpression="x", Target=target)
    (told,) = meant(asked, STANDS)
    assert (told.name, told.part) == ("drills", "DrillsEverySixDays")
    assert json.loads(told.text)["Target"] == target


def test_a_function_is_held_to_what_is_reserved_for_it() -> None:
    """Which is nothing, where the operator does not ask; nothing is another matter than none."""
    function = template(parts.FUNCTION, "ResponseSweep", MemorySize=512)
    (told,) = meant(function, STANDS)
    assert told == Meant(parts.FUNCTION, "sweep", "ResponseSweep", reserved({}))
    (told,) = meant(template(parts.FUNCTION, "ResponseSweep", **{RESERVED: 25}), STANDS)
    assert told.text == reserved({RESERVED: 25})
    assert len({reserved(each) for each in ({}, {RESERVED: 0}, {RESERVED: 25})}) == 3


def test_nothing_else_is_held() -> None:
    """Other kinds have checks of their own, or carry nothing."""
    assert meant(template("AWS::S3::Bucket", "Archive"), STANDS) == ()


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"Resources": {"Rule": {"Properties": {}}}},
        template(parts.RULE, "DetectionAlarmStates"),
        template(parts.RULE, "Unknown", EventPattern=PATTERN),
        template(parts.RULE, "DetectionAlarmStates", EventPattern={"Fn::If": ["a", "b", "c"]}),
        template(parts.RULE, "DetectionAlarmStates", EventPattern="x"),
        template(QUEUE_POLICY, "Policy", PolicyDocument={}),
        template(QUEUE_POLICY, "Policy", PolicyDocument={}, Queues=["x"]),
        template(TOPIC_POLICY, "Policy", PolicyDocument={}, Topics=[{"Fn::GetAtt": ["x", "Arn"]}]),
        template(SCHEDULE, "ResponseSweepEveryMinute", ScheduleExpression="x", Target="x"),
        template(parts.FUNCTION, "ResponseSweep", **{RESERVED: "all"}),
    ],
)
def test_a_template_of_another_kind_is_malformed(odd: dict[str, Any]) -> None:
    """So that it counts as unknown."""
    with pytest.raises(InvalidInput, match=r"template|stack has no"):
        meant(odd, STANDS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": [2, 3]}, {"b": [3, 2], "a": 1}),
        ({"Action": ["x"]}, {"Action": "x"}),
        ({"Principal": {"AWS": ["*"]}}, {"Principal": "*"}),
        ({"a": [{"prefix": "x"}, "y"]}, {"a": ["y", {"prefix": "x"}]}),
    ],
)
def test_what_services_do_to_a_text_is_no_change(one: object, other: object) -> None:
    """Orders of keys and lists, lists of one, and everybody."""
    assert canonical(one) == canonical(other)


def test_one_account_is_not_everybody() -> None:
    """Nor is everybody of AWS and a service."""
    everybody = canonical({"Principal": "*"})
    for principal in ({"AWS": "1"}, {"AWS": "*", "Service": "x"}, {"Service": "*"}):
        assert canonical({"Principal": principal}) != everybody


def test_the_order_of_a_numeric_filter_is_its_meaning() -> None:
    """As in ``[">", 0, "<=", 5]``."""
    above = {"n": [{"numeric": [">", 0, "<=", 5]}]}
    below = {"n": [{"numeric": [">", 5, "<=", 0]}]}
    assert canonical(above) != canonical(below)


@pytest.mark.parametrize("odd", ["", "{", '{"a": ["\\ud800"]}', "\ud800", "[" * 100_000])
def test_what_cannot_be_read_is_no_templates(odd: str) -> None:
    """A hostile text ends in a finding, and in nothing else."""
    assert told(odd) == UNREADABLE
    assert told('{"a": ["b"]}') == canonical({"a": "b"})


RULE = Meant(parts.RULE, "alarms", "DetectionAlarmStates", canonical(PATTERN))
SIGNALS = Meant(QUEUE_POLICY, QUEUE, "QueuesSignals", '{"Statement":"all"}')
WAKES = Meant(QUEUE_POLICY, QUEUE, "ArchiveLost", '{"Statement":"all"}')
EMERGENCY = Meant(TOPIC_POLICY, TOPIC, "OversightEmergency", '{"Statement":"all"}')
SWEEP = Meant(SCHEDULE, "each-minute", "ResponseSweep", '{"State":"ENABLED"}')
NATS = Meant(SCHEDULE, "nats", "ProbesProbeNats", '{"State":"ENABLED"}')
DRILLS = Meant(SCHEDULE, "drills", "DrillsEverySixDays", '{"State":"ENABLED"}')
OFF = reserved({RESERVED: 0})
INGEST = Meant(parts.FUNCTION, "ingest", "ResponseIngest", reserved({}))
CONSOLE = Meant(parts.FUNCTION, "console", "Console", reserved({}))
CASES: dict[str, tuple[Meant, str, tuple[str, str] | None]] = {
    "a pattern as it was": (RULE, RULE.text, None),
    "a pattern of less": (
        RULE,
        canonical({**PATTERN, "source": ["aws.health"]}),
        ("critical", "has another event pattern than the template: source"),
    ),
    "a pattern that asks for more": (
        RULE,
        canonical({**PATTERN, "region": ["x"]}),
        ("critical", "has another event pattern than the template: there is more in it"),
    ),
    "a pattern that cannot be read": (
        RULE,
        UNREADABLE,
        ("critical", "has another event pattern than the template: it cannot be read"),
    ),
    "a policy that is none": (
        SIGNALS,
        "[]",
        ("critical", "has another policy than the template: Statement"),
    ),
    "a rule that is gone, which transport tells": (RULE, GONE, None),
    "a policy that lets nobody in": (
        SIGNALS,
        '{"Statement":[]}',
        ("critical", "has another policy than the template: Statement"),
    ),
    "a policy that was removed": (SIGNALS, NONE, ("critical", "has lost its policy")),
    "a queue that is gone, which has a check": (SIGNALS, GONE, None),
    "a policy on which no P1 rests": (WAKES, NONE, ("warning", "has lost its policy")),
    "the emergency topic's": (EMERGENCY, NONE, ("critical", "has lost its policy")),
    "a sweep that is switched off": (
        SWEEP,
        '{"State":"DISABLED"}',
        ("critical", "has another schedule than the template: State"),
    ),
    "a sweep that nobody rings": (SWEEP, GONE, ("critical", "is not there")),
    "a probe that nobody rings": (NATS, GONE, ("critical", "is not there")),
    "a function that nobody can invoke": (
        INGEST,
        OFF,
        ("critical", f"has another concurrency than the template: {RESERVED}"),
    ),
    "a function with a little concurrency": (
        INGEST,
        reserved({RESERVED: 2}),
        ("warning", f"has another concurrency than the template: {RESERVED}"),
    ),
    "a function on which no P1 rests": (
        CONSOLE,
        OFF,
        ("warning", f"has another concurrency than the template: {RESERVED}"),
    ),
    "a function that is gone, which has a check": (INGEST, GONE, None),
    "drills that nobody rings": (DRILLS, GONE, ("warning", "is not there")),
}


@pytest.mark.parametrize(("told", "now", "finding"), CASES.values(), ids=CASES)
def test_what_was_changed_by_hand(told: Meant, now: str, finding: tuple[str, str] | None) -> None:
    """As grave as what hangs on it."""
    seen = found(deployed=copy.replace(DEPLOYED, drift={told: now}))
    expected = [] if finding is None else [("drift", told.name, *finding)]
    assert [(each.check, each.subject, each.severity, each.what) for each in seen] == expected
    assert all("--stack-name firstline-vettid-app" in each.remedy for each in seen)
