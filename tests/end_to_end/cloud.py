"""The cloud: moto's server in this process, on loopback, with what the twin answers in its place.

One request at a time, since moto bears no threads. CloudFormation's are let in beside them: what
it makes it asks of the same server.
"""

import io
import os
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # read at import; it costs seconds

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server

from tests.end_to_end.faults import Faults
from tests.end_to_end.refusals import answered
from tests.end_to_end.services import service_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ACCOUNT = "123456789012"
"""moto's own, as long as nobody assumes a role of another."""
REGION = "us-east-1"
FUNCTION_URLS = "/function-url/"
"""Behind it comes the function's name: of Lambda's own addresses each is a host of its own."""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

type Door = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes] | None]
"""Answers a request, or leaves it to moto with None."""
THREADS_MAX = 50
"""More than ever ask through one client at a time."""


class _Quiet(MotoRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - its name
        """Say nothing of requests: what fails is a fault."""


class Cloud:
    """Serves while it is entered. *door* is asked first."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.door: Door = lambda _environment, _start: None
        self.heard: Callable[[WSGIEnvironment], None] = lambda _environment: None
        self.started: Callable[[str], None] = lambda _function: None
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._one_at_a_time = Lock()
        self._clients: dict[str, Any] = {}
        self._making = Lock()
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="moto")
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def client(self, service: str) -> Any:  # noqa: ANN401 - any service's
        """A client of *service* that talks to this cloud; made once, and for any thread."""
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._made(service)
            return self._clients[service]

    def _made(self, service: str) -> Any:  # noqa: ANN401 - any service's
        client: Any = boto3.client  # its overloads take literal names
        return client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - it opens nothing
            config=Config(max_pool_connections=THREADS_MAX),
        )

    def environment(self) -> dict[str, str]:
        """What a process needs to know of it, and nothing of this machine's own AWS."""
        port = self._server.server_port
        return {
            **CREDENTIALS,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            # CloudFormation takes a template from an address that looks like a bucket's
            "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": f"http://localhost:{port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def _answer(self, environment: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        asked = environment["wsgi.input"].read(int(environment.get("CONTENT_LENGTH") or 0))
        environment["wsgi.input"] = io.BytesIO(asked)
        statuses: list[str] = []

        def begin(status: str, *rest: Any) -> Any:  # noqa: ANN401 - WSGI's own shape
            statuses.append(status)
            return start(status, *rest)

        try:
            self.heard(environment)
            answer = list(self._of_door_or_moto(environment, begin))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            what = f"{service_of(environment)} {environment['PATH_INFO']}"
            self.faults.add(f"moto: {what}: {error!r}")
            # as a refusal, which nobody sends again
            start("400 Bad Request", [("Content-Type", "text/xml")])
            return [b"<Error><Code>Fault</Code></Error>"]
        about = answered(environment, asked, statuses[-1], b"".join(answer))
        if about is not None and not about.expected:
            self.faults.add(f"answered: {about.call}: {about.said[:500]}")
        return answer

    def _of_door_or_moto(
        self, environment: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        given = self.door(environment, start)
        if given is not None:
            return given
        within = service_of(environment) == "cloudformation"
        with nullcontext() if within else self._one_at_a_time:
            return list(self._moto(environment, start))
