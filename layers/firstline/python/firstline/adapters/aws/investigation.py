"""Investigation: metrics, changes, the network and AWS Health, for an escalation."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from boto3.session import Session

from firstline.adapters.aws import alarm_types, clients, external_alarm, metric_data
from firstline.adapters.aws.errors import instant, unavailable
from firstline.config.profile import AlarmDefinition, Profile
from firstline.diagnosis.investigation import (
    COMPARISON_WINDOW,
    DAYS_BEFORE,
    Issues,
    Metrics,
    Peerings,
    Placement,
    Route,
    Routes,
    Series,
)
from firstline.diagnosis.preflight import Deployment, Deployments
from firstline.ids import InstanceId
from firstline.monitoring import alarms as detection
from firstline.monitoring.alarm_metric import ExternalMetric, Values, Window, window

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricAlarmTypeDef, MetricDataQueryTypeDef

DAY = timedelta(days=1)
HOSTS_MAX = 50


class AwsInvestigation:
    """The `InvestigationReader` port for the fleet of *profile* in *region*."""

    def __init__(self, session: Session, profile: Profile, region: str) -> None:
        self._metrics = clients.metrics(session)
        self._network = clients.network(session)
        self._releases = clients.releases(session)
        self._health = clients.health(session)
        self._profile = profile
        self._region = region

    def metrics(self, start: datetime) -> Metrics:
        """A value per quarter of an hour since a week before; raises `DependencyUnavailable`."""
        alarms = metric_data.by_metric(detection.deployable_alarms(self._profile))
        first, period = _quarter(start), int(COMPARISON_WINDOW.total_seconds())
        queries = [metric_data.query(f"m{n}", each, period) for n, each in enumerate(alarms)]
        with unavailable("investigation"):
            values_of = self._values(
                queries, first - DAYS_BEFORE * DAY, first + 2 * COMPARISON_WINDOW
            )
            return Metrics(
                tuple(
                    _series(f"{each.metric} ({each.statistic})", values_of[f"m{number}"], first)
                    for number, each in enumerate(alarms)
                )
            )

    def alarm_metric(self, alarm: AlarmDefinition, window: Window) -> Values:
        """The present values of *alarm*'s metric; raises `DependencyUnavailable`."""
        queries = metric_data.alarm_queries(alarm)
        with unavailable("investigation"):
            return dict(self._values(queries, window.begins, window.until)[metric_data.VALUE])

    def external_metric(
        self, arn: str, signalled_at: datetime, until: datetime
    ) -> ExternalMetric | None:
        """The present metric of an external alarm; raises `DependencyUnavailable`."""
        with unavailable("investigation"):
            alarm = self._metric_alarm(arn)
            judged = external_alarm.judged_metric(alarm) if alarm is not None else None
            if alarm is None or judged is None:
                return None
            queries, window_ = external_alarm.queries(alarm), window(judged, signalled_at, until)
            values_of = self._values(queries, window_.begins, window_.until)
            points = values_of[external_alarm.returned_query(queries)["Id"]]
        values = dict(points)
        # of several series, one for each contributor, none is what the alarm judges
        return ExternalMetric(judged, window_, values) if len(values) == len(points) else None

    def _metric_alarm(self, arn: str) -> "MetricAlarmTypeDef | None":
        """The alarm; None if it is deleted, of another type, or *arn* is no alarm's."""
        name = alarm_types.alarm_name(arn)
        if not name:
            return None
        page = self._metrics.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])
        alarms = (each for each in alarm_types.metric_alarms(page) if each["AlarmArn"] == arn)
        return next(alarms, None)

    def _values(
        self, queries: "list[MetricDataQueryTypeDef]", begin: datetime, end: datetime
    ) -> dict[str, list[tuple[datetime, float]]]:
        pages = self._metrics.get_paginator("get_metric_data").paginate(
            MetricDataQueries=queries, StartTime=begin, EndTime=end, ScanBy="TimestampAscending"
        )
        return metric_data.values([each for page in pages for each in page["MetricDataResults"]])

    def issues(self) -> Issues:
        """Open issues of the Region.

        Raises `DependencyUnavailable`, also if the support plan has no API.
        """
        with unavailable("investigation"):
            pages = self._health.get_paginator("describe_events").paginate(
                filter={
                    "regions": [self._region],
                    "eventStatusCodes": ["open"],
                    "eventTypeCategories": ["issue"],
                }
            )
            names = [
                f"{each['service']}: {each['eventTypeCode']}"
                for page in pages
                for each in page["events"]
            ]
        return Issues(tuple(sorted(set(names))))

    def launch_template(self) -> Deployments | None:
        """The creation of its latest version; raises `DependencyUnavailable`."""
        name = self._profile.fleet.launch_template
        if not name:
            return None
        with unavailable("investigation"):
            (latest,) = self._network.describe_launch_template_versions(
                LaunchTemplateName=name, Versions=["$Latest"]
            )["LaunchTemplateVersions"]
            made_at = instant(latest["CreateTime"])
        return Deployments((Deployment(what=f"the launch template {name}", at=made_at),))

    def releases(self, since: datetime) -> tuple[str, ...] | None:
        """CodeDeploy's deployments since then; raises `DependencyUnavailable`."""
        application, _, group = self._profile.fleet.deployment_group.partition("/")
        if not application:
            return None
        with unavailable("investigation"):
            pages = self._releases.get_paginator("list_deployments").paginate(
                applicationName=application,
                deploymentGroupName=group,
                createTimeRange={"start": since},
            )
            return tuple(each for page in pages for each in page["deployments"])

    def placement(self, hosts: tuple[InstanceId, ...]) -> Placement:
        """The networks of at most fifty hosts; raises `DependencyUnavailable`."""
        if not hosts:
            return Placement()
        with unavailable("investigation"):
            pages = self._network.get_paginator("describe_instances").paginate(
                InstanceIds=list(hosts[:HOSTS_MAX])
            )
            reservations = [each for page in pages for each in page["Reservations"]]
            instances = [each for it in reservations for each in it["Instances"]]
            # one that was terminated is in no VPC
            groups = {group["GroupId"] for each in instances for group in each["SecurityGroups"]}
            vpcs = {each["VpcId"] for each in instances if "VpcId" in each}
        return Placement(vpcs=tuple(sorted(vpcs)), groups=tuple(sorted(groups)))

    def lets_out(self, groups: tuple[str, ...], port: int) -> bool:
        """True if any rule of the groups allows outbound TCP to the port.

        Raises `DependencyUnavailable`.
        """
        if not groups:
            return False
        with unavailable("investigation"):
            pages = self._network.get_paginator("describe_security_group_rules").paginate(
                Filters=[{"Name": "group-id", "Values": list(groups)}],
                PaginationConfig={"PageSize": 1000},
            )
            rules = [each for page in pages for each in page["SecurityGroupRules"]]
            return any(
                each["IsEgress"]
                and (
                    each["IpProtocol"] == "-1"
                    or (each["IpProtocol"] == "tcp" and each["FromPort"] <= port <= each["ToPort"])
                )
                for each in rules
            )

    def routes(self, vpcs: tuple[str, ...]) -> Routes:
        """Every route over a peering connection; raises `DependencyUnavailable`."""
        if not vpcs:
            return Routes()
        with unavailable("investigation"):
            pages = self._network.get_paginator("describe_route_tables").paginate(
                Filters=[{"Name": "vpc-id", "Values": list(vpcs)}]
            )
            routes_ = {
                Route(
                    # one of IPv6 or of a prefix list has none
                    destination=each.get("DestinationCidrBlock", "another network"),
                    peering=each["VpcPeeringConnectionId"],
                    state=each["State"],
                )
                for page in pages
                for table in page["RouteTables"]
                for each in table["Routes"]
                if "VpcPeeringConnectionId" in each
            }
        return Routes(tuple(sorted(routes_, key=lambda each: (each.destination, each.peering))))

    def peerings(self, ids: tuple[str, ...]) -> Peerings:
        """The status of each; raises `DependencyUnavailable`."""
        with unavailable("investigation"):
            pages = self._network.get_paginator("describe_vpc_peering_connections").paginate(
                VpcPeeringConnectionIds=list(ids)
            )
            return Peerings(
                {
                    each["VpcPeeringConnectionId"]: each["Status"]["Code"]
                    for page in pages
                    for each in page["VpcPeeringConnections"]
                }
            )


def _series(name: str, values: list[tuple[datetime, float]], first: datetime) -> Series:
    """The two quarters from *first*, and the same two of each day before."""
    now_values = [value for at, value in values if at >= first]
    days = [
        value
        for at, value in values
        if at < first and (first - at) % DAY in {timedelta(0), DAY - COMPARISON_WINDOW}
    ]
    return Series(name, tuple(now_values), tuple(days))


def _quarter(at: datetime) -> datetime:
    """The start of the quarter of an hour of *at*, as CloudWatch aligns its periods."""
    utc = at.astimezone(UTC)
    day = utc.replace(hour=0, minute=0, second=0, microsecond=0)
    return day + (utc - day) // COMPARISON_WINDOW * COMPARISON_WINDOW
