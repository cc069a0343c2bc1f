"""`firstline doctor` on an account in which one thing is wrong."""

import copy
from datetime import timedelta
from typing import Any

import pytest

from firstline.config.probe_section import Probe
from firstline.config.profile import HOSTS_MAX, Profile
from firstline.diagnosis.evidence import Unknown
from firstline.doctor import run as doctor
from firstline.doctor.facts import (
    Agent,
    Alarm,
    Api,
    ExpectedConfig,
    LogGroup,
    Metric,
    ReadFailure,
    Resource,
    ScalingGroup,
    TargetGroup,
)
from firstline.ids import InstanceId
from firstline.monitoring import alarms as detection
from tests.builders import FLEET, NOW, A, B, C, report
from tests.doctor.accounts import (
    AGENT,
    AGENTS,
    ALARMS,
    CONTEXT,
    DEPLOYED,
    PLACED,
    QUEUES,
    REST,
    STACK,
    WELL,
    alarm,
    found,
    measured,
    summaries,
)

GROUP = WELL.fleet.group
DAY = timedelta(days=1)
DENIED = "AccessDenied"
NONE: tuple[()] = ()
SIGNALS = f"{QUEUES}QueuesSignals"
ALARM_RULE, INGEST = "the-DetectionAlarmStates", "the-ResponseIngest"
DRIFTING = ExpectedConfig("AWS::Scheduler::Schedule", "minute", "ResponseSweep", "{}")
LOOKED = {each: report() for each in FLEET}
NOTED = DEPLOYED.outputs | {"Context": CONTEXT.replace("{", '{"pager_notes_from":"a@b.example",')}
"""Of a deployment whose updates are notes on PagerDuty's incidents."""


def group(**changes: Any) -> tuple[ScalingGroup, ...]:  # noqa: ANN401
    one = ScalingGroup(name=GROUP, desired=3, in_service=FLEET)
    return (copy.replace(one, **changes),)


def deployed(**changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"deployed": copy.replace(DEPLOYED, **changes)}


def changed(field: str, **facts: Any) -> dict[str, Any]:  # noqa: ANN401
    """A deployment in which some of one kind are as *facts* say."""
    return deployed(**{field: getattr(DEPLOYED, field) | facts})


def fleet(**changes: Any) -> Profile:  # noqa: ANN401
    return copy.replace(WELL, fleet=copy.replace(WELL.fleet, **changes))


