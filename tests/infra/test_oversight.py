"""firstline's own alarms, and the topic that speaks when firstline cannot."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from app import compose
from firstline.adapters.aws.wakes import DELAY_MAX
from firstline.config.profile import Profile
from firstline.controller.system import System
from firstline.lab.twin import unreadable_incidents
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import Scenario, SpoiltPlan
from firstline.lab.twin.world import World
from functions import sweep
from tests.builders import SETTINGS
from tests.infra.conftest import deployed_with
from tests.infra.made import ACCOUNT, HASH, HERE, Made, Resource

MINUTE = timedelta(minutes=1)
NOT_BREACHING, BREACHING = "notBreaching", "breaching"
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
EXPECTED = {
    "HeartbeatMissing": ("firstline", "Heartbeat", "Sum", BELOW, 1, 3, BREACHING),
    "PagesPending": ("firstline", "PagesPendingSeconds", "Maximum", ABOVE, 120, 1, NOT_BREACHING),
    "PagesFailed": ("firstline", "PagesFailed", "Sum", ABOVE, 0, 1, NOT_BREACHING),
    "IncidentsUnreadable": (
        *("firstline", "IncidentsUnreadable", "Maximum", ABOVE, 0, 1, NOT_BREACHING),
    ),
    "WakesOverdue": ("firstline", "WakesOverdueSeconds", "Maximum", ABOVE, 300, 1, NOT_BREACHING),
    "AlarmPollsFailed": ("firstline", "AlarmPollsFailed", "Sum", ABOVE, 0, 5, NOT_BREACHING),
    "NatsProbeSilent": ("firstline", "NatsConnected", "SampleCount", BELOW, 1, 5, BREACHING),
    "HealthProbeSilent": ("firstline", "HealthAnswering", "SampleCount", BELOW, 1, 5, BREACHING),
    "SignalsWaiting": (
        *("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", ABOVE, 120, 1, NOT_BREACHING),
    ),
    "WakesWaiting": (
        *("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", ABOVE, 1200, 1, NOT_BREACHING),
    ),
    "LostSignals": (
        *("AWS/Events", "InvocationsFailedToBeSentToDlq", "Sum", ABOVE, 0, 1, NOT_BREACHING),
    ),
    **dict.fromkeys(
        ("UndeliveredSignals", "DeadSignals", "DeadWakes"),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", ABOVE, 0, 1, NOT_BREACHING),
    ),
}
FIELDS = (
    *("Namespace", "MetricName", "Statistic", "ComparisonOperator"),
    *("Threshold", "EvaluationPeriods", "TreatMissingData"),
)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_way_of_being_deaf_is_told(made: Made, name: str) -> None:
    """Each way has an alarm of one-minute periods that tells the emergency topic, twice."""
    alarm = made.one("AWS::CloudWatch::Alarm", f"Oversight{name}").properties
    topic = made.arn(made.one("AWS::SNS::Topic", "Emergency"))
    assert tuple(alarm[field] for field in FIELDS) == EXPECTED[name]
    assert alarm["Period"] == 60
    assert (alarm["AlarmActions"], alarm["OKActions"]) == ([topic], [topic])


def notifies_emergency(made: Made, alarm: Resource) -> bool:
    """Return True if the alarm notifies the emergency topic, on start and end."""
    topic = [made.arn(made.one("AWS::SNS::Topic", "Emergency"))]
    return alarm.properties.get("AlarmActions") == topic == alarm.properties.get("OKActions")


def on(made: Made, namespace: str, metric: str, dimension: str) -> dict[str, Resource]:
    """The alarms on that metric that the emergency topic hears, by their dimension's value."""
    return {
        each.properties["Dimensions"][0]["Value"]: each
        for each in made.of("AWS::CloudWatch::Alarm")
        if (each.properties.get("Namespace"), each.properties.get("MetricName"))
        == (namespace, metric)
        and each.properties["Dimensions"][0]["Name"] == dimension
        and notifies_emergency(made, each)
    }


