"""Reads the Auto Scaling group, its hosts, load balancers and APIs."""

from typing import Any

from boto3.session import Session

from firstline.config.profile import Fleet
from firstline.config.settings import Home
from firstline.doctor.facts import Agent, Api, Fact, ScalingGroup, TargetGroup
from firstline.doctor.readers.requests import client, pages, read
from firstline.ids import InstanceId


class FleetReader:
    """Reads the hosts of `[fleet]`, and the load balancers and APIs before them."""

    def __init__(self, session: Session, fleet: Fleet, home: Home) -> None:
        self._session = session
        self._fleet = fleet
        self._home = home

    def groups(self) -> Fact[tuple[ScalingGroup, ...]]:
        """Return all Auto Scaling groups."""
        groups = client(self._session, "autoscaling")
        return read(
            "autoscaling:DescribeAutoScalingGroups",
            lambda: tuple(
                ScalingGroup(
                    name=each["AutoScalingGroupName"],
                    desired=each["DesiredCapacity"],
                    max_size=each["MaxSize"],
                    in_service=in_service(each),
                    suspended=tuple(it["ProcessName"] for it in each["SuspendedProcesses"]),
                    collects=tuple(it["Metric"] for it in each["EnabledMetrics"]),
                )
                for each in pages(groups, "describe_auto_scaling_groups", "AutoScalingGroups")
            ),
        )

    def tagged(self) -> Fact[tuple[InstanceId, ...]]:
        """Return the running instances that carry all tags of the fleet."""
        hosts = client(self._session, "ec2")
        filters = [{"Name": f"tag:{key}", "Values": [it]} for key, it in self._fleet.tags.items()]
        filters.append({"Name": "instance-state-name", "Values": ["running"]})
        return read(
            "ec2:DescribeInstances",
            lambda: tuple(
                InstanceId(each["InstanceId"])
                for it in pages(hosts, "describe_instances", "Reservations", Filters=filters)
                for each in it["Instances"]
            ),
        )

    def agents(self, hosts: tuple[InstanceId, ...]) -> Fact[tuple[Agent, ...]]:
        """Return SSM's agents on *hosts*; without hosts nothing is read."""
        if not hosts:
            return ()
        wanted = [{"Key": "InstanceIds", "Values": list(hosts)}]
        found = client(self._session, "ssm")
        # an agent without a version counts as too old
        return read(
            "ssm:DescribeInstanceInformation",
            lambda: tuple(
                Agent(InstanceId(it["InstanceId"]), it["PingStatus"], it.get("AgentVersion", ""))
                for it in pages(
                    found,
                    "describe_instance_information",
                    "InstanceInformationList",
                    Filters=wanted,
                    PaginationConfig={"PageSize": 50},
                )
            ),
        )

    def target_groups(self) -> Fact[tuple[TargetGroup, ...]]:
        """Return all target groups with their load balancers, by the last parts of ARNs."""
        balancing = client(self._session, "elbv2")
        return read(
            "elasticloadbalancing:DescribeTargetGroups",
            lambda: tuple(
                TargetGroup(
                    each["TargetGroupArn"].rpartition(":")[2],
                    tuple(_balancer(it) for it in each["LoadBalancerArns"]),
                )
                for each in pages(balancing, "describe_target_groups", "TargetGroups")
            ),
        )

    def targets(self) -> Fact[tuple[InstanceId, ...]] | None:
        """Return the targets of the fleet's target group; None if it names none."""
        if not self._fleet.target_group:
            return None
        place = f"{self._home.region}:{self._home.account}"
        arn = f"arn:aws:elasticloadbalancing:{place}:{self._fleet.target_group}"
        balancing = client(self._session, "elbv2")
        return read(
            "elasticloadbalancing:DescribeTargetHealth",
            lambda: tuple(
                InstanceId(each["Target"]["Id"])
                for each in balancing.describe_target_health(TargetGroupArn=arn)[
                    "TargetHealthDescriptions"
                ]
            ),
            "TargetGroupNotFound",
            none=(),
        )

    def balancers(self) -> Fact[tuple[str, ...]]:
        """Return all load balancers, by the last parts of their ARNs."""
        balancing = client(self._session, "elbv2")
        return read(
            "elasticloadbalancing:DescribeLoadBalancers",
            lambda: tuple(
                _balancer(each["LoadBalancerArn"])
                for each in pages(balancing, "describe_load_balancers", "LoadBalancers")
            ),
        )

    def http_apis(self) -> Fact[tuple[Api, ...]]:
        """Return all HTTP and WebSocket APIs."""
        apis = client(self._session, "apigatewayv2")
        return read(
            "apigateway:GET",
            lambda: tuple(
                Api(each["ApiId"], each["Name"], each["ProtocolType"])
                for each in pages(apis, "get_apis", "Items")
            ),
        )

    def rest_apis(self) -> Fact[tuple[Api, ...]]:
        """Return all REST APIs."""
        apis = client(self._session, "apigateway")
        return read(
            "apigateway:GET",
            lambda: tuple(
                Api(each["id"], each["name"], "REST")
                for each in pages(apis, "get_rest_apis", "items")
            ),
        )


def in_service(group: dict[str, Any]) -> tuple[InstanceId, ...]:
    """Return the hosts in service of *group*, an Auto Scaling description."""
    found = (it for it in group["Instances"] if it["LifecycleState"] == "InService")
    return tuple(InstanceId(it["InstanceId"]) for it in found)


def _balancer(arn: str) -> str:
    """Return CloudWatch's name of a load balancer: ``app/NAME/ID``."""
    return arn.partition(":loadbalancer/")[2]
