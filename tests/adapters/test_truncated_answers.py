"""Cut answers: without any one of its parts, no answer of AWS passes for a fact.

One table has a whole answer of each call that is read, made of what is read of it, and of each
part that the service may leave out why it may. Every other part is taken out in turn.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from boto3.session import Session

from firstline.adapters.aws import clients
from firstline.adapters.aws.fleet import AwsFleet
from firstline.adapters.aws.hosts import SsmHosts
from firstline.adapters.aws.investigation import AwsInvestigation
from firstline.adapters.aws.kms_signer import KmsSigner
from firstline.adapters.aws.ledger import DynamoLedger
from firstline.adapters.aws.nats_credentials import fetch
from firstline.adapters.aws.preflight import AwsPreflight
from firstline.adapters.aws.routing_key import RoutingKey
from firstline.adapters.aws.s3_archive import S3Archive
from firstline.adapters.aws.scaling import AsgScaling
from firstline.adapters.aws.sns_topic import SnsTopic
from firstline.adapters.aws.store import DynamoStore
from firstline.adapters.aws.wakes import SqsWakes
from firstline.adapters.clock import SystemClock
from firstline.cli.account.alarm_state import CloudWatchAlarms
from firstline.config import fleet_file
from firstline.controller.ports.store import AlarmTransition, Change
from firstline.diagnosis.evidence import Unknown
from firstline.doctor.facts import Alarm, Metric, ReadFailure
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.deployment import DeploymentReader
from firstline.doctor.readers.fleet import FleetReader
from firstline.doctor.readers.stack_resources import StackResourcesReader
from firstline.errors import DependencyUnavailable
from firstline.ids import digest
from firstline.lab.twin.aws import HOME
from firstline.notifications.delivery import NotYet
from firstline.remediation.execution import Answered, Refused, Unsettled
from tests.adapters.backends import PROFILE_PATH, T0, Ends
from tests.adapters.records import CAUSE, ID
from tests.adapters.ssm import COMMAND, DOCUMENTS, FIX, ONE, TOKEN
from tests.adapters.test_hosts_answers import encoded, printed
from tests.adapters.test_scaling_contract import CANCEL, REFRESH, REPLACE, SCALE_OUT
from tests.adapters.test_wakes_contract import WAKE

type Path = tuple[str, ...]

LOADED = fleet_file.load(PROFILE_PATH)
PROFILE = copy.replace(
    LOADED,
    fleet=copy.replace(
        LOADED.fleet,
        kms_key="alias/vettid",
        stack="VettID-Nitro",
        watched_parameters=("/one",),
        pcr0_parameter="/one",
        build_host_tag="Purpose=EIF-Build",
        launch_template="vaults",
        deployment_group="vaults/blue",
    ),
)
ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:healthy-hosts"
METRIC = Metric("AWS/EC2", "x")
IN_ALARM = Alarm(name="a", state="ALARM", since=T0)
SHOWN = {"AlarmArn": ALARM, "StateValue": "ALARM", "ActionsEnabled": True}
FIRING = SHOWN | {"StateUpdatedTimestamp": T0}


class Case(NamedTuple):
    """The result of *read* for an *answer*; the parts that it may lack, and why."""

    call: str
    read: Callable[[Session], object]
    answer: dict[str, Any]
    optional: Mapping[str, str] = {}


def fleet(one: Session) -> AwsFleet:
    return AwsFleet(one, PROFILE, HOME, SystemClock())


def hosts(one: Session) -> SsmHosts:
    return SsmHosts(clients.sending(one), clients.answers(one), DOCUMENTS, PROFILE)


def scaling(one: Session) -> AsgScaling:
    return AsgScaling(clients.scaling(one), clients.groups(one), PROFILE.fleet.group)


def background(one: Session) -> AwsInvestigation:
    return AwsInvestigation(one, PROFILE, "us-east-1")


def around(one: Session) -> AwsPreflight:
    return AwsPreflight(one, PROFILE.fleet)


def store(one: Session) -> DynamoStore:
    return DynamoStore(clients.store(one), "incidents", "ledger", SystemClock())


def archive(one: Session) -> S3Archive:
    return S3Archive(clients.archive(one), "archive")


def doctor(one: Session) -> FleetReader:
    return FleetReader(one, PROFILE.fleet, HOME)


FLEET = (
    Case(
        "DescribeAutoScalingGroups",
        lambda one: fleet(one).group(),
        {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupName": PROFILE.fleet.group,
                    "DesiredCapacity": 1,
                    "MaxSize": 2,
                    "Instances": [
                        {
                            "InstanceId": ONE,
                            "LifecycleState": "InService",
                            "HealthStatus": "Healthy",
                            "ProtectedFromScaleIn": True,
                        }
                    ],
                    "SuspendedProcesses": [{"ProcessName": "Launch"}],
                }
            ]
        },
    ),
    Case(
        "DescribeTargetHealth",
        lambda one: fleet(one).target_health(),
        {
            "TargetHealthDescriptions": [
                {
                    "Target": {"Id": ONE},
                    "TargetHealth": {"State": "unhealthy", "Reason": "Elb.InternalError"},
                }
            ]
        },
    ),
    Case(
        "GetMetricData",
        lambda one: fleet(one).answering(),
        {
            "MetricDataResults": [
                {
                    "Id": "outcome",
                    "StatusCode": "Complete",
                    "Timestamps": [T0],
                    "Values": [100.0],
                }
            ]
        },
        {"MetricDataResults.Id": "one metric is asked for"},
    ),
    Case(
        "DescribeInstanceStatus",
        lambda one: fleet(one).statuses((ONE,)),
        {
            "InstanceStatuses": [
                {
                    "InstanceId": ONE,
                    "InstanceState": {"Name": "running"},
                    "SystemStatus": {"Status": "impaired"},
                    "InstanceStatus": {"Status": "ok"},
                    "AttachedEbsStatus": {"Status": "ok"},
                }
            ]
        },
        {
            "InstanceStatuses.AttachedEbsStatus": "some instance types have no such check",
            "InstanceStatuses.AttachedEbsStatus.Status": "as the above",
        },
    ),
    Case(
        "DescribeAlarms",
        lambda one: fleet(one).alarms((ALARM,))[ALARM],
        {"MetricAlarms": [SHOWN], "CompositeAlarms": [], "LogAlarms": []},
        {"LogAlarms": "a botocore that does not know them drops it; this alarm is listed"},
    ),
    Case(
        "DescribeAlarms: firing",
        lambda one: fleet(one).firing((ALARM,)),
        {"MetricAlarms": [FIRING], "CompositeAlarms": [], "LogAlarms": []},
        {"LogAlarms": "a botocore that does not know them drops it; this alarm is listed"},
    ),
    Case(
        "ListAlarmMuteRules",
        lambda one: fleet(one).muted(ALARM),
        {"AlarmMuteRuleSummaries": [{"Status": "ACTIVE"}]},
    ),
    Case(
        "DescribeAlarms: gone",
        lambda one: fleet(one).alarms((ALARM,))[ALARM],
        {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": []},
    ),
)
ON_HOSTS = (
    Case(
        "DescribeInstanceInformation",
        lambda one: hosts(one).connections((ONE,)),
        {"InstanceInformationList": [{"InstanceId": ONE, "PingStatus": "Online"}]},
    ),
    Case(
        "ListCommandInvocations",
        lambda one: hosts(one).answers(COMMAND)[ONE],
        {
            "CommandInvocations": [
                {
                    "InstanceId": ONE,
                    "DocumentName": DOCUMENTS["look_host"],
                    "Status": "Success",
                    "StatusDetails": "Success",
                    "CommandPlugins": printed(encoded()),
                }
            ]
        },
        {"CommandInvocations.StatusDetails": "the status says it with less detail"},
    ),
    Case(
        "ListCommands",
        lambda one: hosts(one).find(FIX, T0),
        {
            "Commands": [
                {
                    "CommandId": COMMAND,
                    "DocumentName": DOCUMENTS["look_host"],
                    "Comment": f"firstline {TOKEN}",
                }
            ]
        },
    ),
    Case(
        "SendCommand",
        lambda one: hosts(one).fix(FIX),
        {"Command": {"CommandId": COMMAND}},
    ),
)
OF_THE_GROUP = (
    Case(
        "DescribeInstanceRefreshes",
        lambda one: scaling(one).refreshes(),
        {"InstanceRefreshes": [{"InstanceRefreshId": "r", "Status": "Failed", "StartTime": T0}]},
        {"InstanceRefreshes.StartTime": "one that has not begun has none"},
    ),
    Case(
        "DescribeScalingActivities",
        lambda one: scaling(one).find(REPLACE, T0),
        {
            "Activities": [
                {
                    "ActivityId": "a",
                    "StartTime": T0,
                    "Description": f"Terminating EC2 instance: {ONE}",
                    "Cause": "a user request",
                }
            ],
            "AutoScalingGroups": [
                {"Instances": [{"InstanceId": ONE, "LifecycleState": "Terminating"}]}
            ],
        },
    ),
    Case(
        "DescribeAutoScalingGroups: wanted",
        lambda one: scaling(one).find(SCALE_OUT, T0),
        {"AutoScalingGroups": [{"DesiredCapacity": 4}]},
    ),
    Case(
        "TerminateInstance",
        lambda one: scaling(one).fix(REPLACE),
        {"Activity": {"ActivityId": "a"}},
    ),
    Case("Refresh", lambda one: scaling(one).fix(REFRESH), {"InstanceRefreshId": "r"}),
    Case(
        "Cancel",
        lambda one: scaling(one).fix(CANCEL),
        {
            "InstanceRefreshes": [{"InstanceRefreshId": "refresh-0", "Status": "Pending"}],
            "InstanceRefreshId": "refresh-0",
        },
    ),
)
AROUND = (
    Case(
        "DescribeKey",
        lambda one: around(one).key(),
        {"KeyMetadata": {"KeyState": "Enabled", "KeyId": "k"}},
    ),
    Case(
        "DescribeStacks",
        lambda one: around(one).stack(),
        {
            "Stacks": [
                {
                    "StackStatus": "UPDATE_COMPLETE",
                    "CreationTime": T0,
                    "LastUpdatedTime": T0,
                }
            ]
        },
        {"Stacks.CreationTime": "a stack that was updated tells when"},
    ),
    Case(
        "DescribeStacks: created",
        lambda one: around(one).stack(),
        {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "CreationTime": T0}]},
    ),
    Case(
        "DescribeParameters",
        lambda one: around(one).parameters(),
        {"Parameters": [{"Name": "/one", "LastModifiedDate": T0}]},
    ),
    Case(
        "DescribeInstances: builds",
        lambda one: around(one).builds(),
        {"Reservations": [{"Instances": [{"InstanceId": ONE, "LaunchTime": T0}]}]},
    ),
    Case(
        "GetParameter",
        lambda one: around(one).image_published(),
        {"Parameter": {"Value": "0a" * 48}},
    ),
    Case(
        "GetKeyPolicy",
        lambda one: around(one).images_allowed("k"),
        {"Policy": '{"Statement": []}'},
    ),
)
LIMIT: dict[str, Any] = {
    "AlarmArn": ALARM,
    "Threshold": 1.0,
    "ComparisonOperator": "LessThanThreshold",
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 3,
}
ONE_METRIC: dict[str, Any] = {
    "Namespace": "N",
    "MetricName": "M",
    "Dimensions": [{"Name": "a", "Value": "b"}],
    "Unit": "Count",
    "Period": 60,
    "Statistic": "Minimum",
}
EXPRESSION: dict[str, Any] = {
    "Id": "value",
    "Expression": "TIME_SERIES(7)",
    "Label": "seven",
    "Period": 60,
    "ReturnData": True,
}
RESULT = {"Id": "value", "StatusCode": "Complete", "Timestamps": [T0], "Values": [7.0]}
OF_OTHERS = {
    "MetricAlarms.Threshold": "a band has none",
    "MetricAlarms.DatapointsToAlarm": "all periods must breach where it is left out",
}
BACKGROUND = (
    Case(
        "GetMetricData: background",
        lambda one: background(one).metrics(T0),
        {
            "MetricDataResults": [
                {"Id": f"m{n}", "StatusCode": "Complete", "Timestamps": [T0], "Values": [1.0]}
                for n in range(30)
            ]
        },
    ),
    Case(
        "DescribeAlarms: of others",
        lambda one: background(one).external_metric(ALARM, T0, T0),
        {"MetricAlarms": [LIMIT | ONE_METRIC], "MetricDataResults": [RESULT]},
        OF_OTHERS
        | {
            "MetricAlarms.MetricName": "an expression or a PromQL query has none",
            "MetricAlarms.Dimensions": "a metric may have none",
            "MetricAlarms.Unit": "few alarms name one",
        },
    ),
    Case(
        "DescribeAlarms: of others, an expression",
        lambda one: background(one).external_metric(ALARM, T0, T0),
        {"MetricAlarms": [LIMIT | {"Metrics": [EXPRESSION]}], "MetricDataResults": [RESULT]},
        OF_OTHERS
        | {
            "MetricAlarms.Metrics": "an alarm of a PromQL query has none",
            "MetricAlarms.Metrics.Label": "not every expression has one",
            "MetricAlarms.Metrics.ReturnData": "it is true where it is left out",
        },
    ),
    Case(
        "DescribeEvents",
        lambda one: background(one).issues(),
        {"events": [{"service": "EC2", "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE"}]},
    ),
    Case(
        "DescribeLaunchTemplateVersions",
        lambda one: background(one).launch_template(),
        {"LaunchTemplateVersions": [{"CreateTime": T0}]},
    ),
    Case(
        "ListDeployments",
        lambda one: background(one).releases(T0),
        {"deployments": ["d-1"]},
    ),
    Case(
        "DescribeInstances",
        lambda one: background(one).placement((ONE,)),
        {"Reservations": [{"Instances": [{"SecurityGroups": [{"GroupId": "g"}], "VpcId": "v"}]}]},
        {"Reservations.Instances.VpcId": "an instance that was terminated is in none"},
    ),
    Case(
        "DescribeSecurityGroupRules",
        lambda one: background(one).lets_out(("g",), 4222),
        {
            "SecurityGroupRules": [
                {"IsEgress": True, "IpProtocol": "tcp", "FromPort": 4222, "ToPort": 4222}
            ]
        },
    ),
    Case(
        "DescribeRouteTables",
        lambda one: background(one).routes(("v",)),
        {
            "RouteTables": [
                {
                    "Routes": [
                        {
                            "DestinationCidrBlock": "10.0.0.0/8",
                            "VpcPeeringConnectionId": "p",
                            "State": "active",
                        }
                    ]
                }
            ]
        },
        {
            "RouteTables.Routes.DestinationCidrBlock": "IPv6 and prefix lists have none",
            "RouteTables.Routes.VpcPeeringConnectionId": "most routes are over no peering",
        },
    ),
    Case(
        "DescribeVpcPeeringConnections",
        lambda one: background(one).peerings(("p",)),
        {
            "VpcPeeringConnections": [
                {"VpcPeeringConnectionId": "p", "Status": {"Code": "active"}},
            ]
        },
    ),
)
CONSUMED = {"ConsumedCapacity": {"CapacityUnits": 0.5}}
KEPT = (
    Case("Query: load", lambda one: store(one).load(ID), {"Items": []}),
    Case("Query: due", lambda one: store(one).due(T0), {"Items": []}),
    Case("Query: open", lambda one: store(one).open_now(1), {"Items": []}),
    Case("Query: escalated", lambda one: store(one).escalated(1), {"Items": []}),
    Case("Query: closed", lambda one: store(one).closed(1), {"Items": []}),
    Case("Query: entries", lambda one: store(one).entries(ID), {"Items": []}),
    Case("Query: last entries", lambda one: store(one).last_entries(ID, 1), {"Items": []}),
    Case(
        "TransactWriteItems",
        lambda one: store(one).commit(Change(transition=AlarmTransition("arn", T0))),
        {"ConsumedCapacity": []},
    ),
    Case("GetItem: cause", lambda one: store(one).open_incident(CAUSE), CONSUMED),
    Case("GetItem: ended", lambda one: store(one).accounted(CAUSE), CONSUMED),
    Case("GetItem: switch", lambda one: store(one).switch(), CONSUMED),
    Case("GetItem: paged", lambda one: store(one).paged("key"), CONSUMED),
    Case("GetItem: openings", lambda one: store(one).openings("vettid"), CONSUMED),
    Case(
        "BatchGetItem",
        lambda one: store(one).limits("vaults"),
        {"Responses": {"incidents": []}, "UnprocessedKeys": {}},
    ),
    Case(
        "Query: chain",
        lambda one: list(DynamoLedger(clients.ledger(one), "ledger").entries(ID)),
        {"Items": []},
    ),
    Case(
        "Scan",
        lambda one: list(DynamoLedger(clients.ledger(one), "ledger").everything()),
        {"Items": []},
    ),
    Case("PutObject", lambda one: archive(one).put("k", b"v"), {"ETag": "e"}),
    Case("GetObject", lambda one: archive(one).get("k"), {"Body": BytesIO(b"v")}),
    Case(
        "ListObjectsV2",
        lambda one: archive(one).keys(""),
        {"KeyCount": 1, "Contents": [{"Key": "k"}]},
    ),
    Case(
        "ListObjectsV2: first",
        lambda one: archive(one).first(""),
        {"KeyCount": 1, "Contents": [{"Key": "k"}]},
    ),
    Case(
        "Sign",
        lambda one: KmsSigner(clients.keys(one), "k").sign(digest(b"")),
        {"Signature": b"s"},
    ),
    Case(
        "GetPublicKey",
        lambda one: KmsSigner(clients.keys(one), "k").public_key(),
        {"PublicKey": b"p"},
    ),
)
SENT = (
    Case(
        "SendMessage",
        lambda one: SqsWakes(clients.wakes(one), "https://sqs.us-east-1.amazonaws.com/1/w").queue(
            WAKE, T0 - T0
        ),
        {"MessageId": "m"},
    ),
    Case(
        "Publish",
        lambda one: SnsTopic(clients.team(one), "arn:aws:sns:us-east-1:1:t").publish("s", "m"),
        {"MessageId": "m"},
    ),
    Case(
        "GetSecretValue",
        lambda one: RoutingKey("s", one.client("secretsmanager"), SystemClock()).read(),
        {"SecretString": "0" * 32},
    ),
    Case(
        "GetParameter: credentials",
        lambda one: fetch(clients.parameters(one), "/creds"),
        {
            "Parameter": {
                "Value": "-----BEGIN NATS USER JWT-----\na.b.c\n------END NATS USER JWT------\n"
                "-----BEGIN USER NKEY SEED-----\nSUAA\n------END USER NKEY SEED------\n"
            }
        },
    ),
)
LISTED = {
    "AlarmName": "a",
    "StateValue": "OK",
    "StateUpdatedTimestamp": T0,
    "ActionsEnabled": True,
    "AlarmActions": ["arn:aws:sns:us-east-1:1:t"],
}
ASKED_BY_PEOPLE = (
    Case(
        "DescribeAlarms: drill",
        lambda one: CloudWatchAlarms(clients.alarms(one), "stack").find("a"),
        {"MetricAlarms": [], "CompositeAlarms": []},
    ),
    Case(
        "DescribeAlarms: doctor",
        lambda one: AlarmsReader(one).all(),
        {"MetricAlarms": [LISTED], "CompositeAlarms": []},
    ),
    Case(
        "DescribeAlarmHistory",
        lambda one: AlarmsReader(one).with_history(IN_ALARM, T0).was_ok,
        {"AlarmHistoryItems": [{"HistoryData": '{"newState": {"stateValue": "OK"}}'}]},
    ),
    Case(
        "GetMetricData: doctor",
        lambda one: AlarmsReader(one).last_values((METRIC,), T0),
        {"MetricDataResults": [{"Id": "m0", "Timestamps": [T0], "Values": [1.0]}]},
    ),
    Case(
        "DescribeAutoScalingGroups: doctor",
        lambda one: doctor(one).groups(),
        {
            "AutoScalingGroups": [
                {
                    "AutoScalingGroupName": "g",
                    "DesiredCapacity": 1,
                    "Instances": [{"InstanceId": ONE, "LifecycleState": "InService"}],
                    "SuspendedProcesses": [{"ProcessName": "Launch"}],
                    "EnabledMetrics": [{"Metric": "GroupMinSize"}],
                }
            ]
        },
    ),
    Case(
        "DescribeTargetGroups",
        lambda one: doctor(one).target_groups(),
        {"TargetGroups": [{"TargetGroupArn": "arn:t", "LoadBalancerArns": ["arn:b"]}]},
    ),
    Case(
        "ListStackResources",
        lambda one: DeploymentReader(one, "stack", "vettid").resources(),
        {
            "StackResourceSummaries": [
                {
                    "ResourceType": "t",
                    "LogicalResourceId": "l",
                    "PhysicalResourceId": "p",
                    "ResourceStatus": "CREATE_COMPLETE",
                }
            ]
        },
        {"StackResourceSummaries.PhysicalResourceId": "one that is being made has none"},
    ),
    Case(
        "ListRules",
        lambda one: StackResourcesReader(one).rules(),
        {"Rules": [{"Name": "r", "State": "ENABLED"}]},
    ),
    Case(
        "ListSubscriptionsByTopic",
        lambda one: StackResourcesReader(one).subscriptions("arn:aws:sns:us-east-1:1:t"),
        {"Subscriptions": [{"SubscriptionArn": "arn:aws:sns:x"}]},
    ),
)
CASES = (
    *FLEET,
    *ON_HOSTS,
    *OF_THE_GROUP,
    *AROUND,
    *BACKGROUND,
    *KEPT,
    *SENT,
    *ASKED_BY_PEOPLE,
)


def paths(answer: object, above: Path = ()) -> Iterator[Path]:
    """Every part of *answer*; of a list, those of its first."""
    match answer:
        case dict():
            for key, value in answer.items():
                yield (*above, key)
                yield from paths(value, (*above, key))
        case [first, *_]:
            yield from paths(first, above)
        case _:
            pass


def without(answer: Any, path: Path) -> Any:  # noqa: ANN401 - the service's shape
    """*answer* without the part at *path*."""
    if isinstance(answer, list):
        return [without(answer[0], path), *answer[1:]]
    key, *below = path
    if not below:
        return {each: value for each, value in answer.items() if each != key}
    return {**answer, key: without(answer[key], tuple(below))}


def at(answer: Any, path: Path) -> object:  # noqa: ANN401 - the service's shape
    """The part of *answer* at *path*."""
    for key in path:
        answer = (answer[0] if isinstance(answer, list) else answer)[key]
    return answer[0] if isinstance(answer, list) and answer else answer


def put(answer: Any, path: Path, value: object) -> Any:  # noqa: ANN401 - the service's shape
    """*answer* with *value* at *path*."""
    if isinstance(answer, list):
        return [put(answer[0], path, value), *answer[1:]]
    if not path:
        return value
    key, *below = path
    return {**answer, key: put(answer[key], tuple(below), value)}


def unknown(case: Case, answer: dict[str, Any]) -> bool:
    """True if the result is unknown."""
    try:
        found = case.read(Ends(answer).session)
    except DependencyUnavailable:
        return True
    if isinstance(found, Refused):  # it was not sent, for what must hold could not be read
        return found.why.startswith("scaling: its answer")
    report = found.report if isinstance(found, Answered) else found
    return isinstance(report, Unknown | ReadFailure | NotYet | Unsettled)


CUTS = [(case, path) for case in CASES for path in paths(case.answer)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.call)
def test_an_empty_answer_is_unknown(case: Case) -> None:
    """An HTTP 200 without a body, whatever is asked."""
    assert unknown(case, {})


@pytest.mark.parametrize(
    ("case", "path"), CUTS, ids=[f"{case.call} {'.'.join(path)}" for case, path in CUTS]
)
def test_a_part_is_missed_unless_the_service_may_leave_it_out(case: Case, path: Path) -> None:
    """Optional parts are in the table; without any other the answer is unknown."""
    optional = ".".join(path) in case.optional
    assert unknown(case, without(case.answer, path)) is not optional


INSTANTS = [
    (case, path)
    for case in CASES
    if case not in ASKED_BY_PEOPLE
    for path in paths(case.answer)
    if isinstance(at(case.answer, path), datetime) and ".".join(path) != "Stacks.CreationTime"
]


@pytest.mark.parametrize("year", [1, 2009, 2100, 9999])
@pytest.mark.parametrize(
    ("case", "path"), INSTANTS, ids=[f"{case.call} {'.'.join(path)}" for case, path in INSTANTS]
)
def test_an_instant_that_cannot_be_is_unknown(case: Case, path: Path, year: int) -> None:
    """Arithmetic with it could overflow."""
    answer = put(case.answer, path, T0.replace(year=year))
    assert unknown(case, answer)
    assert not unknown(case, put(case.answer, path, T0))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.call)
def test_what_may_be_left_out_is_a_part_of_the_answer(case: Case) -> None:
    """The table has no reason for what is not in it."""
    assert set(case.optional) <= {".".join(path) for path in paths(case.answer)}
