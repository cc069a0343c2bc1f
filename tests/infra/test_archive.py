"""The archive: a bucket that locks, a key that signs, and a function that can only add."""

import pytest
from aws_cdk import App

from app import compose
from firstline.ledger.archive import PREFIXES
from infra.roles import LOCK_BREAKERS
from tests.infra.conftest import deployed_with
from tests.infra.made import Made, Resource
from tests.infra.permissions import may, role_of, statements


@pytest.fixture(scope="module")
def bucket(made: Made) -> Resource:
    return made.one("AWS::S3::Bucket", "Archive")


def test_bucket_and_key_are_kept(made: Made, bucket: Resource) -> None:
    """They outlive the stack; the names are outputs for verifiers."""
    key = made.one("AWS::KMS::Key", "Signing")
    for each in (bucket, key):
        assert (each.raw["DeletionPolicy"], each.raw["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert key.properties["KeySpec"] == "RSA_3072"
    assert key.properties["KeyUsage"] == "SIGN_VERIFY"
    stack_outputs = made.outputs("firstline-vettid-records")
    assert (stack_outputs["ArchiveBucket"], stack_outputs["SigningKey"]) == (
        bucket.name,
        made.arn(key),
    )


def test_what_is_put_is_locked_and_private(bucket: Resource) -> None:
    """By default for a day, by those whom the operator lets; no key of the account is needed."""
    properties = bucket.properties
    assert properties["ObjectLockEnabled"] is True
    assert properties["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Days": 1, "Mode": "GOVERNANCE"}},
    }
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_the_operator_chooses_the_lock(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compliance is opted into, and no lifecycle is shorter than the lock."""
    folder = tmp_path_factory.mktemp("compliance")
    chosen = deployed_with(folder, archive_lock="compliance", archive_lock_days=400)
    app = App(outdir=str(folder), context=chosen)
    compose(app)
    app.synth()
    properties = Made(folder).one("AWS::S3::Bucket", "Archive").properties
    rule = properties["ObjectLockConfiguration"]["Rule"]
    assert rule == {"DefaultRetention": {"Days": 400, "Mode": "COMPLIANCE"}}
    assert properties["LifecycleConfiguration"]["Rules"] == [
        {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 400}, "Status": "Enabled"}
    ]


def test_nobody_puts_over_an_object_or_without_tls(made: Made, bucket: Resource) -> None:
    """A put must ask that there be none; the policy holds for every principal."""
    (policy,) = [
        each
        for each in made.of("AWS::S3::BucketPolicy")
        if each.properties["Bucket"] == bucket.name
    ]
    denied = {
        str(each["Condition"]): each for each in policy.properties["PolicyDocument"]["Statement"]
    }
    assert all(each["Effect"] == "Deny" for each in denied.values())
    assert "{'Bool': {'aws:SecureTransport': 'false'}}" in denied
    (once,) = [each for each in denied.values() if each["Action"] == "s3:PutObject"]
    assert once["Principal"] == {"AWS": "*"}
    assert once["Condition"] == {
        "Null": {"s3:if-none-match": "true"},
        "Bool": {"s3:ObjectCreationOperation": "true"},
    }
    assert once["Resource"] == [f"{made.arn(bucket)}/{prefix}*" for prefix in PREFIXES]


def test_the_function_adds_and_reads_and_no_more(made: Made, bucket: Resource) -> None:
    """Objects under the prefixes, entries of the ledger, signatures of one kind."""
    role, arn = role_of(made, "archive"), made.arn(bucket)
    ledger = made.one("AWS::DynamoDB::Table", "Ledger")
    for prefix in PREFIXES:
        assert may(role, "s3:PutObject", f"{arn}/{prefix}x")
    assert not may(role, "s3:PutObject", f"{arn}/elsewhere/x")
    assert may(role, "s3:GetObject", f"{arn}/entries/x")
    assert may(role, "s3:ListBucket", arn)
    for action in LOCK_BREAKERS:
        assert not may(role, action, f"{arn}/entries/x")
        assert not may(role, action, arn)
    denied = [set(each["Action"]) for each in statements(role) if each["Effect"] == "Deny"]
    assert set(LOCK_BREAKERS) in denied
    for operation in ("PutItem", "UpdateItem", "DeleteItem", "Scan"):
        assert not may(role, f"dynamodb:{operation}", made.arn(ledger))
    (sign,) = [each for each in statements(role) if "kms:Sign" in each["Action"]]
    assert sign["Resource"] == made.arn(made.one("AWS::KMS::Key", "Signing"))
    assert sign["Condition"] == {
        "StringEquals": {
            "kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256",
            "kms:MessageType": "DIGEST",
        }
    }


def test_the_stream_is_read_from_its_beginning_until_it_forgets(made: Made) -> None:
    """Retried for 23 hours, split on failure, then a dead letter."""
    role = role_of(made, "archive")
    (source,) = [
        each.properties
        for each in made.of("AWS::Lambda::EventSourceMapping")
        if "/stream/" in each.properties["EventSourceArn"]
    ]
    lost = made.one("AWS::SQS::Queue", "ArchiveLost")
    assert source["StartingPosition"] == "TRIM_HORIZON"
    assert source["BisectBatchOnFunctionError"] is True
    assert source["MaximumRecordAgeInSeconds"] == 23 * 3600
    assert source["MaximumRetryAttempts"] == -1
    assert source["DestinationConfig"] == {"OnFailure": {"Destination": made.arn(lost)}}
    assert may(role, "sqs:SendMessage", made.arn(lost))
    for action in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"):
        assert may(role, f"dynamodb:{action}", source["EventSourceArn"])


ALARMS = {
    "Lag": ("AWS/Lambda", "IteratorAge", 300_000),
    "Dead": ("AWS/SQS", "ApproximateNumberOfMessagesVisible", 0),
    "LedgerAltered": ("firstline", "LedgerAltered", 0),
    "LedgerLost": ("firstline", "LedgerLost", 0),
    "ArchiveFaults": ("firstline", "ArchiveFaults", 0),
}


@pytest.mark.parametrize("name", ALARMS)
def test_what_goes_wrong_with_the_record_is_told_without_code(made: Made, name: str) -> None:
    """From the metric to the emergency topic by CloudWatch alone."""
    alarm = made.one("AWS::CloudWatch::Alarm", f"Archive{name}").properties
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Threshold"]) == ALARMS[name]
    topic = [made.arn(made.one("AWS::SNS::Topic", "Emergency"))]
    assert (alarm["AlarmActions"], alarm["OKActions"]) == (topic, topic)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    if alarm["Namespace"] == "firstline":
        assert alarm["Dimensions"] == [{"Name": "service", "Value": "vettid"}]
        assert alarm["Statistic"] == "Sum"


def test_an_audit_reads_each_hour_and_its_absence_is_told(made: Made, bucket: Resource) -> None:
    """It cannot put; three hours without an audit raise an alarm."""
    role, arn = role_of(made, "audit"), made.arn(bucket)
    assert may(role, "s3:GetObject", f"{arn}/entries/x")
    assert may(role, "s3:GetObject", f"{arn}/checkpoints/x")
    assert may(role, "kms:GetPublicKey", made.arn(made.one("AWS::KMS::Key", "Signing")))
    for action in ("s3:PutObject", "s3:DeleteObject"):
        assert not may(role, action, f"{arn}/entries/x")
    assert not may(role, "kms:Sign", made.arn(made.one("AWS::KMS::Key", "Signing")))
    schedule = made.one("AWS::Scheduler::Schedule", "AuditEveryHour").properties
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    alarm = made.one("AWS::CloudWatch::Alarm", "ArchiveUnaudited").properties
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, 3)
    assert alarm["TreatMissingData"] == "breaching"
