"""The denials of every function: a later permission does not override them."""

from dataclasses import replace

import pytest

from infra.denials import ANY_COMMAND, DENIED_ACTIONS, USES_OF_A_KEY, denials
from tests.infra.made import HERE, REGION, Made, Resource
from tests.infra.permissions import Request, allowed, statements

EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
"""A role with all permissions."""
KEY = f"arn:aws:kms:{HERE}:key/0a1b2c3d"
ALIAS = "alias/vettid-enclave-sealing"
INSTANCE = f"arn:aws:ec2:{HERE}:instance/i-0a1b2c3d4e5f60711"
NAMED = {
    "a command of any text": [
        ("ssm:SendCommand", f"arn:aws:ssm:{REGION}::document/{each}") for each in ANY_COMMAND
    ],
    "an instance past its group": [("ec2:TerminateInstances", INSTANCE)],
    "a tag that puts a host into scope": [("ec2:CreateTags", INSTANCE)],
    "the operator's and the signing keys": [
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:{each}-a1b2c3")
        for each in ("vettid/nats/operator-key", "vettid/control-signing-key")
    ],
    "the vaults": [
        (f"s3:{each}", "arn:aws:s3:::vettid-vault-data-111122223333/vaults/x/vault_state.enc")
        for each in ("GetObject", "PutObject", "DeleteObject")
    ],
    "the key's policy and its life": [
        (f"kms:{each}", KEY) for each in ("PutKeyPolicy", "DisableKey", "ScheduleKeyDeletion")
    ],
    "the published image": [
        ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/vettid/enclave/pcr/pcr0")
    ],
    "our documents": [("ssm:UpdateDocument", f"arn:aws:ssm:{HERE}:document/ours")],
    "a shell on a host": [("ssm:StartSession", INSTANCE)],
    "an alarm": [("cloudwatch:SetAlarmState", f"arn:aws:cloudwatch:{HERE}:alarm:any")],
    "the roles themselves": [("iam:PutRolePolicy", "*"), ("sts:AssumeRole", "*")],
}


def functions(made: Made) -> list[Resource]:
    """The roles of all functions: every role that Lambda takes."""
    return [
        each
        for each in made.of("AWS::IAM::Role")
        if "lambda" in str(each.properties["AssumeRolePolicyDocument"])
    ]


@pytest.mark.parametrize("name", NAMED)
def test_it_is_denied_to_every_function(made: Made, name: str) -> None:
    """Whatever else a role is given."""
    roles = functions(made)
    assert len(roles) == len(made.of("AWS::Lambda::Function"))
    for role in roles:
        policy = [EVERYTHING, *statements(role)]
        for action, resource in NAMED[name]:
            assert not allowed(policy, Request(action, resource)), (role.logical_id, action)


@pytest.mark.parametrize("action", [each for group in DENIED_ACTIONS.values() for each in group])
def test_each_denial_is_in_each_role(made: Made, action: str) -> None:
    """By name, on everything."""
    for role in functions(made):
        assert not allowed(
            [EVERYTHING, *statements(role)], Request(action.replace("*", "X"), "any")
        )


@pytest.mark.parametrize("use", USES_OF_A_KEY)
def test_the_enclaves_key_is_never_used(use: str) -> None:
    """Another key may be, as by Secrets Manager for us; a fleet without a key has no denial."""
    request = Request(use.replace("*", ""), KEY, {"kms:ResourceAliases": (ALIAS,)})
    other = replace(request, context={"kms:ResourceAliases": ("alias/aws/secretsmanager",)})
    policy = [EVERYTHING, *(each.to_statement_json() for each in denials([], ALIAS))]
    assert not allowed(policy, request)
    assert allowed(policy, other)
    without = [EVERYTHING, *(each.to_statement_json() for each in denials([], ""))]
    assert allowed(without, request)


def test_what_is_a_functions_own_stays_its_own(made: Made) -> None:
    """The routing key is read by those who page, and the archive's bucket by the archive."""
    secret = made.arn(made.one("AWS::SecretsManager::Secret", "RoutingKeyValue"))
    readers = [
        role.logical_id
        for role in functions(made)
        if allowed(statements(role), Request("secretsmanager:GetSecretValue", secret))
    ]
    assert sorted(each[:14] for each in readers) == [
        "LeversOperator",
        "ResponseIngest",
        "ResponseReconc",
        "ResponseSweepR",
    ]
