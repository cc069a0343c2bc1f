"""A stack's template with its references resolved, as far as doctor needs it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from firstline.config.settings import Home
from firstline.doctor.facts import Resource
from firstline.errors import InvalidInput

PARTITION = "aws"
"""Only commercial Regions are supported."""


class TemplateResource(msgspec.Struct, frozen=True, rename="pascal"):
    """A resource of a template."""

    type: str
    properties: object = None


class _Template(msgspec.Struct, frozen=True, rename="pascal"):
    resources: dict[str, TemplateResource]


@contextmanager
def template_errors() -> Iterator[None]:
    """Raise `InvalidInput` for a template of unexpected form."""
    try:
        yield
    except (msgspec.ValidationError, LookupError) as error:
        raise InvalidInput(
            f"the stack's template does not have this version's form: {error}"
        ) from error


def template_resources(template: object) -> dict[str, TemplateResource]:
    """Return the resources of *template* by logical id."""
    return msgspec.convert(template, _Template).resources


class References(msgspec.Struct, frozen=True):
    """The values of a template's references: its resources, and other stacks' exports."""

    home: Home
    resources: Mapping[str, Resource]
    exports: Mapping[str, str]

    def ref(self, name: str) -> str:
        """Return the value of ``Ref``; raises `InvalidInput`."""
        pseudo = {
            "AWS::AccountId": self.home.account,
            "AWS::Partition": PARTITION,
            "AWS::Region": self.home.region,
        }
        if name in pseudo:
            return pseudo[name]
        return self._resource(name).name

    def arn(self, name: str) -> str:
        """Return ``Fn::GetAtt`` of a resource's ``Arn``; raises `InvalidInput`."""
        found = self._resource(name)
        here = f"{self.home.region}:{self.home.account}"
        match found.kind:
            case "AWS::SQS::Queue":  # its name is its URL
                return f"arn:{PARTITION}:sqs:{here}:{found.name.rpartition('/')[2]}"
            case "AWS::Logs::LogGroup":
                return f"arn:{PARTITION}:logs:{here}:log-group:{found.name}:*"
            case "AWS::Lambda::Function":
                return f"arn:{PARTITION}:lambda:{here}:function:{found.name}"
            case "AWS::Events::Rule":
                return f"arn:{PARTITION}:events:{here}:rule/{found.name}"
            case "AWS::IAM::Role":
                return f"arn:{PARTITION}:iam::{self.home.account}:role/{found.name}"
            case _:
                raise InvalidInput(f"the template names the ARN of {name}, a {found.kind}")

    def import_value(self, name: str) -> str:
        """Return the value of ``Fn::ImportValue``; raises `InvalidInput`."""
        if name not in self.exports:
            raise InvalidInput(f"no stack exports {name}")
        return self.exports[name]

    def _resource(self, name: str) -> Resource:
        if name not in self.resources:
            raise InvalidInput(f"the stack no longer has {name}")
        return self.resources[name]


def resolve(value: object, references: References) -> object:
    """Return *value* with its references resolved; raises `InvalidInput`."""
    match value:
        case list():
            return [resolve(each, references) for each in value]
        case dict() if any(each == "Ref" or str(each).startswith("Fn::") for each in value):
            return _resolve_reference(value, references)
        case dict():
            return {key: resolve(each, references) for key, each in value.items()}
        case _:
            return value


def _resolve_reference(reference: dict[object, object], references: References) -> str:
    match reference:
        case {"Ref": str(name)}:
            return references.ref(name)
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return references.arn(name)
        case {"Fn::ImportValue": str(name)}:
            return references.import_value(name)
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(str(resolve(each, references)) for each in parts)
        case _:
            raise InvalidInput(f"the template uses {next(iter(reference))} in an unexpected way")
