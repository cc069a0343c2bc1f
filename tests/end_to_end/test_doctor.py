"""What doctor reads of the deployed roles, as the real CDK deployed them and after a change."""

import copy
import json
import re
from ast import literal_eval
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from boto3.session import Session
from botocore.session import Session as BotocoreSession

from firstline.adapters.clock import SystemClock
from firstline.config import fleet_file as profiles
from firstline.config.settings import Home
from firstline.doctor import deploy_settings
from firstline.doctor.readers.deployment import DeploymentReader
from firstline.doctor.readers.drift import DriftReader
from firstline.doctor.readers.records import RecordsStack, read_past_reports, read_records_stack
from firstline.doctor.readers.roles import RolesReader
from firstline.doctor.readers.templates import TemplateReader
from tests.adapters.account import answered
from tests.doctor.accounts import DEPLOYED, found
from tests.end_to_end.cloud import ACCOUNT, REGION
from tests.end_to_end.deployment import APP, Deployment
from tests.iam.simulated import Policies, Simulator, Statement


@pytest.fixture
def session(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Session:
    """Give a session in the cloud, where IAM judges the policies that its roles have now."""
    for name, value in deployment.cloud.environment().items():
        monkeypatch.setenv(name, value)
    made = Session("test", "test", region_name=REGION, botocore_session=BotocoreSession())
    simulator, asked = Simulator(cache(lambda arn: _policies(deployment, arn))), dict[str, Any]()
    events: Any = made.events

    def ask(params: dict[str, Any], **_: object) -> None:
        asked.clear()
        asked.update(params)

    events.register_first("before-parameter-build.iam.SimulatePrincipalPolicy", ask)
    events.register_first(
        "before-call.iam.SimulatePrincipalPolicy",
        lambda **_: answered(simulator.simulate(asked)),
    )
    return made


def _policies(deployment: Deployment, arn: str) -> Policies:
    """What the role has in the cloud; moto tells what CloudFormation made as Python writes it."""
    iam, role = deployment.cloud.client("iam"), arn.rpartition("/")[2]
    result = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    documents = (literal_eval(each) if isinstance(each, str) else each for each in result.values())
    return {
        name: [_of_logs(each) for each in document["Statement"]]
        for name, document in zip(result, documents, strict=True)
    }


def _of_logs(statement: Statement) -> Statement:
    """CloudFormation's ARN of a log group ends in ``:*``, and moto's does not."""
    where = statement.get("Resource")
    whole = isinstance(where, str) and ":log-group:" in where and not where.endswith(":*")
    return {**statement, "Resource": f"{where}:*"} if whole else statement


def found_in(session: Session, deployment: Deployment) -> list[tuple[str, str, str]]:
    """What doctor finds in the deployed roles, rules, policies and schedules, in brief."""
    fleet = profiles.load(deployment.profile).fleet.name
    kept = read_records_stack(session, fleet)
    assert isinstance(kept, RecordsStack)
    resources = DeploymentReader(session, APP, fleet).resources()
    made = TemplateReader(session, APP, Home(ACCOUNT, REGION), kept.exports).deployed_template(
        resources
    )
    result = copy.replace(
        DEPLOYED,
        simulations=RolesReader(session).simulations(made),
        drift=DriftReader(session).drift(made),
    )
    return [(each.check, each.severity, each.subject) for each in found(deployed=result)]


@pytest.fixture
def denied(deployment: Deployment) -> Iterator[None]:
    """Somebody denies the routing key to ingest, and takes that back at the end."""
    iam = deployment.cloud.client("iam")
    (role,) = [
        own for name, own in deployment.resources().items() if name.startswith("ResponseIngestRole")
    ]
    denial = {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    named = {"RoleName": role, "PolicyName": "by-hand"}
    iam.put_role_policy(**named, PolicyDocument=document)
    yield
    iam.delete_role_policy(**named)


def own_name(deployment: Deployment, begins: str) -> str:
    """The deployed name of the one resource of which the logical id begins so."""
    (own,) = (own for name, own in deployment.resources().items() if re.match(begins, name))
    return own


@pytest.fixture
def drifted(deployment: Deployment) -> Iterator[list[str]]:
    """Somebody changes a pattern, a policy, a schedule, a function; as they were at the end."""
    events, queues = deployment.cloud.client("events"), deployment.cloud.client("sqs")
    schedules = deployment.cloud.client("scheduler")
    rule = events.describe_rule(Name=own_name(deployment, r"DetectionAlarmStates"))
    queue = own_name(deployment, r"QueuesSignals[0-9A-F]{8}\Z")
    result = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]
    name = own_name(deployment, r"ResponseSweepEveryMinute")
    schedule = schedules.get_schedule(Name=name)
    kept = {key: schedule[key] for key in ("ScheduleExpression", "FlexibleTimeWindow", "Target")}
    events.put_rule(Name=rule["Name"], EventPattern='{"source": ["aws.health"]}')
    queues.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    schedules.update_schedule(Name=name, State="DISABLED", **kept)
    functions, ingest = deployment.cloud.client("lambda"), deployment.function("ingest")
    functions.put_function_concurrency(FunctionName=ingest, ReservedConcurrentExecutions=0)
    yield [rule["Name"], queue, name, ingest]
    functions.delete_function_concurrency(FunctionName=ingest)
    events.put_rule(**{key: rule[key] for key in ("Name", "EventPattern", "Description")})
    queues.set_queue_attributes(QueueUrl=queue, Attributes=result)
    schedules.update_schedule(Name=name, State="ENABLED", **kept)


def test_nothing_is_found_of_what_was_just_deployed(
    session: Session, deployment: Deployment
) -> None:
    """By the template, the resources, the exports and all that stands in the cloud."""
    assert found_in(session, deployment) == []


@pytest.mark.usefixtures("denied")
def test_what_was_denied_by_hand_is_found(session: Session, deployment: Deployment) -> None:
    """Nothing would be paged."""
    lost = ("role-denied", "critical", "ingest secretsmanager:GetSecretValue")
    assert found_in(session, deployment) == [lost]


def test_what_was_changed_by_hand_is_found(
    session: Session, deployment: Deployment, drifted: list[str]
) -> None:
    """No alarm would come in, nothing be let in, no page that is owed be sent again."""
    assert sorted(found_in(session, deployment)) == sorted(
        ("drift", "critical", name) for name in drifted
    )


def test_the_stack_says_what_the_file_of_its_deployment_says(deployment: Deployment) -> None:
    """So that doctor finds a file that lacks a reader, the pager or the mode."""
    stands = copy.replace(DEPLOYED, outputs=deployment.outputs())
    settings = profiles.deployment(deployment.profile)
    assert deploy_settings.decode_settings(stands) == settings.explicit_settings()
    assert len(settings.explicit_settings()) > len(("mode", "account", "region"))


def test_looks_are_read_of_the_deployed_tables(session: Session, deployment: Deployment) -> None:
    """By the outputs of the records stack: whatever there is, it can be read."""
    kept = read_records_stack(session, profiles.load(deployment.profile).fleet.name)
    assert isinstance(kept, RecordsStack)
    assert isinstance(read_past_reports(session, kept, SystemClock()), dict)
