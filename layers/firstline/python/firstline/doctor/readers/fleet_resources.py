"""Reads the other resources that `[fleet]` names: the key, the log group, the stack and more."""

from datetime import UTC, datetime
from typing import Any

from boto3.session import Session

from firstline.config.profile import Fleet
from firstline.doctor.facts import Fact, LogGroup, ReadFailure
from firstline.doctor.readers.requests import client, pages, read

PARAMETERS_MAX = 50
"""The limit of names in one filter of DescribeParameters."""


class FleetResourcesReader:
    """Reads resources of *fleet*; one that it does not name is None, without a request."""

    def __init__(self, session: Session, fleet: Fleet) -> None:
        self._session = session
        self._fleet = fleet

    def key(self) -> Fact[str] | None:
        """Return the key's state; ``not here`` if it does not exist."""
        alias = self._fleet.kms_key
        if not alias:
            return None
        keys = client(self._session, "kms")
        return read(
            "kms:DescribeKey",
            lambda: str(keys.describe_key(KeyId=alias)["KeyMetadata"]["KeyState"]),
            "NotFoundException",
            none="not here",
        )

    def log_group(self) -> Fact[LogGroup | None] | None:
        """Return the parents' log group; None if it does not exist."""
        name = self._fleet.parent_log_group
        if not name:
            return None
        logs = client(self._session, "logs")
        latest = read(
            "logs:DescribeLogStreams",
            lambda: logs.describe_log_streams(
                logGroupName=name, orderBy="LastEventTime", descending=True, limit=1
            )["logStreams"],
            "ResourceNotFoundException",
            none="not here",
        )
        return latest if isinstance(latest, ReadFailure) else _log_group(name, latest)

    def stack(self) -> Fact[bool] | None:
        """Return True if the fleet's stack exists."""
        name = self._fleet.stack
        if not name:
            return None
        stacks = client(self._session, "cloudformation")
        return read(
            "cloudformation:DescribeStacks",
            lambda: bool(stacks.describe_stacks(StackName=name)["Stacks"]),
            "ValidationError",
            none=False,
        )

    def parameters(self, names: tuple[str, ...]) -> Fact[tuple[str, ...]] | None:
        """Return those of *names* that exist; no value is read."""
        if not names:
            return None
        wanted = [{"Key": "Name", "Option": "Equals", "Values": list(names[:PARAMETERS_MAX])}]
        found = client(self._session, "ssm")
        return read(
            "ssm:DescribeParameters",
            lambda: tuple(
                str(each["Name"])
                for each in pages(
                    found, "describe_parameters", "Parameters", ParameterFilters=wanted
                )
            ),
        )

    def launch_template(self) -> Fact[bool] | None:
        """Return True if the launch template exists."""
        name = self._fleet.launch_template
        if not name:
            return None
        templates = client(self._session, "ec2")
        wanted = [{"Name": "launch-template-name", "Values": [name]}]
        return read(
            "ec2:DescribeLaunchTemplates",
            lambda: bool(templates.describe_launch_templates(Filters=wanted)["LaunchTemplates"]),
        )

    def deployment_group(self) -> Fact[bool] | None:
        """Return True if CodeDeploy's deployment group exists."""
        application, _, group = self._fleet.deployment_group.partition("/")
        if not application:
            return None
        releases = client(self._session, "codedeploy")
        return read(
            "codedeploy:GetDeploymentGroup",
            lambda: bool(
                releases.get_deployment_group(
                    applicationName=application, deploymentGroupName=group
                )["deploymentGroupInfo"]
            ),
            "ApplicationDoesNotExistException",
            "DeploymentGroupDoesNotExistException",
            none=False,
        )


def _log_group(name: str, streams: Any) -> LogGroup | None:  # noqa: ANN401 - the service's shape
    """Return the last event of the newest stream, which CloudWatch reports up to an hour late."""
    if streams == "not here":
        return None
    # absent for a stream without events
    last = max((each.get("lastIngestionTime", 0) for each in streams), default=0)
    return LogGroup(name, datetime.fromtimestamp(last / 1000, UTC) if last else None)
