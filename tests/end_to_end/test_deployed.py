"""What was deployed is what the templates say: every resource, every property."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from firstline.config import fleet_file as profiles
from tests.end_to_end.deployment import APP, RECORDS, Deployment
from tests.end_to_end.readers import READERS, TOLD_BY_THE_STAND_IN, UNTOLD
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
        return dict(json.loads(client.get_bucket_policy(Bucket=id_)["Policy"]))
    if service == "sqs":
        result = client.get_queue_attributes(QueueUrl=id_, AttributeNames=["Policy"])
    else:
        result = client.get_topic_attributes(TopicArn=id_)
    return dict(json.loads(result["Attributes"]["Policy"]))


def differences(deployment: Deployment, template: Template, logical_id: str) -> Iterator[str]:
    """Each property that is not as the template has it."""
    kind, asked = template.resources[logical_id]["Type"], template.properties(logical_id)
    if kind in POLICIES:
        where, service = POLICIES[kind]
        for id_ in asked[where] if isinstance(asked[where], list) else [asked[where]]:
            if policy_at(deployment, service, id_) != asked["PolicyDocument"]:
                yield f"{kind} {logical_id}: another policy at {id_}"
        return
    result = READERS[kind](deployment.cloud, template.ids[logical_id])
    for name in asked.keys() - UNTOLD.get(kind, {}).keys():
        if ordered(result.get(name)) != ordered(asked[name]):
            yield f"{kind} {logical_id}: {name} is {result.get(name)!r}, not {asked[name]!r}"


def ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """*value* with its lists in one order: services give them in another."""
    if isinstance(value, dict):
        return {key: ordered(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(map(ordered, value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def unlike(deployment: Deployment, stack: str) -> list[str]:
    """What of *stack* is not there, or is not as its template has it."""
    template = Template(deployment, stack)
    assert template.ids.keys() == template.resources.keys()
    return [
        difference
        for logical_id in template.resources
        for difference in differences(deployment, template, logical_id)
    ]


@pytest.mark.parametrize("stack", [RECORDS, APP])
def test_every_resource_is_there_as_the_template_has_it(deployment: Deployment, stack: str) -> None:
    """None was left out in silence: not one that moto does not know, nor a property."""
    assert unlike(deployment, stack) == []


def test_what_alarms_name_is_there(deployment: Deployment) -> None:
    """A composite's rule names deployed alarms or the fleet's own; actions are deployed topics."""
    result = deployment.cloud.client("cloudwatch").describe_alarms()
    topics = deployment.cloud.client("sns").list_topics()["Topics"]
    composites, alarms = result["CompositeAlarms"], result["MetricAlarms"]
    named = {arn for each in composites for arn in re.findall('"([^"]+)"', each["AlarmRule"])}
    assert composites
    others = {arn.rpartition(":")[2] for arn in named - {each["AlarmArn"] for each in alarms}}
    assert others <= {each.name for each in profiles.load(deployment.profile).alarms.external}
    actions = ("AlarmActions", "OKActions", "InsufficientDataActions")
    acting = {arn for each in (*composites, *alarms) for key in actions for arn in each[key]}
    assert acting - {each["TopicArn"] for each in topics} == set()
    assert acting


def test_what_the_stand_in_tells_itself_is_named(deployment: Deployment) -> None:
    """Each such property is one of a template: the list holds none that is over."""
    given = {
        (each["Type"], name)
        for template in deployment.assembly.templates.values()
        for each in template["Resources"].values()
        for name in each.get("Properties", {})
    }
    listed = {
        (kind, name)
        for kinds in (UNTOLD, TOLD_BY_THE_STAND_IN)
        for kind, names in kinds.items()
        for name in names
    }
    assert listed - given == set()
