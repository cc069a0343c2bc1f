"""The Fleet port: what both adapters must do, and what AWS alone can do to one of them."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from firstline.adapters import clients
from firstline.adapters.fleet import AwsFleet
from firstline.errors import Unavailable
from firstline.evidence import AlarmReading, AlarmState, Group, TargetHealth, Unknown
from firstline.ids import InstanceId
from firstline.ports import Fleet
from firstline.profile import Profile
from firstline.twin.aws import HOME
from firstline.twin.scenario import FaultKind
from firstline.twin.world import RESTART_TAKES, World
from tests.adapters.doors import Door, Ends, Http, Requests

ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:healthy-hosts"
READS: dict[str, Callable[[Fleet], object]] = {
    "auto-scaling.DescribeAutoScalingGroups": lambda fleet: fleet.group(),
    "elastic-load-balancing-v2.DescribeTargetHealth": lambda fleet: fleet.target_health(),
    "cloudwatch.DescribeAlarms": lambda fleet: fleet.alarm(ALARM),
}
FAULTS: tuple[FaultKind, ...] = ("error", "hang", "timeout-after")


def watch(world: World) -> None:
    world.watch(ALARM, b"{}", None)


# --- both ------------------------------------------------------------------------------------


def test_group_lists_every_instance(door: Door) -> None:
    """The group's instances are the world's hosts, and all of them are in service."""
    group = door.ports.fleet.group()
    assert group.desired == 3
    assert group.in_service() == tuple(sorted(door.world.hosts))
    assert {each.health for each in group.instances} == {"Healthy"}


def test_target_health_follows_the_hosts(door: Door) -> None:
    """A host that is restarted is healthy once the load balancer has seen it for a while."""
    first, *others = door.world.hosts
    door.world.hosts[first].restart(door.world.now)
    assert door.ports.fleet.target_health() == TargetHealth(
        dict.fromkeys(door.world.hosts, "unhealthy")
    )
    door.world.advance(door.world.now + 3 * RESTART_TAKES)
    health = door.ports.fleet.target_health()
    assert health == TargetHealth({first: "healthy", **dict.fromkeys(others, "unhealthy")})


@pytest.mark.parametrize("state", AlarmState)
def test_alarm_shows_its_present_state(door: Door, state: AlarmState) -> None:
    """An alarm reads as the state that it is in now."""
    watch(door.world)
    door.world.alarms[ALARM].state = state
    assert door.ports.fleet.alarm(ALARM) == AlarmReading(state)


def test_alarm_that_is_gone_is_unknown(door: Door) -> None:
    """An alarm that does not exist is unknown, never OK."""
    assert isinstance(door.ports.fleet.alarm(ALARM), Unknown)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_fault_is_unavailable(door: Door, read: Callable[[Fleet], object], kind: FaultKind) -> None:
    """A read that fails or hangs raises Unavailable."""
    watch(door.world)
    door.trouble("fleet", kind)
    with pytest.raises(Unavailable):
        read(door.ports.fleet)


# --- AWS alone -------------------------------------------------------------------------------


@pytest.mark.parametrize(("call", "read"), READS.items(), ids=READS)
def test_a_read_is_one_request(
    aws_door: Door, requests: Requests, call: str, read: Callable[[Fleet], object]
) -> None:
    """Each method makes one request."""
    watch(aws_door.world)
    read(aws_door.ports.fleet)
    assert requests.calls == [call]


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "healthy-hosts",
        ALARM.replace("us-east-1", "eu-west-1"),
        ALARM.replace("111122223333", "444455556666"),
        ALARM.replace("cloudwatch", "cloudtrail"),
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:",
        f"{ALARM}\n",
        ALARM + "x" * 256,
    ],
)
def test_alarm_of_elsewhere_is_not_asked_for(aws_door: Door, requests: Requests, arn: str) -> None:
    """An ARN that is not of an alarm of the home account and Region is unknown, unasked."""
    watch(aws_door.world)
    assert isinstance(aws_door.ports.fleet.alarm(arn), Unknown)
    assert requests.calls == []


def test_group_of_another_name_is_unavailable(aws_door: Door) -> None:
    """No group of exactly the profile's name: nothing is known of the fleet."""
    aws_door.world.group_name += "-old"
    with pytest.raises(Unavailable, match="0 Auto Scaling groups"):
        aws_door.ports.fleet.group()


