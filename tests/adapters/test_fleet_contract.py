"""The Fleet port: what both adapters must do, and what AWS alone can do to one of them."""

import copy
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from firstline.adapters.aws import alarm_types
from firstline.adapters.aws.fleet import AwsFleet
from firstline.adapters.clock import SystemClock
from firstline.config.probe_section import Probe
from firstline.config.profile import Profile
from firstline.controller.ports.readers import Fleet
from firstline.diagnosis.evidence import (
    AlarmReading,
    AlarmState,
    Answering,
    DeletedAlarm,
    Group,
    InstanceStatus,
    InstanceStatuses,
    TargetHealth,
    Unknown,
)
from firstline.diagnosis.failure_domains import Domain
from firstline.diagnosis.probe_outcome import CODES, ProbeOutcome
from firstline.errors import DependencyUnavailable
from firstline.ids import InstanceId
from firstline.lab.twin.aws import HOME
from firstline.lab.twin.fleet.alarms import MuteWindow
from firstline.lab.twin.fleet.hosts import ENCLAVE_RESTART_TAKES, Host
from firstline.lab.twin.scenario import BreakPlan, FaultKind
from tests.adapters import account
from tests.adapters.backends import T0, Door, Ends, Http, Requests
from tests.events import body

HOSTS = tuple(InstanceId(f"i-0a1b2c3d4e5f6071{number}") for number in (1, 2, 3))
ALARM = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:healthy-hosts"
READS: tuple[tuple[str, Callable[[Fleet], object]], ...] = (
    ("auto-scaling.DescribeAutoScalingGroups", lambda fleet: fleet.group()),
    ("elastic-load-balancing-v2.DescribeTargetHealth", lambda fleet: fleet.target_health()),
    ("cloudwatch.GetMetricData", lambda fleet: fleet.answering()),
    ("ec2.DescribeInstanceStatus", lambda fleet: fleet.statuses(HOSTS)),
    ("cloudwatch.DescribeAlarms", lambda fleet: fleet.alarms((ALARM,))),
    ("cloudwatch.DescribeAlarms", lambda fleet: fleet.firing((ALARM,))),
    ("cloudwatch.ListAlarmMuteRules", lambda fleet: fleet.muted(ALARM)),
)
NO_ALARM: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": [], "LogAlarms": []}
TIMEOUT = ReadTimeoutError(endpoint_url="https://aws.invalid")
NOWHERE = EndpointConnectionError(endpoint_url="https://aws.invalid")


def restart(host: Host, now: datetime) -> None:
    """As our document does."""
    until = str(int((now + timedelta(minutes=1)).timestamp()))
    host.run("restart_enclave", {"Unit": "enclave", "Token": "t", "NotAfter": until}, now)


def test_group_lists_every_instance(door: Door) -> None:
    """The group's instances are the world's hosts, and all of them are in service."""
    group = door.ports.fleet.group()
    assert group.desired == 3
    assert group.in_service() == tuple(sorted(door.world.hosts))
    assert {each.health for each in group.instances} == {"Unhealthy"}  # as the load balancer says


def test_the_instances_of_a_group(door: Door) -> None:
    """The group's own health, host by host."""
    first, *others = sorted(door.world.hosts)
    restart(door.world.hosts[first], door.world.now)
    door.world.advance(door.world.now + 3 * ENCLAVE_RESTART_TAKES)
    result = {each.id: each.health for each in door.ports.fleet.group().instances}
    assert result == {first: "Healthy", **dict.fromkeys(others, "Unhealthy")}


def test_target_health_follows_the_hosts(door: Door) -> None:
    """A host that is restarted is healthy once the load balancer has seen it for a while."""
    fleet, (first, *others) = door.ports.fleet, door.world.hosts
    restart(door.world.hosts[first], door.world.now)
    assert fleet.target_health() == TargetHealth(
        dict.fromkeys(door.world.hosts, "unhealthy"),
        dict.fromkeys(door.world.hosts, "Target.Timeout"),
    )
    door.world.advance(door.world.now + 3 * ENCLAVE_RESTART_TAKES)
    assert fleet.target_health() == TargetHealth(
        {first: "healthy", **dict.fromkeys(others, "unhealthy")},
        dict.fromkeys(others, "Target.Timeout"),
    )


