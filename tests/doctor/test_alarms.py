"""Alarms that cannot fire, that never stop, or that reach no one: those of this fleet's stacks."""

import copy
from pathlib import Path
from typing import Any

import pytest

from firstline.config import fleet_file as profiles
from firstline.config.probe_section import Probe
from firstline.config.profile import ExternalAlarm, Profile
from firstline.doctor import run as doctor
from firstline.doctor.facts import Account, Api, Metric, ReadFailure, ScalingGroup, TargetGroup
from firstline.doctor.result import DoctorResult
from firstline.signal import Severity
from tests.builders import NOW, PROFILE_FILE, A
from tests.doctor.accounts import (
    ALARMS,
    DEPLOYED,
    RESOURCES,
    STACK,
    WELL,
    alarm,
    found,
    measured,
    summaries,
)

VETTID = profiles.load(Path(PROFILE_FILE).parent / "vettid.toml")
NLB = "net/VettID-NATS-Internal/50dc6c495c0c9188"
NATS_TARGETS = "targetgroup/VettID-NatsT-1A2B/6d0ecf831eec9f09"
GROUP = VETTID.fleet.group
(API,) = VETTID.fleet.http_apis
assert VETTID.probe.nats is not None
NETWORK = VETTID.probe.nats.network


def metric(namespace: str, name: str, **dimensions: str) -> Metric:
    return Metric(namespace, name, tuple(sorted(dimensions.items())))


REAL = Account(
    now=NOW,
    groups=(
        ScalingGroup(name=GROUP, desired=1, in_service=(A,)),
        ScalingGroup(name="VettID-NATS-NatsAsgASG0A2B3614-X", desired=3),
    ),
    tagged_hosts=(A,),
    agents=(),
    target_groups=(TargetGroup(NATS_TARGETS, (NLB,)),),
    targets=None,
    balancers=(NLB,),
    http_apis=(Api(API, "VettID-Api", "HTTP"), Api("w1", "sockets", "WEBSOCKET")),
    rest_apis=(),
    key="Enabled",
    log_group=None,
    stack=True,
    parameters=(*VETTID.fleet.watched_parameters, "/firstline/probe-nats-creds"),
    launch_template=True,
    deployment_group=None,
    subnets=dict.fromkeys(NETWORK.subnets, NETWORK.vpc),
    security_groups=dict.fromkeys(NETWORK.security_groups, NETWORK.vpc),
    probe_status=None,
    subscriptions={},
    alarms=(),
    last_values={},
    past_host_reports={},
    deployed=None,
)
"""The fleet as it is: no load balancer before the enclaves, an HTTP API, groups without metrics."""


def of(name: str, *metrics: Metric, **changes: Any) -> list[DoctorResult]:  # noqa: ANN401
    """Return the results for one alarm with an action in the fleet."""
    account = copy.replace(REAL, alarms=(alarm(name, *metrics, **changes),))
    return [each for each in doctor.examine(VETTID, account) if each.subject == name]


@pytest.mark.parametrize(
    ("watched", "why"),
    [
        # TargetResponseTime is an ALB's, and there is none
        (
            metric("AWS/ApplicationELB", "TargetResponseTime", LoadBalancer="app/vettid/1"),
            "there is no load balancer app/vettid/1",
        ),
        (
            metric("AWS/NetworkELB", "TargetResponseTime", LoadBalancer=NLB),
            "a Network Load Balancer has no TargetResponseTime",
        ),
        (
            metric("AWS/ApplicationELB", "TargetResponseTime", LoadBalancer=NLB),
            f"{NLB} publishes in another namespace",
        ),
        # HealthyHostCount is there for the NATS target groups alone
        (
            metric("AWS/NetworkELB", "HealthyHostCount", TargetGroup="targetgroup/enclave/1"),
            "there is no targetgroup/enclave/1",
        ),
        # the HTTP API publishes 5xx by ApiId
        (
            metric("AWS/ApiGateway", "5XXError", ApiName="VettID-Api"),
            f"the HTTP API {API} publishes 5xx and 4xx by ApiId",
        ),
        (metric("AWS/ApiGateway", "5XXError", ApiName="gone"), "there is no REST API gone"),
        (metric("AWS/ApiGateway", "5XXError", ApiId=API), "an API of HTTP has no 5XXError"),
        (metric("AWS/ApiGateway", "4XXError", ApiId=API), "an API of HTTP has no 4XXError"),
        (metric("AWS/ApiGateway", "5xx", ApiName="VettID-Api"), "an API of REST has no 5xx"),
        (metric("AWS/ApiGateway", "5xx", ApiId="gone"), "there is no HTTP API gone"),
        (metric("AWS/ApiGateway", "5xx", ApiId="w1"), "an API of WEBSOCKET has no 5xx"),
        # VettID-Enclave-NoInstances: the group's metrics are off
        (
            metric("AWS/AutoScaling", "GroupInServiceInstances", AutoScalingGroupName=GROUP),
            f"{GROUP} does not collect its group metrics",
        ),
        # VettID-NATS-NoHealthyInstances: a name that matches no group
        (
            metric(
                "AWS/AutoScaling",
                "GroupInServiceInstances",
                AutoScalingGroupName="VettID-NATS-NatsAsg",
            ),
            "there is no Auto Scaling group VettID-NATS-NatsAsg",
        ),
        (
            metric("AWS/EC2", "MemoryUtilization", InstanceId=A),
            "EC2 does not measure inside a host",
        ),
        (metric("AWS/EC2", "mem_used_percent", InstanceId=A), "EC2 does not measure inside a host"),
        (metric("AWS/KMS", "ThrottleCount", KeyId="k"), "KMS has no metric of throttled calls"),
    ],
)
def test_a_metric_that_this_kind_never_publishes(watched: Metric, why: str) -> None:
    """The alarm rings always or never: it says nothing of the fleet."""
    (one,) = [each for each in of("theirs", watched) if each.check == "alarm-metric"]
    assert why in one.what
    assert one.severity == "warning"


