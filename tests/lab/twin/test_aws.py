"""The twin's AWS: what it refuses as AWS would, and how a message keeps virtual time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from firstline.adapters.aws import dynamo_items as items
from firstline.errors import InvariantViolation
from firstline.lab.twin import resources
from firstline.lab.twin.aws import HOME, TwinAws
from firstline.lab.twin.scenario import FaultPlan, Scenario
from firstline.lab.twin.world import World

T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ONE = "i-0a1b2c3d4e5f60711"
WAKES = resources.queue_url(HOME, resources.WAKES)
COMMAND: dict[str, Any] = {
    "InstanceIds": [ONE],
    "DocumentName": "restart_enclave",
    "Parameters": {
        "Unit": ["nitro-enclave"],
        "Token": ["0" * 32],
        "NotAfter": ["1772366460"],
        "Incident": ["inc-0123456789abcdef0123"],
        "Action": ["restart_enclave"],
        "AllowanceSeconds": ["600"],
        "ParentUnit": ["vettid-parent"],
    },
    "Comment": "a test",
}


@pytest.fixture
def world() -> World:
    return World(Scenario(name="twin"), T0, "group")


@pytest.fixture
def aws(world: World) -> Iterator[TwinAws]:
    with TwinAws(world, lambda _: None) as twin:
        yield twin


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"DocumentName": "AWS-RunShellScript"}, "InvalidDocument"),
        ({"InstanceIds": ["i-0a1b2c3d"]}, "InvalidInstanceId"),
        ({"InstanceIds": []}, "InvalidInstanceId"),
        ({"Parameters": {}}, "InvalidParameters"),
        ({"Parameters": COMMAND["Parameters"] | {"Unit": ["a; b"]}}, "InvalidParameters"),
    ],
)
def test_bad_commands_are_refused(
    aws: TwinAws, world: World, change: dict[str, Any], code: str
) -> None:
    """A command that SSM would refuse is refused, and no host is touched."""
    with pytest.raises(ClientError) as refused:
        aws.session.client("ssm").send_command(**COMMAND | change)
    assert refused.value.response["Error"]["Code"] == code
    assert world.commands == {}


def test_requests_are_checked_against_the_model(aws: TwinAws, world: World) -> None:
    """What the service's model does not allow never reaches the world."""
    with pytest.raises(ParamValidationError):
        aws.session.client("ssm").send_command(**COMMAND | {"TimeoutSeconds": "60"})
    assert world.commands == {}


def test_call_without_an_answer_is_a_bug(aws: TwinAws) -> None:
    """A call about the fleet that the world does not answer is not left to anybody else."""
    with pytest.raises(InvariantViolation, match=r"ssm\.CancelCommand"):
        aws.session.client("ssm").cancel_command(CommandId="0" * 36)


def test_messages_keep_virtual_time(aws: TwinAws, world: World) -> None:
    """Every message is taken once, with the time at which it is due, whatever the real clock."""
    client = aws.session.client("sqs")
    for seconds in range(11):
        client.send_message(QueueUrl=WAKES, MessageBody=f"{seconds}", DelaySeconds=seconds)
        world.now += timedelta(minutes=1)
    taken = aws.take(WAKES)
    assert sorted((int(each.body), each.due_at) for each in taken) == [
        (n, T0 + timedelta(minutes=n, seconds=n)) for n in range(11)
    ]
    assert aws.take(WAKES) == []
    left = client.get_queue_attributes(QueueUrl=WAKES, AttributeNames=["All"])["Attributes"]
    assert left["ApproximateNumberOfMessagesNotVisible"] == "1"  # the others are deleted


def test_driver_meets_no_faults(aws: TwinAws, world: World) -> None:
    """A scenario's fault is the system's; who drives the world can still take its messages."""
    aws.session.client("sqs").send_message(QueueUrl=WAKES, MessageBody="wake")
    fault = FaultPlan(dependency="wakes", kind="hang", until_seconds=60)
    world.scenario = Scenario(name="deaf", faults=(fault,))
    assert [each.body for each in aws.take(WAKES)] == ["wake"]


def test_paused_scenario_throws_the_switch() -> None:
    """A scenario that begins paused finds the switch thrown in the table."""
    world = World(Scenario(name="paused", paused=True), T0, "group")
    with TwinAws(world, lambda _: None) as aws:
        found = aws.session.client("dynamodb").scan(TableName=resources.INCIDENTS)["Items"]
    assert [items.switch_of(each) for each in found] == [world.scenario.switch(T0)]
    assert world.scenario.switch(T0).pauses


def test_dead_letters_have_a_queue(aws: TwinAws) -> None:
    """Each queue hides a message while it is worked on, and gives up after ten receives."""
    client = aws.session.client("sqs")
    for name, seconds in ((resources.SIGNALS, "180"), (resources.WAKES, "360")):
        result = client.get_queue_attributes(
            QueueUrl=resources.queue_url(HOME, name), AttributeNames=["All"]
        )["Attributes"]
        assert result["VisibilityTimeout"] == seconds
        assert f'"arn:aws:sqs:us-east-1:111122223333:{name}-dead"' in result["RedrivePolicy"]
        assert '"maxReceiveCount": 10' in result["RedrivePolicy"]
