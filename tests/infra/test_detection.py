"""The alarms, the rule that hears them, and the composites behind them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from moto.events.models import EventPattern

from app import compose
from firstline.config import fleet_file as profiles
from firstline.config.profile import AlarmDefinition, Profile
from firstline.config.settings import Home
from firstline.event_sources import ALARM
from firstline.monitoring import alarms as detection
from firstline.signal import Disposition, Severity
from firstline.signals.classify import Classification, classify, with_profile_name
from firstline.signals.sources.envelope import parse
from tests.builders import PROFILE, PROFILE_FILE, deployable
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.listing import PROFILES, assembled
from tests.infra.made import ACCOUNT, REGION, Made, Resource

HOME = Home(account=ACCOUNT, region=REGION)
RECEIVED = datetime(2026, 3, 11, 4, 20, tzinfo=UTC)


def classified(body: bytes) -> Classification:
    """Give what the core makes of the event in *body*."""
    signal = with_profile_name(parse(body, HOME, RECEIVED), PROFILE, {})
    return classify(signal, PROFILE, HOME)


EVENTS = Path(__file__).parents[2] / "events"
CORPUS = {path: classified(path.read_bytes()) for path in sorted(EVENTS.glob("*.json"))}
# a dead letter comes by its queue, and holds an event that the rule heard before
RULED = [path for path, found in CORPUS.items() if found.rule and path.match("cloudwatch.*")]
REJECTED = [path for path, found in CORPUS.items() if found.disposition is Disposition.REJECTED]
STATES = ["OK", "ALARM", "INSUFFICIENT_DATA"]
EXTERNAL = "vettid-prod-enclave-healthy-hosts"
SIGNS = {
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": ">=",
}


def heard(made: Made, event: Any) -> bool:  # noqa: ANN401 - JSON
    """Return True if the alarms' rule puts *event* into the signals queue."""
    rule = made.one("AWS::Events::Rule", "AlarmStates")
    pattern = EventPattern.load(json.dumps(rule.properties["EventPattern"]))
    return bool(pattern.matches_event(event))


