"""The types that stand in: what a deployment of firstline needs and moto's CloudFormation lacks."""

import json
from typing import Any

from botocore.validate import validate_parameters
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from tests.end_to_end.cloud import ACCOUNT, FUNCTION_URLS, REGION, Cloud
from tests.end_to_end.kinds_kept import KEPT
from tests.end_to_end.modelled import check
from tests.end_to_end.stand_ins import Kind, Properties, Resource

ARCHIVE_NAME_MAX = 48


def _alarm_arn(name: str) -> str:
    return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"


# --- CloudWatch and its logs -----------------------------------------------------------------


def _make_alarm(cloud: Cloud, name: str, properties: Properties) -> Resource:
    cloud.client("cloudwatch").put_metric_alarm(AlarmName=name, **properties)
    return Resource(name, {"Arn": _alarm_arn(name)})


def _change_alarm(cloud: Cloud, made: Resource, properties: Properties) -> Resource:
    return _make_alarm(cloud, made.ref, properties)


def _remove_alarm(cloud: Cloud, made: Resource) -> None:
    cloud.client("cloudwatch").delete_alarms(AlarmNames=[made.ref])


def _make_composite(cloud: Cloud, name: str, properties: Properties) -> Resource:
    cloud.client("cloudwatch").put_composite_alarm(AlarmName=name, **properties)
    return Resource(_alarm_arn(name), {"Arn": _alarm_arn(name)})


def _change_composite(cloud: Cloud, made: Resource, properties: Properties) -> Resource:
    return _make_composite(cloud, made.ref.rpartition(":")[2], properties)


def _remove_composite(cloud: Cloud, made: Resource) -> None:
    cloud.client("cloudwatch").delete_alarms(AlarmNames=[made.ref.rpartition(":")[2]])


def _make_filter(cloud: Cloud, name: str, properties: Properties) -> Resource:
    transformations = [
        {key[0].lower() + key[1:]: value for key, value in each.items()}
        for each in properties["MetricTransformations"]
    ]
    cloud.client("logs").put_metric_filter(
        filterName=name,
        logGroupName=properties["LogGroupName"],
        filterPattern=properties["FilterPattern"],
        metricTransformations=transformations,
    )
    return Resource(name, {"group": properties["LogGroupName"]})


def _remove_filter(cloud: Cloud, made: Resource) -> None:
    cloud.client("logs").delete_metric_filter(
        filterName=made.ref, logGroupName=made.attributes["group"]
    )


# --- Lambda ----------------------------------------------------------------------------------


def _make_layer(cloud: Cloud, name: str, properties: Properties) -> Resource:
    made = cloud.client("lambda").publish_layer_version(LayerName=name, **properties)
    return Resource(made["LayerVersionArn"])


def _change_layer(cloud: Cloud, made: Resource, properties: Properties) -> Resource:
    """A new version, which every function that had the old one gets, as CloudFormation does."""
    name = made.ref.split(":")[6]
    new = _make_layer(cloud, name, properties)
    functions = cloud.client("lambda")
    for each in functions.list_functions()["Functions"]:
        arns = [layer["Arn"] for layer in each.get("Layers", [])]
        if made.ref in arns:
            layers = [new.ref if arn == made.ref else arn for arn in arns]
            functions.update_function_configuration(
                FunctionName=each["FunctionName"], Layers=layers
            )
    _remove_layer(cloud, made)
    return new


def _remove_layer(cloud: Cloud, made: Resource) -> None:
    name, version = made.ref.split(":")[6:]
    cloud.client("lambda").delete_layer_version(LayerName=name, VersionNumber=int(version))


LOOPS: dict[str, str] = {}
"""What ``RecursiveLoop`` says of a function: moto's Lambda has no such setting."""


def _put_loop(cloud: Cloud, name: str, properties: Properties) -> Properties:
    """The *properties* without it; it is kept as PutFunctionRecursionConfig would take it."""
    asked = {"FunctionName": name, "RecursiveLoop": properties.get("RecursiveLoop", "Terminate")}
    check(cloud.client("lambda"), "PutFunctionRecursionConfig", asked)
    LOOPS[name] = asked["RecursiveLoop"]
    return {key: value for key, value in properties.items() if key != "RecursiveLoop"}


