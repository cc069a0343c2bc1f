"""The archive's bucket with object lock, and the signing key; both outlive the stack."""

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from firstline.config.deployment_section import Deployment
from firstline.ledger.archive import PREFIXES
from infra.nag import accept


def locked_bucket(scope: Construct, settings: Deployment) -> s3.Bucket:
    """Return the bucket, whose objects cannot be changed, or removed within the lock's time.

    S3's own key encrypts: with a key of this account a KMS incident would stop its own record.
    Nothing expires; incomplete uploads are removed after the lock's time.
    """
    locked = Duration.days(settings.archive_lock_days)
    lock = {
        "governance": s3.ObjectLockRetention.governance,
        "compliance": s3.ObjectLockRetention.compliance,
    }[settings.archive_lock]
    bucket = s3.Bucket(
        scope,
        "Archive",
        versioned=True,
        object_lock_enabled=True,
        object_lock_default_retention=lock(locked),
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        lifecycle_rules=[s3.LifecycleRule(abort_incomplete_multipart_upload_after=locked)],
        removal_policy=RemovalPolicy.RETAIN,
    )
    bucket.add_to_resource_policy(_once(bucket))
    reads = (
        "an object is put once and signed for; who reads it is in CloudTrail, where it is wanted"
    )
    accept(bucket, "AwsSolutions-S1", reads)
    CfnOutput(Stack.of(scope), "ArchiveBucket", value=bucket.bucket_name)
    return bucket


def _once(bucket: s3.Bucket) -> iam.PolicyStatement:
    """Deny a write without the condition that the object does not exist.

    S3 guide, "Enforce conditional writes": parts of an upload have no such header.
    """
    return iam.PolicyStatement(
        sid="PutOnce",
        effect=iam.Effect.DENY,
        principals=[iam.AnyPrincipal()],
        actions=["s3:PutObject"],
        resources=[bucket.arn_for_objects(f"{prefix}*") for prefix in PREFIXES],
        conditions={
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    )


def signing_key(scope: Construct) -> kms.Key:
    """Return the signing key; its private half stays in KMS, which does not rotate it."""
    key = kms.Key(
        scope,
        "Signing",
        description="firstline: signs the checkpoints of the ledger's archive",
        key_spec=kms.KeySpec.RSA_3072,
        key_usage=kms.KeyUsage.SIGN_VERIFY,
        pending_window=Duration.days(30),
        removal_policy=RemovalPolicy.RETAIN,
    )
    CfnOutput(Stack.of(scope), "SigningKey", value=key.key_arn)
    return key
