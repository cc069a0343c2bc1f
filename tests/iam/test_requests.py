"""What a call names is what it is judged by: a wrong name is recorded as it is, and refused."""

from typing import Any

import pytest

from firstline.config import fleet_file
from firstline.lab.twin.aws import TwinAws
from firstline.lab.twin.preflight import KEY
from firstline.lab.twin.scenario import DEFAULT_HOSTS, Scenario
from firstline.lab.twin.world import World
from tests.controller.rig import START
from tests.iam import names
from tests.iam.calls import Call
from tests.iam.requests import UNPLACED, asked
from tests.iam.stacks import Stacks
from tests.infra.permissions import allowed, role_of, statements

VETTID = names.SHIPPED / "vettid.toml"
HOST = DEFAULT_HOSTS[0].id
GROUP = "VettID-Nitro-EnclaveASG0FEBFB59-EXAMPLE"
ALIAS = "alias/vettid-enclave-sealing"
QUEUE = "https://sqs.us-east-1.amazonaws.com/111122223333/firstline-wakes"
SECRET = "firstline/routing-key"  # noqa: S105 - its name
STRANGER = "i-0f0f0f0f0f0f0f0f0"
TERMINATE = "auto-scaling.TerminateInstanceInAutoScalingGroup"
TOPIC = "arn:aws:sns:us-east-1:111122223333:firstline-team"

type Asks = tuple[str, dict[str, Any], list[str]]


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Stacks:
    """Give what a deployment with the profile would make."""
    return Stacks("vettid", tmp_path_factory.mktemp("vettid"))


def calls(call: str, parameters: dict[str, Any]) -> list[Call]:
    """What reconcile would be recorded with."""
    world = World(Scenario(name="requests"), START, GROUP)
    profile = fleet_file.read(VETTID)
    settings = TwinAws(world, lambda _: None).settings(profile, "enforce", "")
    known = names.of_twin(settings, profile, world)
    return [
        Call(known.profile, "reconcile", each.action, known.of(each.resource), each.given)
        for each in asked(call, parameters)
    ]


def may(stacks: Stacks, call: Call) -> bool:
    """Whether the role allows it."""
    return allowed(statements(role_of(stacks.made, call.function)), stacks.request(call))


OURS: list[Asks] = [
    ("auto-scaling.CancelInstanceRefresh", {"AutoScalingGroupName": GROUP}, ["group/<fleet>"]),
    ("auto-scaling.SetDesiredCapacity", {"AutoScalingGroupName": GROUP}, ["group/<fleet>"]),
    ("auto-scaling.StartInstanceRefresh", {"AutoScalingGroupName": GROUP}, ["group/<fleet>"]),
    (TERMINATE, {"InstanceId": HOST}, ["member/<fleet>"]),
    ("cloudformation.DescribeStacks", {"StackName": "VettID-Nitro"}, ["stack/<fleet>"]),
    ("dynamodb.GetItem", {"TableName": "firstline-incidents"}, ["table/<incidents>"]),
    ("kms.DescribeKey", {"KeyId": ALIAS}, ["key/<enclaves-alias>"]),
    ("kms.GetKeyPolicy", {"KeyId": KEY}, ["key/<enclaves>"]),
    ("secrets-manager.GetSecretValue", {"SecretId": SECRET}, ["secret/<routing-key>"]),
    ("sns.Publish", {"TopicArn": TOPIC}, ["topic/<team>"]),
    ("sqs.SendMessage", {"QueueUrl": QUEUE}, ["queue/<wakes>"]),
    ("ssm.GetParameter", {"Name": "/vettid/enclave/pcr/pcr0"}, ["parameter/<pcr0>"]),
    (
        "ssm.SendCommand",
        {"DocumentName": "restart_parent", "InstanceIds": [HOST]},
        ["document/<restart_parent>", "instance/<fleet>"],
    ),
]


