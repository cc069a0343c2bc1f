"""CloudFormation's resources that moto lacks or gets wrong, each made by the service's own API.

A class is a direct subclass of moto's `CloudFormationModel`, which is how moto finds it; of two
for one type the later one is taken. What botocore's model of the service does not know of a
template's properties is refused.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from tests.end_to_end.cloud import Cloud

type Properties = dict[str, Any]

SECRET = re.compile(r"\{\{resolve:secretsmanager:(.+?):SecretString:::\}\}")
NO_ATTRIBUTES: Mapping[str, str] = {}
_INSTALLED: list[type] = []
"""A class knows its subclasses only as long as somebody else does."""


class Resource(NamedTuple):
    """What one call made: what ``Ref`` gives, and the attributes."""

    ref: str
    attributes: Mapping[str, str] = NO_ATTRIBUTES


class Kind(NamedTuple):
    """How a type is made, changed and removed; *made* is what `make` gave.

    Without a `change` a resource is made anew and the old one removed, if it can be.
    """

    make: Callable[[Cloud, str, Properties], Resource]
    change: Callable[[Cloud, Resource, Properties], Resource] | None = None
    remove: Callable[[Cloud, Resource], object] | None = None
    attributes: tuple[str, ...] = ()


def install(cloud: Cloud, kinds: dict[str, Kind]) -> None:
    """Have CloudFormation make *kinds* in *cloud* from now on."""
    _INSTALLED.extend(_subclass(cloud, type_, kind) for type_, kind in kinds.items())
    for known in (parsing.get_model_list, parsing.get_model_map, parsing.get_name_type_map):
        known.cache_clear()


def _subclass(cloud: Cloud, type_: str, kind: Kind) -> type:  # noqa: C901 - moto's whole protocol
    class StandIn(CloudFormationModel):
        __module__ = f"moto.{type_.split('::')[1].lower()}.models"  # the service is read off it

        def __init__(self, resource: Resource) -> None:
            self.resource = resource

        @property
        def physical_resource_id(self) -> str:
            return self.resource.ref

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @staticmethod
        def cloudformation_type() -> str:
            return type_

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr in kind.attributes

        def get_cfn_attribute(self, attribute_name: str) -> str:
            return self.resource.attributes[attribute_name]

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
            **kwargs: Any,  # noqa: ANN401 - moto's
        ) -> "StandIn":
            del account_id, region_name, kwargs
            properties = cloudformation_json.get("Properties", {})
            return cls(kind.make(cloud, resource_name, resolved_secrets(cloud, properties)))

        @classmethod
        def update_from_cloudformation_json(
            cls,
            original_resource: "StandIn",
            new_resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
        ) -> "StandIn":
            del account_id, region_name
            properties = resolved_secrets(cloud, cloudformation_json.get("Properties", {}))
            if kind.change is not None:
                return cls(kind.change(cloud, original_resource.resource, properties))
            changed = cls(kind.make(cloud, new_resource_name, properties))
            original_resource.delete()
            return changed

        def delete(self, account_id: str = "", region_name: str = "") -> None:
            del account_id, region_name
            if kind.remove is not None:
                kind.remove(cloud, self.resource)

    return StandIn


def resolved_secrets(cloud: Cloud, properties: Properties) -> Properties:
    """*properties* with the secrets that dynamic references name."""
    secrets = cloud.client("secretsmanager")

    def read(found: re.Match[str]) -> str:
        value: str = secrets.get_secret_value(SecretId=found[1])["SecretString"]
        return json.dumps(value)[1:-1]  # it stands in a JSON string

    text = json.dumps(properties)
    if not SECRET.search(text):
        return dict(properties)
    return dict(json.loads(SECRET.sub(read, text)))
