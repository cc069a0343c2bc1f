"""The Background port: what both adapters must do, and what AWS alone can do to one of them."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from operator import ge, gt
from typing import Any

import pytest
from boto3.session import Session
from msgspec.structs import astuple

from firstline.adapters.aws import clients
from firstline.adapters.aws.investigation import AwsInvestigation
from firstline.config import fleet_file
from firstline.config.profile import AlarmDefinition, Profile
from firstline.controller.ports.readers import InvestigationReader
from firstline.diagnosis.evidence import AlarmState
from firstline.diagnosis.investigation import (
    Issues,
    Metrics,
    Peerings,
    Placement,
    Route,
    Routes,
    Series,
    describe_anomaly,
)
from firstline.diagnosis.preflight import Deployments
from firstline.errors import DependencyUnavailable
from firstline.ids import InstanceId
from firstline.lab.twin import alarm_events, undeployed
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.fleet.investigation import GROUP, NETWORK, PEERING, VPC
from firstline.lab.twin.memory import MemoryBackend
from firstline.lab.twin.scenario import FaultKind
from firstline.lab.twin.world import World
from firstline.monitoring import alarms
from firstline.monitoring.alarm_metric import window
from tests.adapters import account
from tests.adapters.backends import PROFILE_PATH, T0, Door, Ends, Requests
from tests.builders import HOME
from tests.events import body, edited

HOST = InstanceId("i-0a1b2c3d4e5f60711")
HOSTS = (HOST,)
RUNBOOK = fleet_file.load(PROFILE_PATH)
ALARM = alarms.deployable_alarms(RUNBOOK)[0]
AROUND = window(ALARM, T0, T0 + timedelta(minutes=3))
READS: dict[str, Callable[[InvestigationReader], object]] = {
    "cloudwatch.GetMetricData": lambda port: port.metrics(T0),
    "cloudwatch.GetMetricData of an alarm": lambda port: port.alarm_metric(ALARM, AROUND),
    "health.DescribeEvents": lambda port: port.issues(),
    "ec2.DescribeLaunchTemplateVersions": lambda port: port.launch_template(),
    "codedeploy.ListDeployments": lambda port: port.releases(T0),
    "ec2.DescribeInstances": lambda port: port.placement(HOSTS),
    "ec2.DescribeSecurityGroupRules": lambda port: port.lets_out((GROUP,), 4222),
    "ec2.DescribeRouteTables": lambda port: port.routes((VPC,)),
    "ec2.DescribeVpcPeeringConnections": lambda port: port.peerings((PEERING,)),
}
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)


def made(one: Session, profile: Profile) -> AwsInvestigation:
    return AwsInvestigation(one, profile, "us-east-1")


@pytest.fixture
def named(profile: Profile) -> Profile:
    """A fleet that has everything."""
    fleet = copy.replace(profile.fleet, launch_template="vaults", deployment_group="vaults/blue")
    return copy.replace(profile, fleet=fleet)


@pytest.fixture
def aws_background(aws_door: Door, aws: TwinAws, named: Profile) -> InvestigationReader:
    """The deployed adapter; the door's own profile names no template and no group."""
    assert aws_door.ports.investigation.launch_template() is None
    assert aws_door.ports.investigation.releases(T0) is None
    return made(aws.session, named)


@pytest.fixture
def both(door: Door, request: pytest.FixtureRequest) -> InvestigationReader:
    """Either of the two."""
    if isinstance(door.ports.investigation, AwsInvestigation):
        found: InvestigationReader = request.getfixturevalue("aws_background")
        return found
    return door.ports.investigation


def answering(answer: dict[str, Any], profile: Profile) -> AwsInvestigation:
    return made(Ends(answer).session, profile)


def test_the_investigation_of_a_quiet_world(both: InvestigationReader) -> None:
    """No issue, nothing unusual, an old template, and an open way to NATS."""
    assert both.issues() == Issues()
    assert all(describe_anomaly(each) is None for each in both.metrics(T0).series)
    template = both.launch_template()
    assert isinstance(template, Deployments)
    assert [each.at for each in template.known] == [T0 - timedelta(days=7)]
    assert both.releases(T0) == ()
    assert both.placement(HOSTS) == Placement((VPC,), (GROUP,))
    assert both.lets_out((GROUP,), 4222)
    assert not both.lets_out((GROUP,), 443)
    assert both.routes((VPC,)) == Routes((Route(NETWORK, PEERING, "active"),))
    assert both.peerings((PEERING,)) == Peerings({PEERING: "active"})