def test_status_checks_are_of_each_instance_that_is_known(door: Door) -> None:
    """Each check has its own word, and an instance that EC2 does not know is not there."""
    (first, *_) = door.world.hosts
    found = door.ports.fleet.statuses((first, InstanceId("i-00000000000000000")))
    checks = {"system": "ok", "instance": "ok", "attached EBS": "ok"}
    assert found == InstanceStatuses({first: InstanceStatus("running", checks)})
    door.world.breaks.append(BreakPlan(domain=Domain.EC2))
    checks = dict.fromkeys(checks, "impaired")
    assert door.ports.fleet.statuses((first,)).known[first].checks == checks


def test_a_load_balancers_own_failure_bears_its_reason(profile: Profile) -> None:
    """Its reason code tells it apart from a failed target."""
    described = [
        {"Target": {"Id": host}, "TargetHealth": {"State": "unhealthy", "Reason": reason}}
        for host, reason in zip(HOSTS, ("Elb.InternalError", "Target.Timeout"), strict=False)
    ]
    ends = Ends({"TargetHealthDescriptions": described})
    found = fleet_of(ends, profile).target_health()
    assert isinstance(found, TargetHealth)
    assert list(found.reasons.values()) == ["Elb.InternalError", "Target.Timeout"]


def test_alarm_shows_its_present_state(door: Door) -> None:
    """An alarm reads as the state that it is in now; one that does not exist is unknown."""
    assert door.ports.fleet.alarms((ALARM,)) == {ALARM: DeletedAlarm()}
    door.world.watch(ALARM, b"{}", None)
    for state in AlarmState:
        door.world.alarms[ALARM].state = state
        assert door.ports.fleet.alarms((ALARM,)) == {ALARM: AlarmReading(state)}


@pytest.mark.parametrize("kind", ["error", "hang", "timeout-after"])
def test_fault_is_unavailable(door: Door, kind: FaultKind) -> None:
    """A read that fails or hangs raises Unavailable."""
    door.world.watch(ALARM, b"{}", None)
    door.trouble("fleet", kind)
    for _, read in READS:
        with pytest.raises(DependencyUnavailable):
            read(door.ports.fleet)


def test_read_is_one_request(aws_door: Door, requests: Requests) -> None:
    """Each method makes one request."""
    aws_door.world.watch(ALARM, b"{}", None)
    for _, read in READS:
        read(aws_door.ports.fleet)
    assert requests.calls == [name for name, _ in READS]


def fleet_of(ends: Ends, profile: Profile) -> AwsFleet:
    return AwsFleet(ends.session, profile, HOME, SystemClock())


@pytest.mark.parametrize(
    "arn",
    [
        "healthy-hosts",
        ALARM.replace("us-east-1", "eu-west-1"),
        ALARM.replace("111122223333", "444455556666"),
        ALARM.replace("cloudwatch", "cloudtrail"),
        ALARM.replace("healthy-hosts", ""),
        f"{ALARM}\n",
        ALARM + "x" * 256,
    ],
)
def test_alarm_of_elsewhere_is_not_asked_for(profile: Profile, arn: str) -> None:
    """An ARN that is not of an alarm of the home account and Region is unknown, unasked."""
    ends = Ends({"MetricAlarms": [{"AlarmArn": arn, "StateValue": "OK"}]})
    assert isinstance(fleet_of(ends, profile).alarms((arn,))[arn], Unknown)
    assert ends.sends == 0


def shown(state: str = "", **fields: object) -> dict[str, object]:
    """An alarm as DescribeAlarms shows it."""
    states = {"StateValue": state} if state else {}
    plain = {"AlarmArn": ALARM, "ActionsEnabled": True, "AlarmConfigurationUpdatedTimestamp": T0}
    return plain | states | fields