def change(name: str, state: str = "ALARM", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Give the event of the alarm *name* going into *state*."""
    return {
        "version": "0",
        "id": "6a7c1f6e-1f7b-4a2e-9c66-000000000000",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-03-11T04:18:43Z",
        "resources": [f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"],
        "detail": {"alarmName": name, "state": {"value": state}},
    } | fields


def made_alarms(made: Made) -> list[Resource]:
    """Give the alarms that the profile asked for."""
    return [
        each
        for each in made.of("AWS::CloudWatch::Alarm")
        if each.logical_id.startswith("Detection")
    ]


@pytest.mark.parametrize("path", RULED, ids=lambda path: path.stem)
def test_what_a_rule_of_the_profile_fits_is_heard(made: Made, path: Path) -> None:
    """A sample event that a rule fits would reach the signals queue."""
    assert heard(made, json.loads(path.read_text()))


@pytest.mark.parametrize("turns", ["Contributor State Change", "Configuration Change"])
def test_other_turns_of_a_known_alarm_are_heard(made: Made, turns: str) -> None:
    """One more contributor, or a deletion, tells something that no state change repeats."""
    assert heard(made, change(EXTERNAL, **{"detail-type": f"CloudWatch Alarm {turns}"}))


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: path.stem)
def test_what_would_be_rejected_is_not_heard(made: Made, path: Path) -> None:
    """A sample event that is none of ours is kept out by the rule already."""
    assert not heard(made, json.loads(path.read_text()))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("before", [None, *STATES])
def test_every_state_is_heard_whatever_came_before(
    made: Made, state: str, before: str | None
) -> None:
    """ALARM after ALARM is a page that a filter on the previous state would lose."""
    previous = {} if before is None else {"previousState": {"value": before}}
    for name in [EXTERNAL, *(alarm.name for alarm in made_alarms(made))]:
        event = change(name, state)
        event["detail"] |= previous
        assert heard(made, event)


def test_the_pattern_asks_for_nothing_in_the_detail(made: Made) -> None:
    """The rule filters by source, never by content."""
    rule = made.one("AWS::Events::Rule", "AlarmStates")
    pattern = rule.properties["EventPattern"]
    assert sorted(pattern) == ["account", "detail-type", "resources", "source"]
    assert "EventBusName" not in rule.properties


def test_own_alarms_and_strangers_are_not_heard(made: Made) -> None:
    """Own alarms would be unclassified incidents; foreign ones are ignored."""
    own = [
        each.name
        for each in [
            *made.of("AWS::CloudWatch::Alarm"),
            *made.of("AWS::CloudWatch::CompositeAlarm"),
        ]
        if each not in made_alarms(made)
    ]
    assert len(own) > len(made.of("AWS::CloudWatch::CompositeAlarm"))
    for name in [*own, "somebody-elses-alarm", f"{EXTERNAL}-2", "Detection"]:
        assert not heard(made, change(name)), name


@pytest.mark.parametrize(
    "fields",
    [
        {"source": "custom.cloudwatch"},
        {"account": "444455556666"},
        {"detail-type": "CloudWatch Alarm Rumour"},
        {"resources": [f"arn:aws:cloudwatch:{REGION}:444455556666:alarm:{EXTERNAL}"]},
        {"resources": []},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_forged_event_is_not_heard(made: Made, fields: dict[str, Any]) -> None:
    """An event must come from CloudWatch itself, in this account, about a known alarm."""
    assert not heard(made, change(EXTERNAL, **fields))


def test_what_is_heard_reaches_the_queue_or_its_dead_letters(made: Made) -> None:
    """Each rule may send to its target and to its dead letters only."""
    signals = made.one("AWS::SQS::Queue", "QueuesSignals")
    undelivered = made.one("AWS::SQS::Queue", "Undelivered")
    security = made.arn(made.one("AWS::SNS::Topic", "Security"))
    rules = made.of("AWS::Events::Rule")
    to: dict[str, list[str]] = {}
    for rule in rules:
        (target,) = rule.properties["Targets"]
        to.setdefault(target["Arn"], []).append(made.arn(rule))
        assert target["DeadLetterConfig"] == {"Arn": made.arn(undelivered)}
    assert to.keys() == {made.arn(signals), security}
    assert len(to[security]) == 3
    everyone = [made.arn(each) for each in rules]
    senders = {signals.name: to[made.arn(signals)], undelivered.name: everyone}
    for queue in made.of("AWS::SQS::Queue"):
        allowed = [each for each in policy(made, queue) if each["Effect"] == "Allow"]
        assert {each["Principal"]["Service"] for each in allowed} <= {"events.amazonaws.com"}
        assert {str(each["Action"]) for each in allowed} <= {"sqs:SendMessage"}
        source_arns = [each["Condition"]["ArnEquals"]["aws:SourceArn"] for each in allowed]
        assert sorted(source_arns) == sorted(senders.get(queue.name, []))


def policy(made: Made, queue: Resource) -> list[dict[str, Any]]:
    """Give the statements of the queue's policy."""
    name = queue.name
    (found,) = [
        each
        for each in made.of("AWS::SQS::QueuePolicy")
        if each.properties["Queues"][0].endswith(f"/{name}")
    ]
    statements: list[dict[str, Any]] = found.properties["PolicyDocument"]["Statement"]
    return statements


def test_the_profiles_alarms_are_made_as_written(made: Made, profile: Profile) -> None:
    """Each alarm that the fleet can have is one alarm in CloudWatch, number for number."""
    written = [
        {
            "EvaluationPeriods": each.evaluation_periods,
            "DatapointsToAlarm": each.breaching_periods,
            "Threshold": each.threshold,
            "TreatMissingData": each.missing_data,
            "WarmUpConfiguration": each.warm_up_minutes
            and {"WarmUpPeriodDurationInMinutes": each.warm_up_minutes},
            "sign": each.comparison,
        }
        | (query(each) if each.percent_of else one_metric(each))
        for each in detection.deployable_alarms(profile)
    ]
    found = [
        {
            **{key: alarm.properties.get(key) for key in written[number] if key != "sign"},
            "sign": SIGNS[alarm.properties["ComparisonOperator"]],
        }
        for number, alarm in enumerate(made_alarms(made)[: len(written)])
    ]
    assert found == written
    (drill,) = made_alarms(made)[len(written) :]
    assert drill.logical_id.startswith("Detectiondrill")


def one_metric(alarm: AlarmDefinition) -> dict[str, Any]:
    """Return the properties of an alarm on one metric."""
    named = [{"Name": name, "Value": value} for name, value in sorted(alarm.dimensions.items())]
    percentile = alarm.statistic.startswith("p")
    return {
        "Namespace": alarm.namespace,
        "MetricName": alarm.metric,
        "Dimensions": named or None,
        "ExtendedStatistic" if percentile else "Statistic": alarm.statistic,
        "Period": alarm.period_seconds,
    }


def query(alarm: AlarmDefinition) -> dict[str, Any]:
    """Return the properties of an alarm on a percentage."""
    parts = {"part": alarm.metric}
    if alarm.percent_of == "quota":
        expression = "100 * (part / PERIOD(part)) / SERVICE_QUOTA(part)"
    else:
        parts["whole"] = alarm.percent_of
        expression = f"IF(whole >= {alarm.percent_of_min}, 100 * part / whole, 0)"
    one = one_metric(alarm)
    metrics = [
        {
            "Id": name,
            "MetricStat": {
                "Metric": {
                    "Dimensions": one["Dimensions"],
                    "MetricName": metric,
                    "Namespace": alarm.namespace,
                },
                "Period": alarm.period_seconds,
                "Stat": alarm.statistic,
            },
            "ReturnData": False,
        }
        for name, metric in parts.items()
    ]
    returned = {"Expression": expression, "Id": "expr_1", "Label": alarm.name}
    return {"Metrics": [returned | {"ReturnData": True}, *metrics]}


def test_lines_of_the_log_are_counted(made: Made, profile: Profile) -> None:
    """Under the fleet's own namespace, where its alarms look; nothing counted is 0."""
    found = [each.properties for each in made.of("AWS::Logs::MetricFilter")]
    assert [(each["LogGroupName"], each["FilterPattern"]) for each in found] == [
        ("/vettid/enclave/parent", each.pattern) for each in profile.logs
    ]
    assert [each["MetricTransformations"] for each in found] == [
        [
            {
                "DefaultValue": 0,
                "MetricName": each.metric,
                "MetricNamespace": "firstline/logs/vettid",
                "MetricValue": "1",
            }
        ]
        for each in profile.logs
    ]


DEAF = (
    *("HeartbeatMissing", "PagesPending", "PagesFailed"),
    *("SignalsWaiting", "SignalsReturned", "UndeliveredSignals", "DeadSignals", "LostSignals"),
    "DeadWakes",
)
"""The signs that a page may not come; what only slows the mending is not among them."""


@pytest.mark.parametrize("shipped", PROFILES)
def test_each_guarded_alarm_has_a_composite_without_code(shipped: str, tmp_path: Path) -> None:
    """Whatever a rule calls a P1 and any one sign of deafness: straight to the emergency topic."""
    made = assembled(shipped, tmp_path)
    profile = profiles.load(PROFILE_FILE.with_name(f"{shipped}.toml"))
    topic = made.one("AWS::SNS::Topic", "Emergency")
    ruled = {
        each.subject
        for each in profile.rules
        if (each.source, each.severity) == (ALARM, Severity.P1)
    }
    own = {each.name for each in detection.deployable_alarms(profile)} & ruled
    listed = {it.name for it in profile.alarms.external if it.known_as in ruled}
    assert own or listed
    guarded = {
        *(made.arn(alarm_of(made, name)) for name in own),
        *(f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}" for name in listed),
    }
    signs = [made.one("AWS::CloudWatch::Alarm", f"Oversight{each}") for each in DEAF]
    deaf = " OR ".join(f'ALARM("{made.arn(each)}")' for each in signs)
    composites = made.of("AWS::CloudWatch::CompositeAlarm")
    assert {each.properties["AlarmRule"] for each in composites} == {
        f'(ALARM("{arn}") AND ({deaf}))' for arn in guarded
    }
    assert len(composites) == len(guarded)
    assert {str(each.properties["AlarmActions"]) for each in composites} == {str([made.arn(topic)])}


@pytest.mark.parametrize("name", ["prod/hosts (all) 1 %", "caf\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_guarded_alarm_may_have_any_name(name: str, tmp_path: Path) -> None:
    """The rule that hears it and the composite behind it name it as it is."""
    small = (Path(__file__).parents[1] / "config" / "small.toml").read_text()
    path = tmp_path / "fleet.toml"
    path.write_text(deployable(small.replace(EXTERNAL, name)))
    app = App(outdir=str(tmp_path / "out"), context={**WITHOUT_BUNDLING, "fleet": str(path)})
    compose(app)
    app.synth()
    made = Made(tmp_path / "out")
    assert heard(made, change(name))
    rules = [each.properties["AlarmRule"] for each in made.of("AWS::CloudWatch::CompositeAlarm")]
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"
    assert any(each.startswith(f'(ALARM("{arn}") AND ') for each in rules)


def alarm_of(made: Made, name: str) -> Resource:
    """Return the stack's resource for the profile's alarm *name*."""
    return made.one("AWS::CloudWatch::Alarm", "Detection" + name.replace("-", ""))
