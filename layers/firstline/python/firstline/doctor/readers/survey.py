"""Reads an Auto Scaling group and the resources around it, to write a fleet file."""

import time
from typing import Any

from boto3.session import Session

from firstline.config.profile import Fleet, Units
from firstline.doctor.facts import Fact, ReadFailure
from firstline.doctor.readers.account import caller_home
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.fleet import FleetReader, in_service
from firstline.doctor.readers.requests import client, pages, read
from firstline.doctor.survey.facts import Group, Network, Survey
from firstline.errors import DependencyUnavailable, InvalidInput
from firstline.ids import InstanceId

UNITS = "systemctl list-units --type=service --all --plain --no-legend | cut -d' ' -f1"
"""The command that lists a host's service units."""
TIMEOUT_SECONDS = 30


def read_survey(session: Session, group: str, *, look: bool) -> Survey:
    """Return the account's facts around *group*. With *look* one host lists its units over SSM.

    Raises `InvalidInput` if there is no such group, `DependencyUnavailable` if the group or the
    caller cannot be read.
    """
    at, found = caller_home(session), _group(session, group)
    unknown = Fleet(name="x", group=group, tags={"x": "x"}, units=Units(enclave="x", parent="x"))
    fleet = FleetReader(session, unknown, at)
    return Survey(
        home=at,
        group=found,
        hosts_by_tag=_hosts_by_tag(session, found),
        target_groups=fleet.target_groups(),
        http_apis=fleet.http_apis(),
        rest_apis=fleet.rest_apis(),
        log_groups=_log_groups(session),
        alarms=AlarmsReader(session).all(),
        agents=fleet.agents(found.hosts),
        network=_network(session, found),
        units=_units(session, found) if look else None,
    )


def _group(session: Session, name: str) -> Group:
    groups = read(
        "autoscaling:DescribeAutoScalingGroups",
        lambda: pages(
            client(session, "autoscaling"), "describe_auto_scaling_groups", "AutoScalingGroups"
        ),
    )
    if isinstance(groups, ReadFailure):
        raise DependencyUnavailable(f"the groups cannot be read ({groups.action}: {groups.code})")
    found = next((each for each in groups if each["AutoScalingGroupName"] == name), None)
    if found is None:
        names = ", ".join(sorted(each["AutoScalingGroupName"] for each in groups)) or "none"
        raise InvalidInput(f"--group {name}: no such group in this Region; existing: {names}")
    return _shown(found)


def _shown(group: dict[str, Any]) -> Group:
    tags = {it["Key"]: it["Value"] for it in group.get("Tags", ())}
    spread = {it["Key"]: it["Value"] for it in group.get("Tags", ()) if it["PropagateAtLaunch"]}
    mixed = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    template = group.get("LaunchTemplate") or mixed.get("LaunchTemplateSpecification", {})
    return Group(
        name=group["AutoScalingGroupName"],
        max_size=group["MaxSize"],
        hosts=in_service(group),
        tags=spread,
        stack=tags.get("aws:cloudformation:stack-name", ""),
        subnets=tuple(filter(None, group.get("VPCZoneIdentifier", "").split(","))),
        target_groups=tuple(it.rpartition(":")[2] for it in group.get("TargetGroupARNs", ())),
        launch_template=template.get("LaunchTemplateName", ""),
    )


def _hosts_by_tag(session: Session, group: Group) -> Fact[dict[str, tuple[InstanceId, ...]]]:
    hosts = client(session, "ec2")
    return read(
        "ec2:DescribeInstances",
        lambda: {
            key: tuple(
                InstanceId(each["InstanceId"])
                for it in pages(
                    hosts,
                    "describe_instances",
                    "Reservations",
                    Filters=[
                        {"Name": f"tag:{key}", "Values": [value]},
                        {"Name": "instance-state-name", "Values": ["running"]},
                    ],
                )
                for each in it["Instances"]
            )
            for key, value in group.tags.items()
        },
    )


def _network(session: Session, group: Group) -> Fact[Network | None]:
    if not group.hosts:
        return None
    hosts = client(session, "ec2")

    def ask() -> Network:
        (it,) = hosts.describe_instances(InstanceIds=[group.hosts[0]])["Reservations"]
        (host,) = it["Instances"]
        groups = tuple(each["GroupId"] for each in host["SecurityGroups"])
        return Network(host["VpcId"], groups)

    return read("ec2:DescribeInstances", ask)


def _log_groups(session: Session) -> Fact[tuple[str, ...]]:
    logs = client(session, "logs")
    return read(
        "logs:DescribeLogGroups",
        lambda: tuple(
            each["logGroupName"] for each in pages(logs, "describe_log_groups", "logGroups")
        ),
    )


def _units(session: Session, group: Group) -> Fact[tuple[str, ...]]:
    """Return the service units of one host, without their suffix."""
    if not group.hosts:
        return ()
    hosts = client(session, "ssm")

    def ask() -> tuple[str, ...]:
        sent = hosts.send_command(
            InstanceIds=[group.hosts[0]],
            DocumentName="AWS-RunShellScript",
            Parameters={"commands": [UNITS]},
            TimeoutSeconds=TIMEOUT_SECONDS,
        )
        return _answer(hosts, sent["Command"]["CommandId"], group.hosts[0])

    return read("ssm:SendCommand", ask)


def _answer(hosts: Any, command: str, host: InstanceId) -> tuple[str, ...]:  # noqa: ANN401 - any
    for _ in range(TIMEOUT_SECONDS):
        found = hosts.list_command_invocations(CommandId=command, Details=True)
        for each in found["CommandInvocations"]:
            if each["InstanceId"] == host and each["Status"] == "Success":
                lines = "".join(it["Output"] for it in each["CommandPlugins"]).splitlines()
                return tuple(it.removesuffix(".service") for it in lines if it.endswith(".service"))
        time.sleep(1)
    return ()
