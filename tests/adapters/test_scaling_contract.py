"""The Scaling port: what both adapters must do, and what is never asked of the group."""

import copy
from datetime import timedelta
from typing import Any, Literal

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from firstline.adapters.aws import clients
from firstline.adapters.aws.scaling import AsgScaling
from firstline.errors import DependencyUnavailable, InvariantViolation
from firstline.ids import CommandId, GroupName, InstanceId, Token
from firstline.lab.twin.aws import session
from firstline.lab.twin.fleet.group import BY_HAND
from firstline.remediation.execution import (
    COMMAND_SEARCH_MARGIN,
    FixOrder,
    OtherRefresh,
    Refused,
    Sending,
    Sent,
    Unsettled,
)
from tests.adapters.backends import T0, Door, Ends, Http, Requests
from tests.adapters.ssm import INCIDENT

ONE = InstanceId("i-0a1b2c3d4e5f60711")
GROUP = GroupName("VettID-Nitro-EnclaveASG")
REFRESHING = {
    "MinHealthyPercentage": "0",
    "CanaryPercentage": "33",
    "CheckpointDelay": "600",
    "InstanceWarmup": "60",
}
REPLACE = FixOrder(
    token=Token("0" * 32),
    incident=INCIDENT,
    action="replace_instance",
    target=ONE,
    not_after=T0 + timedelta(minutes=1),
    parameters={"InstanceId": ONE},
)
REFRESH = copy.replace(REPLACE, action="refresh_fleet", target=GROUP, parameters=REFRESHING)
CANCEL = copy.replace(
    REPLACE,
    action="cancel_refresh",
    target=GROUP,
    parameters={"InstanceRefreshId": "refresh-0"},
)
SCALE_OUT = copy.replace(
    REPLACE, action="scale_out", target=GROUP, parameters={"DesiredCapacity": "4"}
)
ORDERS = (REPLACE, REFRESH, CANCEL, SCALE_OUT)
TIMEOUT = ReadTimeoutError(endpoint_url="https://aws.invalid")


def sent(sending: Sending) -> CommandId:
    assert isinstance(sending, Sent), sending
    return sending.command


def in_service(door: Door) -> set[InstanceId]:
    return set(door.ports.fleet.group().in_service())


def test_a_replaced_instance_is_gone_and_another_comes(door: Door) -> None:
    """The group keeps the size that it wants."""
    scaling, before = door.ports.scaling, in_service(door)
    sent(scaling.fix(REPLACE))
    assert in_service(door) == before - {ONE}
    assert not door.ports.fleet.group().at_desired_capacity
    door.world.advance(door.world.now + timedelta(minutes=3))
    after = in_service(door)
    assert (len(after), ONE in after) == (len(before), False)


def test_a_refresh_replaces_its_canary_and_then_the_rest(door: Door) -> None:
    """It is listed while it goes on, and one goes on at a time."""
    scaling, before = door.ports.scaling, in_service(door)
    refresh = sent(scaling.fix(REFRESH))
    assert [each.id for each in scaling.refreshes().active()] == [refresh]
    assert scaling.fix(REFRESH) == Refused("InstanceRefreshInProgress")
    door.world.advance(door.world.now + timedelta(minutes=5))
    assert len(in_service(door) & before) == 2
    door.world.advance(door.world.now + timedelta(minutes=20))
    assert in_service(door).isdisjoint(before)
    assert scaling.refreshes().active() == ()
    assert [each.status for each in scaling.refreshes().known] == ["Successful"]


def test_a_cancelled_refresh_replaces_no_more(door: Door) -> None:
    """Replaced instances stay replaced."""
    scaling, before = door.ports.scaling, in_service(door)
    refresh = sent(scaling.fix(REFRESH))
    assert sent(scaling.fix(CANCEL)) == refresh
    assert isinstance(scaling.fix(CANCEL), Refused)
    door.world.advance(door.world.now + timedelta(hours=1))
    assert len(in_service(door) & before) == 2
    assert [each.status for each in scaling.refreshes().known] == ["Cancelled"]


def test_a_larger_group_has_one_instance_more(door: Door) -> None:
    """An absolute number, whatever is asked twice."""
    for _ in range(2):
        sent(door.ports.scaling.fix(SCALE_OUT))
    door.world.advance(door.world.now + timedelta(minutes=3))
    group = door.ports.fleet.group()
    assert (group.desired, len(group.in_service()), group.has_room) == (4, 4, True)