@pytest.mark.parametrize(("call", "parameters", "expected"), OURS, ids=lambda it: str(it)[:40])
def test_what_is_ours_is_known_by_what_the_call_names(
    stacks: Stacks, call: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    """And reconcile's role allows it."""
    found = calls(call, parameters)
    assert [each.resource for each in found] == expected
    assert all(may(stacks, each) for each in found)


OTHER_KEY = "87654321-0a1b-2c3d-4e5f-123456789012"
OTHERS: list[Asks] = [
    ("auto-scaling.CancelInstanceRefresh", {"AutoScalingGroupName": "other"}, ["group/other"]),
    ("auto-scaling.SetDesiredCapacity", {"AutoScalingGroupName": "other"}, ["group/other"]),
    ("auto-scaling.StartInstanceRefresh", {"AutoScalingGroupName": "other"}, ["group/other"]),
    (TERMINATE, {"InstanceId": STRANGER}, [f"member/{STRANGER}"]),
    ("cloudformation.DescribeStacks", {"StackName": "VettID-Web"}, ["stack/VettID-Web"]),
    ("cloudformation.DescribeStacks", {}, ["stack/*"]),
    ("dynamodb.GetItem", {"TableName": "incidents"}, ["table/incidents"]),
    ("dynamodb.GetItem", {"TableName": "firstline-incidents2"}, ["table/firstline-incidents2"]),
    ("dynamodb.UpdateItem", {"TableName": "firstline-ledger"}, ["table/<ledger>"]),
    ("kms.DescribeKey", {"KeyId": "alias/other"}, ["key/alias/other"]),
    ("kms.DescribeKey", {"KeyId": KEY}, ["key/<enclaves>"]),  # allowed by its alias alone
    ("kms.GetKeyPolicy", {"KeyId": OTHER_KEY}, [f"key/{OTHER_KEY}"]),
    ("kms.Decrypt", {"KeyId": KEY}, ["key/<enclaves>"]),
    ("secrets-manager.GetSecretValue", {"SecretId": "operator-key"}, ["secret/operator-key"]),
    ("sns.Publish", {"TopicArn": f"{TOPIC}s"}, [f"topic/{TOPIC}s"]),
    (
        "sqs.SendMessage",
        {"QueueUrl": QUEUE.replace("111122223333", "444455556666")},
        ["queue/444455556666/firstline-wakes"],
    ),
    ("sqs.SendMessage", {"QueueUrl": f"{QUEUE}-dead"}, ["queue/111122223333/firstline-wakes-dead"]),
    ("ssm.GetParameter", {"Name": "/vettid/other"}, ["parameter/vettid/other"]),
    ("ssm.PutParameter", {"Name": "/vettid/enclave/pcr/pcr0"}, [f"{UNPLACED}ssm.PutParameter"]),
]


@pytest.mark.parametrize(("call", "parameters", "expected"), OTHERS, ids=lambda it: str(it)[:40])
def test_what_is_not_ours_stays_what_it_is_and_is_refused(
    stacks: Stacks, call: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    """Another group, key, secret, queue, or what nobody placed."""
    found = calls(call, parameters)
    assert [each.resource for each in found] == expected
    assert not any(may(stacks, each) for each in found)


@pytest.mark.parametrize(
    ("parameters", "refused"),
    [
        ({"DocumentName": "AWS-RunShellScript", "InstanceIds": [HOST]}, "document"),
        ({"DocumentName": "restart_parent", "InstanceIds": [HOST, STRANGER]}, "instance"),
        ({"DocumentName": "restart_parent", "Targets": [{"Key": "tag:a"}]}, "instance"),
    ],
)
def test_a_command_needs_our_document_and_each_of_its_hosts(
    stacks: Stacks, parameters: dict[str, Any], refused: str
) -> None:
    """A host that does not carry the fleet's tags, or a document that is not ours."""
    found = [each for each in calls("ssm.SendCommand", parameters) if not may(stacks, each)]
    assert [each.resource.partition("/")[0] for each in found] == [refused]


@pytest.mark.parametrize(("key", "carried"), [(ALIAS, True), (KEY, False)])
def test_an_alias_counts_where_the_call_goes_by_it(key: str, *, carried: bool) -> None:
    (call,) = calls("kms.DescribeKey", {"KeyId": key})
    assert call.given == ((("kms:RequestAlias", ALIAS),) if carried else ())