@pytest.mark.parametrize(
    "watched",
    [
        metric("AWS/NetworkELB", "HealthyHostCount", LoadBalancer=NLB, TargetGroup=NATS_TARGETS),
        metric("AWS/ApplicationELB", "RequestCount"),
        metric("AWS/ApiGateway", "5xx", ApiId=API),
        metric("AWS/ApiGateway", "ConnectCount", ApiId="w1"),
        metric("AWS/ApiGateway", "Count"),
        metric("AWS/EC2", "CPUUtilization", AutoScalingGroupName=GROUP),
        metric("AWS/KMS", "SecondsUntilKeyMaterialExpiration", KeyId="k"),
        metric("AWS/Usage", "CallCount", Service="KMS"),
    ],
)
def test_a_metric_that_is_published(watched: Metric) -> None:
    """Only a missing value is reported."""
    assert "alarm-metric" not in [each.check for each in of("theirs", watched)]
    assert "alarm-data" in [each.check for each in of("theirs", watched)]
    account = copy.replace(REAL, alarms=(alarm("theirs", watched),), last_values={watched: NOW})
    assert not [each for each in doctor.examine(VETTID, account) if each.check == "alarm-metric"]


def test_data_prove_a_metric_that_no_list_has() -> None:
    """Services publish more as time goes by."""
    new = metric("AWS/NetworkELB", "BrandNew", LoadBalancer="net/other/1")
    account = copy.replace(REAL, alarms=(alarm("theirs", new),), last_values={new: NOW})
    assert not [each for each in doctor.examine(VETTID, account) if each.subject == "theirs"]


@pytest.mark.parametrize(
    "field", ["http_apis", "rest_apis", "groups", "balancers", "target_groups"]
)
def test_what_could_not_be_read_accuses_nobody(field: str) -> None:
    """Only a known absence is reported."""
    watched = (
        metric("AWS/ApiGateway", "5xx", ApiId="gone"),
        metric("AWS/ApiGateway", "5XXError", ApiName="gone"),
        metric("AWS/AutoScaling", "GroupInServiceInstances", AutoScalingGroupName="gone"),
        metric("AWS/NetworkELB", "HealthyHostCount", LoadBalancer="net/gone/1"),
        metric("AWS/NetworkELB", "HealthyHostCount", TargetGroup="gone"),
    )
    alarms = (alarm("theirs", *watched),)
    all_known = doctor.examine(VETTID, copy.replace(REAL, alarms=alarms))
    lacking: dict[str, Any] = {field: ReadFailure("any", "AccessDenied")}
    unread = copy.replace(REAL, alarms=alarms, **lacking)
    accused = [each for each in all_known if each.check == "alarm-metric"]
    assert len(accused) == 5
    fewer = [each for each in doctor.examine(VETTID, unread) if each.check == "alarm-metric"]
    assert len(fewer) == 4


@pytest.mark.parametrize(
    "watched",
    [
        metric("CWAgent", "mem_used_percent", AutoScalingGroupName=GROUP),
        metric("VettID/Enclave", "ActiveVaults"),
        metric("VettID/Enclave", "ColdStartLatency"),
        metric("AWS/Lambda", "Errors", FunctionName="VettID-Vault-Provisioning"),
        metric("AWS/DynamoDB", "ThrottledRequests", TableName="gone"),
    ],
)
@pytest.mark.parametrize(
    ("missing", "told_so"), [("breaching", "fires permanently"), ("notBreaching", "cannot fire")]
)
def test_a_metric_without_data(watched: Metric, missing: str, told_so: str) -> None:
    """A metric without a publisher; the treatment of missing data decides the consequence."""
    (one,) = [each for each in of("theirs", watched, missing=missing) if each.check == "alarm-data"]
    assert f"which had no value in 14 days, so it {told_so}" in one.what