def test_nothing_is_found_where_all_is_well() -> None:
    """A profile that fits, and a deployment that is well."""
    assert summaries() == []
    assert not doctor.has_critical(found())


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"groups": group(name="VettID-Nitro-EnclaveASG0FEB-X1")}, ("group", "warning", GROUP)),
        ({"groups": NONE}, ("group", "warning", GROUP)),
        ({"groups": group(suspended=("Launch",))}, ("group-state", "warning", GROUP)),
        ({"tagged_hosts": (A, B)}, ("tags", "warning", C)),
        ({"tagged_hosts": (*FLEET, "i-0ff")}, ("tags", "note", "i-0ff")),
        ({"target_groups": NONE}, ("target-group", "critical", WELL.fleet.target_group)),
        (
            {"target_groups": (TargetGroup(WELL.fleet.target_group, ("net/nats/1",)),)},
            ("target-group", "critical", WELL.fleet.target_group),
        ),
        ({"targets": (A, B)}, ("target-group", "warning", WELL.fleet.target_group)),
        ({"balancers": NONE}, ("load-balancer", "critical", WELL.fleet.load_balancer)),
        ({"rest_apis": NONE}, ("api", "warning", "vettid-api")),
        ({"rest_apis": (*REST, *REST)}, ("api", "warning", "vettid-api")),
        ({"log_group": None}, ("log-group", "warning", "/vettid/enclave/parent")),
        (
            {"log_group": LogGroup("/vettid/enclave/parent")},
            ("log-group", "warning", "/vettid/enclave/parent"),
        ),
        (
            {"log_group": LogGroup("/vettid/enclave/parent", NOW - 2 * DAY)},
            ("log-group", "warning", "/vettid/enclave/parent"),
        ),
        ({"agents": AGENTS[:2]}, ("host-reached", "warning", C)),
        (
            {"agents": (*AGENTS[:2], Agent(C, "ConnectionLost", AGENT))},
            ("host-reached", "warning", C),
        ),
        (
            {"agents": (*AGENTS[:2], Agent(C, "Online", "3.3.2745.9"))},
            ("agent", "warning", C),
        ),
        ({"agents": (*AGENTS[:2], Agent(C, "Online", ""))}, ("agent", "warning", C)),
        ({"host_reports": LOOKED | {A: report(enclave_unit="not-found")}}, ("units", "warning", A)),
        ({"host_reports": LOOKED | {A: report(parent_unit="not-found")}}, ("units", "warning", A)),
        ({"host_reports": LOOKED | {A: report(parent_unit="unknown")}}, ("units", "warning", A)),
        ({"host_reports": LOOKED | {A: Unknown("it slept")}}, ("units", "warning", A)),
        ({"host_reports": None}, ("looked-at", "note", "3 hosts")),
        ({"host_reports": {A: report(), B: report()}}, ("looked-at", "note", "1 host")),
        (deployed(routing_key="empty"), ("routing-key", "critical", "routing key")),
        (deployed(routing_key="unlike a key"), ("routing-key", "critical", "routing key")),
        (deployed(outputs=NOTED), ("rest-key", "warning", "REST key")),
        (deployed(status="UPDATE_ROLLBACK_FAILED"), ("stack", "warning", STACK)),
        (deployed(heartbeat=NOW - timedelta(minutes=11)), ("heartbeat", "critical", "heartbeat")),
        (deployed(heartbeat=None), ("heartbeat", "critical", "heartbeat")),
        (deployed(errors={"sweep": 3}), ("function-errors", "warning", "sweep")),
        (deployed(outputs=DEPLOYED.outputs | {"Mode": "dry-run"}), ("mode", "note", "mode")),
        (deployed(outputs=DEPLOYED.outputs | {"Mode": "observe"}), ("mode", "note", "mode")),
        (
            deployed(outputs=DEPLOYED.outputs | {"ProfileDigest": "0" * 64}),
            ("profile", "warning", "runbook"),
        ),
    ],
)
def test_one_thing_is_not_as_it_should_be(
    changes: dict[str, Any], finding: tuple[str, str, str]
) -> None:
    """It is found, and nothing else is."""
    assert summaries(**changes) == [finding]
    assert doctor.has_critical(found(**changes)) == (finding[1] == "critical")


@pytest.mark.parametrize("held", ["set with a REST key", ReadFailure("secretsmanager", DENIED)])
def test_a_rest_key_is_missed_only_where_there_is_none(held: Any) -> None:  # noqa: ANN401
    """A secret that may not be read says nothing of it."""
    changes = deployed(outputs=NOTED, routing_key=held)
    assert "rest-key" not in {each[0] for each in summaries(**changes)}


@pytest.mark.parametrize(
    ("name", "findings"),
    [
        ("OversightHeartbeatMissing0A1B-X", [("oversight", "critical")]),
        ("DrillsMissed0A1B-X", [("oversight", "warning")]),
        ("Detectionhealthyhosts0A1B-X", []),
    ],
)
def test_an_alarm_on_firstline_itself(name: str, findings: list[tuple[str, str]]) -> None:
    """One of the profile's that rings is an incident, and no fault of firstline's."""
    rings = alarm(f"{STACK}-{name}", state="ALARM", was_ok=True)
    assert [each[:2] for each in summaries(alarms=(*ALARMS, rings))] == findings
    assert summaries(alarms=(*ALARMS, alarm(f"{STACK}-{name}"))) == []


def test_a_group_of_which_nothing_serves() -> None:
    """Its hosts are then outside of it, in the eyes of the tags."""
    assert ("group-state", "warning", GROUP) in summaries(groups=group(in_service=()), targets=())
    assert [each[0] for each in summaries(groups=group(in_service=()), targets=())].count(
        "tags"
    ) == 3


def test_two_hosts_at_once_where_that_is_unsafe() -> None:
    """Each of them answers every message."""
    assert summaries(fleet(concurrent_instances_safe=False)) == [("group-state", "warning", GROUP)]


