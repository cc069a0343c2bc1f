"""A deployment that broke every function: a person is told all the same."""

import json
import re
from pathlib import Path
from typing import Any

from firstline.lab.twin.scenario import Scenario
from tests.end_to_end.deployment import Deployment

BROKEN = "this layer does not import"
FUNCTION = r"^function \S+"
EXPECTED = (
    rf"{FUNCTION}: .*{BROKEN}.*Runtime\.ImportModuleError",
    rf"{FUNCTION} logged: \[ERROR\] Runtime\.ImportModuleError: .*: {BROKEN}$",
    rf"{FUNCTION} logged: Traceback \(most recent call last\):$",
    rf"{FUNCTION} logged: \[WARNING\]\t\S+\t\tLAMBDA_WARNING: Unhandled exception\.",
)
"""What is told of a function that cannot be imported: why, and what the runtime says of it."""


def break_it(package: Path) -> None:
    """No module of the package can be imported."""
    (package / "__init__.py").write_text(f'raise ImportError("{BROKEN}")\n')


def heard(deployment: Deployment, queue: str) -> list[dict[str, Any]]:
    """What a queue was told, as the messages' own documents; they stay in it."""
    queues = deployment.cloud.client("sqs")
    result = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)
    bodies = [json.loads(each["Body"]) for each in result.get("Messages", [])]
    return [json.loads(each["Message"]) for each in bodies]


def test_the_backstop_reaches_a_person_without_any_function(deployment: Deployment) -> None:
    """No heartbeat, so firstline is deaf: the P1's composite speaks to the emergency topic."""
    queues, topic = deployment.cloud.client("sqs"), deployment.outputs()["EmergencyTopic"]
    queue = queues.create_queue(QueueName="a-person")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    deployment.cloud.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
    )
    deployment.cdk.deploy(deployment.assembly.revised(deployment.folder / "broken", break_it))
    before = len(deployment.pages(0))
    watched = ("Detectionhealthyhosts", "HeartbeatMissing", "SignalsWaiting", "DeadSignals")
    with deployment.at_work(Scenario(name="deaf"), watched, hidden_seconds=1):
        deployment.wait(
            "the backstop is silent",
            lambda: any(
                "Backstophealthyhosts" in each["AlarmName"] and each["NewStateValue"] == "ALARM"
                for each in heard(deployment, queue)
            ),
        )
        dead = deployment.resources()["QueuesSignalsDeadA429091D"]
        deployment.wait(
            "no dead letter",
            lambda: "Messages" in queues.receive_message(QueueUrl=dead, VisibilityTimeout=0),
        )
    assert deployment.pages(before) == []
    faults = deployment.cloud.faults.take()
    assert [each for each in faults if not any(re.search(it, each) for it in EXPECTED)] == []
    assert [it for it in EXPECTED if not any(re.search(it, each) for each in faults)] == []
