"""The stacks of a shipped profile, and where in them each resource of `requests` is."""

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import App

from app import compose
from firstline import profile as profiles
from infra.context import DEFAULT_PROFILE
from tests.iam.calls import Call
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.made import HERE, Made
from tests.infra.permissions import Context, Request

if TYPE_CHECKING:
    from collections.abc import Callable

INSTANCE = f"arn:aws:ec2:{HERE}:instance/i-0a1b2c3d4e5f60711"
KEY = f"arn:aws:kms:{HERE}:key/12345678-0a1b-2c3d-4e5f-123456789012"


class Stacks:
    """What a deployment with the shipped profile *name* would make."""

    def __init__(self, name: str, folder: Path) -> None:
        path = DEFAULT_PROFILE.with_name(f"{name}.toml")
        app = App(outdir=str(folder), context={**WITHOUT_BUNDLING, "profile": str(path)})
        compose(app)
        app.synth()
        self.made = Made(folder)
        self.profile = profiles.load(path)

    def request(self, call: Call) -> Request:
        """What IAM is asked by *call* in this deployment."""
        kind, _, name = call.resource.partition("/")
        arn = self._arn(kind, name)
        return Request(call.action, arn, self._context(call.action, kind, name))

    def _arn(self, kind: str, name: str) -> str:
        fleet = self.profile.fleet
        group = f"autoScalingGroup:1a2b:autoScalingGroupName/{fleet.group}"
        places: dict[str, Callable[[], str]] = {
            "*": lambda: "*",
            "archive": lambda: self._object(name),
            "deployments": lambda: f"arn:aws:codedeploy:{HERE}:deploymentgroup:app/{name}",
            "document": lambda: f"arn:aws:ssm:{HERE}:document/{self._document(name)}",
            "group": lambda: f"arn:aws:autoscaling:{HERE}:{group}",
            "instance": lambda: INSTANCE,
            "key": lambda: self._key(name),
            "parameter": lambda: f"arn:aws:ssm:{HERE}:parameter/{name}",
            "queue": lambda: self._made("SQS::Queue", f"Queues{name.title()}"),
            "secret": lambda: self._made("SecretsManager::Secret", "RoutingKeyValue"),
            "stack": lambda: f"arn:aws:cloudformation:{HERE}:stack/{name}/1a2b3c4d",
            "table": lambda: self._table(*name.partition("/")),
            "topic": lambda: self._made("SNS::Topic", name.title()),
        }
        return places[kind]()

    def _made(self, kind: str, ending: str) -> str:
        return self.made.arn(self.made.one(f"AWS::{kind}", ending))

    def _table(self, name: str, slash: str, rest: str) -> str:
        return f"{self._made('DynamoDB::Table', name.title())}{slash}{rest}"

    def _object(self, prefix: str) -> str:
        bucket = self._made("S3::Bucket", "Archive")
        return f"{bucket}/{prefix}one.json" if prefix else bucket

    def _document(self, action: str) -> str:
        logical = f"{action.title().replace('_', '')}Document"
        return self.made.one("AWS::SSM::Document", logical).name

    def _key(self, name: str) -> str:
        if name == "enclaves":
            return KEY
        return self._made("KMS::Key", "Signing")

    def _context(self, action: str, kind: str, name: str) -> Context:
        """The condition keys that the call would carry."""
        fleet = self.profile.fleet
        if kind == "instance":
            return {f"aws:ResourceTag/{key}": (value,) for key, value in fleet.tags.items()}
        if kind != "key":
            return {}
        if name == "enclaves":
            by_alias = {"kms:RequestAlias": (fleet.kms_key,)} if "Describe" in action else {}
            return {"kms:ResourceAliases": (fleet.kms_key,), **by_alias}
        _, *how = name.split("/")
        return dict(
            zip(
                ("kms:SigningAlgorithm", "kms:MessageType"), ((each,) for each in how), strict=False
            )
        )