# --- what AWS may answer ---------------------------------------------------------------------


def fleet_of(ends: Ends, profile: Profile) -> AwsFleet:
    return AwsFleet(
        clients.groups(ends.session),
        clients.targets(ends.session),
        clients.alarms(ends.session),
        profile,
        HOME,
    )


def group_called(name: str) -> dict[str, Any]:
    return {"AutoScalingGroupName": name, "DesiredCapacity": 0, "Instances": []}


def target(id_: str, state: str) -> dict[str, Any]:
    return {"Target": {"Id": id_}, "TargetHealth": {"State": state}}


def test_two_groups_are_unavailable(profile: Profile) -> None:
    """Two groups of the name: which one is managed is not known."""
    name = profile.fleet.group
    ends = Ends({"AutoScalingGroups": [group_called(name), group_called(name)]})
    with pytest.raises(Unavailable, match="2 Auto Scaling groups"):
        fleet_of(ends, profile).group()


def test_other_groups_do_not_count(profile: Profile) -> None:
    """A group whose name only contains the profile's is another one."""
    name = profile.fleet.group
    ends = Ends({"AutoScalingGroups": [group_called(f"{name}-old"), group_called(name)]})
    assert fleet_of(ends, profile).group() == Group(desired=0, instances=())


@pytest.mark.parametrize("states", [("healthy", "unhealthy"), ("unhealthy", "healthy")])
def test_target_is_as_healthy_as_its_worst_port(profile: Profile, states: tuple[str, ...]) -> None:
    """A host that is registered twice is healthy when both registrations are."""
    ends = Ends({"TargetHealthDescriptions": [target("i-1", each) for each in states]})
    assert fleet_of(ends, profile).target_health() == TargetHealth({InstanceId("i-1"): "unhealthy"})


def test_no_target_group_is_unknown(profile: Profile) -> None:
    """Without a target group in the profile, nothing is asked and nothing is known."""
    ends = Ends(ReadTimeoutError(endpoint_url="https://never.invalid"))
    bare = copy.replace(profile, fleet=copy.replace(profile.fleet, target_group=""))
    assert isinstance(fleet_of(ends, bare).target_health(), Unknown)
    assert ends.sends == 0


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        ({"CompositeAlarms": [{"AlarmArn": ALARM, "StateValue": "OK"}]}, AlarmState.OK),
        ({"MetricAlarms": [{"AlarmArn": ALARM, "StateValue": "ALARM"}]}, AlarmState.ALARM),
        ({"MetricAlarms": [{"AlarmArn": f"{ALARM}-2", "StateValue": "OK"}]}, None),
        ({"MetricAlarms": [{"AlarmArn": ALARM}]}, None),
        ({"MetricAlarms": [{"AlarmArn": ALARM, "StateValue": "NEW"}]}, None),
        ({"MetricAlarms": [], "CompositeAlarms": []}, None),
        ({}, None),
    ],
)
def test_alarm_is_read_by_its_arn(
    profile: Profile, answer: dict[str, Any], reading: AlarmState | None
) -> None:
    """A metric or a composite alarm with exactly the ARN is read; all else is unknown."""
    found = fleet_of(Ends(answer), profile).alarm(ALARM)
    assert found == AlarmReading(reading) if reading else isinstance(found, Unknown)


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize(
    ("end", "sends"),
    [
        (ReadTimeoutError(endpoint_url="https://aws.invalid"), 2),
        (EndpointConnectionError(endpoint_url="https://aws.invalid"), 2),
        (Http(500), 2),
        (Http(403), 1),
    ],
    ids=["hang", "unreachable", "HTTP 500", "HTTP 403"],
)
def test_reads_are_tried_twice(
    profile: Profile, read: Callable[[Fleet], object], end: Http | Exception, sends: int
) -> None:
    """What may pass is tried twice, as botocore counts, and ends as Unavailable."""
    ends = Ends(end)
    with pytest.raises(Unavailable):
        read(fleet_of(ends, profile))
    assert ends.sends == sends
