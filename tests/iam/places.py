"""Places: the ARN of a resource of `requests`, and the condition keys that the resource brings.

ARNs have the forms of the Service Authorization Reference. What names a resource of another
deployment, or none at all, gets the ARN that IAM would be asked about.
"""

from collections.abc import Callable
from typing import NamedTuple

from firstline.config.profile import Fleet
from firstline.lab.twin.preflight import KEY
from tests.iam.requests import Wanted
from tests.infra.permissions import Context, Request

FORMS = {
    "*": "*",
    "bucket": "arn:aws:s3:::{name}",
    "deployments": "arn:aws:codedeploy:{here}:deploymentgroup:{name}",
    "document": "arn:aws:ssm:{here}:document/{name}",
    "group": "arn:aws:autoscaling:{here}:autoScalingGroup:1a2b:autoScalingGroupName/{name}",
    "instance": "arn:aws:ec2:{here}:instance/{name}",
    "key": "arn:aws:kms:{here}:key/{name}",
    "object": "arn:aws:s3:::{name}one.json",
    "parameter": "arn:aws:ssm:{here}:parameter/{name}",
    "queue": "arn:aws:sqs:{region}:{name}",
    "secret": "arn:aws:secretsmanager:{here}:secret:{name}",
    "stack": "arn:aws:cloudformation:{here}:stack/{name}/1a2b3c4d",
    "table": "arn:aws:dynamodb:{here}:table/{name}",
    "topic": "{name}",
    "unplaced": "arn:aws:nowhere:{here}:{name}",
}
OF_NOBODY = "the group of an instance that is not ours"


class Places(NamedTuple):
    """Where *fleet* is deployed (``REGION:ACCOUNT``); *ours* knows the fleet's hosts by id."""

    fleet: Fleet
    here: str
    ours: Callable[[str], bool]

    def request(self, wanted: Wanted) -> Request:
        """What IAM is asked."""
        kind, _, name = wanted.resource.partition("/")
        given = {key: (value,) for key, value in wanted.given}
        return Request(wanted.action, self._arn(kind, name), {**given, **self._brings(kind, name)})

    def _arn(self, kind: str, name: str) -> str:
        if name.startswith("arn:"):
            return name
        match kind:
            case "member":
                kind, name = "group", self.fleet.group if self.ours(name) else OF_NOBODY
            case "key" if name.startswith("alias/"):
                name = KEY
            case "queue":
                name = name.replace("/", ":")
            case _:
                pass
        region = self.here.partition(":")[0]
        return FORMS[kind].format(here=self.here, region=region, name=name)

    def _brings(self, kind: str, name: str) -> Context:
        """The tags of an instance of the fleet, the aliases of a key."""
        if kind == "instance" and self.ours(name):
            return {f"aws:ResourceTag/{key}": (value,) for key, value in self.fleet.tags.items()}
        if kind == "key" and name.startswith("alias/"):
            return {"kms:ResourceAliases": (name,)}
        if kind == "key" and name.rpartition("/")[2] == KEY:
            return {"kms:ResourceAliases": (self.fleet.kms_key,)}
        return {}
