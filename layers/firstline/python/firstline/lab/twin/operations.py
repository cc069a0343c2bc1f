"""The AWS calls about the fleet, answered from the twin's world.

Each takes the world and the call's parameters, which botocore has validated, and returns the parsed
response. Shapes are those of the service models of botocore 1.44.5.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from firstline.actions.catalogue import DOCUMENTS
from firstline.adapters.aws.alarm_types import LIST_OF_TYPE
from firstline.diagnosis.probe_outcome import CODES
from firstline.ids import CommandId, InstanceId
from firstline.lab.twin import preflight, scaling_calls
from firstline.lab.twin.fleet import alarm_metrics, investigation
from firstline.lab.twin.fleet.hosts import Invocation
from firstline.lab.twin.scaling_calls import Answer, Parameters, RequestError
from firstline.lab.twin.world import Command, UnregisteredInstance, World

type Operation = Callable[[World, Parameters], Answer]

ZONE = "us-east-1a"
DETAILED = {"Undeliverable": "Failed", "InProgress": "InProgress"}
"""SSM's ``Status`` for the world's ``StatusDetails``."""


# --- SSM -------------------------------------------------------------------------------------


def send_command(world: World, parameters: Parameters) -> Answer:
    """Validate the command as SSM does, and run it."""
    document = parameters["DocumentName"]
    if document not in DOCUMENTS:
        raise RequestError("InvalidDocument")
    targets = [InstanceId(each) for each in parameters["InstanceIds"]]
    if not targets:
        raise RequestError("InvalidInstanceId")
    values = {name: value[0] for name, value in parameters["Parameters"].items()}
    patterns = {each.name: each.pattern for each in DOCUMENTS[document].parameters}
    if values.keys() != patterns.keys():
        raise RequestError("InvalidParameters")
    if not all(re.search(patterns[name], value) for name, value in values.items()):
        raise RequestError("InvalidParameters")
    try:
        id_ = world.send(document, targets, values, parameters["Comment"])
    except UnregisteredInstance:
        raise RequestError("InvalidInstanceId") from None
    return {"Command": _command(world.commands[id_])}


def list_commands(world: World, parameters: Parameters) -> Answer:
    """Return all commands since ``InvokedAfter``."""
    filters = {each["key"]: each["value"] for each in parameters.get("Filters", ())}
    after = datetime.fromisoformat(filters.get("InvokedAfter", "0001-01-01T00:00:00Z"))
    found = [each for each in world.commands.values() if each.sent_at >= after]
    return {"Commands": [_command(each) for each in found]}


def list_command_invocations(world: World, parameters: Parameters) -> Answer:
    """Return every host's part in one command."""
    id_ = CommandId(parameters["CommandId"])
    if id_ not in world.commands:
        raise RequestError("InvalidCommandId")
    parts = world.invocations(id_).items()
    return {"CommandInvocations": [_part(world.commands[id_], *each) for each in parts]}


def _command(command: Command) -> Answer:
    return {
        "CommandId": command.id,
        "DocumentName": command.document,
        "Comment": command.comment,
        "InstanceIds": list(command.answers),
        "RequestedDateTime": command.sent_at,
    }


def _part(command: Command, id_: InstanceId, invocation: Invocation) -> Answer:
    status = DETAILED.get(invocation.status, invocation.status)
    plugin = {
        "Name": command.document,
        "Status": status,
        "StatusDetails": invocation.status,
        "Output": invocation.output,
    }
    return {
        "CommandId": command.id,
        "InstanceId": id_,
        "Comment": command.comment,
        "DocumentName": command.document,
        "RequestedDateTime": command.sent_at,
        "Status": status,
        "StatusDetails": invocation.status,
        "CommandPlugins": [plugin],
    }


# --- the group, its targets, its alarms ------------------------------------------------------


def describe_auto_scaling_groups(world: World, parameters: Parameters) -> Answer:
    """Return the one group, if it is requested."""
    asked = parameters.get("AutoScalingGroupNames", [world.group_name])
    groups = [_group(world)] if world.group_name in asked else []
    return {"AutoScalingGroups": groups}


def _group(world: World) -> Answer:
    instances = [
        {
            "InstanceId": host.plan.id,
            "AvailabilityZone": ZONE,
            "LifecycleState": lifecycle,
            "HealthStatus": world.group_health(host),
            "ProtectedFromScaleIn": host.plan.protected,
        }
        for host, lifecycle in world.group.listed(world.now)
    ]
    return {
        "AutoScalingGroupName": world.group_name,
        "MinSize": 1,
        "MaxSize": 2 * len(world.scenario.hosts),
        "DesiredCapacity": world.group.desired,
        "DefaultCooldown": 300,
        "AvailabilityZones": [ZONE],
        "HealthCheckType": world.scenario.health_check_type,
        "CreatedTime": datetime(2026, 1, 1, tzinfo=UTC),
        "Instances": instances,
        "SuspendedProcesses": [{"ProcessName": each} for each in world.scenario.suspended],
    }


def describe_instance_status(world: World, parameters: Parameters) -> Answer:
    """Return the status checks of the instances; every one runs."""
    found = world.statuses(tuple(map(InstanceId, parameters["InstanceIds"])))
    return {
        "InstanceStatuses": [
            {
                "InstanceId": id_,
                "InstanceState": {"Code": 16, "Name": "running"},
                "SystemStatus": {"Status": status},
                "InstanceStatus": {"Status": status},
                "AttachedEbsStatus": {"Status": status},
            }
            for id_, status in found.items()
        ]
    }


