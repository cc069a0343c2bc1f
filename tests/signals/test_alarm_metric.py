"""Which metric an alarm is about, also where it watches an expression."""

import copy

import pytest

from firstline.config.profile import Alarms, ExternalAlarm, Rule
from firstline.signal import Component, Condition, Severity, Signal
from firstline.signals.classify import classify, with_profile_name
from firstline.signals.sources.alarm_metric import (
    NO_METRIC,
    AlarmMetric,
    common_metric,
    parse_query,
)
from firstline.signals.sources.envelope import parse
from tests.builders import HOME, NOW, PROFILE
from tests.events import EVENTS, edited

KMS = {"Service": "KMS", "Type": "API", "Class": "None"}
GROUP = {"AutoScalingGroupName": "VettID-Nitro-EnclaveASG"}
BALANCER = {
    "TargetGroup": "targetgroup/vettid-enclave/73e2d6bc24d8a067",
    "LoadBalancer": "app/vettid-vault/50dc6c495c0c9188",
}


def signal(file: str, edits: dict[str, object] | None = None) -> Signal:
    raw = (EVENTS / f"cloudwatch.{file}.json").read_bytes()
    return parse(edited(raw, edits or {}), HOME, NOW)


@pytest.mark.parametrize(
    ("file", "metric", "dimensions"),
    [
        ("healthy-hosts-zero", "HealthyHostCount", BALANCER),
        ("anomaly-band", "HealthyHostCount", BALANCER),
        ("contributors-parent", "mem_used_percent", GROUP),
        ("contributor", "mem_used_percent", GROUP | {"InstanceId": "i-0a1b2c3d4e5f60718"}),
        ("kms-quota", "CallCount", KMS),
        ("metric-math", "", {}),  # of several metrics none is the alarm's
        ("composite-suppressed", "", {}),
    ],
)
def test_the_metric_of_an_event(file: str, metric: str, dimensions: dict[str, str]) -> None:
    """A band, a query and a share of a quota are of one metric, as its plain alarm is."""
    found = signal(file)
    assert (found.metric, found.dimensions) == (metric, dimensions)


def test_a_band_over_a_query_is_of_the_query() -> None:
    """Both are judged, and one of them reads."""
    asked = {"id": "q1", "expression": 'SELECT AVG(x) FROM "N"', "returnData": True}
    band = {"id": "b", "expression": "ANOMALY_DETECTION_BAND(q1, 2)", "returnData": True}
    found = signal("metric-math", {"detail.configuration.metrics": [asked, band]})
    assert found.metric == "x"


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ('SELECT MAX(cpu) FROM "AWS/EC2"', AlarmMetric("cpu", {}, "AWS/EC2")),
        ("select avg(cpu) from SCHEMA(Own, InstanceId)", AlarmMetric("cpu", {}, "Own")),
        (
            """SELECT SUM("a metric") FROM SCHEMA("N/S", A, "B b")
            WHERE A = 'x y' AND "B b" = 'z' AND C != 'w' GROUP BY D LIMIT 5""",
            AlarmMetric("a metric", {"A": "x y", "B b": "z"}, "N/S"),
        ),
        ("SELECT p99(cpu) FROM N", None),
        ("ANOMALY_DETECTION_BAND(m1, 2)", None),
        ("", None),
    ],
)
def test_a_query_of_metrics_insights(expression: str, found: AlarmMetric | None) -> None:
    """Keywords have any case, names do not; what is asked to differ is no dimension."""
    assert parse_query(expression) == found


PLAIN = AlarmMetric("m", {"a": "1", "b": "2"}, "N", returned=False)


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ([], NO_METRIC),
        ([PLAIN], AlarmMetric("m", {"a": "1", "b": "2"}, "N")),
        ([PLAIN, PLAIN._replace(dimensions={"a": "1"})], AlarmMetric("m", {"a": "1"}, "N")),
        ([PLAIN, PLAIN._replace(name="n")], NO_METRIC),
        ([PLAIN, PLAIN._replace(namespace="other")], NO_METRIC),
        ([PLAIN, PLAIN._replace(name="n", returned=True)], AlarmMetric("n", PLAIN.dimensions, "N")),
    ],
)
def test_the_metric_of_several_parts(parts: list[AlarmMetric], found: AlarmMetric) -> None:
    """The one that is judged, or the one metric that all are of."""
    assert common_metric(parts) == found


@pytest.mark.parametrize(
    ("file", "name", "when", "condition"),
    [
        (
            "contributors-parent",
            "vettid-prod-enclave-memory",
            {"metric": "mem_used_percent", **GROUP},
            Condition.MEMORY_PRESSURE,
        ),
        (
            "kms-quota",
            "vettid-prod-kms-quota",
            {"metric": "CallCount", "Service": "KMS"},
            Condition.KMS_THROTTLING,
        ),
        (
            "anomaly-band",
            "vettid-prod-enclave-healthy-hosts",
            {"metric": "HealthyHostCount", **BALANCER},
            Condition.COMPLETE_OUTAGE,
        ),
    ],
)
def test_an_external_alarm_over_an_expression_fits_a_rule_by_its_metric(
    file: str, name: str, when: dict[str, str], condition: Condition
) -> None:
    """Before, no rule that names the metric of a query or of a quota fitted: it was a stranger."""
    rule = Rule(
        name="theirs",
        source="cloudwatch.alarm",
        subject="theirs",
        when=when,
        condition=condition,
        severity=Severity.P3,
        component=Component.FLEET,
    )
    alarms = Alarms(external=(ExternalAlarm(name=name, known_as="theirs"),))
    profile = copy.replace(PROFILE, alarms=alarms, rules=(rule,))
    found = classify(with_profile_name(signal(file), profile, {}), profile, HOME)
    assert (found.rule, found.condition, found.severity) == ("theirs", condition, Severity.P3)