@pytest.mark.parametrize("order", [REPLACE, REFRESH, SCALE_OUT], ids=lambda it: it.action)
def test_what_was_asked_is_found_by_what_it_began(door: Door, order: FixOrder) -> None:
    """Nothing is found of what was not asked, nor of what was asked long before."""
    scaling = door.ports.scaling
    assert scaling.find(order, T0) is None
    command = sent(scaling.fix(order))
    assert scaling.find(order, door.world.now) == command
    if order is not SCALE_OUT:
        assert scaling.find(order, door.world.now + 2 * COMMAND_SEARCH_MARGIN) is None


def test_a_cancelled_refresh_is_found(door: Door) -> None:
    """By its id and status; one that goes on was not cancelled."""
    scaling = door.ports.scaling
    refresh = sent(scaling.fix(REFRESH))
    assert scaling.find(CANCEL, T0) is None
    sent(scaling.fix(CANCEL))
    assert scaling.find(CANCEL, T0) == refresh


def test_a_cancel_is_not_found_in_another_refresh(door: Door) -> None:
    """Somebody cancelled one before, and ours goes on."""
    group, scaling = door.world.group, door.ports.scaling
    group.refresh(BY_HAND, by_hand=True)
    group.cancel()
    refresh = sent(scaling.fix(REFRESH))
    order = copy.replace(CANCEL, parameters={"InstanceRefreshId": refresh})
    assert scaling.find(order, T0) is None
    assert [each.id for each in scaling.refreshes().active()] == [refresh] != ["refresh-0"]


def test_a_cancel_is_sent_only_while_the_refresh_that_it_means_goes_on(door: Door) -> None:
    """The call names none: it would cancel whichever there is."""
    group, scaling = door.world.group, door.ports.scaling
    sent(scaling.fix(REFRESH))
    group.cancel()
    result = "the order cancels refresh-0, but no refresh is in progress"
    assert scaling.fix(CANCEL) == Refused(result)
    theirs = group.refresh(BY_HAND, by_hand=True)
    result = "the order cancels refresh-0, but refresh-1 is in progress"
    assert scaling.fix(CANCEL) == Refused(result)
    assert theirs.cancelled_at is None
    assert [each.id for each in scaling.refreshes().active()] == [theirs.id]


def test_a_refresh_with_other_preferences_is_not_ours(door: Door) -> None:
    """A person began it, in our time: it is named, and not adopted."""
    theirs = door.world.group.refresh(BY_HAND, by_hand=True)
    assert door.ports.scaling.find(REFRESH, T0) == OtherRefresh(CommandId(theirs.id))
    later = door.world.now + 2 * COMMAND_SEARCH_MARGIN
    assert door.ports.scaling.find(REFRESH, later) is None


def test_a_refresh_like_ours_that_began_too_late_is_not_ours(door: Door) -> None:
    """Ours is not sent any more after its time."""
    refresh = sent(door.ports.scaling.fix(REFRESH))
    last = copy.replace(REFRESH, not_after=door.world.now - COMMAND_SEARCH_MARGIN)
    assert door.ports.scaling.find(last, T0) == refresh
    gone = copy.replace(last, not_after=last.not_after - timedelta(seconds=1))
    assert door.ports.scaling.find(gone, T0) == OtherRefresh(refresh)


@pytest.mark.parametrize("order", ORDERS, ids=lambda it: it.action)
def test_a_change_that_times_out_is_unsettled_and_sent_once(
    aws_door: Door, requests: Requests, order: FixOrder
) -> None:
    """Botocore's own retries would ask the group twice."""
    if order is CANCEL:
        sent(aws_door.ports.scaling.fix(REFRESH))
    requests.clear()
    aws_door.trouble("fleet", "timeout-after", "changes")
    assert isinstance(aws_door.ports.scaling.fix(order), Unsettled)
    assert len(requests.sends) == 1


@pytest.mark.parametrize("order", ORDERS, ids=lambda it: it.action)
def test_a_fault_of_the_service_is_unsettled(door: Door, order: FixOrder) -> None:
    """A 5xx, ResourceContention among them, proves nothing."""
    if order is CANCEL:
        sent(door.ports.scaling.fix(REFRESH))
    door.trouble("fleet", "error", "changes")
    assert isinstance(door.ports.scaling.fix(order), Unsettled)
    door.trouble("fleet", "error")
    for read in (lambda: door.ports.scaling.find(order, T0), door.ports.scaling.refreshes):
        with pytest.raises(DependencyUnavailable):
            read()


