"""The wire between botocore and the twin: answers from the world, and the scenario's faults.

An answer is given at ``before-call``, after botocore has validated the call. A fault comes at
``before-send``, once for each try, so that botocore's own retries are visible. DynamoDB and SQS are
moto's, which answers at ``before-send`` too. A call may also be spoiled: its answer is then bytes
of `HttpFault`, which botocore reads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any

from boto3.session import Session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from urllib3 import HTTPResponse

from firstline.errors import InvariantViolation
from firstline.lab import http_fault
from firstline.lab.http_fault import HttpFault
from firstline.lab.twin.operations import OPERATIONS
from firstline.lab.twin.scaling_calls import RequestError
from firstline.lab.twin.scenario import Dependency, FaultKind
from firstline.lab.twin.world import World

DEPENDENCIES: dict[str, Dependency] = {
    "auto-scaling": "fleet",
    "cloudformation": "preflight",
    "cloudwatch": "fleet",
    "codedeploy": "investigation",
    "dynamodb": "store",
    "ec2": "investigation",
    "health": "investigation",
    "elastic-load-balancing-v2": "fleet",
    "kms": "preflight",
    "secrets-manager": "secrets",
    "sns": "team",
    "sqs": "wakes",
    "ssm": "hosts",
}
"""Services by botocore's names in events."""
CALLS: dict[str, Dependency] = {"ec2.DescribeInstanceStatus": "fleet"}
"""Calls of another dependency than their service's."""
CHANGES = frozenset(
    {
        "auto-scaling.CancelInstanceRefresh",
        "auto-scaling.SetDesiredCapacity",
        "auto-scaling.StartInstanceRefresh",
        "auto-scaling.TerminateInstanceInAutoScalingGroup",
        "ssm.SendCommand",
    }
)
"""The calls that change the fleet; all others read."""
MOTO_SERVICES = frozenset({"dynamodb", "secrets-manager", "sqs"})


@dataclass(frozen=True)
class Call:
    """The current call; a fault at its begin holds for all its tries."""

    fault: FaultKind | None = None
    spoiled: HttpFault | None = None
    protocol: str = ""
    timeout: timedelta = timedelta()
    tries_max: int = 1


