"""What was deployed, by the services' own word, in the shape of a template's properties.

A reader gives every property that a template may have. What moto cannot tell is named, with the
reason, in `UNTOLD`: it is compared by no test here. `TOLD_BY_THE_STAND_IN` names what moto cannot
hold: there the template is compared with what the stand-in was given.
"""

import json
from ast import literal_eval
from collections.abc import Callable
from typing import Any

from tests.end_to_end.cloud import Cloud
from tests.end_to_end.kinds import ASSOCIATIONS, LOOPS

type Told = dict[str, Any]

UNTOLD = {
    "AWS::CloudWatch::Alarm": {"WarmUpConfiguration": "moto keeps no warm-up"},
    "AWS::Lambda::EventSourceMapping": {"ScalingConfig": "moto keeps no bound of workers"},
    "AWS::Lambda::Function": {
        "Code": "it is run, and its digest is in the ledger",
        "LoggingConfig": "moto keeps no log group of a function",
    },
    "AWS::Lambda::LayerVersion": {"Content": "it is run, and its digest is in the ledger"},
    "AWS::KMS::Key": {"PendingWindowInDays": "an order for its deletion"},
    "AWS::S3::Bucket": {"LifecycleConfiguration": "of unfinished uploads, which nobody makes"},
    "AWS::SSM::Document": {"UpdateMethod": "an order to CloudFormation"},
    "AWS::SecretsManager::Secret": {"GenerateSecretString": "it is another one each time"},
}

TOLD_BY_THE_STAND_IN = {
    "AWS::SSM::Association": dict.fromkeys(
        ("Name", "Parameters", "ScheduleExpression", "Targets"),
        "moto has no associations: botocore's model judged the call",
    ),
    "AWS::Lambda::Function": {
        "RecursiveLoop": "moto has no PutFunctionRecursionConfig: botocore's model judged the call"
    },
}
"""What is compared with the stand-in's own memory, for moto cannot hold it."""


def _alarm(cloud: Cloud, id_: str) -> Told:
    found = cloud.client("cloudwatch").describe_alarms(AlarmNames=[id_])["MetricAlarms"]
    return dict(found[0])


def _composite(cloud: Cloud, id_: str) -> Told:
    names = [id_.rpartition(":")[2]]
    result = cloud.client("cloudwatch").describe_alarms(AlarmNames=names)["CompositeAlarms"]
    return dict(result[0])


def _rule(cloud: Cloud, id_: str) -> Told:
    events = cloud.client("events")
    result = events.describe_rule(Name=id_.rpartition("/")[2])
    targets = events.list_targets_by_rule(Rule=result["Name"])["Targets"]
    return {**result, "EventPattern": json.loads(result["EventPattern"]), "Targets": targets}


def _archive(cloud: Cloud, id_: str) -> Told:
    result = cloud.client("events").describe_archive(ArchiveName=id_)
    pattern = json.loads(result["EventPattern"])
    return {**result, "EventPattern": pattern, "SourceArn": result["EventSourceArn"]}


def _role(cloud: Cloud, id_: str) -> Told:
    iam = cloud.client("iam")
    result = iam.get_role(RoleName=id_)["Role"]
    names = iam.list_role_policies(RoleName=id_)["PolicyNames"]
    policies = [iam.get_role_policy(RoleName=id_, PolicyName=each) for each in names]
    return {
        **result,
        "Policies": [
            # moto's CloudFormation keeps what Python calls the document
            {
                "PolicyName": each["PolicyName"],
                "PolicyDocument": literal_eval(each["PolicyDocument"]),
            }
            for each in policies
        ],
    }


def _managed_policy(cloud: Cloud, id_: str) -> Told:
    iam = cloud.client("iam")
    result = iam.get_policy(PolicyArn=id_)["Policy"]
    version = iam.get_policy_version(PolicyArn=id_, VersionId=result["DefaultVersionId"])
    return {**result, "PolicyDocument": version["PolicyVersion"]["Document"]}


def _function(cloud: Cloud, id_: str) -> Told:
    result = cloud.client("lambda").get_function_configuration(FunctionName=id_)
    network = result.get("VpcConfig", {})
    return {
        **result,
        "Layers": [each["Arn"] for each in result["Layers"]],
        "RecursiveLoop": LOOPS[id_],
        "VpcConfig": {key: network.get(key) for key in ("SecurityGroupIds", "SubnetIds")},
    }


def _invocation(cloud: Cloud, id_: str) -> Told:
    name, qualifier = id_.split("|")
    result = cloud.client("lambda").get_function_event_invoke_config(
        FunctionName=name, Qualifier=qualifier
    )
    return {**result, "FunctionName": name, "Qualifier": qualifier}


def _source(cloud: Cloud, id_: str) -> Told:
    result = cloud.client("lambda").get_event_source_mapping(UUID=id_)
    return {**result, "FunctionName": result["FunctionArn"].rpartition(":")[2]}


def _layer(cloud: Cloud, id_: str) -> Told:
    name, version = id_.split(":")[6:]
    return dict(
        cloud.client("lambda").get_layer_version(LayerName=name, VersionNumber=int(version))
    )


def _url(cloud: Cloud, id_: str) -> Told:
    result = cloud.client("lambda").get_function_url_config(FunctionName=id_)
    return {**result, "TargetFunctionArn": result["FunctionArn"]}