def _make_function(cloud: Cloud, name: str, properties: Properties) -> Resource:
    rest = _put_loop(cloud, name, properties)
    made = cloud.client("lambda").create_function(FunctionName=name, **rest)
    return Resource(name, {"Arn": made["FunctionArn"]})


def _change_function(cloud: Cloud, made: Resource, properties: Properties) -> Resource:
    rest = _put_loop(cloud, made.ref, properties)
    code, architectures = rest.pop("Code"), rest.pop("Architectures")
    functions = cloud.client("lambda")
    functions.update_function_code(FunctionName=made.ref, Architectures=architectures, **code)
    functions.update_function_configuration(FunctionName=made.ref, **rest)
    return made


def _remove_function(cloud: Cloud, made: Resource) -> None:
    cloud.client("lambda").delete_function(FunctionName=made.ref)


def _make_source(cloud: Cloud, _: str, properties: Properties) -> Resource:
    made = cloud.client("lambda").create_event_source_mapping(**properties)
    # moto would invoke at once and within the writer's call: `queues.py` and `streams.py` poll
    sources: list[Any] = [
        *sqs_backends[ACCOUNT][REGION].queues.values(),
        *dynamodb_backends[ACCOUNT][REGION].tables.values(),
    ]
    for source in sources:
        source.lambda_event_source_mappings.clear()
    return Resource(made["UUID"])


def _remove_source(cloud: Cloud, made: Resource) -> None:
    cloud.client("lambda").delete_event_source_mapping(UUID=made.ref)


def _make_invocation(cloud: Cloud, _: str, properties: Properties) -> Resource:
    cloud.client("lambda").put_function_event_invoke_config(**properties)
    return Resource(f"{properties['FunctionName']}|{properties['Qualifier']}")


def _make_url(cloud: Cloud, _: str, properties: Properties) -> Resource:
    """Its address is one on this machine, where the deployed function answers."""
    arn = properties["TargetFunctionArn"]
    cloud.client("lambda").create_function_url_config(
        FunctionName=arn, AuthType=properties["AuthType"]
    )
    return Resource(arn, {"FunctionUrl": f"{cloud.url}{FUNCTION_URLS}{arn.rpartition(':')[2]}/"})


# --- policies, subscriptions, documents, secrets, schedules ----------------------------------


def _subscribe(cloud: Cloud, _: str, properties: Properties) -> Resource:
    made = cloud.client("sns").subscribe(**properties, ReturnSubscriptionArn=True)
    return Resource(made["SubscriptionArn"])


def _unsubscribe(cloud: Cloud, made: Resource) -> None:
    cloud.client("sns").unsubscribe(SubscriptionArn=made.ref)


def _queue_policy(cloud: Cloud, name: str, properties: Properties) -> Resource:
    policy = json.dumps(properties["PolicyDocument"])
    for url in properties["Queues"]:
        cloud.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return Resource(name)


def _topic_policy(cloud: Cloud, name: str, properties: Properties) -> Resource:
    policy = json.dumps(properties["PolicyDocument"])
    for arn in properties["Topics"]:
        cloud.client("sns").set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=policy
        )
    return Resource(name)


def _make_document(cloud: Cloud, name: str, properties: Properties) -> Resource:
    cloud.client("ssm").create_document(Name=name, **_document(properties))
    return Resource(name)


def _change_document(cloud: Cloud, made: Resource, properties: Properties) -> Resource:
    given = _document(properties)
    del given["DocumentType"]
    cloud.client("ssm").update_document(Name=made.ref, DocumentVersion="$LATEST", **given)
    return made


def _document(properties: Properties) -> dict[str, Any]:
    content = json.dumps(properties["Content"])
    kept = ("DocumentType", "DocumentFormat")
    return {"Content": content, **{key: properties[key] for key in kept}}