def test_each_method_is_one_request(aws_door: Door, requests: Requests) -> None:
    """A fix, a search and a read: one each.

    A cancel is preceded by a read, and a termination that was found confirmed by one.
    """
    scaling = aws_door.ports.scaling
    scaling.refreshes()
    for order in ORDERS:
        scaling.fix(order)
        scaling.find(order, T0)
    assert requests.calls == [
        f"auto-scaling.{each}"
        for each in (
            "DescribeInstanceRefreshes",
            "TerminateInstanceInAutoScalingGroup",
            "DescribeScalingActivities",
            "DescribeAutoScalingGroups",
            "StartInstanceRefresh",
            "DescribeInstanceRefreshes",
            "DescribeInstanceRefreshes",
            "CancelInstanceRefresh",
            "DescribeInstanceRefreshes",
            "SetDesiredCapacity",
            "DescribeAutoScalingGroups",
        )
    ]


def refusal(code: str, status: int = 400) -> Http:
    """The group's answer that names *code*."""
    return Http(status, f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>")


def scaling_of(ends: Ends) -> AsgScaling:
    return AsgScaling(clients.scaling(ends.session), clients.groups(ends.session), GROUP)


def asked(order: FixOrder, answer: dict[str, Any]) -> dict[str, Any]:
    """The group's request for *order*."""
    ends, found = Ends(answer), dict[str, Any]()

    def keep(params: dict[str, Any], **_: object) -> None:
        found.update(params)

    ends.session.events.register("before-parameter-build.auto-scaling", keep)
    assert isinstance(scaling_of(ends).fix(order), Sent)
    return found


def test_a_refresh_has_the_plans_preferences() -> None:
    """It skips no instance, and stops after its canary; a group of one needs no stop."""
    answer = {"InstanceRefreshId": "one"}
    assert asked(REFRESH, answer) == {
        "AutoScalingGroupName": GROUP,
        "Strategy": "Rolling",
        "Preferences": PREFERENCES,
    }
    alone = copy.replace(REFRESH, parameters=REFRESHING | {"CanaryPercentage": "100"})
    assert asked(alone, answer)["Preferences"]["CheckpointPercentages"] == [100]


def test_an_instance_is_replaced_and_not_taken_away() -> None:
    """The group keeps its desired capacity."""
    assert asked(REPLACE, {"Activity": {"ActivityId": "one"}}) == {
        "InstanceId": ONE,
        "ShouldDecrementDesiredCapacity": False,
    }


@pytest.mark.parametrize(
    ("order", "parameters"),
    [
        (REPLACE, {"InstanceId": f"{ONE}\n"}),
        (REPLACE, {"InstanceId": "*"}),
        (REPLACE, {}),
        (REFRESH, REFRESHING | {"MinHealthyPercentage": "101"}),
        (REFRESH, REFRESHING | {"SkipMatching": "true"}),
        (CANCEL, {"AutoScalingGroupName": "another"}),
        (CANCEL, {"InstanceRefreshId": "one\n"}),
        (SCALE_OUT, {"DesiredCapacity": "0"}),
        (SCALE_OUT, {"DesiredCapacity": "4 --force"}),
    ],
)
def test_a_parameter_that_does_not_fit_is_never_sent(
    order: FixOrder, parameters: dict[str, str]
) -> None:
    """In full, against the action's own pattern."""
    ends = Ends({})
    with pytest.raises(InvariantViolation):
        scaling_of(ends).fix(copy.replace(order, parameters=parameters))
    assert ends.sends == 0


def test_a_command_is_no_change_of_the_group() -> None:
    """A host's action is not sent to the group."""
    order = copy.replace(
        REPLACE,
        action="restart_parent",
        parameters={
            "Unit": "parent",
            "Token": "0" * 32,
            "NotAfter": "1770000000",
            "Incident": INCIDENT,
            "Action": "restart_parent",
            "AllowanceSeconds": "600",
        },
    )
    with pytest.raises(InvariantViolation, match="restart_parent is not a fix of the group"):
        scaling_of(Ends({})).fix(order)


def test_a_client_that_tries_again_is_refused() -> None:
    """A mutation is sent once."""
    one = session("us-east-1")
    with pytest.raises(InvariantViolation, match="once only"):
        AsgScaling(clients.groups(one), clients.groups(one), GROUP).fix(REPLACE)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (TIMEOUT, Unsettled),
        (EndpointConnectionError(endpoint_url="https://aws.invalid"), Refused),
        (refusal("ResourceContention", status=500), Unsettled),
        (refusal("ScalingActivityInProgress"), Refused),
        (refusal("SomethingNew"), Unsettled),
        ({}, Unsettled),
    ],
)
def test_only_a_known_refusal_proves_that_nothing_was_done(
    end: Http | Exception | dict[str, object], told: type[Sending]
) -> None:
    """Whatever else goes wrong leaves it open."""
    ends = Ends(end)
    assert isinstance(scaling_of(ends).fix(REPLACE), told)
    assert ends.sends <= 1