def test_a_group_above_what_an_incident_holds() -> None:
    hosts = tuple(InstanceId(f"i-{number:017x}") for number in range(HOSTS_MAX + 1))
    found = [each for each in summaries(groups=group(in_service=hosts)) if each[0] == "group-state"]
    assert found == [("group-state", "critical", GROUP)]
    found = [
        each for each in summaries(groups=group(in_service=hosts[1:])) if each[0] == "group-state"
    ]
    assert found == []


@pytest.mark.parametrize(
    ("max_size", "stated", "said"),
    [
        (200, 0, []),
        (201, 0, ["may grow to 201 hosts, and at most 200 are supported"]),
        (9, 9, []),
        (10, 9, ["may grow to 10 hosts, and fleet.hosts_max is 9"]),
    ],
)
def test_a_group_that_may_grow_beyond_what_the_profile_says(
    max_size: int, stated: int, said: list[str]
) -> None:
    """Its MaxSize is what Auto Scaling may make of it tomorrow."""
    seen = found(fleet(hosts_max=stated), groups=group(max_size=max_size))
    assert [each.what for each in seen if each.check == "group-state"] == said


@pytest.mark.parametrize(
    ("names", "remedy", "near"),
    [
        (
            ["VettID-Nitro-EnclaveASG0FEB-X1"],
            'fleet.group = "VettID-Nitro-EnclaveASG0FEB-X1"',
            "X1",
        ),
        (["VettID-Nitro-EnclaveASG-1", "VettID-Nitro-EnclaveASG-2"], "NAME", "ASG-1, VettID-"),
        (["VettID-NATS-NatsAsgASG0A2B3614"], "fleet.group", "similar:"),
        (["other"], "NAME", "similar: none"),
    ],
)
def test_a_part_of_a_name_matches_nothing(names: list[str], remedy: str, near: str) -> None:
    """Nor does a part that several groups share; the candidates are named."""
    groups = tuple(ScalingGroup(name=each, desired=1) for each in names)
    (one,) = found(groups=groups)
    assert one.check == "group"
    assert remedy in one.remedy
    assert near in one.what


def test_the_names_around_a_fleet() -> None:
    """The key, the stack, the parameters, the launch template and the deployment group.

    The probe's own parameter is of another check.
    """
    named = fleet(
        kms_key="alias/vettid",
        stack="VettID-Nitro",
        pcr0_parameter="/vettid/pcr0",
        watched_parameters=("/vettid/ami",),
        launch_template="vettid-enclave-template",
        deployment_group="vaults/blue",
    )
    named = copy.replace(named, probe=Probe())
    lacking = {
        "key": "not here",
        "stack": False,
        "parameters": ("/vettid/pcr0",),
        "launch_template": False,
        "deployment_group": False,
        "last_values": measured(named),
        "alarms": (*ALARMS, *_probed(named)),
        **_with_alarms(named),
    }
    assert summaries(named, **lacking) == [
        ("key", "warning", "alias/vettid"),
        ("surroundings", "warning", "VettID-Nitro"),
        ("surroundings", "warning", "/vettid/ami"),
        ("surroundings", "note", "vettid-enclave-template"),
        ("surroundings", "note", "vaults/blue"),
    ]
    there = lacking | {
        "key": "Enabled",
        "stack": True,
        "parameters": ("/vettid/pcr0", "/vettid/ami"),
        "launch_template": True,
        "deployment_group": True,
    }
    assert summaries(named, **there) == []
    (key,) = found(named, **(there | {"key": "PendingDeletion"}))
    assert key.what == "is PendingDeletion"


def _probed(profile: Profile) -> list[Alarm]:
    return [alarm(f"{STACK}-{each}") for each in _new(profile)]


def _new(profile: Profile) -> list[str]:
    return [each.name for each in detection.deployable_alarms(profile)]


def _with_alarms(profile: Profile) -> dict[str, Any]:
    resources = tuple(
        Resource("AWS::CloudWatch::Alarm", "Detection" + name.replace("-", ""), f"{STACK}-{name}")
        for name in _new(profile)
    )
    outputs = DEPLOYED.outputs | {"ProfileDigest": profile.digest}
    return deployed(resources=(*resources, *PLACED), outputs=outputs)


