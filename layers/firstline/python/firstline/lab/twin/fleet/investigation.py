"""The twin's investigation data: metrics, changes, the path to NATS, AWS Health; both backends."""

from datetime import datetime, timedelta

from firstline.config.profile import AlarmDefinition
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
from firstline.lab.twin import preflight
from firstline.lab.twin.effects import Effects
from firstline.lab.twin.fleet import alarm_metrics
from firstline.lab.twin.scaling_calls import Answer, Parameters
from firstline.lab.twin.world import World
from firstline.monitoring.alarm_metric import ExternalMetric, Values, Window

DAY = timedelta(days=1)
VPC, GROUP, PEERING = "vpc-0a1b2c3d4e5f60711", "sg-0a1b2c3d4e5f60711", "pcx-0a1b2c3d4e5f60711"
NETWORK = "10.10.0.0/16"
NATS_PORT = 4222
USUAL = 1.0


class MemoryInvestigation:
    """The `Investigation` port over the world."""

    def __init__(self, world: World, effects: Effects) -> None:
        self._world = world
        self._effects = effects

    def metrics(self, start: datetime) -> Metrics:
        """See `firstline.controller.ports.readers.Investigation`."""
        del start
        return self._effects.effect("investigation", "investigation.metrics", self._metrics)

    def _metrics(self) -> Metrics:
        before = (USUAL,) * 2 * DAYS_BEFORE
        unusual = self._world.scenario.unusual.items()
        return Metrics(tuple(Series(name, (value,), before) for name, value in unusual))

    def alarm_metric(self, alarm: AlarmDefinition, window: Window) -> Values:
        """See `firstline.controller.ports.readers.Investigation`."""
        return self._effects.effect(
            "investigation",
            "investigation.alarm_metric",
            lambda: alarm_metrics.values(self._world, alarm, window.periods),
        )

    def external_metric(
        self, arn: str, signalled_at: datetime, until: datetime
    ) -> ExternalMetric | None:
        """See `firstline.controller.ports.readers.Investigation`."""
        return self._effects.effect(
            "investigation",
            "investigation.external_metric",
            lambda: alarm_metrics.external(self._world, arn, signalled_at, until),
        )

    def issues(self) -> Issues:
        """See `firstline.controller.ports.readers.Investigation`."""
        found = tuple(
            f"{each}: AWS_{each}_OPERATIONAL_ISSUE" for each in self._world.scenario.issues
        )
        return self._effects.effect("investigation", "investigation.issues", lambda: Issues(found))

    def launch_template(self) -> Deployments | None:
        """See `firstline.controller.ports.readers.Investigation`."""
        ago = timedelta(seconds=self._world.scenario.template_changed_seconds_ago)
        found = Deployments((Deployment("the launch template", self._world.start - ago),))
        return self._effects.effect("investigation", "investigation.launch_template", lambda: found)

    def releases(self, since: datetime) -> tuple[str, ...] | None:
        """See `firstline.controller.ports.readers.Investigation`."""
        del since
        return self._effects.effect("investigation", "investigation.releases", tuple)

    def placement(self, hosts: tuple[InstanceId, ...]) -> Placement:
        """See `firstline.controller.ports.readers.Investigation`."""
        found = Placement((VPC,), (GROUP,)) if hosts else Placement()
        return self._effects.effect("investigation", "investigation.placement", lambda: found)

    def lets_out(self, groups: tuple[str, ...], port: int) -> bool:
        """See `firstline.controller.ports.readers.Investigation`."""
        allowed = self._world.scenario.port_allowed and port == NATS_PORT and GROUP in groups
        return self._effects.effect("investigation", "investigation.lets_out", lambda: allowed)

    def routes(self, vpcs: tuple[str, ...]) -> Routes:
        """See `firstline.controller.ports.readers.Investigation`."""
        state = "active" if self._world.scenario.peering == "active" else "blackhole"
        peered = VPC in vpcs and self._world.scenario.peering != "none"
        known = (Route(NETWORK, PEERING, state),) if peered else ()
        return self._effects.effect("investigation", "investigation.routes", lambda: Routes(known))

    def peerings(self, ids: tuple[str, ...]) -> Peerings:
        """See `firstline.controller.ports.readers.Investigation`."""
        found = Peerings(dict.fromkeys(ids, self._world.scenario.peering))
        return self._effects.effect("investigation", "investigation.peerings", lambda: found)


