"""Requests: what a call of AWS asks of IAM, with names that no template is needed for.

``table/incidents``, ``queue/wakes``, ``instance``: `tests.iam.places` says which ARN each is.
Service Authorization Reference, for each service.
"""

from collections.abc import Callable, Iterator
from typing import Any

type Parameters = dict[str, Any]
type Asked = tuple[str, str]
"""An IAM action, and the name of the resource that it is about."""

SERVICES = {
    "auto-scaling": "autoscaling",
    "elastic-load-balancing-v2": "elasticloadbalancing",
    "secrets-manager": "secretsmanager",
}
"""What IAM calls a service, where botocore's events say otherwise."""
ON_EVERYTHING = "*"
WRITES = {
    "Put": "PutItem",
    "Delete": "DeleteItem",
    "Update": "UpdateItem",
    "ConditionCheck": "ConditionCheckItem",
}


def asked(call: str, parameters: Parameters) -> Iterator[Asked]:
    """What *call*, ``dynamodb.Query``, asks for; a call that nobody placed fails."""
    service, _, operation = call.partition(".")
    action = f"{SERVICES.get(service, service)}:{operation}"
    if service == "dynamodb":
        yield from _dynamodb(operation, parameters)
    elif operation == "SendCommand":
        yield action, f"document/{parameters['DocumentName']}"
        yield from ((action, "instance") for _ in parameters["InstanceIds"])
    elif call == "s3.ListObjectsV2":
        yield "s3:ListBucket", "archive"
    else:
        yield action, PLACED[call](parameters)


def _dynamodb(operation: str, parameters: Parameters) -> Iterator[Asked]:
    match operation:
        case "TransactWriteItems":
            for item in parameters["TransactItems"]:
                ((kind, of),) = item.items()
                yield f"dynamodb:{WRITES[kind]}", _table(of)
        case "TransactGetItems":
            for item in parameters["TransactItems"]:
                yield "dynamodb:GetItem", _table(item["Get"])
        case "BatchGetItem":
            for name in parameters["RequestItems"]:
                yield "dynamodb:BatchGetItem", _table({"TableName": name})
        case _:
            yield f"dynamodb:{operation}", _table(parameters)


def _table(parameters: Parameters) -> str:
    name = parameters["TableName"].rpartition("-")[2]
    index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
    return f"table/{name}{index}"


def _everything(_: Parameters) -> str:
    return ON_EVERYTHING


def _group(_: Parameters) -> str:
    return "group"


def _enclaves(_: Parameters) -> str:
    return "key/enclaves"


def _object(parameters: Parameters) -> str:
    return f"archive/{parameters['Key'].partition('/')[0]}/"


PLACED: dict[str, Callable[[Parameters], str]] = {
    "auto-scaling.CancelInstanceRefresh": _group,
    "auto-scaling.DescribeAutoScalingGroups": _everything,
    "auto-scaling.DescribeInstanceRefreshes": _everything,
    "auto-scaling.DescribeScalingActivities": _everything,
    "auto-scaling.SetDesiredCapacity": _group,
    "auto-scaling.StartInstanceRefresh": _group,
    "auto-scaling.TerminateInstanceInAutoScalingGroup": _group,
    "cloudformation.DescribeStacks": lambda it: f"stack/{it['StackName']}",
    "cloudwatch.DescribeAlarms": _everything,
    "cloudwatch.GetMetricData": _everything,
    "codedeploy.ListDeployments": lambda it: f"deployments/{it['deploymentGroupName']}",
    "ec2.DescribeInstances": _everything,
    "ec2.DescribeLaunchTemplateVersions": _everything,
    "ec2.DescribeRouteTables": _everything,
    "ec2.DescribeSecurityGroupRules": _everything,
    "ec2.DescribeVpcPeeringConnections": _everything,
    "elastic-load-balancing-v2.DescribeTargetHealth": _everything,
    "health.DescribeEvents": _everything,
    "kms.DescribeKey": _enclaves,
    "kms.GetKeyPolicy": _enclaves,
    "kms.GetPublicKey": lambda _: "key/signing",
    "kms.Sign": lambda it: f"key/signing/{it['SigningAlgorithm']}/{it['MessageType']}",
    "s3.GetObject": _object,
    "s3.PutObject": _object,
    "secrets-manager.GetSecretValue": lambda _: "secret/routing-key",
    "sns.Publish": lambda it: f"topic/{it['TopicArn'].rpartition('-')[2]}",
    "sqs.SendMessage": lambda it: f"queue/{it['QueueUrl'].rpartition('-')[2]}",
    "ssm.DescribeInstanceInformation": _everything,
    "ssm.DescribeParameters": _everything,
    "ssm.GetParameter": lambda it: f"parameter/{it['Name'].removeprefix('/')}",
    "ssm.ListCommandInvocations": _everything,
    "ssm.ListCommands": _everything,
}
"""Every other call that a function makes, and what it is about."""