def test_signals_that_come_back_undone_are_told(made: Made) -> None:
    """SQS tells no age of them: more received than deleted, three minutes in a row."""
    alarm = made.one("AWS::CloudWatch::Alarm", "OversightSignalsReturned")
    queue = made.one("AWS::SQS::Queue", "QueuesSignals").name
    expression, *metrics = alarm.properties["Metrics"]
    assert expression["Expression"] == "received - deleted"
    assert {each["Id"]: each["MetricStat"] for each in metrics} == {
        identity: {
            "Metric": {
                "Namespace": "AWS/SQS",
                "MetricName": f"NumberOfMessages{word}",
                "Dimensions": [{"Name": "QueueName", "Value": queue}],
            },
            "Period": 60,
            "Stat": "Sum",
        }
        for identity, word in (("received", "Received"), ("deleted", "Deleted"))
    }
    fields = ("EvaluationPeriods", "DatapointsToAlarm", "Threshold", "ComparisonOperator")
    assert tuple(alarm.properties[field] for field in fields) == (3, 3, 0, ABOVE)
    assert notifies_emergency(made, alarm)


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_is_watched(made: Made, metric: str) -> None:
    """Each function's crashes and throttles have alarms."""
    watched = on(made, "AWS/Lambda", metric, "FunctionName")
    assert watched.keys() == {each.name for each in made.of("AWS::Lambda::Function")}
    fields = ("Statistic", "Threshold", "Period")
    assert {tuple(each.properties[it] for it in fields) for each in watched.values()} == {
        ("Sum", 0, 60)
    }


RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
UNITS = {"minute": MINUTE, "hour": 60 * MINUTE, "day": 24 * 60 * MINUTE}


def often(made: Made) -> dict[str, timedelta | None]:
    """How soon each function surely runs again, by its name; None where only a person runs it.

    By its schedule; what came by a queue comes back when its visibility is over, and what came by
    a stream at once.
    """
    hidden = {
        made.arn(each): timedelta(seconds=each.properties["VisibilityTimeout"])
        for each in made.of("AWS::SQS::Queue")
        if "VisibilityTimeout" in each.properties
    }
    runs: dict[str, timedelta | None] = {}
    for each in made.of("AWS::Lambda::Function"):
        runs[each.name] = None
        for mapping in made.of("AWS::Lambda::EventSourceMapping"):
            if mapping.properties["FunctionName"] == each.name:
                runs[each.name] = hidden.get(mapping.properties["EventSourceArn"], timedelta(0))
        for schedule in made.of("AWS::Scheduler::Schedule"):
            if schedule.properties["Target"]["Arn"] == made.arn(each):
                runs[each.name] = rate(schedule)
    return runs


def rate(schedule: Resource) -> timedelta:
    """Return its period."""
    found = RATE.fullmatch(schedule.properties["ScheduleExpression"])
    assert found, "a schedule of another form: say here how often it runs"
    return int(found[1]) * UNITS[found[2]]