def test_the_investigation_of_a_world_in_trouble(door: Door, both: InvestigationReader) -> None:
    """Unusual metrics, open issues, and the end of the network path."""
    door.world.scenario = copy.replace(
        door.world.scenario,
        issues=("EC2",),
        unusual={"TargetResponseTime": 4.2},
        port_allowed=False,
        peering="deleted",
    )
    assert both.issues() == Issues(("EC2: AWS_EC2_OPERATIONAL_ISSUE",))
    odd = [each for each in both.metrics(T0).series if describe_anomaly(each)]
    assert [each.name.partition(" ")[0] for each in odd] == ["TargetResponseTime"]
    assert not both.lets_out((GROUP,), 4222)
    assert both.routes((VPC,)) == Routes((Route(NETWORK, PEERING, "blackhole"),))
    assert both.peerings((PEERING,)) == Peerings({PEERING: "deleted"})
    door.world.scenario = copy.replace(door.world.scenario, peering="none")
    assert both.routes((VPC,)) == Routes()


def test_nothing_is_asked_about_nothing(both: InvestigationReader, requests: Requests) -> None:
    """An empty list of ids would ask for everything."""
    requests.calls.clear()
    assert both.placement(()) == Placement()
    assert both.routes(()) == Routes()
    assert not both.lets_out((), 4222)
    assert requests.calls == []


@pytest.mark.parametrize("kind", ["error", "hang", "timeout-after"])
def test_fault_is_unavailable(door: Door, both: InvestigationReader, kind: FaultKind) -> None:
    """A read that fails or hangs raises Unavailable; it is not tried again."""
    door.trouble("investigation", kind)
    for name, read in READS.items():
        if "GetMetricData" not in name or not isinstance(both, AwsInvestigation):
            with pytest.raises(DependencyUnavailable):
                read(both)


def test_read_is_one_request(aws_background: InvestigationReader, requests: Requests) -> None:
    """Each method makes one request."""
    requests.calls.clear()
    for read in READS.values():
        read(aws_background)
    assert requests.calls == [each.partition(" ")[0] for each in READS]


@pytest.mark.parametrize(
    ("read", "answer"),
    [
        ("cloudwatch.GetMetricData", {"MetricDataResults": [{"Id": "m0"}]}),
        ("cloudwatch.GetMetricData of an alarm", {"MetricDataResults": []}),
        ("health.DescribeEvents", {"events": [{"service": "EC2"}]}),
        ("ec2.DescribeLaunchTemplateVersions", {"LaunchTemplateVersions": [{}]}),
        ("codedeploy.ListDeployments", {}),
        ("ec2.DescribeInstances", {"Reservations": [{"Instances": [{"VpcId": VPC}]}]}),
        ("ec2.DescribeSecurityGroupRules", {"SecurityGroupRules": [{"IsEgress": True}]}),
        ("ec2.DescribeRouteTables", {"RouteTables": [{}]}),
        ("ec2.DescribeVpcPeeringConnections", {"VpcPeeringConnections": [{}]}),
    ],
)
def test_an_answer_that_lacks_something_is_unavailable(
    named: Profile, read: str, answer: dict[str, Any]
) -> None:
    """An incomplete answer is unknown."""
    with pytest.raises(DependencyUnavailable):
        READS[read](answering(answer, named))