def metric_data(world: World, parameters: Parameters) -> Answer:
    """Return a value per quarter hour of the span: usual values before the start."""
    begin, end = parameters["StartTime"], parameters["EndTime"]
    count = int((end - begin) / COMPARISON_WINDOW)
    times = [begin + number * COMPARISON_WINDOW for number in range(count)]
    return {
        "MetricDataResults": [
            {
                "Id": each["Id"],
                "StatusCode": "Complete",
                "Timestamps": times,
                "Values": [
                    _value(world, each["MetricStat"]["Metric"]["MetricName"], at) for at in times
                ],
            }
            for each in parameters["MetricDataQueries"]
        ]
    }


def _value(world: World, metric: str, at: datetime) -> float:
    since_start = at + COMPARISON_WINDOW > world.start
    return world.scenario.unusual.get(metric, USUAL) if since_start else USUAL


def describe_events(world: World, _: Parameters) -> Answer:
    """Return AWS Health's open issues."""
    return {
        "events": [
            {"service": each, "eventTypeCode": _code(each)} for each in world.scenario.issues
        ]
    }


def _code(service: str) -> str:
    return f"AWS_{service}_OPERATIONAL_ISSUE"


def describe_launch_template_versions(world: World, parameters: Parameters) -> Answer:
    """Return the latest version of the one launch template, of any name."""
    ago = timedelta(seconds=world.scenario.template_changed_seconds_ago)
    version = {"VersionNumber": 7, "CreateTime": world.start - ago}
    return {
        "LaunchTemplateVersions": [
            version | {"LaunchTemplateName": parameters["LaunchTemplateName"]}
        ]
    }


def list_deployments(_: World, parameters: Parameters) -> Answer:
    """Return none: the world deploys nothing by CodeDeploy."""
    del parameters
    return {"deployments": []}


def describe_instances(world: World, parameters: Parameters) -> Answer:
    """Return instances in the one network, or by tag the host that builds an image."""
    if "Filters" in parameters:
        host = {"InstanceId": preflight.BUILD_HOST, "LaunchTime": world.start}
        return {"Reservations": [{"Instances": [host]}] if world.scenario.building else []}
    groups = [{"GroupId": GROUP, "GroupName": "enclave"}]
    instances = [
        {"InstanceId": each, "VpcId": VPC, "SecurityGroups": groups}
        for each in parameters["InstanceIds"]
    ]
    return {"Reservations": [{"Instances": instances}]}


def describe_security_group_rules(world: World, _: Parameters) -> Answer:
    """Return one ingress rule, and one egress rule where NATS's port is allowed."""
    rule = {
        "GroupId": GROUP,
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "IsEgress": False,
    }
    out = rule | {"FromPort": NATS_PORT, "ToPort": NATS_PORT, "IsEgress": True}
    return {"SecurityGroupRules": [rule, out] if world.scenario.port_allowed else [rule]}


def describe_route_tables(world: World, _: Parameters) -> Answer:
    """Return the network's own route, and the one over the peering connection."""
    state = "active" if world.scenario.peering == "active" else "blackhole"
    own = {"DestinationCidrBlock": "10.20.0.0/16", "GatewayId": "local", "State": "active"}
    peered = {
        "DestinationCidrBlock": NETWORK,
        "VpcPeeringConnectionId": PEERING,
        "State": state,
    }
    routes = [own] if world.scenario.peering == "none" else [own, peered]
    return {"RouteTables": [{"VpcId": VPC, "Routes": routes}]}


def describe_vpc_peering_connections(world: World, parameters: Parameters) -> Answer:
    """Return each requested connection."""
    return {
        "VpcPeeringConnections": [
            {"VpcPeeringConnectionId": each, "Status": {"Code": world.scenario.peering}}
            for each in parameters["VpcPeeringConnectionIds"]
        ]
    }
