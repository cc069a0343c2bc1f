"""A session of an account that answers as a test says: each call by its name, page by page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from boto3.session import Session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

from firstline.lab.twin.aws import session

type Answer = dict[str, Any]


@dataclass(frozen=True)
class Refusal:
    """The service refuses with this code."""

    code: str


@dataclass
class Answering:
    """A call that has no answer here fails the test.

    Of a list each call takes the next; a function is given what is asked. ``asked`` holds each
    call's name and parameters, which botocore has checked by then.
    """

    answers: Mapping[str, Answer | Refusal | list[Answer] | Callable[[Answer], Answer | Refusal]]
    asked: list[tuple[str, Answer]] = field(default_factory=list)
    session: Session = field(default_factory=lambda: session("us-east-1"))

    def __post_init__(self) -> None:
        events: Any = self.session.events  # its stubs say that no handler answers
        events.register_first("before-parameter-build", self._keep)
        events.register_first("before-call", self._call)

    @property
    def calls(self) -> list[str]:
        """The names alone."""
        return [name for name, _ in self.asked]

    def parameters(self, name: str) -> Answer:
        """The parameters of the last call of this name."""
        return [parameters for each, parameters in self.asked if each == name][-1]

    def _keep(self, params: Answer, context: Answer, **_: object) -> None:
        context["asked"] = dict(params)

    def _call(self, event_name: str, context: Answer, **_: object) -> tuple[AWSResponse, Answer]:
        name = event_name.removeprefix("before-call.")
        self.asked.append((name, context["asked"]))
        if name not in self.answers:
            raise AssertionError(f"nobody said what {name} answers")
        answer = self.answers[name]
        match answer(context["asked"]) if callable(answer) else answer:
            case Refusal(code):
                metadata = {"HTTPStatusCode": 400}
                return _http(400), {"Error": {"Code": code}, "ResponseMetadata": metadata}
            case list() as pages:
                return answered(pages.pop(0))
            case told:
                return answered(told)


def answered(answer: Answer) -> tuple[AWSResponse, Answer]:
    """The result of a handler of ``before-call``, so that nothing is sent."""
    return _http(200), answer


def _http(status: int) -> AWSResponse:
    return AWSResponse("", status, HTTPHeaders(), HTTPResponse(BytesIO(), preload_content=False))