def results(**values: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each query; without values but for those that are given."""
    empty = {"StatusCode": "Complete", "Timestamps": [], "Values": []}
    return [{"Id": id_, **empty, **values.get(id_, {})} for id_ in (f"m{n}" for n in range(30))]


def test_metrics_are_read_over_all_pages(named: Profile) -> None:
    """The values of one query may come in parts; what stays in part is not known."""
    parts = [{"Timestamps": [T0 + n * QUARTER], "Values": [float(n)]} for n in range(2)]
    pages: list[dict[str, Any]] = [
        {
            "MetricDataResults": [{"Id": "m0", "StatusCode": "PartialData", **parts[0]}],
            "NextToken": "more",
        },
        {"MetricDataResults": results(m0=parts[1])},
    ]
    ends = Ends(pages)
    assert made(ends.session, named).metrics(T0).series[0].around == (0.0, 1.0)
    cut = {"MetricDataResults": results(m3={"StatusCode": "PartialData"})}
    with pytest.raises(DependencyUnavailable, match="incomplete"):
        answering(cut, named).metrics(T0)


def test_a_metric_is_compared_with_the_same_time_of_each_day_before(named: Profile) -> None:
    """Two quarters of an hour around the start, and the same two of seven days; no other."""
    start = T0 + timedelta(minutes=7)
    first = T0
    values = {first - day * DAY + part: 1.0 for day in range(1, 8) for part in (0 * DAY, QUARTER)}
    noise = {first - QUARTER: 99.0, first - DAY + 2 * QUARTER: 99.0, first - DAY - QUARTER: 99.0}
    around = {first: 7.0, first + QUARTER: 8.0}
    result = values | noise | around
    answer = {"Timestamps": list(result), "Values": list(result.values())}
    found: Metrics = answering({"MetricDataResults": results(m0=answer)}, named).metrics(start)
    assert found.series[0] == Series("HealthyHostCount (Minimum)", (7.0, 8.0), (1.0,) * 14)
    assert all(each.around == each.before == () for each in found.series[1:])


def test_the_metrics_asked_for_are_the_alarms(named: Profile) -> None:
    """Each once, in whole quarters of an hour, from a week before to half an hour after."""
    ends = Ends({"MetricDataResults": results()})
    asked: list[dict[str, Any]] = []
    events: Any = ends.session.events
    events.register("provide-client-params.cloudwatch.GetMetricData", _keep(asked))
    made(ends.session, named).metrics(T0 + timedelta(minutes=29))
    (query,) = asked
    assert (query["StartTime"], query["EndTime"]) == (
        T0 + QUARTER - 7 * DAY,
        T0 + 3 * QUARTER,
    )
    stats = [each["MetricStat"] for each in query["MetricDataQueries"]]
    assert {each["Period"] for each in stats} == {900}
    names = [(each["Metric"]["MetricName"], each["Stat"]) for each in stats]
    assert ("TargetResponseTime", "p99") in names
    assert len(stats) == len({str(each) for each in stats})


@pytest.mark.parametrize("alarm", alarms.deployable_alarms(RUNBOOK), ids=lambda each: each.name)
def test_the_metric_of_an_alarm_breaches_while_it_rings(
    door: Door, both: InvestigationReader, alarm: AlarmDefinition
) -> None:
    """Through both doors, for each alarm that the profile makes; before, it does not."""
    door.world.made = alarms.deployable_alarms(RUNBOOK)
    arn = undeployed.alarm_arn(alarm.name, HOME)
    body = alarm_events.alarm_event(alarm.name, AlarmState.ALARM, T0, RUNBOOK, HOME)
    quiet = both.alarm_metric(alarm, around := window(alarm, T0, T0 + timedelta(minutes=9)))
    door.world.watch(arn, body, None)
    found = both.alarm_metric(alarm, around)
    assert tuple(quiet) == tuple(found) == around.periods
    assert len(set(quiet.values())) == 1
    assert found[around.periods[-1]] != quiet[around.periods[-1]]
    assert found == MemoryBackend(door.world).ports.investigation.alarm_metric(alarm, around)


def test_of_an_alarm_that_the_world_does_not_know_there_is_no_value(
    aws_background: InvestigationReader,
) -> None:
    """CloudWatch answers so for a metric that does not exist."""
    assert aws_background.alarm_metric(ALARM, AROUND) == {}


STATS = {
    "healthy-hosts": [("value", "HealthyHostCount", 60, "Minimum")],
    "rest-api-errors": [("part", "5XXError", 60, "Sum"), ("whole", "Count", 60, "Sum")],
    "kms-near-quota": [("part", "CallCount", 60, "Sum")],
}


@pytest.mark.parametrize("name", STATS)
def test_what_is_asked_for_is_what_the_alarm_judges(named: Profile, name: str) -> None:
    """Its statistic at its own period; of a share both parts, and the expression alone comes."""
    alarm = alarms.find_alarm(name, named)
    assert alarm is not None
    result = {"Id": "value", "StatusCode": "Complete", "Timestamps": [T0], "Values": [7.0]}
    ends, asked = Ends({"MetricDataResults": [result]}), list[dict[str, Any]]()
    events: Any = ends.session.events
    events.register("provide-client-params.cloudwatch.GetMetricData", _keep(asked))
    assert made(ends.session, named).alarm_metric(alarm, AROUND) == {T0: 7.0}
    (query,) = asked
    assert (query["StartTime"], query["EndTime"]) == (AROUND.begins, AROUND.until)
    stats = [each for each in query["MetricDataQueries"] if "MetricStat" in each]
    shown = [(each["Id"], each["MetricStat"]) for each in stats]
    assert [
        (id_, stat["Metric"]["MetricName"], stat["Period"], stat["Stat"]) for id_, stat in shown
    ] == STATS[name]
    dimensions = [{"Name": key, "Value": value} for key, value in alarm.dimensions.items()]
    assert all(stat["Metric"]["Dimensions"] == dimensions for _, stat in shown)
    hidden = {each["Id"] for each in stats if not each.get("ReturnData", True)}
    if alarm.percent_of:
        share = {"Id": "value", "Expression": alarms.percent_expression(alarm)}
        assert query["MetricDataQueries"][-1] == share
        assert hidden == {each["Id"] for each in stats}
    else:
        assert hidden == set()


def test_a_metric_that_came_in_part_is_not_known(named: Profile) -> None:
    """As where the expression has an error."""
    cut = {"Id": "value", "StatusCode": "InternalError", "Timestamps": [], "Values": []}
    with pytest.raises(DependencyUnavailable, match="incomplete"):
        answering({"MetricDataResults": [cut]}, named).alarm_metric(ALARM, AROUND)


ENDS = T0 + timedelta(minutes=9)
THEIRS = "unlisted-http-api-5xx"
PERCENTILE: dict[str, object] = {"detail.configuration.metrics.0.metricStat.stat": "p99.9"}
JUDGED = {
    THEIRS: ("5xx", "Sum", ">=", 10.0, 60, 1, 1),
    "percentile": ("5xx", "p99.9", ">=", 10.0, 60, 1, 1),
    "metric-math": ("5xx percent", "100*m1/MAX([m2,1])", ">", 5.0, 60, 3, 2),
    "kms-quota": ("percent of the quota", "100*(m1+m2)/SERVICE_QUOTA(m1)", ">", 80.0, 60, 3, 2),
}


def envelope(name: str) -> bytes:
    """The event of an alarm of others."""
    return edited(body(THEIRS), PERCENTILE) if name == "percentile" else body(name)


def watched(world: World, name: str) -> str:
    """The ARN of an alarm that rings since the start of *world*."""
    raw = envelope(name)
    (arn,) = json.loads(raw)["resources"]
    world.watch(arn, raw, None)
    return str(arn)


@pytest.mark.parametrize("name", JUDGED)
def test_the_metric_of_an_alarm_of_others_breaches_while_it_rings(
    door: Door, both: InvestigationReader, requests: Requests, name: str
) -> None:
    """With the alarm's threshold; both backends agree, with two requests."""
    arn = watched(door.world, name)
    requests.calls.clear()
    found = both.external_metric(arn, T0, ENDS)
    assert found is not None
    assert astuple(found.external) == JUDGED[name]
    assert found.around == window(found.external, T0, ENDS)
    assert tuple(found.values) == found.around.periods
    breaches = {">": gt, ">=": ge}[found.external.comparison]
    rings = [breaches(value, found.external.threshold) for value in found.values.values()]
    leads = found.external.breaching_periods
    assert rings == [False] * (30 - leads) + [True] * (9 + leads)
    assert found == MemoryBackend(door.world).ports.investigation.external_metric(arn, T0, ENDS)
    asked = ["cloudwatch.DescribeAlarms", "cloudwatch.GetMetricData"]
    assert requests.calls == (asked if isinstance(both, AwsInvestigation) else [])


@pytest.mark.parametrize(
    "name", ["anomaly-band", "composite-suppressed", "contributor", "log-alarm", "set-by-hand"]
)
def test_an_alarm_of_others_without_a_threshold_has_no_metric(
    door: Door, both: InvestigationReader, requests: Requests, name: str
) -> None:
    """A band has two, and other kinds judge no metric; nothing is asked about one."""
    arn = watched(door.world, name)
    requests.calls.clear()
    assert both.external_metric(arn, T0, ENDS) is None
    assert "cloudwatch.GetMetricData" not in requests.calls


def test_an_alarm_of_others_that_is_gone_has_no_metric(
    door: Door, both: InvestigationReader, requests: Requests
) -> None:
    """Nor has one of that name elsewhere, or what is no alarm, which is not asked for."""
    arn = watched(door.world, THEIRS)
    elsewhere = arn.replace("111122223333", "999988887777")
    assert both.external_metric(elsewhere, T0, ENDS) is None
    door.world.delete_alarm(arn, T0)
    door.world.advance(T0)
    assert both.external_metric(arn, T0, ENDS) is None
    requests.calls.clear()
    assert both.external_metric("arn:aws:ec2:us-east-1:111122223333:instance/i", T0, ENDS) is None
    assert requests.calls == []


@pytest.mark.parametrize("kind", ["error", "hang"])
def test_an_alarm_of_others_that_cannot_be_read_is_unavailable(
    door: Door, both: InvestigationReader, kind: FaultKind
) -> None:
    """It is not tried again."""
    arn = watched(door.world, THEIRS)
    door.trouble("fleet" if isinstance(both, AwsInvestigation) else "investigation", kind)
    with pytest.raises(DependencyUnavailable):
        both.external_metric(arn, T0, ENDS)


THEIR_ARN = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:theirs"
LIMIT = {
    "AlarmArn": THEIR_ARN,
    "Threshold": 10.0,
    "ComparisonOperator": "LessThanOrEqualToThreshold",
    "EvaluationPeriods": 4,
}
ONE = {"Namespace": "N", "MetricName": "M", "Period": 30, "Statistic": "Average"}
OF_ONE = {
    "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": []},
    "Period": 30,
    "Stat": "Average",
}
SEARCHED = {"Id": "q1", "Expression": 'SELECT MAX(M) FROM "N"', "Period": 300}


