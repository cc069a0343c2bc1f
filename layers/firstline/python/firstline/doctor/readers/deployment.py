"""Deployment: what stands of the app stack, and how it does."""

from datetime import datetime
from typing import Any

from boto3.session import Session

from firstline.adapters.aws.routing_key import parse_keys
from firstline.doctor.facts import Deployed, Metric, Read, Resource, RoutingKey, Unread, known
from firstline.doctor.readers.alarms import AlarmsReader
from firstline.doctor.readers.drift import DriftReader
from firstline.doctor.readers.reading import client, pages, read
from firstline.doctor.readers.roles import RolesReader
from firstline.doctor.readers.standing import StandingReader
from firstline.doctor.readers.templates import TemplateReader
from firstline.monitoring.alarms import PROBED

FUNCTION = "AWS::Lambda::Function"
QUEUE = "AWS::SQS::Queue"
RULE = "AWS::Events::Rule"
DELETED = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
"""What an update took out of the stack; it is listed for a while."""


class DeploymentReader:
    """Reads the stack *name* of *fleet*."""

    def __init__(self, session: Session, name: str, fleet: str) -> None:
        self._session = session
        self._name = name
        self._heartbeat = Metric(PROBED, "Heartbeat", (("service", fleet),))

    def deployed(
        self, alarms: AlarmsReader, templates: TemplateReader, now: datetime
    ) -> Read[Deployed | None]:
        """All of it; None where there is no such stack."""
        stack = described(self._session, self._name)
        if not isinstance(stack, dict):
            return stack
        if not stack:
            return None
        resources = self.resources()
        made = templates.made(resources)
        # a stack without outputs shows no list of them
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])}
        functions = _named(resources, FUNCTION)
        standing = StandingReader(self._session)
        errors = {
            name: Metric("AWS/Lambda", "Errors", (("FunctionName", name),)) for name in functions
        }
        day = alarms.day((self._heartbeat, *errors.values()), now)
        return Deployed(
            status=stack["StackStatus"],
            outputs=outputs,
            resources=resources,
            routing_key=self.routing_key(outputs.get("RoutingKeySecret", "")),
            topics={
                name: standing.readers(arn)
                for name, arn in outputs.items()
                if name.endswith("Topic") and arn.startswith("arn:")
            },
            queues={each: standing.waiting(each) for each in _named(resources, QUEUE)},
            rules=standing.rules(),
            targets={each: standing.targets(each) for each in _named(resources, RULE)},
            sources=standing.sources(),
            functions={each: standing.function(each) for each in functions},
            errors=day if isinstance(day, Unread) else {it: day[m][0] for it, m in errors.items()},
            heartbeat=day if isinstance(day, Unread) else day[self._heartbeat][1],
            rulings=RolesReader(self._session).rulings(made),
            drift=DriftReader(self._session).drift(made),
        )

    def resources(self) -> Read[tuple[Resource, ...]]:
        """Every resource of the stack that has a name by now."""
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

    def routing_key(self, secret: str) -> Read[RoutingKey]:
        """Whether the secret holds a routing key; its value goes no further than this."""
        secrets = client(self._session, "secretsmanager")

        def ask() -> RoutingKey:
            value = secrets.get_secret_value(SecretId=secret).get("SecretString", "").strip()
            if not value:
                return "empty"
            keys = parse_keys(value)
            if keys is None:
                return "unlike a key"
            return "set with a REST key" if keys.rest_key else "set"

        absent: RoutingKey = "empty"
        action = "secretsmanager:GetSecretValue"
        return read(action, ask, "ResourceNotFoundException", none=absent)


def described(session: Session, name: str) -> Read[dict[str, Any]]:
    """The stack *name* as CloudFormation describes it, empty where there is none."""
    stacks = client(session, "cloudformation")
    return read(
        "cloudformation:DescribeStacks",
        lambda: dict(stacks.describe_stacks(StackName=name)["Stacks"][0]),
        "ValidationError",
        none={},
    )


def _named(resources: Read[tuple[Resource, ...]], kind: str) -> list[str]:
    return [each.name for each in known(resources) if each.kind == kind]
