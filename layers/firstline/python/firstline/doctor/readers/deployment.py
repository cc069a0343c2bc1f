"""Reads the actual state of the app stack."""

from datetime import datetime
from typing import Any

from boto3.session import Session

from firstline.adapters.aws.routing_key import parse_keys
from firstline.doctor.facts import (
    Fact,
    Metric,
    ReadFailure,
    Resource,
    RoutingKeyState,
    StackState,
    or_empty,
)
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.drift import DriftReader
from firstline.doctor.readers.requests import client, pages, read
from firstline.doctor.readers.roles import RolesReader
from firstline.doctor.readers.stack_resources import StackResourcesReader
from firstline.doctor.readers.templates import TemplateReader
from firstline.monitoring.alarms import PROBE_NAMESPACE

FUNCTION = "AWS::Lambda::Function"
QUEUE = "AWS::SQS::Queue"
RULE = "AWS::Events::Rule"
DELETED = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
"""The states of resources that an update removed, which stay listed for a while."""


class DeploymentReader:
    """Reads the stack *name* of *fleet*."""

    def __init__(self, session: Session, name: str, fleet: str) -> None:
        self._session = session
        self._name = name
        self._heartbeat = Metric(PROBE_NAMESPACE, "Heartbeat", (("service", fleet),))

    def stack_state(
        self, alarms: AlarmsReader, templates: TemplateReader, now: datetime
    ) -> Fact[StackState | None]:
        """Return the state of the stack; None if there is no such stack."""
        stack = describe_stack(self._session, self._name)
        if not isinstance(stack, dict):
            return stack
        if not stack:
            return None
        resources = self.resources()
        made = templates.deployed_template(resources)
        # absent for a stack without outputs
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        functions = _named(resources, FUNCTION)
        standing = StackResourcesReader(self._session)
        errors = {
            name: Metric("AWS/Lambda", "Errors", (("FunctionName", name),)) for name in functions
        }
        day = alarms.daily_sums((self._heartbeat, *errors.values()), now)
        return StackState(
            status=stack["StackStatus"],
            outputs=outputs,
            resources=resources,
            routing_key=self.routing_key(outputs.get("RoutingKeySecret", "")),
            topics={
                name: standing.subscriptions(arn)
                for name, arn in outputs.items()
                if name.endswith("Topic") and arn.startswith("arn:")
            },
            queues={each: standing.waiting_messages(each) for each in _named(resources, QUEUE)},
            rules=standing.rules(),
            targets={each: standing.targets(each) for each in _named(resources, RULE)},
            sources=standing.sources(),
            functions={each: standing.function(each) for each in functions},
            errors=day
            if isinstance(day, ReadFailure)
            else {it: day[m][0] for it, m in errors.items()},
            heartbeat=day if isinstance(day, ReadFailure) else day[self._heartbeat][1],
            simulations=RolesReader(self._session).simulations(made),
            drift=DriftReader(self._session).drift(made),
        )

    def resources(self) -> Fact[tuple[Resource, ...]]:
        """Return every resource of the stack that has a physical name."""
        stacks = client(self._session, "cloudformation")
        return read(
            "cloudformation:ListStackResources",
            lambda: tuple(
                Resource(
                    each["ResourceType"], each["LogicalResourceId"], each["PhysicalResourceId"]
                )
                for each in pages(
                    stacks, "list_stack_resources", "StackResourceSummaries", StackName=self._name
                )
                if "PhysicalResourceId" in each and each["ResourceStatus"] not in DELETED
            ),
        )

    def routing_key(self, secret: str) -> Fact[RoutingKeyState]:
        """Return whether the secret holds a routing key; its value is not kept."""
        secrets = client(self._session, "secretsmanager")

        def ask() -> RoutingKeyState:
            value = secrets.get_secret_value(SecretId=secret).get("SecretString", "").strip()
            if not value:
                return "empty"
            keys = parse_keys(value)
            if keys is None:
                return "unlike a key"
            return "set with a REST key" if keys.rest_key else "set"

        absent: RoutingKeyState = "empty"
        action = "secretsmanager:GetSecretValue"
        return read(action, ask, "ResourceNotFoundException", none=absent)


def describe_stack(session: Session, name: str) -> Fact[dict[str, Any]]:
    """Return CloudFormation's description of the stack; empty if there is none."""
    stacks = client(session, "cloudformation")
    return read(
        "cloudformation:DescribeStacks",
        lambda: dict(stacks.describe_stacks(StackName=name)["Stacks"][0]),
        "ValidationError",
        none={},
    )


def _named(resources: Fact[tuple[Resource, ...]], kind: str) -> list[str]:
    return [each.name for each in or_empty(resources) if each.kind == kind]