def test_a_profile_without_a_probe_has_no_parameter_of_one() -> None:
    """Its other names are still checked."""
    assert summaries(
        copy.replace(fleet(pcr0_parameter="/vettid/pcr0"), probe=Probe()), parameters=()
    ) == [("surroundings", "warning", "/vettid/pcr0")]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"http_apis": (Api("a1", "other", "HTTP"),)},
            "is not the id of an HTTP API in this Region",
        ),
        ({"http_apis": (Api("a1b2", "one", "WEBSOCKET"),)}, "is an API of WEBSOCKET"),
        ({"rest_apis": (Api("a1b2", "one", "REST"),)}, "is a REST API: name it as rest_api"),
    ],
)
def test_an_http_api_that_is_none(changes: dict[str, Any], why: str) -> None:
    """The id of one, and of its kind."""
    named = fleet(http_api="a1b2", rest_api="")
    base = {"last_values": measured(named), "alarms": (*ALARMS, *_probed(named))}
    apis = found(named, **base, **_with_alarms(named), **changes)
    assert [(each.check, why in each.what) for each in apis if each.check == "api"] == [
        ("api", True)
    ]


def test_each_api_of_a_list_is_asked_for() -> None:
    """The one that is not there is named."""
    listed = fleet(http_api=("a1b2", "c3d4"), rest_api=("vettid-api", "admin"))
    there = (Api("a1b2", "one", "HTTP"),)
    apis = found(listed, http_apis=there, alarms=(*ALARMS, *_probed(listed)))
    assert [(each.subject, each.what) for each in apis if each.check == "api"] == [
        ("c3d4", "is not the id of an HTTP API in this Region"),
        ("admin", "is not a REST API"),
    ]


def test_a_rest_api_that_is_an_http_api() -> None:
    """Its id is named; a correct one has no result."""
    (one,) = found(rest_apis=(), http_apis=(Api("a1b2", "vettid-api", "HTTP"),))
    assert one.what == "is an HTTP API: set http_api = 'a1b2'"
    good = fleet(http_api="a1b2")
    base = {"last_values": measured(good), "alarms": (*ALARMS, *_probed(good))}
    assert (
        summaries(good, http_apis=(Api("a1b2", "x", "HTTP"),), **base, **_with_alarms(good)) == []
    )


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({"alarms": ReadFailure("cloudwatch:DescribeAlarms", DENIED)}, "critical"),
        ({"last_values": ReadFailure("cloudwatch:GetMetricData", DENIED)}, "critical"),
        ({"groups": ReadFailure("autoscaling:DescribeAutoScalingGroups", DENIED)}, "warning"),
        (
            {"tagged_hosts": ReadFailure("ec2:DescribeInstances", "UnauthorizedOperation")},
            "warning",
        ),
        ({"agents": ReadFailure("ssm:DescribeInstanceInformation", DENIED)}, "warning"),
        (
            {"target_groups": ReadFailure("elb", DENIED), "targets": ReadFailure("elb", DENIED)},
            "warning",
        ),
        ({"balancers": ReadFailure("elb", DENIED)}, "warning"),
        ({"rest_apis": ReadFailure("apigateway:GET", DENIED)}, "warning"),
        ({"http_apis": ReadFailure("apigateway:GET", DENIED)}, "warning"),
        ({"log_group": ReadFailure("logs", DENIED)}, "warning"),
        ({"parameters": ReadFailure("ssm:DescribeParameters", DENIED)}, "critical"),
        ({"past_host_reports": ReadFailure("dynamodb:Query", DENIED)}, "warning"),
        ({"deployed": ReadFailure("cloudformation:DescribeStacks", DENIED)}, "critical"),
        (deployed(routing_key=ReadFailure("secretsmanager:GetSecretValue", DENIED)), "critical"),
        (
            changed(
                "topics",
                TeamTopic=ReadFailure("sns:ListSubscriptionsByTopic", "AuthorizationError"),
            ),
            "critical",
        ),
        (
            changed("queues", **{SIGNALS: ReadFailure("sqs:GetQueueAttributes", DENIED)}),
            "critical",
        ),
        (deployed(rules=ReadFailure("events:ListRules", DENIED)), "critical"),
        (deployed(simulations=ReadFailure("cloudformation:GetTemplate", DENIED)), "critical"),
        (deployed(drift=ReadFailure("cloudformation:GetTemplate", DENIED)), "critical"),
        (
            deployed(drift={DRIFTING: ReadFailure("scheduler:GetSchedule", DENIED)}),
            "critical",
        ),
        (
            deployed(drift={DRIFTING: ReadFailure("sns:GetTopicAttributes", "AuthorizationError")}),
            "critical",
        ),
        (
            changed("targets", **{ALARM_RULE: ReadFailure("events:ListTargetsByRule", DENIED)}),
            "critical",
        ),
        (deployed(resources=ReadFailure("cloudformation:ListStackResources", DENIED)), "critical"),
        (deployed(sources=ReadFailure("lambda:ListEventSourceMappings", DENIED)), "critical"),
        (
            changed(
                "functions", **{INGEST: ReadFailure("lambda:GetFunctionConfiguration", DENIED)}
            ),
            "critical",
        ),
        ({"subnets": ReadFailure("ec2:DescribeSubnets", "UnauthorizedOperation")}, "critical"),
        (
            {"security_groups": ReadFailure("ec2:DescribeSecurityGroups", "UnauthorizedOperation")},
            "critical",
        ),
        ({"probe_status": ReadFailure("cloudwatch:GetMetricData", DENIED)}, "critical"),
        (
            {"subscriptions": {"arn": ReadFailure("sns:ListSubscriptionsByTopic of arn", DENIED)}},
            "warning",
        ),
        (
            deployed(errors=ReadFailure("one", DENIED), heartbeat=ReadFailure("one", DENIED)),
            "warning",
        ),
        (
            {"alarms": (*ALARMS, alarm("x", was_ok=ReadFailure("history", DENIED)))},
            "warning",
        ),
    ],
)
def test_what_cannot_be_read_is_one_finding(changes: dict[str, Any], grade: str) -> None:
    """A failed read is neither well nor absent; a denial differs from other faults."""
    (one,) = found(**changes)
    assert (one.check, one.severity) == ("permission", grade)
    assert one.remedy == f"allow {one.subject} for the principal that runs doctor"


