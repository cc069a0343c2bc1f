"""The types that hold records, made whole: moto's CloudFormation leaves out how they are kept."""

import json

from tests.end_to_end.cloud import Cloud
from tests.end_to_end.stand_ins import Kind, Properties, Resource


def _make_table(cloud: Cloud, name: str, properties: Properties) -> Resource:
    """With what moto's own leaves out: the TTL, the backups."""
    tables, rest = cloud.client("dynamodb"), dict(properties)
    backups = rest.pop("PointInTimeRecoverySpecification", None)
    living = rest.pop("TimeToLiveSpecification", None)
    if stream := rest.get("StreamSpecification"):
        rest["StreamSpecification"] = {"StreamEnabled": True, **stream}
    made = tables.create_table(TableName=name, **rest)["TableDescription"]
    if living:
        tables.update_time_to_live(TableName=name, TimeToLiveSpecification=living)
    if backups:
        tables.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=backups)
    arns = {"Arn": made["TableArn"], "StreamArn": made.get("LatestStreamArn", "")}
    return Resource(name, arns)


def _keep(_: Cloud, made: Resource, properties: Properties) -> Resource:
    """What holds records is made once, and no deployment here changes it."""
    raise AssertionError(f"{made.ref} would be changed: {properties}")


def _remove_table(cloud: Cloud, made: Resource) -> None:
    cloud.client("dynamodb").delete_table(TableName=made.ref)


def _make_bucket(cloud: Cloud, name: str, properties: Properties) -> Resource:
    """With what moto's own leaves out: the lock, who owns, what expires."""
    name = properties.get("BucketName") or name.lower()[:63]
    buckets, at = cloud.client("s3"), {"Bucket": name}
    buckets.create_bucket(
        **at, ObjectLockEnabledForBucket=properties.get("ObjectLockEnabled", False)
    )
    if given := properties.get("VersioningConfiguration"):
        buckets.put_bucket_versioning(**at, VersioningConfiguration=given)
    if given := properties.get("BucketEncryption"):
        rules = [
            {"ApplyServerSideEncryptionByDefault": each["ServerSideEncryptionByDefault"]}
            for each in given["ServerSideEncryptionConfiguration"]
        ]
        buckets.put_bucket_encryption(**at, ServerSideEncryptionConfiguration={"Rules": rules})
    if given := properties.get("ObjectLockConfiguration"):
        buckets.put_object_lock_configuration(**at, ObjectLockConfiguration=given)
    if given := properties.get("OwnershipControls"):
        buckets.put_bucket_ownership_controls(**at, OwnershipControls=given)
    if given := properties.get("PublicAccessBlockConfiguration"):
        buckets.put_public_access_block(**at, PublicAccessBlockConfiguration=given)
    return Resource(name, {"Arn": f"arn:aws:s3:::{name}"})


def _remove_bucket(cloud: Cloud, made: Resource) -> None:
    cloud.client("s3").delete_bucket(Bucket=made.ref)


def _make_key(cloud: Cloud, _: str, properties: Properties) -> Resource:
    kept = {key: properties[key] for key in ("Description", "KeySpec", "KeyUsage")}
    made = cloud.client("kms").create_key(**kept, Policy=json.dumps(properties["KeyPolicy"]))
    return Resource(made["KeyMetadata"]["KeyId"], {"Arn": made["KeyMetadata"]["Arn"]})


def _remove_key(cloud: Cloud, made: Resource) -> None:
    cloud.client("kms").schedule_key_deletion(KeyId=made.ref)


def _bucket_policy(cloud: Cloud, name: str, properties: Properties) -> Resource:
    policy = json.dumps(properties["PolicyDocument"])
    cloud.client("s3").put_bucket_policy(Bucket=properties["Bucket"], Policy=policy)
    return Resource(name)


KEPT = {
    "AWS::DynamoDB::Table": Kind(_make_table, _keep, _remove_table, ("Arn", "StreamArn")),
    "AWS::KMS::Key": Kind(_make_key, _keep, _remove_key, ("Arn",)),
    "AWS::S3::Bucket": Kind(_make_bucket, _keep, _remove_bucket, ("Arn",)),
    "AWS::S3::BucketPolicy": Kind(_bucket_policy),
}