def can_ring(alarm: Resource, runs: timedelta | None) -> bool:
    """Return True if permanent failures fill as many periods as *alarm* needs."""
    text = alarm.properties
    periods, period = text["EvaluationPeriods"], timedelta(seconds=text["Period"])
    needed = text.get("DatapointsToAlarm", periods)
    if needed == 1 or runs is None:
        return bool(needed == 1)
    window = periods * period
    return bool(needed <= min(periods, window // max(runs, period)))


def test_an_alarm_on_a_function_can_ring(made: Made) -> None:
    """One that runs by the hour fails once an hour: two failures in five minutes never come."""
    runs = often(made)
    assert runs.keys() == {each.name for each in made.of("AWS::Lambda::Function")}
    watched = [
        (name, each)
        for metric in ("Errors", "Throttles")
        for name, each in on(made, "AWS/Lambda", metric, "FunctionName").items()
    ]
    assert len(watched) == 2 * len(runs)
    assert [name for name, each in watched if not can_ring(each, runs[name])] == []


def test_an_alarm_on_what_a_schedule_sends_can_ring(made: Made) -> None:
    """Of a metric of ours one reading above is enough; of its silence the schedule is sooner."""
    runs = {made.arn(each): each for each in made.of("AWS::Lambda::Function")}
    soon = {
        SILENCE[runs[arn].properties["Handler"] if arn in runs else arn]: rate(each)
        for each in made.of("AWS::Scheduler::Schedule")
        for arn in [each.properties["Target"]["Arn"]]
    }
    own = [
        each
        for each in made.of("AWS::CloudWatch::Alarm")
        if each.properties.get("Namespace") == "firstline" and notifies_emergency(made, each)
    ]
    assert soon.keys() <= {each.properties["MetricName"] for each in own}
    for each in own:
        text = each.properties
        window = text["EvaluationPeriods"] * timedelta(seconds=text["Period"])
        if text["TreatMissingData"] == BREACHING:
            assert soon[text["MetricName"]] < window, each.logical_id
        else:
            swept = text["MetricName"] in SWEPT
            assert can_ring(each, timedelta(minutes=1) if swept else None), each.logical_id


def test_an_alarm_that_cannot_ring_would_be_found(made: Made) -> None:
    """The rule itself can fail: two of five minutes, by the hour, is never."""
    ingest = made.one("AWS::CloudWatch::Alarm", "OversightIngestErrors")
    assert can_ring(ingest, MINUTE)
    assert can_ring(ingest, timedelta(seconds=90))
    assert not can_ring(ingest, 60 * MINUTE)
    assert not can_ring(ingest, None)


SILENCE = {
    "functions.audit.handler": "ArchiveAudits",
    "functions.sweep.handler": "Heartbeat",
    "functions.probe_nats.handler": "NatsConnected",
    "functions.probe_health.handler": "HealthAnswering",
    "arn:aws:scheduler:::aws-sdk:cloudwatch:setAlarmState": "DrillsPassed",
}
"""The metric of each scheduled function's completed run, and of a drill."""


def test_the_silence_of_every_schedule_is_told(made: Made) -> None:
    """Each schedule's function has a metric whose absence is breaching."""
    handlers = {
        made.arn(each): each.properties["Handler"] for each in made.of("AWS::Lambda::Function")
    }
    run = {
        handlers.get(each.properties["Target"]["Arn"], each.properties["Target"]["Arn"])
        for each in made.of("AWS::Scheduler::Schedule")
    }
    assert run == SILENCE.keys()
    for metric in SILENCE.values():
        (alarm,) = [
            each
            for each in made.of("AWS::CloudWatch::Alarm")
            if each.properties.get("MetricName") == metric and notifies_emergency(made, each)
        ]
        assert alarm.properties["TreatMissingData"] == BREACHING


OPERATIONS = Path(__file__).parents[2] / "docs" / "OPERATIONS.md"


def test_every_alarm_on_firstline_itself_says_what_to_do(made: Made) -> None:
    """The table of OPERATIONS.md has each alarm that tells the emergency topic, and no other."""
    section = OPERATIONS.read_text().split("## The emergency topic fired")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    told_of = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    alarms = [each for each in made.of("AWS::CloudWatch::Alarm") if notifies_emergency(made, each)]
    names = (HASH.sub("", each.logical_id) for each in alarms)
    assert told_of == {each.removeprefix("Oversight") for each in names}


def test_every_queue_is_watched(made: Made) -> None:
    """One that is read by its oldest message; one that is not, by its first."""
    read = {
        each.properties["EventSourceArn"] for each in made.of("AWS::Lambda::EventSourceMapping")
    }
    unread = {each.name for each in made.of("AWS::SQS::Queue") if made.arn(each) not in read}
    age = on(made, "AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName")
    assert {each.name for each in made.of("AWS::SQS::Queue")} == {*unread, *age}


def test_a_wake_may_wait_for_as_long_as_it_is_sent_ahead(made: Made) -> None:
    """The alarm on the queue's own age rings five minutes after the longest delay, no sooner."""
    alarm = made.one("AWS::CloudWatch::Alarm", "OversightWakesWaiting").properties
    queue = made.one("AWS::SQS::Queue", "QueuesWakes")
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": queue.name}]
    assert timedelta(seconds=alarm["Threshold"]) == DELAY_MAX + 5 * MINUTE


def test_each_dead_letter_queue_is_watched(made: Made) -> None:
    """Exactly the queues without a consumer have an alarm."""
    watched = {
        each.properties["Dimensions"][0]["Value"]
        for each in made.of("AWS::CloudWatch::Alarm")
        if each.properties.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    read = {
        each.properties["EventSourceArn"] for each in made.of("AWS::Lambda::EventSourceMapping")
    }
    unread = {each.name for each in made.of("AWS::SQS::Queue") if made.arn(each) not in read}
    assert watched == unread


def test_the_topic_takes_alarms_of_this_account_and_needs_no_key(made: Made) -> None:
    """CloudWatch is let in by name, for a topic with a policy has lost the default one."""
    topic = made.one("AWS::SNS::Topic", "Emergency")
    attached = made.one("AWS::SNS::TopicPolicy", "EmergencyPolicy")
    insecure, alarms = attached.properties["PolicyDocument"]["Statement"]
    assert "KmsMasterKeyId" not in topic.properties
    assert attached.properties["Topics"] == [made.arn(topic)]
    assert insecure["Effect"] == "Deny"
    assert insecure["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert alarms["Effect"] == "Allow"
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{HERE}:alarm:*"},
    }


def test_an_address_is_subscribed(made: Made, tmp_path_factory: pytest.TempPathFactory) -> None:
    """And stays where a later template lacks it; an empty one states that others subscribe."""
    folder = tmp_path_factory.mktemp("subscribed")
    context = deployed_with(folder, emergency_email="on-call@example.com")
    app = App(outdir=str(folder), context=context)
    compose(app)
    app.synth()
    (subscription,) = Made(folder).of("AWS::SNS::Subscription")
    assert subscription.properties["Protocol"] == "email"
    assert subscription.properties["Endpoint"] == "on-call@example.com"
    kept = (subscription.raw["DeletionPolicy"], subscription.raw["UpdateReplacePolicy"])
    assert kept == ("Retain", "Retain")
    ends = {each.properties["Endpoint"] for each in made.of("AWS::SNS::Subscription")}
    assert ends == {f"{each}@example.com" for each in ("on-call", "security", "team")}


def test_the_sweep_emits_what_the_alarms_watch(
    made: Made, profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    """Namespace, names and dimensions of the sweep's metrics are those of the alarms."""
    sweep.handler({}, None, _system(profile))
    lines = map(json.loads, capsys.readouterr().out.strip().splitlines())
    emitted = next(each for each in lines if "_aws" in each)
    assert _metrics(emitted) == {
        (
            alarm.properties["Namespace"],
            alarm.properties["MetricName"],
            tuple((each["Name"], each["Value"]) for each in alarm.properties["Dimensions"]),
        )
        for alarm in made.of("AWS::CloudWatch::Alarm")
        if alarm.properties.get("MetricName") in SWEPT
    }


LATE = ("PagesPendingSeconds", "WakesOverdueSeconds")
SWEPT = ("Heartbeat", *LATE, "IncidentsUnreadable", "AlarmPollsFailed")


def _metrics(emitted: dict[str, Any]) -> set[tuple[str, str, tuple[tuple[str, str], ...]]]:
    return {
        (directive["Namespace"], metric["Name"], tuple((name, emitted[name]) for name in names))
        for directive in emitted["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        for names in directive["Dimensions"]
    }


def _system(profile: Profile) -> System:
    """Give a system with an incident that it cannot read, and nothing else to sweep."""
    begins = datetime(2026, 3, 11, 4, tzinfo=UTC)
    world = World(Scenario(name="odd", spoilt=SpoiltPlan()), begins, profile.fleet.group)
    door = MemoryBackend(world)
    unreadable_incidents.store_spoilt(door.store.tables, world, profile.fleet.name)
    return System(ports=door.ports, profile=profile, settings=SETTINGS)
