"""Roles: the permissions of each function, on named resources.

There are no managed policies. An action's needs come from its declaration in ``firstline.actions``;
a declared permission that no statement places stops the synthesis.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from firstline.actions.catalogue import ACTIONS
from firstline.config.profile import Fleet
from firstline.errors import InvariantViolation
from firstline.ledger.archive import CHECKPOINTS, ENTRIES, PREFIXES
from infra.unscoped import INVESTIGATION_READS, UNSCOPED

SEND = "ssm:SendCommand"
GROUP_CHANGES = (
    "autoscaling:CancelInstanceRefresh",
    "autoscaling:SetDesiredCapacity",
    "autoscaling:StartInstanceRefresh",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
)
"""The changes that a fix may make, to the fleet's own group only."""

LOCK_BREAKERS = (
    "s3:BypassGovernanceRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:PutBucketObjectLockConfiguration",
    "s3:PutBucketPolicy",
    "s3:PutLifecycleConfiguration",
    "s3:PutObjectLegalHold",
    "s3:PutObjectRetention",
)
"""The actions that could remove an archived object or its lock."""

_FLEET_READS = (
    "autoscaling:DescribeAutoScalingGroups",
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListAlarmMuteRules",
    "ec2:DescribeInstanceStatus",
    "elasticloadbalancing:DescribeTargetHealth",
    "ssm:DescribeInstanceInformation",
    "ssm:DescribeParameters",
)
_NETWORK = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_GROUPS = "autoScalingGroup:*:autoScalingGroupName"
"""The prefix of a group's ARN; the wildcard stands for its unknown id."""
_ANY_INSTANCE = f"arn:{Aws.PARTITION}:ec2:{Aws.REGION}:{Aws.ACCOUNT_ID}:instance/*"

type Policies = Mapping[str, Sequence[iam.PolicyStatement]]


def role(scope: Construct, name: str, service: iam.IPrincipal, policies: Policies) -> iam.Role:
    """Return a role for *service* with each non-empty policy of *policies* inline."""
    return iam.Role(
        scope,
        name,
        assumed_by=service,
        inline_policies={
            meaning: iam.PolicyDocument(statements=list(statements))
            for meaning, statements in policies.items()
            if statements
        },
    )


def write_logs(group: logs.LogGroup) -> list[iam.PolicyStatement]:
    """Write to this log group, and create none."""
    return [_allow(["logs:CreateLogStream", "logs:PutLogEvents"], [group.log_group_arn])]


def consume(queue: sqs.Queue) -> list[iam.PolicyStatement]:
    """Read this queue as an event source."""
    taking = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    return [_allow(taking, [queue.queue_arn])]


def send(queue: sqs.Queue) -> list[iam.PolicyStatement]:
    """Put messages into *queue*."""
    return [_allow(["sqs:SendMessage"], [queue.queue_arn])]


def invoke(function: lambda_.Function) -> list[iam.PolicyStatement]:
    """Call this function."""
    return [_allow(["lambda:InvokeFunction"], [function.function_arn])]


def read_secret(secret: secretsmanager.ISecret) -> list[iam.PolicyStatement]:
    """Read the routing key."""
    return [_allow(["secretsmanager:GetSecretValue"], [secret.secret_arn])]


def publish(topic: sns.Topic) -> list[iam.PolicyStatement]:
    """Publish to *topic*."""
    return [_allow(["sns:Publish"], [topic.topic_arn])]


def keep_incidents(table: dynamodb.Table, *operations: str) -> list[iam.PolicyStatement]:
    """Use the named operations on the table, and nothing else of DynamoDB."""
    return [_allow([f"dynamodb:{operation}" for operation in operations], [table.table_arn])]


def query_indexes(table: dynamodb.Table, *indexes: str) -> list[iam.PolicyStatement]:
    """Query the *indexes* for due, open or ended incidents."""
    return [_allow(["dynamodb:Query"], [f"{table.table_arn}/index/{each}" for each in indexes])]


def append_to_ledger(table: dynamodb.Table) -> list[iam.PolicyStatement]:
    """Put entries; a denial prevents changes and removals."""
    writing = ["UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete"]
    return [
        _allow(["dynamodb:PutItem"], [table.table_arn]),
        _deny([f"dynamodb:{operation}" for operation in writing], [table.table_arn]),
    ]


def read_ledger(table: dynamodb.Table) -> list[iam.PolicyStatement]:
    """Read an incident's entries; write nothing."""
    return [_allow(["dynamodb:Query"], [table.table_arn])]


def read_stream(table: dynamodb.Table) -> list[iam.PolicyStatement]:
    """Read this stream as an event source."""
    reading = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"]
    stream = table.table_stream_arn or ""
    return [_allow([f"dynamodb:{operation}" for operation in reading], [stream])]


def archive(bucket: s3.Bucket) -> list[iam.PolicyStatement]:
    """Put and read objects; a denial prevents removals."""
    objects = bucket.arn_for_objects("*")
    return [
        _allow(["s3:ListBucket"], [bucket.bucket_arn]),
        _allow(["s3:GetObject"], [objects]),
        _allow(["s3:PutObject"], [bucket.arn_for_objects(f"{prefix}*") for prefix in PREFIXES]),
        _deny(LOCK_BREAKERS, [bucket.bucket_arn, objects]),
    ]


