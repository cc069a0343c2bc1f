"""What moto gets wrong on the way of a deployment and of a signature, mended for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from moto.cloudformation.exceptions import ValidationError
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.parsing import ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult
from moto.kms.models import KmsBackend


@contextmanager
def mended() -> Iterator[None]:
    """Parameters keep their values, what did not change stays, what is protected is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CloudFormationBackend, "update_stack", _update(CloudFormationBackend))
        patch.setattr(CloudFormationBackend, "delete_stack", _delete(CloudFormationBackend))
        patch.setattr(ResourceMap, "build_resource_diff", _differ(ResourceMap))
        patch.setattr(KmsBackend, "sign", _sign)
        protect = "update_termination_protection"
        patch.setattr(CloudFormationResponse, protect, _protect, raising=False)
        yield


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


def _sign(
    self: KmsBackend, key_id: str, message: bytes, signing_algorithm: str
) -> tuple[str, bytes, str]:
    """What is signed here is a digest, which moto would hash once more."""
    assert signing_algorithm == "RSASSA_PKCS1_V1_5_SHA_256"
    key = self.describe_key(key_id)
    private: Any = key.private_key
    digest = Prehashed(SHA256())
    return key.arn, private.private_key.sign(message, PKCS1v15(), digest), signing_algorithm


def _protect(self: CloudFormationResponse) -> ActionResult:
    """UpdateTerminationProtection, which moto lacks."""
    stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
    protected = self._get_bool_param("EnableTerminationProtection")
    stack.enable_termination_protection = bool(protected)
    return ActionResult({"StackId": stack.stack_id})