@pytest.mark.parametrize(
    ("answer", "reading"),
    [
        ({"CompositeAlarms": [shown("OK")]}, AlarmState.OK),
        ({"MetricAlarms": [shown("ALARM")]}, AlarmState.ALARM),
        ({"LogAlarms": [shown("ALARM")]}, AlarmState.ALARM),
        ({"MetricAlarms": [shown("OK", AlarmArn=f"{ALARM}-2")]}, DeletedAlarm()),
        ({"MetricAlarms": [shown()]}, None),
        ({"MetricAlarms": [shown("NEW")]}, None),
        ({}, DeletedAlarm()),
    ],
)
def test_alarm_is_read_by_its_arn(
    profile: Profile, answer: dict[str, Any], reading: AlarmState | DeletedAlarm | None
) -> None:
    """An alarm of any kind with exactly the ARN is read; all else is unknown."""
    found = fleet_of(Ends(NO_ALARM | answer), profile).alarms((ALARM,))[ALARM]
    if isinstance(reading, AlarmState):
        assert found == AlarmReading(reading)
    else:
        assert isinstance(found, DeletedAlarm if reading else Unknown)


@pytest.mark.parametrize(
    ("kind", "fields", "suppressed"),
    [
        (
            "MetricAlarms",
            {"ActionsEnabled": False},
            "its actions are disabled since 2026-03-01T12:00:00+00:00",
        ),
        (
            "CompositeAlarms",
            {"ActionsSuppressedBy": "Alarm", "ActionsSuppressor": "planned-work"},
            "its actions are suppressed by its suppressor (Alarm)",
        ),
        ("LogAlarms", {}, ""),
    ],
)
def test_an_alarm_shows_whether_somebody_silenced_it(
    profile: Profile, kind: str, fields: dict[str, object], suppressed: str
) -> None:
    """I17: whether it turned before or after that."""
    ends = Ends(NO_ALARM | {kind: [shown("ALARM", **fields)]})
    found = fleet_of(ends, profile).alarms((ALARM,))[ALARM]
    assert found == AlarmReading(AlarmState.ALARM, suppressed)


def test_both_doors_show_that_actions_are_disabled(door: Door) -> None:
    """From the instant of the change on, in every state."""
    door.world.watch(ALARM, b"{}", None)
    door.world.disable_actions(ALARM, door.world.now + timedelta(seconds=1))
    assert door.ports.fleet.alarms((ALARM,)) == {ALARM: AlarmReading(AlarmState.ALARM)}
    door.world.advance(door.world.now + timedelta(seconds=1))
    why = f"its actions are disabled since {door.world.now.isoformat(timespec='seconds')}"
    assert door.ports.fleet.alarms((ALARM,)) == {ALARM: AlarmReading(AlarmState.ALARM, why)}


def test_alarms_of_every_kind_and_page_are_asked_for(profile: Profile) -> None:
    """One that only the second page has is not gone."""
    last = NO_ALARM | {"LogAlarms": [shown("ALARM")]}
    one = account.Answering({"cloudwatch.DescribeAlarms": [NO_ALARM | {"NextToken": "more"}, last]})
    found = AwsFleet(one.session, profile, HOME, SystemClock()).alarms((ALARM,))
    assert found == {ALARM: AlarmReading(AlarmState.ALARM)}
    kinds = one.parameters("cloudwatch.DescribeAlarms")["AlarmTypes"]
    assert set(kinds) == {"MetricAlarm", "CompositeAlarm", "LogAlarm"}


@pytest.mark.parametrize("key", ["MetricAlarms", "CompositeAlarms"])
def test_a_cut_answer_does_not_tell_that_an_alarm_is_gone(profile: Profile, key: str) -> None:
    """CloudWatch shows these lists though they are empty."""
    cut = {each: found for each, found in NO_ALARM.items() if each != key}
    with pytest.raises(DependencyUnavailable, match=key):
        fleet_of(Ends(cut), profile).alarms((ALARM,))


