"""Denials: the actions that no function of firstline may ever do, whatever its role allows.

A denial overrides every permission. Secrets and buckets are denied by exclusion: a function may use
its own, so that operator keys, signing keys and vaults need no name here. Services acting for
firstline (Secrets Manager's own key, for one) keep working: only the use of the enclaves' key is
denied.
"""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

type Statements = Sequence[iam.PolicyStatement]

ANY_COMMAND = ("AWS-RunShellScript", "AWS-RunRemoteScript", "AWS-RunDocument")
"""AWS's documents that run arbitrary commands."""
DENIED_ACTIONS = {
    "hosts": (
        "ec2:CreateTags",  # a tag puts a host into the scope of firstline's commands
        "ec2:DeleteTags",
        "ec2:ModifyInstanceAttribute",
        "ec2:RebootInstances",
        "ec2:RunInstances",
        "ec2:StopInstances",
        "ec2:TerminateInstances",  # past its group
    ),
    "commands": (
        "ssm:CreateDocument",
        "ssm:DeleteDocument",
        "ssm:ModifyDocumentPermission",
        "ssm:StartAutomationExecution",
        "ssm:StartSession",
        "ssm:UpdateDocument*",
    ),
    "images": (
        "ssm:DeleteParameter*",
        "ssm:LabelParameterVersion",
        "ssm:PutParameter",  # a published PCR0 would bless an unknown image
    ),
    "alarms": (
        "cloudwatch:DeleteAlarms",
        "cloudwatch:DisableAlarmActions",
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:PutMetricData",
        "cloudwatch:SetAlarmState",  # the drill's schedule alone
    ),
    "keys": (
        "kms:CreateGrant",
        "kms:DisableKey",
        "kms:PutKeyPolicy",
        "kms:ScheduleKeyDeletion",
        "kms:UpdateAlias",
    ),
    "itself": (
        "iam:*",
        "lambda:Update*",
        "sts:AssumeRole",
    ),
}
"""The actions denied on every resource, by what the denial protects."""
USES_OF_A_KEY = ("kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def denials(allowed: Statements, enclave_key: str) -> list[iam.PolicyStatement]:
    """Return the denials for a role with *allowed*; *enclave_key* is an alias, or empty."""
    return [
        _deny([each for group in DENIED_ACTIONS.values() for each in group], ["*"]),
        _deny(["ssm:SendCommand"], [_document(each) for each in ANY_COMMAND]),
        _but_own("secretsmanager:*", _resources(allowed, "secretsmanager:")),
        _but_own("s3:*", _resources(allowed, "s3:")),
        *([_use_of(enclave_key)] if enclave_key else []),
    ]


def _resources(allowed: Statements, service: str) -> list[str]:
    """Return the resources of a service that *allowed* names."""
    named = (it for it in allowed if any(each.startswith(service) for each in it.actions))
    return list(dict.fromkeys(each for it in named for each in it.resources))


def _but_own(action: str, own: list[str]) -> iam.PolicyStatement:
    """Deny *action* on all resources but the function's own."""
    if not own:
        return _deny([action], ["*"])
    return iam.PolicyStatement(effect=iam.Effect.DENY, actions=[action], not_resources=own)


def _use_of(alias: str) -> iam.PolicyStatement:
    deny = _deny(USES_OF_A_KEY, ["*"])
    deny.add_conditions({"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}})
    return deny


def _document(name: str) -> str:
    return f"arn:{Aws.PARTITION}:ssm:*:*:document/{name}"


def _deny(actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=iam.Effect.DENY, actions=list(actions), resources=list(resources)
    )
