"""The alarms and metrics of the fleet's own stacks as they are, and what doctor says of each.

Each case is named for what the stacks have: a metric that nothing publishes, an alarm that cannot
ring or never stops, one that nobody hears. ``VETTID`` is the shipped profile for that fleet.
"""

import copy
from datetime import datetime
from typing import Any

import pytest

from firstline.config.profile import ExternalAlarm, Profile
from firstline.doctor import run as doctor
from firstline.doctor.alarms import topics
from firstline.doctor.facts import (
    Account,
    Alarm,
    Fact,
    LogGroup,
    Metric,
    Missing,
    ReadFailure,
    Subscriptions,
)
from firstline.signal import Severity
from tests.builders import NOW
from tests.doctor.accounts import WEEK_AGO
from tests.doctor.test_alarms import API, GROUP, NATS_TARGETS, NLB, REAL, VETTID, metric

TOPIC = "arn:aws:sns:us-east-1:111122223333:VettID-Monitoring-AlarmTopic0A1B2C3D-X"
"""The one topic of the stacks, which VettID-Monitoring's alarms alone speak to."""
READ, ASKED, UNREAD = Subscriptions(1, 0), Subscriptions(0, 1), Subscriptions(0, 0)
NO_DATA = ("alarm-data", "warning")
NO_METRIC = ("alarm-metric", "warning")
UNHEARD = ("alarm-heard", "warning")
HEARD_ELSEWHERE = ("alarm-heard", "note")
STUCK = ("alarm-stuck", "warning")
IN_ALARM: dict[str, Any] = {"state": "ALARM", "was_ok": False, "missing": "breaching"}
MUTE: dict[str, Any] = {"actions": ()}
"""No action is attached to it."""

Found = list[tuple[str, str]]


def shown(name: str, *metrics: Metric, **changes: Any) -> Alarm:  # noqa: ANN401 - as `Alarm`
    """An alarm of the stacks; it speaks to their topic, and takes missing data for well."""
    plain = Alarm(
        name=name,
        state="OK",
        since=WEEK_AGO,
        actions=(TOPIC,),
        metrics=metrics,
        missing="notBreaching",
    )
    return copy.replace(plain, **changes)


def examined(account: Account, profile: Profile = VETTID) -> dict[str, Found]:
    """Check and severity of each finding, by its subject."""
    results: dict[str, Found] = {}
    for each in doctor.examine(profile, account):
        results.setdefault(each.subject, []).append((each.check, each.severity))
    return results


def lambdas(name: str, function: str) -> Metric:
    return metric("AWS/Lambda", name, FunctionName=function)