def test_those_that_fire_are_shown_with_what_they_are_about(door: Door) -> None:
    """Since when, over which metric, and whether their actions are disabled; no others."""
    fleet, world = door.ports.fleet, door.world
    other = f"{ALARM}-2"
    world.watch(ALARM, body("healthy-hosts-zero"), None)
    world.watch(other, b"{}", None, AlarmState.OK)
    (found,) = fleet.firing((ALARM, other, f"{ALARM}-3"))
    assert (found.arn, found.since, found.suppressed) == (ALARM, T0, "")
    assert found.metric == "HealthyHostCount"
    assert found.dimensions["TargetGroup"] == "targetgroup/vettid-enclave/73e2d6bc24d8a067"
    assert found.reason.startswith("Threshold Crossed: 3 out of the last 3")
    turned_at = T0 + timedelta(seconds=9)
    world.alarms[other].turn(AlarmState.ALARM, turned_at)
    world.disable_actions(other, turned_at)
    assert [each.arn for each in fleet.firing((ALARM, other))] == [ALARM]
    world.advance(turned_at)
    found = fleet.firing((other,))[0]
    assert (found.since, found.metric, found.dimensions) == (turned_at, "", {})
    assert found.suppressed.startswith("its actions are disabled")
    world.alarms[ALARM].turn(AlarmState.OK, turned_at)
    assert fleet.firing((ALARM,)) == ()


def test_a_mute_window_is_shown_while_it_lasts(door: Door) -> None:
    """From its start on, until its end, and for its own alarm."""
    door.world.watch(ALARM, b"{}", None)
    starts, ends = T0 + timedelta(minutes=1), T0 + timedelta(minutes=2)
    door.world.mutes.append(MuteWindow(ALARM, starts, ends))
    seen = []
    for at in (T0, starts, ends - timedelta(seconds=1), ends):
        door.world.advance(at)
        seen.append(door.ports.fleet.muted(ALARM))
        assert not door.ports.fleet.muted(f"{ALARM}-2")
    assert seen == [False, True, True, False]


def test_only_rules_that_are_active_mute(profile: Profile) -> None:
    """Also if CloudWatch returns others."""
    for statuses, expected in ((["SCHEDULED", "ACTIVE"], True), (["SCHEDULED", "EXPIRED"], False)):
        shown_rules = {"AlarmMuteRuleSummaries": [{"Status": each} for each in statuses]}
        one = account.Answering({"cloudwatch.ListAlarmMuteRules": shown_rules})
        fleet = AwsFleet(one.session, profile, HOME, SystemClock())
        assert fleet.muted(ALARM) is expected
        asked = one.parameters("cloudwatch.ListAlarmMuteRules")
        assert asked == {"AlarmName": "healthy-hosts", "Statuses": ["ACTIVE"]}


def test_a_mute_rule_may_come_on_a_later_page(profile: Profile) -> None:
    """A page of what was filtered may be empty, and others follow."""
    pages: list[dict[str, Any]] = [
        {"AlarmMuteRuleSummaries": [], "NextToken": "more"},
        {"AlarmMuteRuleSummaries": [{"Status": "ACTIVE"}]},
    ]
    one = account.Answering({"cloudwatch.ListAlarmMuteRules": pages})
    assert AwsFleet(one.session, profile, HOME, SystemClock()).muted(ALARM)


def test_alarms_that_fire_are_asked_for_a_hundred_at_a_time(profile: Profile) -> None:
    """With their state; one of elsewhere is not asked for, and one in another state is left out."""
    arns = tuple(f"{ALARM}-{number}" for number in range(101))
    calm = shown("OK", AlarmArn=arns[0], StateUpdatedTimestamp=T0)
    fires = shown("ALARM", AlarmArn=arns[100], StateUpdatedTimestamp=T0)
    pages = [NO_ALARM | {"MetricAlarms": [calm]}, NO_ALARM | {"LogAlarms": [fires]}]
    one = account.Answering({"cloudwatch.DescribeAlarms": pages})
    fleet = AwsFleet(one.session, profile, HOME, SystemClock())
    found = fleet.firing((*arns, ALARM.replace("us-east-1", "eu-west-1")))
    assert [(each.arn, each.since) for each in found] == [(arns[100], T0)]
    assert [len(asked["AlarmNames"]) for _, asked in one.asked] == [100, 1]
    assert {asked["StateValue"] for _, asked in one.asked} == {"ALARM"}