def _log_group(cloud: Cloud, id_: str) -> Told:
    (result,) = cloud.client("logs").describe_log_groups(logGroupNamePrefix=id_)["logGroups"]
    return {"RetentionInDays": result["retentionInDays"]}


def _metric_filter(cloud: Cloud, id_: str) -> Told:
    (result,) = cloud.client("logs").describe_metric_filters(filterNamePrefix=id_)["metricFilters"]
    transformations = [
        {key[0].upper() + key[1:]: value for key, value in each.items()}
        for each in result["metricTransformations"]
    ]
    return {
        "FilterPattern": result["filterPattern"],
        "LogGroupName": result["logGroupName"],
        "MetricTransformations": transformations,
    }


def _queue(cloud: Cloud, id_: str) -> Told:
    result = cloud.client("sqs").get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])
    attributes = result["Attributes"]
    return {
        "MessageRetentionPeriod": int(attributes["MessageRetentionPeriod"]),
        "RedrivePolicy": json.loads(attributes.get("RedrivePolicy", "{}")),
        "SqsManagedSseEnabled": attributes.get("SqsManagedSseEnabled") == "true",
        "VisibilityTimeout": int(attributes["VisibilityTimeout"]),
    }


def _schedule(cloud: Cloud, id_: str) -> Told:
    return dict(cloud.client("scheduler").get_schedule(Name=id_))


def _association(_: Cloud, id_: str) -> Told:
    return ASSOCIATIONS[id_]


def _document(cloud: Cloud, id_: str) -> Told:
    result = cloud.client("ssm").get_document(Name=id_)
    return {**result, "Content": json.loads(result["Content"])}


def _secret(cloud: Cloud, id_: str) -> Told:
    return dict(cloud.client("secretsmanager").describe_secret(SecretId=id_))


def _subscription(cloud: Cloud, id_: str) -> Told:
    result = cloud.client("sns").get_subscription_attributes(SubscriptionArn=id_)
    return dict(result["Attributes"])


def _topic(cloud: Cloud, id_: str) -> Told:
    return dict(cloud.client("sns").get_topic_attributes(TopicArn=id_)["Attributes"])


def _bucket(cloud: Cloud, id_: str) -> Told:
    buckets, at = cloud.client("s3"), {"Bucket": id_}
    encryption = buckets.get_bucket_encryption(**at)["ServerSideEncryptionConfiguration"]
    lock = buckets.get_object_lock_configuration(**at)["ObjectLockConfiguration"]
    retention = lock["Rule"]["DefaultRetention"]
    lock["Rule"]["DefaultRetention"] = {key: each for key, each in retention.items() if each}
    owner = buckets.get_bucket_ownership_controls(**at)["OwnershipControls"]
    public = buckets.get_public_access_block(**at)["PublicAccessBlockConfiguration"]
    return {
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": each["ApplyServerSideEncryptionByDefault"]}
                for each in encryption["Rules"]
            ]
        },
        "ObjectLockConfiguration": lock,
        "ObjectLockEnabled": lock["ObjectLockEnabled"] == "Enabled",
        "OwnershipControls": owner,
        "PublicAccessBlockConfiguration": public,
        "VersioningConfiguration": {"Status": buckets.get_bucket_versioning(**at)["Status"]},
    }


def _key(cloud: Cloud, id_: str) -> Told:
    keys = cloud.client("kms")
    policy = keys.get_key_policy(KeyId=id_, PolicyName="default")["Policy"]
    return {**keys.describe_key(KeyId=id_)["KeyMetadata"], "KeyPolicy": json.loads(policy)}


def _dashboard(cloud: Cloud, id_: str) -> Told:
    return dict(cloud.client("cloudwatch").get_dashboard(DashboardName=id_))


def _table(cloud: Cloud, id_: str) -> Told:
    tables = cloud.client("dynamodb")
    result = tables.describe_table(TableName=id_)["Table"]
    backups = tables.describe_continuous_backups(TableName=id_)["ContinuousBackupsDescription"]
    restorable = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    ttl = tables.describe_time_to_live(TableName=id_)["TimeToLiveDescription"]
    kept = ("IndexName", "KeySchema", "Projection")
    return {
        **result,
        "BillingMode": result["BillingModeSummary"]["BillingMode"],
        "GlobalSecondaryIndexes": [
            {key: each[key] for key in kept} for each in result.get("GlobalSecondaryIndexes", [])
        ],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": restorable == "ENABLED"},
        "StreamSpecification": {
            "StreamViewType": result.get("StreamSpecification", {}).get("StreamViewType")
        },
        "TimeToLiveSpecification": {
            "AttributeName": ttl.get("AttributeName"),
            "Enabled": ttl["TimeToLiveStatus"] == "ENABLED",
        },
    }


READERS: dict[str, Callable[[Cloud, str], Told]] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _composite,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::DynamoDB::Table": _table,
    "AWS::Events::Archive": _archive,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::EventInvokeConfig": _invocation,
    "AWS::Lambda::EventSourceMapping": _source,
    "AWS::Lambda::Function": _function,
    "AWS::Lambda::LayerVersion": _layer,
    "AWS::Lambda::Url": _url,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::Logs::MetricFilter": _metric_filter,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::SSM::Association": _association,
    "AWS::SSM::Document": _document,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::SecretsManager::Secret": _secret,
}
