"""No key of the account stands between an alarm and a person, or before the record."""

from collections.abc import Iterator

from tests.infra.made import Made

KEYS = {"KmsKeyArn", "KmsKeyId", "KmsMasterKeyId", "KMSMasterKeyID", "KMSMasterKeyId"}
"""CloudFormation's property for the key, by kind of resource."""


def named(value: object) -> Iterator[str]:
    """Each property that names a key, however deep it lies."""
    match value:
        case dict():
            for key, each in value.items():
                yield from [key] if key in KEYS else named(each)
        case list():
            for each in value:
                yield from named(each)
        case _:
            pass


def test_nothing_but_the_signature_needs_a_key_of_the_account(made: Made) -> None:
    """A key that is disabled would stop what it encrypts; the one that signs stops checkpoints."""
    resources = [
        each for made_of in made.templates.values() for each in made_of["Resources"].items()
    ]
    assert [name for name, each in resources if list(named(each.get("Properties")))] == []
    (key,) = made.of("AWS::KMS::Key")
    assert key.properties["KeyUsage"] == "SIGN_VERIFY"


def test_a_key_would_be_found() -> None:
    """The check itself can fail."""
    rules = [{"ServerSideEncryptionByDefault": {"KMSMasterKeyID": "k"}}]
    assert list(named({"BucketEncryption": {"ServerSideEncryptionConfiguration": rules}}))