PREFERENCES = {
    "MinHealthyPercentage": 0,
    "InstanceWarmup": 60,
    "CheckpointPercentages": [33, 100],
    "CheckpointDelay": 600,
    "SkipMatching": False,
    "AutoRollback": False,
    "ScaleInProtectedInstances": "Ignore",
    "StandbyInstances": "Ignore",
}
"""The preferences of `REFRESH`."""


def listing(*refreshes: dict[str, Any]) -> AsgScaling:
    """A group with these refreshes, which are pending unless they say otherwise."""
    pending = {"InstanceRefreshId": "one", "Status": "Pending"}
    return scaling_of(Ends({"InstanceRefreshes": [pending | each for each in refreshes]}))


def test_a_refresh_that_has_not_started_is_one() -> None:
    """It is active, and what was asked for just now is found by it."""
    scaling = listing({"Preferences": PREFERENCES | {"MaxHealthyPercentage": 100}})
    assert [each.id for each in scaling.refreshes().active()] == ["one"]
    assert scaling.find(REFRESH, T0) == "one"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("MinHealthyPercentage", 1),
        ("InstanceWarmup", 61),
        ("CheckpointPercentages", [50, 100]),
        ("CheckpointDelay", 3600),
        ("SkipMatching", True),
        ("AutoRollback", True),
        ("ScaleInProtectedInstances", "Refresh"),
        ("StandbyInstances", "Terminate"),
    ],
)
def test_a_refresh_is_ours_by_every_preference(name: str, other: object) -> None:
    """One that differs in a single one, or does not show it, is another's."""
    assert listing({"Preferences": PREFERENCES | {name: other}}).find(REFRESH, T0) == ANOTHER
    lacking = {each: result for each, result in PREFERENCES.items() if each != name}
    assert listing({"Preferences": lacking}).find(REFRESH, T0) == ANOTHER
    assert listing({}).find(REFRESH, T0) == ANOTHER


ANOTHER = OtherRefresh(CommandId("one"))


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("Pending", None),
        ("InProgress", None),
        ("Baking", None),
        ("RollbackInProgress", None),
        ("a new word", None),
        ("Cancelling", "one"),
        ("Cancelled", "one"),
        ("Successful", "one"),
        ("Failed", "one"),
        ("RollbackFailed", "one"),
        ("RollbackSuccessful", "one"),
    ],
)
def test_a_cancel_is_found_where_its_refresh_replaces_nothing_more(
    status: str, found: str | None
) -> None:
    """Of the refresh that it means, whatever others there are."""
    order = copy.replace(CANCEL, parameters={"InstanceRefreshId": "one"})
    other = {"InstanceRefreshId": "two", "Status": "Cancelled"}
    assert listing(other, {"Status": status}).find(order, T0) == found
    assert listing(other).find(order, T0) is None


def test_a_cancel_waits_until_the_refreshes_can_be_read() -> None:
    """An unidentified refresh is not cancelled, and nothing was sent."""
    ends = Ends(refusal("Throttling"))
    result = scaling_of(ends).fix(CANCEL)
    assert isinstance(result, Refused)
    assert ends.sends >= 1
    assert result.why.startswith("scaling: ")


def test_a_cancel_returns_its_refresh() -> None:
    """The group's answer is what was cancelled, and not what was meant."""
    listed = {"InstanceRefreshes": [{"InstanceRefreshId": "refresh-0", "Status": "InProgress"}]}
    ends = Ends([listed, {"InstanceRefreshId": "two"}])
    assert scaling_of(ends).fix(CANCEL) == Sent(CommandId("two"))