def shown(alarm: dict[str, Any], id_: str = "value", **result: object) -> account.Answering:
    """CloudWatch with that one alarm and its metric."""
    whole = {"Id": id_, "StatusCode": "Complete", "Timestamps": [T0], "Values": [7.0]}
    return account.Answering(
        {
            "cloudwatch.DescribeAlarms": {"MetricAlarms": [LIMIT | alarm]},
            "cloudwatch.GetMetricData": {"MetricDataResults": [whole | result]},
        }
    )


@pytest.mark.parametrize(
    ("alarm", "id_", "queries", "judged"),
    [
        (ONE, "value", [{"Id": "value", "MetricStat": OF_ONE}], ("M", "Average", 30)),
        (
            ONE | {"Unit": "Seconds"},
            "value",
            [{"Id": "value", "MetricStat": OF_ONE | {"Unit": "Seconds"}}],
            ("M", "Average", 30),
        ),
        (
            {"Metrics": [{"Id": "a", "MetricStat": OF_ONE, "AccountId": "999988887777"}]},
            "a",
            [{"Id": "a", "MetricStat": OF_ONE, "AccountId": "999988887777"}],
            ("M", "Average", 30),
        ),
        ({"Metrics": [SEARCHED]}, "q1", [SEARCHED], ("M", SEARCHED["Expression"], 300)),
        (
            {"Metrics": [SEARCHED | {"Expression": "TIME_SERIES(7)"}]},
            "q1",
            [SEARCHED | {"Expression": "TIME_SERIES(7)"}],
            ("q1", "TIME_SERIES(7)", 300),
        ),
    ],
    ids=["simple", "of-a-unit", "of-another-account", "query", "without-a-name"],
)
def test_what_an_alarm_of_others_judges_is_asked_as_it_stands(
    named: Profile,
    alarm: dict[str, Any],
    id_: str,
    queries: list[dict[str, Any]],
    judged: tuple[str, str, int],
) -> None:
    """Over the periods around the incident; all of its periods breach where none are named."""
    one = shown(alarm, id_)
    found = made(one.session, named).external_metric(THEIR_ARN, T0, ENDS)
    assert found is not None
    by = found.external
    assert (by.metric, by.statistic, by.period_seconds) == judged
    assert (by.comparison, by.threshold) == ("<=", 10.0)
    assert (by.breaching_periods, by.evaluation_periods) == (4, 4)
    assert found.values == {T0: 7.0}
    assert one.parameters("cloudwatch.DescribeAlarms") == {
        "AlarmNames": ["theirs"],
        "AlarmTypes": ["MetricAlarm"],
    }
    asked = one.parameters("cloudwatch.GetMetricData")
    assert asked["MetricDataQueries"] == queries
    assert (asked["StartTime"], asked["EndTime"]) == (found.around.begins, ENDS)


