"""The key under which users have pseudonyms: made by the stack, and known to nobody."""

from aws_cdk import SecretValue
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.nag import accept


def hash_key(scope: Construct) -> str:
    """A reference that CloudFormation resolves into the functions' settings.

    A function that read it by itself would wait for Secrets Manager before a page. Whoever may
    read a function's configuration may read it: it hides users from readers of the record, not
    from the account's administrators.
    """
    secret = secretsmanager.CfnSecret(
        scope,
        "HashKey",
        description="firstline: users' pseudonyms; another key makes other pseudonyms",
        generate_secret_string=secretsmanager.CfnSecret.GenerateSecretStringProperty(
            exclude_punctuation=True, password_length=43
        ),
    )
    accept(secret, "AwsSolutions-SMG4", "a new key would make a known user somebody else")
    return SecretValue.secrets_manager(secret.ref).unsafe_unwrap()
