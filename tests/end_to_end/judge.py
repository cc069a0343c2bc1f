"""Judge: each call of a deployed function, held against its role as it was deployed.

moto asks no policy. A function signs with an access key id that is its own name, so that the
cloud's door knows who calls; what it asks of IAM is read off the request (`tests.iam.requests`),
and the role's policies are those that IAM holds when the function starts. What they do not allow
is a fault.
"""

import io
import json
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from firstline.config.profile import Fleet
from tests.end_to_end.cloud import ACCOUNT, REGION, Cloud
from tests.end_to_end.readers import READERS
from tests.end_to_end.services import service_of, signer_of
from tests.iam.places import Places
from tests.iam.requests import Wanted, asked
from tests.infra.permissions import allowed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

SERVICES = {
    "autoscaling": "auto-scaling",
    "elasticloadbalancing": "elastic-load-balancing-v2",
    "monitoring": "cloudwatch",
    "secretsmanager": "secrets-manager",
}
"""Who signs as what: botocore's id of the service, where it is another."""


class Judged(NamedTuple):
    """What a deployed function asked of IAM; *handler* is what it is called in the code."""

    function: str
    handler: str
    wanted: Wanted


class Bound(NamedTuple):
    """A function that runs: its handler's name, and the statements of its role."""

    handler: str
    statements: list[dict[str, Any]]


class Judge:
    """Hears every request of *cloud*; *ours* knows the fleet's hosts. Each question is put once."""

    def __init__(self, cloud: Cloud, fleet: Fleet, ours: Callable[[str], bool]) -> None:
        self._cloud = cloud
        self._places = Places(fleet, f"{REGION}:{ACCOUNT}", ours)
        self._lock = Lock()
        self._bound: dict[str, Bound] = {}
        self._asked: set[tuple[str, Wanted]] = set()
        self.allowed: list[Judged] = []
        self.refused: list[Judged] = []
        cloud.started = self.bind
        cloud.heard = self.hear

    def bind(self, function: str) -> None:
        """Read what *function* may do, of what was deployed: it is about to start."""
        result = self._cloud.client("lambda").get_function_configuration(FunctionName=function)
        role = READERS["AWS::IAM::Role"](self._cloud, result["Role"].rpartition("/")[2])
        statements = [
            statement
            for policy in role["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        self._bound[function] = Bound(result["Handler"].split(".")[1], statements)

    def hear(self, environment: "WSGIEnvironment") -> None:
        """Judge the request, if a function makes it."""
        function = signer_of(environment)
        if function in self._bound:
            for wanted in asked(*call_of(environment)):
                with self._lock:
                    new = (function, wanted) not in self._asked
                    self._asked.add((function, wanted))
                if new:
                    self._judge(function, wanted)

    def _judge(self, function: str, wanted: Wanted) -> None:
        handler, statements = self._bound[function]
        judged = Judged(function, handler, wanted)
        if allowed(statements, self._places.request(wanted)):
            self.allowed.append(judged)
        else:
            self.refused.append(judged)
            self._cloud.faults.add(f"IAM: {handler} may not {wanted}")


def call_of(environment: "WSGIEnvironment") -> tuple[str, dict[str, Any]]:
    """The request's call as botocore's events name it, and its parameters, as far as IAM asks."""
    service = service_of(environment)
    if service == "s3":
        return _of_s3(environment)
    body = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
    environment["wsgi.input"] = io.BytesIO(body)
    service = SERVICES.get(service, service)
    target = environment.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return f"{service}.{target.rpartition('.')[2]}", dict(json.loads(body))
    if b"Action=" in body:
        form = dict(parse_qsl(body.decode()))
        return f"{service}.{form['Action']}", form
    # CloudWatch's CBOR: the path names the operation, and IAM asks for no parameter of it
    return f"{service}.{environment['PATH_INFO'].rpartition('/')[2]}", {}


def _of_s3(environment: "WSGIEnvironment") -> tuple[str, dict[str, Any]]:
    bucket, _, key = environment["PATH_INFO"].removeprefix("/").partition("/")
    method = environment["REQUEST_METHOD"].title()
    what = f"{method}Object" if key else f"{method}Bucket"
    if what == "GetBucket" and "list-type=2" in environment["QUERY_STRING"]:
        what = "ListObjectsV2"
    return f"s3.{what}", {"Bucket": bucket, "Key": key}
