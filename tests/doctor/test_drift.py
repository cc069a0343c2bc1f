"""`firstline doctor` on manual changes to resources that carry signals."""

import copy
import json
from typing import Any

import pytest

from firstline.doctor import stack_parts
from firstline.doctor.actual_config import (
    MISSING,
    REMOVED,
    RESERVED_CONCURRENCY,
    UNREADABLE,
    canonical,
    concurrency_config,
    parse_config,
    schedule_config,
)
from firstline.doctor.expected_config import QUEUE_POLICY, SCHEDULE, TOPIC_POLICY, expected_configs
from firstline.doctor.facts import ExpectedConfig, Resource
from firstline.doctor.template import References
from firstline.errors import InvalidInput
from tests.builders import HOME
from tests.doctor.accounts import DEPLOYED, HASH, found

PLACE = "us-east-1:111122223333"
QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/signals"
TOPIC = f"arn:aws:sns:{PLACE}:emergency"
STANDS = References(
    HOME,
    {
        each.logical_id: each
        for each in (
            Resource(stack_parts.RULE, "DetectionAlarmStates" + HASH, "alarms"),
            Resource(stack_parts.QUEUE, "QueuesSignals" + HASH, QUEUE),
            Resource("AWS::SNS::Topic", "OversightEmergency" + HASH, TOPIC),
            Resource(stack_parts.FUNCTION, "ResponseSweep" + HASH, "sweep"),
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
    (config,) = expected_configs(
        template(stack_parts.RULE, "DetectionAlarmStates", EventPattern=PATTERN), STANDS
    )
    assert config == ExpectedConfig(
        stack_parts.RULE, "alarms", "DetectionAlarmStates", canonical(PATTERN)
    )


def test_a_policy_is_held_for_each_queue_that_it_is_of() -> None:
    """With its references in place: a rule's ARN and a queue's."""
    policy = {"Version": "2012-10-17", "Statement": [ALLOWED]}
    queues = [{"Ref": "QueuesSignals" + HASH}]
    asked = template(QUEUE_POLICY, "QueuesSignalsPolicy", PolicyDocument=policy, Queues=queues)
    (config,) = expected_configs(asked, STANDS)
    assert (config.kind, config.name, config.part) == (
        QUEUE_POLICY,
        QUEUE,
        "QueuesSignals",
    )
    assert json.loads(config.text)["Statement"] == {
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
    assert expected_configs(asked, STANDS) == (
        ExpectedConfig(TOPIC_POLICY, TOPIC, "OversightEmergency", '{"Statement":[]}'),
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
    assert expected_configs(asked, STANDS) == (
        ExpectedConfig(SCHEDULE, "each-minute", "ResponseSweep", schedule_config(now)),
    )
    for changes in ({"State": "DISABLED"}, {"EndDate": "2026-01-01"}, {"Target": {"Arn": "x"}}):
        assert schedule_config({**now, **changes}) != schedule_config(now)


def test_a_schedule_that_calls_no_function_goes_by_its_own_name() -> None:
    """The drills call AWS itself."""
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:cloudwatch:setAlarmState", "Input": "{}"}
    asked = template(SCHEDULE, "DrillsEverySixDays", ScheduleExpression="x", Target=target)
    (config,) = expected_configs(asked, STANDS)
    assert (config.name, config.part) == ("drills", "DrillsEverySixDays")
    assert json.loads(config.text)["Target"] == target


def test_a_function_is_held_to_what_is_reserved_for_it() -> None:
    """Which is nothing, where the operator does not ask; nothing is another matter than none."""
    function = template(stack_parts.FUNCTION, "ResponseSweep", MemorySize=512)
    (config,) = expected_configs(function, STANDS)
    assert config == ExpectedConfig(
        stack_parts.FUNCTION, "sweep", "ResponseSweep", concurrency_config({})
    )
    (config,) = expected_configs(
        template(stack_parts.FUNCTION, "ResponseSweep", **{RESERVED_CONCURRENCY: 25}), STANDS
    )
    assert config.text == concurrency_config({RESERVED_CONCURRENCY: 25})
    assert (
        len(
            {
                concurrency_config(each)
                for each in ({}, {RESERVED_CONCURRENCY: 0}, {RESERVED_CONCURRENCY: 25})
            }
        )
        == 3
    )


def test_nothing_else_is_held() -> None:
    """Other kinds have checks of their own, or carry nothing."""
    assert expected_configs(template("AWS::S3::Bucket", "Archive"), STANDS) == ()


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"Resources": {"Rule": {"Properties": {}}}},
        template(stack_parts.RULE, "DetectionAlarmStates"),
        template(stack_parts.RULE, "Unknown", EventPattern=PATTERN),
        template(
            stack_parts.RULE, "DetectionAlarmStates", EventPattern={"Fn::If": ["a", "b", "c"]}
        ),
        template(stack_parts.RULE, "DetectionAlarmStates", EventPattern="x"),
        template(QUEUE_POLICY, "Policy", PolicyDocument={}),
        template(QUEUE_POLICY, "Policy", PolicyDocument={}, Queues=["x"]),
        template(TOPIC_POLICY, "Policy", PolicyDocument={}, Topics=[{"Fn::GetAtt": ["x", "Arn"]}]),
        template(SCHEDULE, "ResponseSweepEveryMinute", ScheduleExpression="x", Target="x"),
        template(stack_parts.FUNCTION, "ResponseSweep", **{RESERVED_CONCURRENCY: "all"}),
    ],
)
def test_a_template_of_another_kind_is_malformed(odd: dict[str, Any]) -> None:
    """So that it counts as unknown."""
    with pytest.raises(InvalidInput, match=r"template|stack no longer has"):
        expected_configs(odd, STANDS)


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
    assert parse_config(odd) == UNREADABLE
    assert parse_config('{"a": ["b"]}') == canonical({"a": "b"})


RULE = ExpectedConfig(stack_parts.RULE, "alarms", "DetectionAlarmStates", canonical(PATTERN))
SIGNALS = ExpectedConfig(QUEUE_POLICY, QUEUE, "QueuesSignals", '{"Statement":"all"}')
WAKES = ExpectedConfig(QUEUE_POLICY, QUEUE, "ArchiveLost", '{"Statement":"all"}')
EMERGENCY = ExpectedConfig(TOPIC_POLICY, TOPIC, "OversightEmergency", '{"Statement":"all"}')
SWEEP = ExpectedConfig(SCHEDULE, "each-minute", "ResponseSweep", '{"State":"ENABLED"}')
NATS = ExpectedConfig(SCHEDULE, "nats", "ProbesProbeNats", '{"State":"ENABLED"}')
DRILLS = ExpectedConfig(SCHEDULE, "drills", "DrillsEverySixDays", '{"State":"ENABLED"}')
OFF = concurrency_config({RESERVED_CONCURRENCY: 0})
INGEST = ExpectedConfig(stack_parts.FUNCTION, "ingest", "ResponseIngest", concurrency_config({}))
CONSOLE = ExpectedConfig(stack_parts.FUNCTION, "console", "Console", concurrency_config({}))
CASES: dict[str, tuple[ExpectedConfig, str, tuple[str, str] | None]] = {
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
    "a rule that is gone, which transport tells": (RULE, MISSING, None),
    "a policy that lets nobody in": (
        SIGNALS,
        '{"Statement":[]}',
        ("critical", "has another policy than the template: Statement"),
    ),
    "a policy that was removed": (SIGNALS, REMOVED, ("critical", "has lost its policy")),
    "a queue that is gone, which has a check": (SIGNALS, MISSING, None),
    "a policy on which no P1 rests": (WAKES, REMOVED, ("warning", "has lost its policy")),
    "the emergency topic's": (EMERGENCY, REMOVED, ("critical", "has lost its policy")),
    "a sweep that is disabled": (
        SWEEP,
        '{"State":"DISABLED"}',
        ("critical", "has another schedule than the template: State"),
    ),
    "a sweep that nobody rings": (SWEEP, MISSING, ("critical", "does not exist")),
    "a probe that nobody rings": (NATS, MISSING, ("critical", "does not exist")),
    "a function that nobody can invoke": (
        INGEST,
        OFF,
        ("critical", f"has another concurrency than the template: {RESERVED_CONCURRENCY}"),
    ),
    "a function with a little concurrency": (
        INGEST,
        concurrency_config({RESERVED_CONCURRENCY: 2}),
        ("warning", f"has another concurrency than the template: {RESERVED_CONCURRENCY}"),
    ),
    "a function on which no P1 rests": (
        CONSOLE,
        OFF,
        ("warning", f"has another concurrency than the template: {RESERVED_CONCURRENCY}"),
    ),
    "a function that is gone, which has a check": (INGEST, MISSING, None),
    "drills that nobody rings": (DRILLS, MISSING, ("warning", "does not exist")),
}


@pytest.mark.parametrize(("expected_config", "now", "finding"), CASES.values(), ids=CASES)
def test_what_was_changed_by_hand(
    expected_config: ExpectedConfig, now: str, finding: tuple[str, str] | None
) -> None:
    """As grave as what hangs on it."""
    seen = found(deployed=copy.replace(DEPLOYED, drift={expected_config: now}))
    expected = [] if finding is None else [("drift", expected_config.name, *finding)]
    assert [(each.check, each.subject, each.severity, each.what) for each in seen] == expected
    assert all("--stack-name firstline-vettid-app" in each.remedy for each in seen)
