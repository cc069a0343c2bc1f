"""Preflight facts: the present state of the KMS key, the stack and the watched parameters."""

import re
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from boto3.session import Session

from firstline.adapters.aws import clients
from firstline.adapters.aws.errors import instant, unavailable
from firstline.config.profile import Fleet
from firstline.diagnosis.preflight import Deployment, Deployments, KeyState
from firstline.errors import DependencyUnavailable

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

PCR0 = "kms:recipientattestation:pcr0"
"""The condition key that pins an enclave's image (KMS guide), in lower case: IAM ignores case."""


class AwsPreflight:
    """The `PreflightReader` port for the names of *fleet*."""

    def __init__(self, session: Session, fleet: Fleet) -> None:
        self._keys = clients.keys(session)
        self._stacks = clients.stacks(session)
        self._parameters = clients.parameters(session)
        self._instances = clients.network(session)
        self._fleet = fleet

    def key(self) -> KeyState | None:
        """The key's state; raises `DependencyUnavailable`."""
        if not self._fleet.kms_key:
            return None
        with unavailable("preflight"):
            metadata = self._keys.describe_key(KeyId=self._fleet.kms_key)["KeyMetadata"]
            return KeyState(state=metadata["KeyState"], id=metadata["KeyId"])

    def stack(self) -> Deployments | None:
        """The named stack; raises `DependencyUnavailable`, also if there is none."""
        name = self._fleet.stack
        if not name:
            return None
        with unavailable("preflight"):
            (stack_,) = self._stacks.describe_stacks(StackName=name)["Stacks"]
            status = stack_["StackStatus"]
            changed = _changed_at(stack_)
        busy = status.endswith("_IN_PROGRESS")
        return Deployments((Deployment(what=name, at=changed, in_progress=busy),))

    def parameters(self) -> Deployments | None:
        """The watched parameters, without their values.

        Raises `DependencyUnavailable` if one is missing.
        """
        names = self._fleet.watched_parameters
        if not names:
            return None
        with unavailable("preflight"):
            # what describes a parameter never shows its value
            pages = self._parameters.get_paginator("describe_parameters").paginate(
                ParameterFilters=[{"Key": "Name", "Option": "Equals", "Values": list(names)}]
            )
            by_name = {
                each["Name"]: Deployment(what=each["Name"], at=instant(each["LastModifiedDate"]))
                for page in pages
                for each in page["Parameters"]
            }
        missing = [each for each in names if each not in by_name]
        if missing:
            raise DependencyUnavailable(f"preflight: there is no {', '.join(missing)}")
        return Deployments(tuple(by_name[each] for each in names))

    def builds(self) -> Deployments | None:
        """Hosts with the profile's tag that are running or pending.

        Raises `DependencyUnavailable`.
        """
        key, _, value = self._fleet.build_host_tag.partition("=")
        if not key:
            return None
        with unavailable("preflight"):
            pages = self._instances.get_paginator("describe_instances").paginate(
                Filters=[
                    {"Name": f"tag:{key}", "Values": [value]},
                    {"Name": "instance-state-name", "Values": ["pending", "running"]},
                ]
            )
            hosts = [
                Deployment(each["InstanceId"], instant(each["LaunchTime"]), in_progress=True)
                for page in pages
                for reservation in page["Reservations"]
                for each in reservation["Instances"]
            ]
        return Deployments(tuple(hosts))

    def image_published(self) -> str | None:
        """The parameter's value, which is public.

        Raises `DependencyUnavailable` if it is not a PCR0.
        """
        name = self._fleet.pcr0_parameter
        if not name:
            return None
        with unavailable("preflight"):
            value = self._parameters.get_parameter(Name=name)["Parameter"]["Value"].strip().lower()
        if not re.fullmatch(r"[0-9a-f]{96}", value):
            raise DependencyUnavailable(f"preflight: {name} holds no PCR0")
        return value

    def images_allowed(self, key: str) -> tuple[str, ...]:
        """The PCR0 values in the key's policy.

        Raises `DependencyUnavailable`, also if it is not a policy.
        """
        with unavailable("preflight"):
            text = self._keys.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
        try:
            statements = msgspec.json.decode(text, type=_Policy).Statement
        except msgspec.DecodeError as error:
            raise DependencyUnavailable(
                "preflight: the policy of the KMS key cannot be understood"
            ) from error
        pinned = (
            value
            for statement in statements
            for condition in statement.Condition.values()
            for name, values in condition.items()
            if name.lower() == PCR0
            for value in ([values] if isinstance(values, str) else values)
        )
        return tuple(sorted({each.lower() for each in pinned}))


def _changed_at(stack: "StackTypeDef") -> datetime:
    """The last update, which only an updated stack has (API reference, Stack)."""
    if stack["StackStatus"].startswith("UPDATE_"):
        return instant(stack["LastUpdatedTime"])
    return instant(stack.get("LastUpdatedTime", stack["CreationTime"]))


class _Statement(msgspec.Struct, frozen=True):
    Condition: dict[str, dict[str, str | list[str]]] = {}


class _Policy(msgspec.Struct, frozen=True):
    Statement: list[_Statement]