def read_archive(bucket: s3.Bucket) -> list[iam.PolicyStatement]:
    """Read entries and checkpoints."""
    objects = [bucket.arn_for_objects(f"{prefix}*") for prefix in (ENTRIES, CHECKPOINTS)]
    return [
        _allow(["s3:ListBucket"], [bucket.bucket_arn]),
        _allow(["s3:GetObject"], objects),
    ]


def read_public_key(key: kms.Key) -> list[iam.PolicyStatement]:
    """Verify signatures of the key."""
    return [_allow(["kms:GetPublicKey"], [key.key_arn])]


def sign(key: kms.Key) -> list[iam.PolicyStatement]:
    """Sign digests with the verifier's algorithm only."""
    how = {"kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256", "kms:MessageType": "DIGEST"}
    return [_allow(["kms:Sign"], [key.key_arn], {"StringEquals": how})]


def read_parameter(stack: Stack, name: str) -> iam.PolicyStatement:
    """Read one parameter; its encryption with SSM's own key needs no more."""
    arn = stack.format_arn(
        service="ssm", resource="parameter", resource_name=name.removeprefix("/")
    )
    return _allow(["ssm:GetParameter"], [arn])


def join_network(stack: Stack) -> list[iam.PolicyStatement]:
    """Let Lambda attach a function to a network; the function's code may not use it."""
    own = {"ArnLike": {"lambda:SourceFunctionArn": f"{_functions(stack)}*"}}
    deny = _deny(_NETWORK, ["*"])
    deny.add_conditions(own)
    return [_allow(_NETWORK, ["*"]), deny]


def _functions(stack: Stack) -> str:
    """The prefix of the ARNs of the stack's functions."""
    return stack.format_arn(
        service="lambda",
        resource="function",
        resource_name=f"{stack.stack_name}-",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def read_unscoped(actions: Sequence[str]) -> list[iam.PolicyStatement]:
    """Read *actions*, all of them in `UNSCOPED`, on every resource."""
    return [_allow(actions, ["*"])]


def inspect_and_fix(
    stack: Stack, documents: Sequence[str], fleet: Fleet
) -> list[iam.PolicyStatement]:
    """Read the fleet; send *documents* only, to instances of *fleet* only.

    Changes through Auto Scaling are limited to its group. IAM has no condition key for a
    document's name: a document is a resource, so that the condition on the instance's tags
    needs its own statement.
    """
    own = [_document_arn(stack, name) for name in documents]
    tagged = {f"aws:ResourceTag/{key}": value for key, value in fleet.tags.items()}
    return [
        _allow(_unscoped_reads(), ["*"]),
        _allow([SEND], own),
        _allow([SEND], [_ANY_INSTANCE], {"StringEquals": tagged}),
        _allow(_declared(GROUP_CHANGES), [_here("autoscaling", f"{_GROUPS}/{fleet.group}")]),
    ]


def read_preflight(fleet: Fleet) -> list[iam.PolicyStatement]:
    """Read the fleet's key and its policy, its stack and its published image, if it has them."""
    found = []
    if fleet.kms_key:
        named = {"StringEquals": {"kms:RequestAlias": fleet.kms_key}}
        found.append(_allow(["kms:DescribeKey"], [_here("kms", "key/*")], named))
        # its policy is read by the key's id, not by an alias
        of_alias = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": fleet.kms_key}}
        found.append(_allow(["kms:GetKeyPolicy"], [_here("kms", "key/*")], of_alias))
    if fleet.stack:
        arn = _here("cloudformation", f"stack/{fleet.stack}/*")
        found.append(_allow(["cloudformation:DescribeStacks"], [arn]))
    if fleet.pcr0_parameter:
        name = fleet.pcr0_parameter.removeprefix("/")
        found.append(_allow(["ssm:GetParameter"], [_here("ssm", f"parameter/{name}")]))
    return found


def read_investigation(fleet: Fleet) -> list[iam.PolicyStatement]:
    """Read the context for a person who takes over an incident."""
    found = [_allow(sorted(INVESTIGATION_READS), ["*"])]
    if fleet.deployment_group:
        arn = _here("codedeploy", f"deploymentgroup:{fleet.deployment_group}")
        found.append(_allow(["codedeploy:ListDeployments"], [arn]))
    return found


def _declared(placed: Sequence[str]) -> list[str]:
    """Return those of *placed* that an action declares."""
    declared = {each for action in ACTIONS.values() for each in action.permissions}
    return sorted(declared & set(placed))


def _here(service: str, resource: str) -> str:
    """Return an ARN of this account and Region, in the form that findings use."""
    return f"arn:{Aws.PARTITION}:{service}:{Aws.REGION}:{Aws.ACCOUNT_ID}:{resource}"


def _unscoped_reads() -> list[str]:
    declared = {each for action in ACTIONS.values() for each in action.permissions}
    reads = sorted((declared - {SEND, *GROUP_CHANGES}) | set(_FLEET_READS))
    for unplaced in set(reads) - UNSCOPED.keys():
        raise InvariantViolation(
            f"an action declares {unplaced}, and infra/roles.py gives it no resource"
        )
    return reads


def _document_arn(stack: Stack, name: str) -> str:
    return stack.format_arn(service="ssm", resource="document", resource_name=name)


def _allow(
    actions: Sequence[str], resources: Sequence[str], conditions: Mapping[str, object] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=list(actions), resources=list(resources), conditions=conditions
    )


def _deny(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=iam.Effect.DENY, actions=list(actions), resources=list(resources)
    )