def test_the_memory_of_a_host_is_not_that_of_its_vaults() -> None:
    """The allocator keeps three quarters of it, whatever the vaults do."""
    watched = metric("CWAgent", "mem_used_percent", AutoScalingGroupName=GROUP)
    assert "alarm-memory" in [each.check for each in of("theirs", watched)]


@pytest.mark.parametrize(
    ("changes", "checks"),
    [
        ({"state": "ALARM", "was_ok": False}, ["alarm-stuck"]),
        ({"state": "ALARM", "was_ok": True}, []),
        ({"state": "ALARM", "was_ok": None}, []),
        ({"actions": ()}, ["alarm-heard"]),
    ],
)
def test_an_alarm_that_never_stops_or_that_nobody_hears(
    changes: dict[str, Any], checks: list[str]
) -> None:
    """In ALARM for days and never OK; without an action and without a rule."""
    found_of = of("VettID-Enclave-NoInstances", **changes)
    assert [each.check for each in found_of] == checks
    assert all(each.severity == "warning" for each in found_of)


def test_an_alarm_of_the_fleet_that_goes_elsewhere() -> None:
    """Its action reaches a person, and it does not reach firstline."""
    cpu = metric("AWS/EC2", "CPUUtilization", AutoScalingGroupName=GROUP)
    account = copy.replace(REAL, alarms=(alarm("theirs", cpu),), last_values={cpu: NOW})
    (one,) = [each for each in doctor.examine(VETTID, account) if each.subject == "theirs"]
    assert (one.check, one.severity) == ("alarm-heard", "note")


def test_without_a_probe_the_fleet_has_no_first_line() -> None:
    """The profile's one alarm of a complete outage needs the probe: a P1 would ring nowhere."""
    findings = doctor.examine(copy.replace(VETTID, probe=Probe()), REAL)
    assert [each.check for each in findings if each.severity == "critical"] == ["first-line"]
    left = [each.subject for each in findings if each.check == "alarm-left-out"]
    assert "enclave-answering" in left


def heard(name: str, known_as: str) -> Profile:
    """The profile with the foreign alarm."""
    external = (*WELL.alarms.external, ExternalAlarm(name=name, known_as=known_as))
    return copy.replace(WELL, alarms=copy.replace(WELL.alarms, external=external))


@pytest.mark.parametrize(
    ("known_as", "grade"), [("healthy-hosts", "critical"), ("unhealthy-hosts", "warning")]
)
def test_what_a_p1_rests_on_is_critical(known_as: str, grade: str) -> None:
    """An alarm that is not there, that is stuck, that watches nothing, or that has no data."""
    profile = heard("theirs", known_as)
    assert profile.severity_of("healthy-hosts") is Severity.P1
    assert summaries(profile) == [("alarm-missing", grade, "theirs")]
    nothing = metric("AWS/EC2", "MemoryUtilization", InstanceId="i-1")
    silent = metric("AWS/EC2", "CPUUtilization", InstanceId="i-1")
    for changes, check in (
        ({"state": "ALARM", "was_ok": False}, "alarm-stuck"),
        ({"metrics": (nothing,)}, "alarm-metric"),
        ({"metrics": (silent,)}, "alarm-data"),
        ({"actions": ()}, None),
        ({"disabled_at": NOW}, "alarm-silenced"),
    ):
        grade = "warning" if check == "alarm-silenced" else grade
        alarms = (*ALARMS, alarm("theirs", **changes))
        assert summaries(profile, alarms=alarms) == ([(check, grade, "theirs")] if check else [])


def test_an_alarm_that_the_deployment_lacks() -> None:
    """Somebody deleted it, or the profile is newer than what is deployed."""
    gone = tuple(each for each in ALARMS if each.name != f"{STACK}-healthy-hosts")
    assert summaries(alarms=gone) == [("alarm-missing", "critical", "healthy-hosts")]
    fewer = copy.replace(DEPLOYED, resources=RESOURCES[1:])
    assert summaries(deployed=fewer) == [("alarm-missing", "critical", "healthy-hosts")]


def test_a_made_alarm_without_data() -> None:
    """Of the P1 it is critical; once deployed, firstline's own metrics count as well."""
    silent = measured(WELL, None)
    grades = {each.subject: each.severity for each in found(last_values=silent)}
    assert grades["healthy-hosts"] == "critical"
    assert grades["unhealthy-hosts"] == "warning"
    assert grades["kms-throttled"] == "warning"


def test_an_alarm_whose_actions_are_disabled_licenses_no_fix() -> None:
    """Also one that the profile makes; what firstline does not hear is not its business."""
    mine = f"{STACK}-healthy-hosts"
    disabled = tuple(
        copy.replace(each, disabled_at=NOW) if each.name == mine else each for each in ALARMS
    )
    (one,) = found(alarms=disabled)
    since = f"{NOW:%Y-%m-%d}"
    assert (one.subject, one.what) == (mine, f"has its actions disabled since {since}")
    theirs = found(alarms=(*ALARMS, alarm("x", disabled_at=NOW)))
    assert [each for each in theirs if each.check == "alarm-silenced"] == []