CPU = metric("AWS/EC2", "CPUUtilization", AutoScalingGroupName=GROUP)
LOGINS = metric("VettID/Authentication", "FailedLoginAttempts")
HEALTHY_NATS = metric(
    "AWS/NetworkELB", "HealthyHostCount", LoadBalancer=NLB, TargetGroup=NATS_TARGETS
)
ALARMS: dict[str, tuple[Alarm, Found]] = {
    "TargetResponseTime, of an ALB that does not exist": (
        shown(
            "high-latency",
            metric("AWS/ApplicationELB", "TargetResponseTime", LoadBalancer="app/vettid/1"),
        ),
        [NO_METRIC],
    ),
    "TargetResponseTime, of the NATS load balancer": (
        shown("high-latency", metric("AWS/NetworkELB", "TargetResponseTime", LoadBalancer=NLB)),
        [NO_METRIC],
    ),
    "HealthyHostCount, of enclaves that are behind no load balancer": (
        shown(
            "no-hosts",
            metric("AWS/NetworkELB", "HealthyHostCount", TargetGroup="targetgroup/enclave/1"),
            missing="breaching",
        ),
        [NO_METRIC],
    ),
    "HealthyHostCount, of the NATS target group, which is there": (
        shown("nats-hosts", HEALTHY_NATS),
        [],
    ),
    "VettID-ApiGateway-5xxErrors, by the name of a REST API": (
        shown(
            "VettID-ApiGateway-5xxErrors",
            metric("AWS/ApiGateway", "5XXError", ApiName="VettID-Api"),
        ),
        [NO_METRIC],
    ),
    "VettID-ApiGateway-5xxErrors, by the id of the HTTP API": (
        shown("VettID-ApiGateway-5xxErrors", metric("AWS/ApiGateway", "5XXError", ApiId=API)),
        [NO_METRIC, HEARD_ELSEWHERE],
    ),
    "VettID-ApiGateway-4xxErrors, with the same fault": (
        shown("VettID-ApiGateway-4xxErrors", metric("AWS/ApiGateway", "4XXError", ApiId=API)),
        [NO_METRIC, HEARD_ELSEWHERE],
    ),
    "VettID-Enclave-NoInstances, in ALARM for good and without an action": (
        shown(
            "VettID-Enclave-NoInstances",
            metric("AWS/AutoScaling", "GroupInServiceInstances", AutoScalingGroupName=GROUP),
            **IN_ALARM,
            **MUTE,
        ),
        [NO_METRIC, STUCK, UNHEARD],
    ),
    "VettID-Enclave-HighCPU, which works and has no action": (
        shown("VettID-Enclave-HighCPU", CPU, **MUTE),
        [UNHEARD],
    ),
    "VettID-NATS-NoHealthyInstances, of a group that is called otherwise": (
        shown(
            "VettID-NATS-NoHealthyInstances",
            metric(
                "AWS/AutoScaling",
                "GroupInServiceInstances",
                AutoScalingGroupName="VettID-NATS-NatsAsg",
            ),
            **IN_ALARM,
        ),
        [NO_METRIC, STUCK],
    ),
    "VettID-DynamoDB-TABLE-Throttle, of a table that does not exist": (
        shown(
            "VettID-DynamoDB-Users-Throttle",
            metric("AWS/DynamoDB", "ThrottledRequests", TableName="Users"),
        ),
        [NO_DATA],
    ),
    "VettID-FUNCTION-ErrorRate, an expression of a function that does not exist": (
        shown(
            "VettID-vaultProvision-ErrorRate",
            lambdas("Errors", "vaultProvision"),
            lambdas("Invocations", "vaultProvision"),
        ),
        [NO_DATA, NO_DATA],
    ),
    "VettID-FUNCTION-ErrorRate, an expression of one that is": (
        shown("VettID-real-ErrorRate", lambdas("Errors", "real"), lambdas("Invocations", "real")),
        [],
    ),
    "VettID-Vault-ProvisioningFailures, of a function that never runs": (
        shown("VettID-Vault-ProvisioningFailures", lambdas("Errors", "VettID-Vault-Provisioning")),
        [NO_DATA],
    ),
    "AWS/EC2 MemoryUtilization, which AWS does not publish": (
        shown("memory", metric("AWS/EC2", "MemoryUtilization", AutoScalingGroupName=GROUP)),
        [NO_METRIC, HEARD_ELSEWHERE],
    ),
    "CWAgent mem_used_percent, which no agent publishes, and which is of hugepages": (
        shown("memory", metric("CWAgent", "mem_used_percent", AutoScalingGroupName=GROUP)),
        [NO_DATA, HEARD_ELSEWHERE, ("alarm-memory", "note")],
    ),
    "VettID/Enclave ActiveVaults, which no code publishes": (
        shown("vaults", metric("VettID/Enclave", "ActiveVaults")),
        [NO_DATA],
    ),
    "VettID/Enclave ColdStartLatency, which no code publishes": (
        shown("cold-starts", metric("VettID/Enclave", "ColdStartLatency")),
        [NO_DATA],
    ),
    "VettID/Authentication FailedLoginAttempts, which is published": (shown("logins", LOGINS), []),
    "KMS throttling, which no metric of a key tells": (
        shown("kms", metric("AWS/KMS", "ThrottledRequests", KeyId="k")),
        [NO_METRIC],
    ),
    "KMS use against its quota, which AWS/Usage tells": (
        shown("kms", metric("AWS/Usage", "CallCount", Service="KMS")),
        [],
    ),
}
MEASURED: dict[Metric, datetime | None] = {
    CPU: NOW,
    LOGINS: NOW,
    HEALTHY_NATS: NOW,
    lambdas("Errors", "real"): NOW,
    lambdas("Invocations", "real"): NOW,
    metric("AWS/Usage", "CallCount", Service="KMS"): NOW,
}


@pytest.mark.parametrize(("one", "findings"), ALARMS.values(), ids=ALARMS)
def test_an_alarm_as_it_really_is(one: Alarm, findings: Found) -> None:
    """The topic has a subscriber; only the alarm's own fault is reported."""
    account = copy.replace(REAL, alarms=(one,), last_values=MEASURED, subscriptions={TOPIC: READ})
    assert examined(account).get(one.name, []) == findings


