"""What the deployed functions ask of AWS is allowed by the roles that they were deployed with.

Every test of this folder holds it, since a call that is refused is a fault; here stands that all
functions were heard, and that the judge refuses.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from firstline.ids import InstanceId
from firstline.lab.twin.scenario import HostPlan, Scenario
from tests.end_to_end.cloud import REGION
from tests.end_to_end.deployment import Deployment
from tests.end_to_end.judge import Judge
from tests.iam.calls import kept

FRESH = HostPlan(id=InstanceId("i-0a1b2c3d4e5f60720"))
BY_THEMSELVES = {"archive", "ingest", "reconcile", "sweep"}
"""What an incident sets going; the others are called below."""
ASKS_NOTHING = {"probe_health", "probe_nats"}
"""Neither has credentials in this profile, and no other reason to call AWS."""


def handlers(judge: Judge) -> set[str]:
    """Which functions were heard."""
    return {each.handler for each in judge.allowed}


def lever(body: dict[str, str]) -> dict[str, Any]:
    """What the function URL hands over."""
    iam = {"userArn": "arn:aws:sts::123456789012:assumed-role/on-call/alice"}
    return {"requestContext": {"authorizer": {"iam": iam}}, "body": json.dumps(body)}


def test_every_function_was_heard_and_none_was_refused(deployment: Deployment) -> None:
    """By what moved since the deployment, and by a call of each function that nothing moves."""
    judge = deployment.judge
    if not handlers(judge) >= BY_THEMSELVES:
        with deployment.at_work(Scenario(name="roles", hosts=(FRESH,))):
            deployment.wait("nobody at work", lambda: handlers(judge) >= BY_THEMSELVES)
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    pause = {"command": "pause", "scope": "everything", "why": "a drill", "until": until}
    resume = {"command": "resume", "scope": "everything", "why": "it is over"}
    for body in (pause, resume):
        answer = deployment.lambdas.invoke(deployment.function("operator"), lever(body))
        assert answer.payload["statusCode"] == 200, answer
    for handler in ("console", "audit"):
        assert not deployment.lambdas.invoke(deployment.function(handler), {}).failed
    assert handlers(judge) == {each.function for each in kept()} - ASKS_NOTHING
    assert judge.refused == []


def test_what_they_ask_for_is_what_is_recorded(deployment: Deployment) -> None:
    """docs/calls.jsonl, on which the proofs without a deployment rest, lacks none of it."""
    asked = {(each.handler, each.wanted.action) for each in deployment.judge.allowed}
    assert asked <= {(each.function, each.action) for each in kept()}


PLANTED: dict[str, Callable[[Any], object]] = {
    "autoscaling": lambda it: it.cancel_instance_refresh(AutoScalingGroupName="another"),
    "s3": lambda it: it.get_object(Bucket="vaults", Key="one.enc"),
    "secretsmanager": lambda it: it.get_secret_value(SecretId="vettid/nats/operator-key"),
    "ssm": lambda it: it.send_command(
        DocumentName="AWS-RunShellScript", InstanceIds=["i-0f0f0f0f0f0f0f0f0"]
    ),
    "dynamodb": lambda it: it.delete_item(TableName="ledger", Key={"incident": {"S": "inc"}}),
}
"""What reconcile must never ask for, each as it would ask."""


@pytest.mark.parametrize("service", PLANTED)
def test_a_call_that_no_role_allows_is_refused(deployment: Deployment, service: str) -> None:
    """And is a fault of whichever test it is made in."""
    deployment.judge.bind(deployment.function("reconcile"))  # as if it were about to start
    client: Any = boto3.client  # its overloads take literal names
    reconcile = client(
        service,
        region_name=REGION,
        endpoint_url=deployment.cloud.url,
        aws_access_key_id=deployment.function("reconcile"),
        aws_secret_access_key="test",  # noqa: S106 - it opens nothing
    )
    with pytest.raises(ClientError):
        PLANTED[service](reconcile)
    found = [each for each in deployment.cloud.faults.take() if each.startswith("IAM: ")]
    assert found
    assert all("reconcile may not" in each for each in found)
    assert {each.handler for each in deployment.judge.refused} == {"reconcile"}
    deployment.judge.refused.clear()