METRIC = {"MetricName": "m", "Dimensions": [{"Name": "d", "Value": "v"}]}
OTHER_METRIC = {"MetricName": "o"}


@pytest.mark.parametrize(
    ("fields", "metric"),
    [
        (METRIC, ("m", {"d": "v"})),
        ({"Metrics": [{"MetricStat": {"Metric": METRIC}}]}, ("m", {"d": "v"})),
        (
            {
                "Metrics": [
                    {"MetricStat": {"Metric": OTHER_METRIC}, "ReturnData": False},
                    {"MetricStat": {"Metric": METRIC}, "ReturnData": True},
                    {"Expression": "m1", "ReturnData": False},
                ]
            },
            ("m", {"d": "v"}),
        ),
        (
            {
                "Metrics": [
                    {"MetricStat": {"Metric": OTHER_METRIC}, "ReturnData": False},
                    {"Expression": "m1 * 2", "ReturnData": True},
                ]
            },
            ("o", {}),
        ),
        (
            {"Metrics": [{"MetricStat": {"Metric": it}} for it in (METRIC, METRIC)]},
            ("m", {"d": "v"}),
        ),
        ({"Metrics": [{"MetricStat": {"Metric": it}} for it in (METRIC, OTHER_METRIC)]}, ("", {})),
        ({}, ("", {})),
    ],
)
def test_the_metric_is_the_one_that_the_event_shows(
    fields: dict[str, object], metric: tuple[str, dict[str, str]]
) -> None:
    """The one that is returned, or that all parts are of; of different ones none."""
    assert alarm_types.metric(fields) == metric


def test_an_alarm_that_has_not_turned_for_years_shows_its_last_update(profile: Profile) -> None:
    """CloudWatch keeps the time of a transition since 2022."""
    later = {"StateTransitionedTimestamp": T0, "StateUpdatedTimestamp": T0 + timedelta(hours=1)}
    for fields in (later, {"StateUpdatedTimestamp": T0}):
        ends = Ends(NO_ALARM | {"MetricAlarms": [shown("ALARM", **fields)]})
        assert fleet_of(ends, profile).firing((ALARM,))[0].since == T0


def test_without_a_list_of_log_alarms_others_are_read(profile: Profile) -> None:
    """A botocore that does not know them drops it: an alarm that is not listed may be one."""
    lists = {"MetricAlarms": [shown("OK")], "CompositeAlarms": []}
    found = fleet_of(Ends(lists), profile).alarms((ALARM, f"{ALARM}-2"))
    assert found[ALARM] == AlarmReading(AlarmState.OK)
    assert isinstance(found[f"{ALARM}-2"], Unknown)


def groups(*names: str) -> Ends:
    """Auto Scaling shows groups of these names."""
    parts: dict[str, Any] = {"DesiredCapacity": 0, "MaxSize": 3, "Instances": []}
    parts["SuspendedProcesses"] = []
    return Ends({"AutoScalingGroups": [parts | {"AutoScalingGroupName": name} for name in names]})


def test_group_is_the_one_of_its_name(profile: Profile) -> None:
    """Another that contains the name does not count; of none or two, which one is not known."""
    name = profile.fleet.group
    found = fleet_of(groups(f"{name}-old", name), profile).group()
    assert found == Group(desired=0, instances=(), most=3)
    for count, ends in ((0, groups(f"{name}-old")), (2, groups(name, name))):
        with pytest.raises(DependencyUnavailable, match=f"{count} Auto Scaling groups"):
            fleet_of(ends, profile).group()


@pytest.mark.parametrize("states", [("healthy", "unhealthy"), ("unhealthy", "healthy")])
def test_target_is_as_healthy_as_its_worst_port(profile: Profile, states: tuple[str, ...]) -> None:
    """A host that is registered twice is healthy when both registrations are."""
    reasons: dict[str, dict[str, str]] = {"unhealthy": {"Reason": "Target.Timeout"}}
    result = [
        {"Target": {"Id": "i-1"}, "TargetHealth": {"State": each, **reasons.get(each, {})}}
        for each in states
    ]
    fleet = fleet_of(Ends({"TargetHealthDescriptions": result}), profile)
    one = InstanceId("i-1")
    assert fleet.target_health() == TargetHealth({one: "unhealthy"}, {one: "Target.Timeout"})