def describe_target_health(world: World, _: Parameters) -> Answer:
    """Return the targets' health; the world has one target group, under any name."""
    reasons = {id_: {"Reason": reason} for id_, reason in world.target_reasons().items()}
    return {
        "TargetHealthDescriptions": [
            {
                "Target": {"Id": id_, "Port": 443},
                "TargetHealth": {"State": state, **reasons.get(id_, {})},
            }
            for id_, state in world.target_states().items()
        ]
    }


def describe_alarms(world: World, parameters: Parameters) -> Answer:
    """Return the alarms by name, which is the last part of an ARN."""
    found = list(_alarms(world, parameters))
    return {
        shown: [alarm for kind, alarm in found if kind == each]
        for each, shown in LIST_OF_TYPE.items()
    }


def _alarms(world: World, parameters: Parameters) -> Iterable[tuple[str, Answer]]:
    """Return each alarm with its kind; CloudWatch omits kinds that are not requested."""
    names, kinds = set(parameters["AlarmNames"]), parameters.get("AlarmTypes", ["MetricAlarm"])
    for arn, alarm in world.alarms.items():
        shown = world.described(arn)
        wanted = parameters.get("StateValue", shown["StateValue"])
        if shown["AlarmName"] in names and alarm.kind in kinds and shown["StateValue"] == wanted:
            yield alarm.kind, shown


def list_alarm_mute_rules(world: World, parameters: Parameters) -> Answer:
    """Return the rules whose window over the alarm is open; the world has no others."""
    name, asked = parameters["AlarmName"], parameters.get("Statuses", ["ACTIVE"])
    arns = [each for each in world.alarms if each.endswith(f":alarm:{name}") and world.muted(each)]
    found = [{"Status": "ACTIVE", "MuteType": "ONE_TIME"} for _ in arns if "ACTIVE" in asked]
    return {"AlarmMuteRuleSummaries": found}


def describe_instance_information(world: World, parameters: Parameters) -> Answer:
    """Return the hosts that SSM knows, with their agents' status."""
    (asked,) = parameters["Filters"]
    connections = ((each, world.connection(InstanceId(each))) for each in asked["Values"])
    return {
        "InstanceInformationList": [
            {"InstanceId": id_, "PingStatus": state}
            for id_, state in connections
            if state is not None
        ]
    }


def get_metric_data(world: World, parameters: Parameters) -> Answer:
    """Return the probe's last outcome, an alarm's metric, or metrics over the days."""
    queries = parameters["MetricDataQueries"]
    if alarm_metrics.asked_for(queries):
        return alarm_metrics.metric_data(world, parameters)
    if [each["MetricStat"]["Metric"]["MetricName"] for each in queries] != ["ProbeOutcome"]:
        return investigation.metric_data(world, parameters)
    at, shown = world.probed()
    result = {"StatusCode": "Complete", "Timestamps": [at], "Values": [float(CODES[shown])]}
    return {"MetricDataResults": [{"Id": queries[0]["Id"], **result}]}


def publish(world: World, parameters: Parameters) -> Answer:
    """Publish to the team's topic."""
    world.notices.append((world.now, parameters["Subject"], parameters["Message"]))
    return {"MessageId": f"message-{len(world.notices)}"}


OPERATIONS: dict[str, Operation] = {
    "auto-scaling.CancelInstanceRefresh": scaling_calls.cancel_instance_refresh,
    "auto-scaling.DescribeAutoScalingGroups": describe_auto_scaling_groups,
    "auto-scaling.DescribeInstanceRefreshes": scaling_calls.describe_instance_refreshes,
    "auto-scaling.DescribeScalingActivities": scaling_calls.describe_scaling_activities,
    "auto-scaling.SetDesiredCapacity": scaling_calls.set_desired_capacity,
    "auto-scaling.StartInstanceRefresh": scaling_calls.start_instance_refresh,
    "auto-scaling.TerminateInstanceInAutoScalingGroup": scaling_calls.terminate_instance,
    "codedeploy.ListDeployments": investigation.list_deployments,
    "ec2.DescribeInstanceStatus": describe_instance_status,
    "ec2.DescribeInstances": investigation.describe_instances,
    "ec2.DescribeLaunchTemplateVersions": investigation.describe_launch_template_versions,
    "ec2.DescribeRouteTables": investigation.describe_route_tables,
    "ec2.DescribeSecurityGroupRules": investigation.describe_security_group_rules,
    "ec2.DescribeVpcPeeringConnections": investigation.describe_vpc_peering_connections,
    "health.DescribeEvents": investigation.describe_events,
    "cloudformation.DescribeStacks": preflight.describe_stacks,
    "cloudwatch.DescribeAlarms": describe_alarms,
    "cloudwatch.GetMetricData": get_metric_data,
    "cloudwatch.ListAlarmMuteRules": list_alarm_mute_rules,
    "elastic-load-balancing-v2.DescribeTargetHealth": describe_target_health,
    "kms.DescribeKey": preflight.describe_key,
    "kms.GetKeyPolicy": preflight.get_key_policy,
    "sns.Publish": publish,
    "ssm.DescribeInstanceInformation": describe_instance_information,
    "ssm.DescribeParameters": preflight.describe_parameters,
    "ssm.GetParameter": preflight.get_parameter,
    "ssm.ListCommandInvocations": list_command_invocations,
    "ssm.ListCommands": list_commands,
    "ssm.SendCommand": send_command,
}
"""By botocore's name of a call: the service's id, hyphenated, and the call."""
