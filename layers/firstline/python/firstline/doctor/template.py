"""Template: a stack's template with its references in place, as far as doctor asks."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import msgspec

from firstline.config.settings import Home
from firstline.doctor.facts import Resource
from firstline.errors import InvalidInput

PARTITION = "aws"
"""Commercial Regions only, as everywhere."""


class Described(msgspec.Struct, frozen=True, rename="pascal"):
    """A resource as the template has it."""

    type: str
    properties: object = None


class _Template(msgspec.Struct, frozen=True, rename="pascal"):
    resources: dict[str, Described]


@contextmanager
def understood() -> Iterator[None]:
    """While a template is read: one of another form raises `InvalidInput`."""
    try:
        yield
    except (msgspec.ValidationError, LookupError) as error:
        raise InvalidInput(
            f"the stack's template is not as this version makes it: {error}"
        ) from error


def described(template: object) -> dict[str, Described]:
    """The resources of *template* by their logical ids."""
    return msgspec.convert(template, _Template).resources


class Stands(msgspec.Struct, frozen=True):
    """What a template's references stand for: its resources by now, and what others export."""

    home: Home
    resources: Mapping[str, Resource]
    exports: Mapping[str, str]

    def named(self, name: str) -> str:
        """What ``Ref`` gives; raises `InvalidInput`."""
        pseudo = {
            "AWS::AccountId": self.home.account,
            "AWS::Partition": PARTITION,
            "AWS::Region": self.home.region,
        }
        if name in pseudo:
            return pseudo[name]
        return self._resource(name).name

    def arn(self, name: str) -> str:
        """What ``Fn::GetAtt`` gives of a resource's ``Arn``; raises `InvalidInput`."""
        found = self._resource(name)
        here = f"{self.home.region}:{self.home.account}"
        match found.kind:
            case "AWS::SQS::Queue":  # which goes by its address
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

    def exported(self, name: str) -> str:
        """What ``Fn::ImportValue`` gives; raises `InvalidInput`."""
        if name not in self.exports:
            raise InvalidInput(f"no stack exports {name}")
        return self.exports[name]

    def _resource(self, name: str) -> Resource:
        if name not in self.resources:
            raise InvalidInput(f"the stack has no {name} by now")
        return self.resources[name]


def resolved(value: object, stands: Stands) -> object:
    """*value* of a template, with its references in place; raises `InvalidInput`."""
    match value:
        case list():
            return [resolved(each, stands) for each in value]
        case dict() if any(each == "Ref" or str(each).startswith("Fn::") for each in value):
            return _referred(value, stands)
        case dict():
            return {key: resolved(each, stands) for key, each in value.items()}
        case _:
            return value


def _referred(reference: dict[object, object], stands: Stands) -> str:
    match reference:
        case {"Ref": str(name)}:
            return stands.named(name)
        case {"Fn::GetAtt": [str(name), "Arn"]}:
            return stands.arn(name)
        case {"Fn::ImportValue": str(name)}:
            return stands.exported(name)
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(str(resolved(each, stands)) for each in parts)
        case _:
            raise InvalidInput(f"the template uses {next(iter(reference))} as nobody expects it")