def test_no_target_group_is_unknown(profile: Profile) -> None:
    """Without a target group in the profile, nothing is asked and nothing is known."""
    ends = Ends({})
    bare = copy.replace(profile, fleet=copy.replace(profile.fleet, target_group=""))
    assert isinstance(fleet_of(ends, bare).target_health(), Unknown)
    assert ends.sends == 0


@pytest.mark.parametrize(
    ("end", "sends"), [(TIMEOUT, 2), (NOWHERE, 2), (Http(500), 2), (Http(403), 1)]
)
def test_reads_are_tried_twice(profile: Profile, end: Http | Exception, sends: int) -> None:
    """A temporary failure is tried twice, as botocore counts, and is then unavailable."""
    for _, read in READS:
        ends = Ends(end)
        with pytest.raises(DependencyUnavailable):
            read(fleet_of(ends, profile))
        assert ends.sends == sends


def test_the_probe_shows_its_outcome(door: Door) -> None:
    """A host that is restarted answers; before, none does."""
    fleet, first = door.ports.fleet, next(iter(door.world.hosts))
    silent = Answering(answers=False, at=T0, outcome=ProbeOutcome.TIMEOUT)
    assert fleet.answering() == silent
    restart(door.world.hosts[first], door.world.now)
    door.world.advance(door.world.now + ENCLAVE_RESTART_TAKES + timedelta(minutes=1))
    answered = fleet.answering()
    assert isinstance(answered, Answering)
    assert (answered.answers, answered.outcome) == (True, ProbeOutcome.ANSWERED)


def measured(*values: float, **fields: object) -> dict[str, object]:
    """A result of GetMetricData, the newest value first."""
    times = [T0 - number * timedelta(minutes=1) for number in range(len(values))]
    whole = {"Id": "outcome", "StatusCode": "Complete", "Timestamps": times, "Values": values}
    return whole | fields


@pytest.mark.parametrize(
    ("code", "shown"),
    [*((number, each) for each, number in CODES.items()), (99, None), (100.5, None)],
)
def test_the_latest_outcome_of_the_probe_counts(
    profile: Profile, code: float, shown: ProbeOutcome | None
) -> None:
    """The newest comes first; a number that stands for none is a silence without a reason."""
    ends = Ends({"MetricDataResults": [measured(code, 100.0, 1.0)]})
    found = fleet_of(ends, profile).answering()
    assert found == Answering(answers=shown is ProbeOutcome.ANSWERED, at=T0, outcome=shown)


def test_a_probe_that_measured_nothing_is_unknown(profile: Profile) -> None:
    """And not silent."""
    found = fleet_of(Ends({"MetricDataResults": [measured()]}), profile).answering()
    assert found == Unknown("the probe has no recent measurement")


@pytest.mark.parametrize(
    "answer",
    [
        {"MetricDataResults": [measured(1.0)], "NextToken": "more"},
        {"MetricDataResults": [measured(1.0, StatusCode="PartialData")]},
        {"MetricDataResults": [measured(StatusCode="InternalError")]},
        {"MetricDataResults": [measured(1.0), measured(1.0)]},
        {"MetricDataResults": [{"Id": "outcome"}]},
        {"MetricDataResults": []},
        {},
    ],
)
def test_an_outcome_that_came_in_part_is_unavailable(
    profile: Profile, answer: dict[str, object]
) -> None:
    """The part that is missing may be the latest."""
    with pytest.raises(DependencyUnavailable):
        fleet_of(Ends(answer), profile).answering()


def test_a_fleet_without_a_probe_is_not_asked(profile: Profile) -> None:
    """Unknown, without a request."""
    ends = Ends({})
    without = copy.replace(profile, probe=Probe())
    assert isinstance(fleet_of(ends, without).answering(), Unknown)
    assert ends.sends == 0