THEIRS = shown("VettID-Enclave-HighCPU", CPU)
HEARD = ExternalAlarm(name=THEIRS.name, known_as="enclave-memory")
SCALING = "arn:aws:autoscaling:us-east-1:111122223333:scalingPolicy:x"


@pytest.mark.parametrize(
    ("actions", "readers", "findings"),
    [
        ((TOPIC,), {TOPIC: READ}, [HEARD_ELSEWHERE]),
        ((TOPIC,), {TOPIC: ASKED}, [UNHEARD]),
        ((TOPIC,), {TOPIC: UNREAD}, [UNHEARD]),
        ((TOPIC,), {TOPIC: "not here"}, [UNHEARD]),
        ((TOPIC,), {}, [UNHEARD]),
        ((TOPIC, f"{TOPIC}2"), {TOPIC: ASKED, f"{TOPIC}2": READ}, [HEARD_ELSEWHERE]),
        ((TOPIC, f"{TOPIC}2"), {TOPIC: ASKED, f"{TOPIC}2": UNREAD}, [UNHEARD]),
        ((TOPIC, SCALING), {TOPIC: ASKED}, [HEARD_ELSEWHERE]),
        # that it could not be read is a finding of its own
        ((TOPIC,), {TOPIC: ReadFailure("sns", "AuthorizationError")}, [HEARD_ELSEWHERE]),
        ((), {}, [UNHEARD]),
    ],
)
def test_the_one_topic_by_mail(
    actions: tuple[str, ...], readers: dict[str, Fact[Subscriptions | Missing]], findings: Found
) -> None:
    """An alarm whose topic has no confirmed subscription reaches no one."""
    one = copy.replace(THEIRS, actions=actions)
    account = copy.replace(REAL, alarms=(one,), last_values=MEASURED, subscriptions=readers)
    assert examined(account)[one.name] == findings


def test_the_topics_whose_readers_are_asked_for() -> None:
    """Those that alarms speak to which firstline does not hear itself."""
    external = VETTID.alarms.external
    received = copy.replace(VETTID, alarms=copy.replace(VETTID.alarms, external=(HEARD,)))
    named = copy.replace(THEIRS, actions=(SCALING, TOPIC))
    own = shown("firstline-vettid-app-OversightPagesPending", actions=(f"{TOPIC}2",))
    account = copy.replace(REAL, alarms=(named, own))
    assert external == ()
    assert list(topics(VETTID, account)) == [TOPIC]
    assert list(topics(received, account)) == []


def test_a_topic_that_nobody_reads_is_told_by_its_name() -> None:
    """With how many were asked: a mail that was not confirmed is the usual cause."""
    account = copy.replace(
        REAL, alarms=(THEIRS,), last_values=MEASURED, subscriptions={TOPIC: ASKED}
    )
    (one,) = [each for each in doctor.examine(VETTID, account) if each.subject == THEIRS.name]
    assert f"the topic {TOPIC} has no confirmed subscription; 1 pending" in one.what


@pytest.mark.parametrize(
    ("group", "findings"),
    [
        (None, [("log-group", "warning")]),
        (LogGroup("/vettid/enclave/parent"), [("log-group", "warning")]),
        (LogGroup("/vettid/enclave/parent", NOW), []),
    ],
)
def test_the_parents_log_that_nothing_makes_or_ships_to(
    group: LogGroup | None, findings: Found
) -> None:
    """Where the profile names it, its absence and its silence are told."""
    name = "/vettid/enclave/parent"
    named = copy.replace(VETTID, fleet=copy.replace(VETTID.fleet, parent_log_group=name))
    results = examined(copy.replace(REAL, log_group=group), named)
    assert results.get(name, []) == findings


def test_failing_calls_of_the_api_are_a_weak_sign_of_the_enclaves() -> None:
    """The P1's alarm is the probe's, and 5xx is none."""
    assert VETTID.severity_of("http-api-errors") is Severity.P3
    assert VETTID.severity_of("enclave-answering") is Severity.P1


def test_the_fleet_as_it_is_deployed_without_its_secret() -> None:
    """The only P1 rests on it, so that doctor does not call the deployment well."""
    account = copy.replace(REAL, parameters=VETTID.fleet.watched_parameters)
    found = doctor.examine(VETTID, account)
    assert [(each.check, each.subject) for each in found if each.severity == "critical"] == [
        ("probe-credentials", "/firstline/probe-nats-creds")
    ]
    assert doctor.has_critical(found)
    assert not doctor.has_critical(doctor.examine(VETTID, REAL))
