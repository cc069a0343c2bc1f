"""What was deployed is what the templates say: every resource, every property."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.deployment import APP, RECORDS, Deployment
from tests.end_to_end.kinds_kept import BUCKET_POLICIES
from tests.end_to_end.readers import READERS, UNTOLD
from tests.end_to_end.templates import Template

POLICIES = {
    "AWS::S3::BucketPolicy": ("Bucket", "s3"),
    "AWS::SQS::QueuePolicy": ("Queues", "sqs"),
    "AWS::SNS::TopicPolicy": ("Topics", "sns"),
}
"""What is read at another resource."""


def policy_at(deployment: Deployment, service: str, id_: str) -> dict[str, Any]:
    """The policy that stands at a queue or topic."""
    client = deployment.cloud.client(service)
    if service == "s3":
        return BUCKET_POLICIES[id_]
    if service == "sqs":
        told = client.get_queue_attributes(QueueUrl=id_, AttributeNames=["Policy"])
    else:
        told = client.get_topic_attributes(TopicArn=id_)
    return dict(json.loads(told["Attributes"]["Policy"]))


def differences(deployment: Deployment, template: Template, logical_id: str) -> Iterator[str]:
    """Each property that is not as the template has it."""
    kind, asked = template.resources[logical_id]["Type"], template.properties(logical_id)
    if kind in POLICIES:
        where, service = POLICIES[kind]
        for id_ in asked[where] if isinstance(asked[where], list) else [asked[where]]:
            if policy_at(deployment, service, id_) != asked["PolicyDocument"]:
                yield f"{kind} {logical_id}: another policy at {id_}"
        return
    told = READERS[kind](deployment.cloud, template.ids[logical_id])
    for name in asked.keys() - UNTOLD.get(kind, {}).keys():
        if ordered(told.get(name)) != ordered(asked[name]):
            yield f"{kind} {logical_id}: {name} is {told.get(name)!r}, not {asked[name]!r}"


def ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """*value* with its lists in one order: services give them in another."""
    if isinstance(value, dict):
        return {key: ordered(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(map(ordered, value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


@pytest.mark.parametrize("stack", [RECORDS, APP])
def test_every_resource_is_there_as_the_template_has_it(deployment: Deployment, stack: str) -> None:
    """None was left out in silence: not one that moto does not know, nor a property."""
    template = Template(deployment, stack)
    assert template.ids.keys() == template.resources.keys()
    found = [
        difference
        for logical_id in template.resources
        for difference in differences(deployment, template, logical_id)
    ]
    assert found == []
