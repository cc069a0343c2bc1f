"""Fleet: the group, its hosts, its load balancer and its APIs, as the account shows them."""

from typing import Any

from boto3.session import Session

from firstline.config.profile import Fleet
from firstline.config.settings import Home
from firstline.doctor.facts import Agent, Api, Read, ScalingGroup, TargetGroup
from firstline.doctor.readers.reading import client, pages, read
from firstline.ids import InstanceId


class FleetReader:
    """Reads what `[fleet]` names of hosts and of what stands before them."""

    def __init__(self, session: Session, fleet: Fleet, home: Home) -> None:
        self._session = session
        self._fleet = fleet
        self._home = home

    def groups(self) -> Read[tuple[ScalingGroup, ...]]:
        """All Auto Scaling groups."""
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

    def tagged(self) -> Read[tuple[InstanceId, ...]]:
        """The running instances that carry all of the fleet's tags."""
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

    def agents(self, hosts: tuple[InstanceId, ...]) -> Read[tuple[Agent, ...]]:
        """SSM's agents on *hosts*; nothing is asked where there are none."""
        if not hosts:
            return ()
        wanted = [{"Key": "InstanceIds", "Values": list(hosts)}]
        found = client(self._session, "ssm")
        # without its version an agent counts as one that is too old
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

    def target_groups(self) -> Read[tuple[TargetGroup, ...]]:
        """All target groups with their load balancers, by the last parts of their ARNs."""
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

    def targets(self) -> Read[tuple[InstanceId, ...]] | None:
        """What the fleet's target group holds; None where it names none."""
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

    def balancers(self) -> Read[tuple[str, ...]]:
        """All load balancers, by the last parts of their ARNs."""
        balancing = client(self._session, "elbv2")
        return read(
            "elasticloadbalancing:DescribeLoadBalancers",
            lambda: tuple(
                _balancer(each["LoadBalancerArn"])
                for each in pages(balancing, "describe_load_balancers", "LoadBalancers")
            ),
        )

    def http_apis(self) -> Read[tuple[Api, ...]]:
        """All HTTP and WebSocket APIs."""
        apis = client(self._session, "apigatewayv2")
        return read(
            "apigateway:GET",
            lambda: tuple(
                Api(each["ApiId"], each["Name"], each["ProtocolType"])
                for each in pages(apis, "get_apis", "Items")
            ),
        )

    def rest_apis(self) -> Read[tuple[Api, ...]]:
        """All REST APIs."""
        apis = client(self._session, "apigateway")
        return read(
            "apigateway:GET",
            lambda: tuple(
                Api(each["id"], each["name"], "REST")
                for each in pages(apis, "get_rest_apis", "items")
            ),
        )


def in_service(group: dict[str, Any]) -> tuple[InstanceId, ...]:
    """The hosts of *group*, as Auto Scaling shows it, that are in service."""
    found = (it for it in group["Instances"] if it["LifecycleState"] == "InService")
    return tuple(InstanceId(it["InstanceId"]) for it in found)


def _balancer(arn: str) -> str:
    """As CloudWatch names it: ``app/NAME/ID``."""
    return arn.partition(":loadbalancer/")[2]
