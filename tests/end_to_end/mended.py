"""What moto gets wrong or lacks on the way of a deployment and of a signature, for a while."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto import backends
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.dynamodb.models import DynamoDBBackend
from moto.iam.access_control import PermissionResult
from moto.kms.models import KmsBackend
from moto.s3.models import FakeBucket


@contextmanager
def mended() -> Iterator[None]:
    """Parameters keep their values, what did not change stays, what is protected is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CloudFormationBackend, "update_stack", _update(CloudFormationBackend))
        patch.setattr(CloudFormationBackend, "delete_stack", _delete(CloudFormationBackend))
        patch.setattr(ResourceMap, "build_resource_diff", _differ(ResourceMap))
        patch.setattr(KmsBackend, "sign", _sign)
        patch.setattr(DynamoDBBackend, "transact_write_items", _transact(DynamoDBBackend))
        patch.setattr(FakeBucket, "get_permission", _neither)
        protect = "update_termination_protection"
        patch.setattr(CloudFormationResponse, protect, _protect, raising=False)
        # it keeps composite alarms, and tells them, and has no call that makes one
        put = CloudWatchResponse.put_metric_alarm
        patch.setattr(CloudWatchResponse, "put_composite_alarm", put, raising=False)
        # it looks through its own folder for each request
        patch.setattr(backends, "list_of_moto_modules", cache(_modules))
        yield


def _modules(listed: Callable[[], Iterable[str]] = backends.list_of_moto_modules) -> frozenset[str]:
    return frozenset(listed())


def _update(backend: Any) -> Any:  # noqa: ANN401 - moto's own method
    """A parameter that was left to its default has that default as its previous value."""
    update = backend.update_stack

    def with_defaults(self: CloudFormationBackend, name: str, *rest: Any, **named: Any) -> Any:  # noqa: ANN401
        stack = self.get_stack(name)
        slots = stack.template_dict.get("Parameters", {})
        defaults = {key: each["Default"] for key, each in slots.items() if "Default" in each}
        stack.parameters = {**defaults, **stack.parameters}
        return update(self, name, *rest, **named)

    return with_defaults


def _differ(resources: Any) -> Any:  # noqa: ANN401 - moto's own method
    """A resource without properties, to which moto gives empty ones, is the same as before."""
    differ = resources.build_resource_diff

    def of_equals(self: ResourceMap, template: dict[str, Any], *rest: Any) -> Any:  # noqa: ANN401
        for resource in template["Resources"].values():
            resource.setdefault("Properties", {})
        return differ(self, template, *rest)

    return of_equals


def _delete(backend: Any) -> Any:  # noqa: ANN401 - moto's own method
    """A protected stack is not deleted, in CloudFormation's words."""
    delete = backend.delete_stack

    def unless_protected(self: CloudFormationBackend, name: str) -> None:
        stack: Stack = self.get_stack(name)
        if stack.enable_termination_protection:
            raise ValidationError(
                message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is"
                " enabled"
            )
        delete(self, name)

    return unless_protected


def _transact(backend: Any) -> Any:  # noqa: ANN401 - moto's own method
    """What a transaction that failed had written is taken out of the stream, too.

    moto puts copies of the tables in place, and whoever has begun to read the stream reads on in
    the one before: there would be an entry that was never written.
    """
    transact = backend.transact_write_items

    def whole(self: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
        shards = [each.stream_shard for each in self.tables.values() if each.stream_shard]
        before = [(shard, len(shard.items)) for shard in shards]
        try:
            transact(self, items)
        except Exception:
            for shard, length in before:
                del shard.items[length:]
            raise

    return whole


def _sign(
    self: KmsBackend, key_id: str, message: bytes, signing_algorithm: str
) -> tuple[str, bytes, str]:
    """What is signed here is a digest, which moto would hash once more."""
    assert signing_algorithm == "RSASSA_PKCS1_V1_5_SHA_256"
    key = self.describe_key(key_id)
    private: Any = key.private_key
    digest = Prehashed(SHA256())
    return key.arn, private.private_key.sign(message, PKCS1v15(), digest), signing_algorithm


def _neither(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    """A policy is kept and refuses nobody: moto knows no condition of a Deny."""
    del self, action, resource
    return PermissionResult.NEUTRAL


def _protect(self: CloudFormationResponse) -> ActionResult:
    """UpdateTerminationProtection, which moto lacks."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    protected = self._get_bool_param("EnableTerminationProtection")
    stack.enable_termination_protection = bool(protected)
    return ActionResult({"StackId": stack.stack_id})