def _remove_document(cloud: Cloud, made: Resource) -> None:
    cloud.client("ssm").delete_document(Name=made.ref)


ASSOCIATIONS: dict[str, Properties] = {}
"""What State Manager would do: moto has no associations."""


def _make_association(cloud: Cloud, name: str, properties: Properties) -> Resource:
    model = cloud.client("ssm").meta.service_model.operation_model("CreateAssociation")
    validate_parameters(properties, model.input_shape)
    ASSOCIATIONS[name] = properties
    return Resource(name)


def _change_association(cloud: Cloud, made: Resource, properties: Properties) -> Resource:
    return _make_association(cloud, made.ref, properties)


def _remove_association(_: Cloud, made: Resource) -> None:
    del ASSOCIATIONS[made.ref]


def _make_secret(cloud: Cloud, name: str, properties: Properties) -> Resource:
    secrets, value = cloud.client("secretsmanager"), {}
    if asked := properties.get("GenerateSecretString"):
        value = {"SecretString": secrets.get_random_password(**asked)["RandomPassword"]}
    made = secrets.create_secret(Name=name, Description=properties["Description"], **value)
    return Resource(made["ARN"])


def _remove_secret(cloud: Cloud, made: Resource) -> None:
    cloud.client("secretsmanager").delete_secret(SecretId=made.ref, RecoveryWindowInDays=30)


def _make_schedule(cloud: Cloud, name: str, properties: Properties) -> Resource:
    made = cloud.client("scheduler").create_schedule(Name=name, **properties)
    return Resource(name, {"Arn": made["ScheduleArn"]})


def _remove_schedule(cloud: Cloud, made: Resource) -> None:
    cloud.client("scheduler").delete_schedule(Name=made.ref)


def _make_archive(cloud: Cloud, name: str, properties: Properties) -> Resource:
    name = name[-ARCHIVE_NAME_MAX:]
    kept = {key: properties[key] for key in ("Description", "RetentionDays")}
    made = cloud.client("events").create_archive(
        ArchiveName=name,
        EventSourceArn=properties["SourceArn"],
        EventPattern=json.dumps(properties["EventPattern"]),
        **kept,
    )
    return Resource(name, {"Arn": made["ArchiveArn"]})


def _remove_archive(cloud: Cloud, made: Resource) -> None:
    cloud.client("events").delete_archive(ArchiveName=made.ref)


KINDS = {
    **KEPT,
    "AWS::CloudWatch::Alarm": Kind(_make_alarm, _change_alarm, _remove_alarm, ("Arn",)),
    "AWS::CloudWatch::CompositeAlarm": Kind(
        _make_composite, _change_composite, _remove_composite, ("Arn",)
    ),
    "AWS::Events::Archive": Kind(_make_archive, remove=_remove_archive, attributes=("Arn",)),
    "AWS::Lambda::EventInvokeConfig": Kind(_make_invocation),
    "AWS::Lambda::EventSourceMapping": Kind(_make_source, remove=_remove_source),
    "AWS::Lambda::Function": Kind(_make_function, _change_function, _remove_function, ("Arn",)),
    "AWS::Lambda::LayerVersion": Kind(_make_layer, _change_layer, _remove_layer),
    "AWS::Lambda::Url": Kind(_make_url, attributes=("FunctionUrl",)),
    "AWS::Logs::MetricFilter": Kind(_make_filter, remove=_remove_filter),
    "AWS::SNS::Subscription": Kind(_subscribe, remove=_unsubscribe),
    "AWS::SNS::TopicPolicy": Kind(_topic_policy),
    "AWS::SQS::QueuePolicy": Kind(_queue_policy),
    "AWS::SSM::Association": Kind(_make_association, _change_association, _remove_association),
    "AWS::SSM::Document": Kind(_make_document, _change_document, _remove_document),
    "AWS::Scheduler::Schedule": Kind(_make_schedule, remove=_remove_schedule, attributes=("Arn",)),
    "AWS::SecretsManager::Secret": Kind(_make_secret, remove=_remove_secret),
}