SHORT, LONG = InstanceId("i-0a1b2c3d"), InstanceId("i-0a1b2c3d4e5f60711")
"""An id of 8 digits, and one of 17 that begins with it."""
DRAINS = " - Waiting For ELB Connection Draining."
USER = "At 2026-03-01T12:00:10Z instance was taken out of service in response to a user request."
HEALTH = (
    "At 2026-03-01T12:00:10Z an instance was taken out of service in response to an ELB system"
    " health check failure."
)


def activity(description: str, cause: str = USER, seconds: float = 10) -> dict[str, Any]:
    """An activity of the group, that many seconds after T0."""
    return {
        "ActivityId": "one",
        "Description": description,
        "Cause": cause,
        "StartTime": T0 + timedelta(seconds=seconds),
    }


def searched(
    host: InstanceId, did: dict[str, Any], **states: str
) -> CommandId | OtherRefresh | None:
    """The termination of *host* that a search finds; *states* are of the group's instances."""
    instances = [
        {"InstanceId": each.replace("_", "-"), "LifecycleState": state}
        for each, state in states.items()
    ]
    listed = {"AutoScalingGroups": [{"Instances": instances}]}
    ends = Ends([{"Activities": [did]}, listed])
    return scaling_of(ends).find(copy.replace(REPLACE, parameters={"InstanceId": host}), T0)


@pytest.mark.parametrize("host", [SHORT, LONG])
@pytest.mark.parametrize("text", ["Terminating EC2 instance: {}{}", "x Terminating ({}), {}"])
@pytest.mark.parametrize("after", ["", DRAINS, " (draining)"])
def test_a_termination_is_found_by_its_whole_id(host: InstanceId, text: str, after: str) -> None:
    """Whatever stands around it, while the instance drains and when it is gone."""
    did = activity(text.format(host, after))
    other = {SHORT: LONG, LONG: SHORT}[host]
    assert searched(host, did) == "one"
    assert searched(host, did, **{host.replace("-", "_"): "Terminating:Wait"}) == "one"
    assert searched(other, did) is None


@pytest.mark.parametrize(
    ("did", "state"),
    [
        # another, whose id is longer, or stands in a longer word
        (activity(f"Terminating EC2 instance: {LONG}f"), None),
        (activity(f"Terminating EC2 instance: x{LONG}"), None),
        (activity(f"Terminating EC2 instance: a-{LONG}"), None),
        # not a termination, not in time, not asked for, and not what became of the instance
        (activity(f"Launching a new EC2 instance: {LONG}"), None),
        (activity(f"Detaching EC2 instance: {LONG}"), None),
        (activity(f"Terminating EC2 instance: {LONG}", seconds=-61), None),
        (activity(f"Terminating EC2 instance: {LONG}", HEALTH), None),
        (activity(f"Terminating EC2 instance: {LONG}"), "InService"),
        (activity(f"Terminating EC2 instance: {LONG}"), "Standby"),
    ],
)
def test_what_is_no_termination_of_ours_is_not_found(
    did: dict[str, Any], state: str | None
) -> None:
    """An activity alone proves nothing while the group counts on the instance."""
    states = {LONG.replace("-", "_"): state} if state else {}
    assert searched(LONG, did, **states) is None


@pytest.mark.parametrize(
    ("leaves", "unhealthy"),
    [("terminated", False), ("detached", False), ("standby", False), ("unhealthy", True)],
)
def test_the_departure_of_a_host(
    door: Door,
    leaves: Literal["terminated", "detached", "standby", "unhealthy"],
    *,
    unhealthy: bool,
) -> None:
    """A person took it away, or the group replaced it for its health."""
    host = door.world.hosts[ONE]
    host.plan = copy.replace(host.plan, leaves_at_seconds=10, leaves=leaves)
    assert door.ports.scaling.departure(ONE, T0) is None
    door.world.advance(door.world.now + timedelta(seconds=30))
    assert ONE not in in_service(door)
    left = door.ports.scaling.departure(ONE, T0)
    assert left is not None
    assert left.unhealthy is unhealthy
    assert door.ports.scaling.departure(ONE, door.world.now + 2 * COMMAND_SEARCH_MARGIN) is None
    other = InstanceId("i-0a1b2c3d4e5f60712")
    assert door.ports.scaling.departure(other, T0) is None
