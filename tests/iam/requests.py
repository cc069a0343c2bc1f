"""Requests: what a call of AWS asks of IAM, by what its parameters name and by nothing else.

Service Authorization Reference, for each service. A resource is written as its kind and what the
call names it: ``table/NAME/index/INDEX``, ``queue/ACCOUNT/NAME``, ``key/ID``; ``*`` where the
action knows no resource.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

type Parameters = dict[str, Any]
type Given = tuple[tuple[str, str], ...]
"""Condition keys that the call itself carries, with their values."""


class Wanted(NamedTuple):
    """One question to IAM."""

    action: str
    resource: str
    given: Given = ()


SERVICES = {
    "auto-scaling": "autoscaling",
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "secrets-manager": "secretsmanager",
}
"""What IAM calls a service, where botocore's events say otherwise."""
ON_EVERYTHING = "*"
UNPLACED = "unplaced/"
"""The kind of what a call is about of which nobody said it here: no role may do it."""
WRITES = {
    "Put": "PutItem",
    "Delete": "DeleteItem",
    "Update": "UpdateItem",
    "ConditionCheck": "ConditionCheckItem",
}


def asked(call: str, parameters: Parameters) -> Iterator[Wanted]:
    """What *call*, ``dynamodb.Query``, asks for."""
    service, _, operation = call.partition(".")
    action = f"{SERVICES.get(service, service)}:{operation}"
    if service == "dynamodb":
        yield from _dynamodb(operation, parameters)
    elif operation == "SendCommand":
        yield Wanted(action, f"document/{parameters['DocumentName']}")
        yield from (Wanted(action, f"instance/{each}") for each in _hosts(parameters))
    elif call == "s3.ListObjectsV2":
        yield Wanted("s3:ListBucket", f"bucket/{parameters['Bucket']}")
    elif service == "kms":
        yield Wanted(action, f"key/{parameters['KeyId']}", tuple(_of_key(parameters)))
    elif call in PLACED:
        yield Wanted(action, PLACED[call](parameters))
    else:
        yield Wanted(action, f"{UNPLACED}{call}")


def _hosts(parameters: Parameters) -> list[str]:
    """Whom a command is for; a target by tags is as wide as the tag, and nobody's here."""
    return [*parameters.get("InstanceIds", ()), *map(str, parameters.get("Targets", ()))]


def _of_key(parameters: Parameters) -> Iterator[tuple[str, str]]:
    """An alias counts only where the call goes by it."""
    if parameters["KeyId"].startswith("alias/"):
        yield "kms:RequestAlias", parameters["KeyId"]
    for name in ("SigningAlgorithm", "MessageType"):
        if name in parameters:
            yield f"kms:{name}", parameters[name]


def _dynamodb(operation: str, parameters: Parameters) -> Iterator[Wanted]:
    match operation:
        case "TransactWriteItems":
            for item in parameters["TransactItems"]:
                ((kind, of),) = item.items()
                yield Wanted(f"dynamodb:{WRITES[kind]}", _table(of))
        case "TransactGetItems":
            for item in parameters["TransactItems"]:
                yield Wanted("dynamodb:GetItem", _table(item["Get"]))
        case "BatchGetItem":
            for name in parameters["RequestItems"]:
                yield Wanted("dynamodb:BatchGetItem", _table({"TableName": name}))
        case _:
            yield Wanted(f"dynamodb:{operation}", _table(parameters))


def _table(parameters: Parameters) -> str:
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return f"table/{parameters['TableName']}{index}"


def _everything(_: Parameters) -> str:
    return ON_EVERYTHING


def _group(parameters: Parameters) -> str:
    return f"group/{parameters['AutoScalingGroupName']}"


def _object(parameters: Parameters) -> str:
    return f"object/{parameters['Bucket']}/{parameters['Key'].partition('/')[0]}/"


def _deployments(parameters: Parameters) -> str:
    return f"deployments/{parameters['applicationName']}/{parameters['deploymentGroupName']}"


PLACED: dict[str, Callable[[Parameters], str]] = {
    "auto-scaling.CancelInstanceRefresh": _group,
    "auto-scaling.DescribeAutoScalingGroups": _everything,
    "auto-scaling.DescribeInstanceRefreshes": _everything,
    "auto-scaling.DescribeScalingActivities": _everything,
    "auto-scaling.SetDesiredCapacity": _group,
    "auto-scaling.StartInstanceRefresh": _group,
    "auto-scaling.TerminateInstanceInAutoScalingGroup": lambda it: f"member/{it['InstanceId']}",
    "cloudformation.DescribeStacks": lambda it: f"stack/{it.get('StackName', ON_EVERYTHING)}",
    "cloudwatch.DescribeAlarms": _everything,
    "cloudwatch.GetMetricData": _everything,
    "codedeploy.ListDeployments": _deployments,
    "ec2.DescribeInstanceStatus": _everything,
    "ec2.DescribeInstances": _everything,
    "ec2.DescribeLaunchTemplateVersions": _everything,
    "ec2.DescribeRouteTables": _everything,
    "ec2.DescribeSecurityGroupRules": _everything,
    "ec2.DescribeVpcPeeringConnections": _everything,
    "elastic-load-balancing-v2.DescribeTargetHealth": _everything,
    "health.DescribeEvents": _everything,
    "s3.GetObject": _object,
    "s3.PutObject": _object,
    "secrets-manager.GetSecretValue": lambda it: f"secret/{it['SecretId']}",
    "sns.Publish": lambda it: f"topic/{it['TopicArn']}",
    "sqs.SendMessage": lambda it: f"queue{urlsplit(it['QueueUrl']).path}",
    "ssm.DescribeInstanceInformation": _everything,
    "ssm.DescribeParameters": _everything,
    "ssm.GetParameter": lambda it: f"parameter/{it['Name'].removeprefix('/')}",
    "ssm.ListCommandInvocations": _everything,
    "ssm.ListCommands": _everything,
}
"""Every other call that a function makes, and what it is about."""