def test_of_several_series_none_is_what_an_alarm_judges(named: Profile) -> None:
    """It judges each contributor by itself."""
    two = shown({"Metrics": [SEARCHED]}, "q1", Timestamps=[T0, T0], Values=[1.0, 2.0])
    assert made(two.session, named).external_metric(THEIR_ARN, T0, ENDS) is None


@pytest.mark.parametrize(
    "one",
    [
        shown(ONE, StatusCode="PartialData"),
        shown(ONE, id_="another"),
        shown(ONE | {"Period": 0}),
        shown({"Metrics": [SEARCHED | {"ReturnData": False}]}),
        shown({"Metrics": [SEARCHED, SEARCHED | {"Id": "q2"}]}),
        shown({"Metrics": [{"Id": "q1", "Expression": "TIME_SERIES(7)"}]}),
    ],
    ids=["in-part", "another-id", "no-period", "none-returned", "two-returned", "of-no-period"],
)
def test_an_odd_alarm_of_others_is_unavailable(named: Profile, one: account.Answering) -> None:
    """An unknown form is unavailable."""
    with pytest.raises(DependencyUnavailable):
        made(one.session, named).external_metric(THEIR_ARN, T0, ENDS)


def _keep(asked: list[dict[str, Any]]) -> Callable[..., None]:
    def keep(params: dict[str, Any], **_: object) -> None:
        asked.append(params)

    return keep