class Wire:
    """Every call of one session, one at a time.

    *slept* receives how long a client waited in vain.
    """

    def __init__(self, world: World, slept: Callable[[timedelta], None]) -> None:
        self._world = world
        self._slept = slept
        self._call = Call()
        self._faultless = False
        self.spoils: Callable[[str], HttpFault | None] = lambda _: None
        """What comes of a call of that name (``ssm.SendCommand``)."""
        self.changes: list[str] = []
        """The changes of the fleet that were made, each with its token or its instance."""

    def listen(self, session: Session) -> None:
        """Handle the calls of the clients that *session* makes from now on."""
        events: Any = session.events  # its stubs say that no handler answers
        for service in DEPENDENCIES:
            events.register(f"before-parameter-build.{service}", self._before_parameter_build)
            events.register(f"before-call.{service}", self._before_call)
            events.register(f"before-send.{service}", self._before_moto)
            events.register_first(f"needs-retry.{service}", self._retry_at_once)
        # moto is at the same event, so this comes after it
        events.register_last("before-send", self._after_moto)

    @contextmanager
    def without_faults(self) -> Iterator[None]:
        """Mark calls as the driver's; may be nested."""
        before, self._faultless = self._faultless, True
        try:
            yield
        finally:
            self._faultless = before

    def _before_parameter_build(
        self, params: dict[str, Any], context: dict[str, Any], **_: object
    ) -> None:
        """Keep the parameters: ``before-call`` sees them encoded only."""
        context["asked"] = params

    def _before_call(
        self,
        event_name: str,
        context: dict[str, Any],
        model: Any,  # noqa: ANN401 - its stubs leave out what is asked of it
        **_: object,
    ) -> tuple[AWSResponse, dict[str, Any]] | None:
        name = event_name.removeprefix("before-call.")
        service = name.partition(".")[0]
        config = context["client_config"]
        change = name in CHANGES or service in MOTO_SERVICES
        dependency = CALLS.get(name, DEPENDENCIES[service])
        fault = self._world.scenario.fault(dependency, self._world.elapsed, change=change)
        spoiled = None if self._faultless else self.spoils(name)
        self._call = Call(
            fault=None if self._faultless else fault,
            spoiled=spoiled,
            protocol=model.service_model.resolved_protocol,
            timeout=timedelta(seconds=config.read_timeout),
            tries_max=(config.retries or {}).get("total_max_attempts", 1),
        )
        undone = spoiled is not None and not spoiled.effect
        if service in MOTO_SERVICES or self._call.fault in ("error", "hang") or undone:
            return None
        answer = self._answer(name, context["asked"])
        return answer if self._call.fault is None and spoiled is None else None

    def _answer(self, name: str, asked: dict[str, Any]) -> tuple[AWSResponse, dict[str, Any]]:
        if name not in OPERATIONS:
            raise InvariantViolation(f"the twin's world has no answer to {name}")
        try:
            done = OPERATIONS[name](self._world, asked)
            if name in CHANGES:
                about = asked.get("Comment") or asked.get("InstanceId") or "the group"
                self.changes.append(f"{name} {about}")
            return _http(HTTPStatus.OK), done
        except RequestError as error:
            refusal = {
                "Error": {"Code": str(error), "Message": "refused"},
                "ResponseMetadata": {"HTTPStatusCode": HTTPStatus.BAD_REQUEST.value},
            }
            return _http(HTTPStatus.BAD_REQUEST), refusal

    def _before_moto(
        self, request: AWSPreparedRequest, event_name: str, **_: object
    ) -> AWSResponse | None:
        """Handle one try; a fault ends it, and moto's answers are lost on the way back."""
        service = event_name.split(".")[1]
        if self._call.fault is None and self._call.spoiled is not None:
            return self._spoil(request, service, self._call.spoiled)
        if self._call.fault == "error":
            # moto is still called, and answers by address: it ignores one that is not AWS's
            request.url = "https://nowhere.invalid/"
            return _http(HTTPStatus.INTERNAL_SERVER_ERROR)
        after_moto = self._call.fault == "timeout-after" and service in MOTO_SERVICES
        if self._call.fault is not None and not after_moto:
            self._time_out(request)
        return None

    def _spoil(
        self, request: AWSPreparedRequest, service: str, spoiled: HttpFault
    ) -> AWSResponse | None:
        """Handle one try of a spoiled call; moto's calls have their effect first."""
        url = request.url
        if service not in MOTO_SERVICES or not spoiled.effect:
            request.url = "https://nowhere.invalid/"
        if spoiled in {HttpFault.SLOW, HttpFault.RESET}:
            if service not in MOTO_SERVICES:
                self._lose(url, spoiled)
            return None
        return _http(*http_fault.answer(spoiled, self._call.protocol, service))

    def _after_moto(self, request: AWSPreparedRequest, **_: object) -> None:
        """Lose the answer after the effect."""
        if self._call.fault == "timeout-after":
            self._time_out(request)
        elif self._call.fault is None and self._call.spoiled is not None:
            self._lose(request.url, self._call.spoiled)

    def _lose(self, url: str, spoiled: HttpFault) -> None:
        if spoiled is HttpFault.SLOW:
            self._slept(self._call.timeout)
            raise ReadTimeoutError(endpoint_url=url)
        if spoiled is HttpFault.RESET:
            raise ConnectionClosedError(endpoint_url=url)

    def _retry_at_once(self, attempts: int, **_: object) -> int | None:
        """Retry at once where botocore would wait up to a second of real time."""
        spoiled = self._call.spoiled
        failed = self._call.fault is not None or (spoiled is not None and spoiled.retried)
        again = failed and attempts < self._call.tries_max
        return 0 if again else None

    def _time_out(self, request: AWSPreparedRequest) -> None:
        self._slept(self._call.timeout)
        raise ReadTimeoutError(endpoint_url=request.url)


def _http(status: HTTPStatus, body: bytes = b"") -> AWSResponse:
    """Return a response, by default without a body."""
    raw = HTTPResponse(BytesIO(body), preload_content=False)
    return AWSResponse("", status.value, HTTPHeaders(), raw)
