"""The stacks of a shipped profile, and where in them each resource of `names` is."""

from collections.abc import Iterator
from pathlib import Path

from aws_cdk import App

from app import compose
from firstline.config import fleet_file as profiles
from tests.builders import PROFILE_FILE
from tests.iam import names
from tests.iam.calls import Call
from tests.iam.places import Places
from tests.iam.requests import Wanted
from tests.infra.conftest import WITHOUT_BUNDLING
from tests.infra.made import ACCOUNT, HERE, Made
from tests.infra.permissions import Request

INSTANCE = "i-0a1b2c3d4e5f60711"
"""One of the fleet's."""


class Stacks:
    """What a deployment with the shipped profile *name* would make."""

    def __init__(self, name: str, folder: Path) -> None:
        path = PROFILE_FILE.with_name(f"{name}.toml")
        app = App(outdir=str(folder), context={**WITHOUT_BUNDLING, "fleet": str(path)})
        compose(app)
        app.synth()
        self.made = Made(folder)
        self.profile = profiles.load(path)
        self._places = Places(self.profile.fleet, HERE, lambda host: host == INSTANCE)
        self._known = dict(self._deployed())

    def request(self, call: Call) -> Request:
        """What IAM is asked by *call* in this deployment."""
        return self._places.request(Wanted(call.action, self._resource(call), call.given))

    def _resource(self, call: Call) -> str:
        """As the call names it here; what has no name of ours stays what it is."""
        for known, here in self._known.items():
            if call.resource == known or call.resource.startswith(f"{known}/"):
                return here + call.resource.removeprefix(known)
        return call.resource

    def _deployed(self) -> Iterator[tuple[str, str]]:
        made = self.made
        for name in ("incidents", "ledger"):
            yield f"table/<{name}>", f"table/{self._name('DynamoDB::Table', name.title())}"
        for name in ("signals", "wakes"):
            queue = self._name("SQS::Queue", f"Queues{name.title()}")
            yield f"queue/<{name}>", f"queue/{ACCOUNT}/{queue}"
        secret = made.one("AWS::SecretsManager::Secret", "RoutingKeyValue")
        yield "secret/<routing-key>", f"secret/{made.arn(secret)}"
        yield "topic/<team>", f"topic/{made.arn(made.one('AWS::SNS::Topic', 'Team'))}"
        yield "key/<signing>", f"key/{self._name('KMS::Key', 'Signing')}"
        for kind in ("bucket", "object"):
            yield f"{kind}/<archive>", f"{kind}/{self._name('S3::Bucket', 'Archive')}"
        for document in made.of("AWS::SSM::Document"):
            action = document.properties["Content"]["mainSteps"][0]["name"]
            yield f"document/<{action}>", f"document/{document.name}"
        for kind in ("instance", "member"):
            yield f"{kind}/{names.FLEET}", f"{kind}/{INSTANCE}"
        for here, known in names.of_profile(self.profile):
            yield known, here

    def _name(self, kind: str, ending: str) -> str:
        return self.made.one(f"AWS::{kind}", ending).name