OUT = {"IpProtocol": "tcp", "FromPort": 4222, "ToPort": 4222, "IsEgress": True}


@pytest.mark.parametrize(
    "change", [{}, {"IpProtocol": "-1"}, {"FromPort": 0}, {"ToPort": 65_535}], ids=str
)
def test_a_rule_lets_a_port_out(named: Profile, change: dict[str, Any]) -> None:
    """R37: TCP, outwards, with the port in its range; wherever to."""
    answer = {"SecurityGroupRules": [OUT | change]}
    assert answering(answer, named).lets_out((GROUP,), 4222)


@pytest.mark.parametrize(
    "change",
    [{"IpProtocol": "udp"}, {"IsEgress": False}, {"ToPort": 4221}, {"FromPort": 4223}],
    ids=str,
)
def test_a_rule_for_something_else_lets_it_not(named: Profile, change: dict[str, Any]) -> None:
    """The other way, another protocol, another port."""
    answer = {"SecurityGroupRules": [OUT | change]}
    assert not answering(answer, named).lets_out((GROUP,), 4222)


def test_aws_health_without_a_plan_is_unknown(named: Profile) -> None:
    """Its API needs a support plan; events come without."""
    refused = {"Error": {"Code": "SubscriptionRequiredException", "Message": "no plan"}}
    ends = Ends(refused)
    events: Any = ends.session.events
    events.register_first("before-call.health", _refusing(refused))
    with pytest.raises(DependencyUnavailable, match="SubscriptionRequiredException"):
        made(ends.session, named).issues()


def _refusing(answer: dict[str, Any]) -> Callable[..., object]:
    def refuse(**_: object) -> object:
        return type("Refused", (), {"status_code": 400})(), answer

    return refuse


def test_health_is_asked_where_its_endpoint_is() -> None:
    """It is in us-east-1, whatever the fleet's Region."""
    there = Session(region_name="eu-central-1")
    assert "eu-central-1" not in clients.health(there).meta.endpoint_url