def test_an_answer_that_did_not_come() -> None:
    """A throttle is no missing permission."""
    (one,) = found(tagged_hosts=ReadFailure("ec2:DescribeInstances", "RequestLimitExceeded"))
    assert (one.check, one.what) == ("answer", "failed (RequestLimitExceeded)")


def test_an_api_of_which_nobody_knows_the_kind() -> None:
    """Without the HTTP APIs, a missing REST API is still reported."""
    unread = ReadFailure("apigateway:GET", DENIED)
    assert ("api", "warning", "vettid-api") in summaries(rest_apis=(), http_apis=unread)


def test_before_the_first_deployment() -> None:
    """An unknown fact is a note, and none is critical."""
    ours = {it: None if it.namespace.startswith("firstline") else NOW for it in measured(WELL)}
    early = {"deployed": None, "last_values": ours}
    checks = {(each.check, each.severity) for each in found(**early)}
    assert checks == {("stack", "note"), ("alarm-data", "note"), ("probe-credentials", "note")}
    assert not doctor.has_critical(found(**early))


def test_the_gravest_comes_first() -> None:
    """A person reads from the top."""
    changes = {"tagged_hosts": (*FLEET, "i-0ff"), **deployed(routing_key="empty", errors={"x": 1})}
    assert [each.severity for each in found(**changes)] == ["critical", "warning", "note"]


def test_every_check_tells_its_consequence_and_remedy_in_one_line() -> None:
    """And has a name of its own, and a sentence of what must hold."""
    assert len({each.name for each in doctor.CHECKS}) == len(doctor.CHECKS)
    for each in doctor.CHECKS:
        for text in (each.run.__doc__ or "", each.consequence, each.remedy, each.severity):
            assert text
            assert "\n\n" not in text
    assert len(list(doctor.table())) == len(doctor.CHECKS)


def test_no_metric_is_its_own_name() -> None:
    """A metric is shown with its dimensions."""
    assert str(Metric("AWS/EC2", "CPUUtilization")) == "AWS/EC2 CPUUtilization (no dimensions)"
    assert str(Metric("a", "b", (("c", "d"), ("e", "f")))) == "a b (c=d, e=f)"
