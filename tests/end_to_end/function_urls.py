"""Function URLs: Lambda's, which IAM guards, on the address of the cloud."""

from typing import TYPE_CHECKING

from tests.end_to_end.cloud import ACCOUNT, FUNCTION_URLS, Cloud
from tests.end_to_end.lambdas import Lambdas
from tests.end_to_end.services import service_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CALLER = f"arn:aws:sts::{ACCOUNT}:assumed-role/on-call/alice"
"""Who signs, whatever the key: IAM is not here to say."""


class FunctionUrls:
    """The door to them, before that which was there."""

    def __init__(self, cloud: Cloud, lambdas: Lambdas) -> None:
        self._before = cloud.door
        self._lambdas = lambdas
        cloud.door = self.answer

    def answer(
        self, environment: "WSGIEnvironment", start: "StartResponse"
    ) -> "Iterable[bytes] | None":
        """What the function answers; None to a call of anything else."""
        path = environment["PATH_INFO"]
        if not path.startswith(FUNCTION_URLS):
            return self._before(environment, start)
        headers = [("Content-Type", "application/json")]
        if service_of(environment) != "lambda":
            start("403 Forbidden", headers)
            return [b'{"Message": "Forbidden"}']
        name = path.removeprefix(FUNCTION_URLS).rstrip("/")
        result = self._lambdas.invoke(name, _event(environment))
        if result.failed:
            start("502 Bad Gateway", headers)
            return [b'{"Message": "Internal Server Error"}']
        start(f"{result.payload['statusCode']} Answered", [*result.payload["headers"].items()])
        return [result.payload["body"].encode()]


def _event(environment: "WSGIEnvironment") -> dict[str, object]:
    """The payload format 2.0, of a request that IAM let pass."""
    length = int(environment.get("CONTENT_LENGTH") or 0)
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": "",
        "headers": {"content-type": environment.get("CONTENT_TYPE", "")},
        "requestContext": {
            "accountId": ACCOUNT,
            "authorizer": {"iam": {"accountId": ACCOUNT, "userArn": CALLER}},
            "http": {"method": environment["REQUEST_METHOD"], "path": "/", "protocol": "HTTP/1.1"},
            "stage": "$default",
        },
        "body": environment["wsgi.input"].read(length).decode(),
        "isBase64Encoded": False,
    }
