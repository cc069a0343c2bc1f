"""Refusals: the answers of 4xx that are no fault, each named with its reason.

Whatever else is answered so was asked for by nobody who meant it: a wrong name, a missing right, a
parameter that the service does not know.
"""

import re
from typing import TYPE_CHECKING, NamedTuple

from tests.end_to_end.services import service_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
_REASON = "(None|ConditionalCheckFailed|TransactionConflict)"


class Expected(NamedTuple):
    """Which calls, and what must be in the answer, as patterns."""

    call: str
    answer: str
    why: str


EXPECTED = (
    Expected(
        "cloudformation (DescribeStack(s|Events)|GetTemplate) 400",
        r"<Code>ValidationError</Code><Message>Stack with id \S+ does not exist<",
        "a deploy asks whether a stack is there before it makes it, and how far it is taken down",
    ),
    Expected(
        "lambda GET /2016-08-19/account-settings 404",
        "Not Found",
        "moto knows no limits of an account: a deploy says so, and goes on",
    ),
    Expected(
        "cloudformation DeleteStack 400",
        "cannot be deleted while TerminationProtection is enabled",
        "the destroy that is refused, by a test that wants it refused",
    ),
    Expected(
        "dynamodb TransactWriteItems 400",
        rf"TransactionCanceledException.*reasons \[{_REASON}(, {_REASON})*\]",
        "the store's conditions: of two workers one is first, and the other reads again",
    ),
    Expected(
        r"s3 PUT /\S+/(entries|policies|reports)/\S+ 412 If-None-Match",
        "<Code>PreconditionFailed</Code>",
        "the archive puts an object once: who comes later is told that it is there",
    ),
)


class Answered(NamedTuple):
    """One answer: what was called, with the answer's status, and what was said."""

    call: str
    said: str

    @property
    def expected(self) -> bool:
        """Whether it is one of those that are no fault."""
        return any(
            re.fullmatch(each.call, self.call) and re.search(each.answer, self.said, re.DOTALL)
            for each in EXPECTED
        )


def answered(
    environment: "WSGIEnvironment", asked: bytes, status: str, answer: bytes
) -> Answered | None:
    """What a refusal or a failure was about; None of an answer that is neither."""
    number = status.partition(" ")[0]
    if number < "400":
        return None
    by_form = ACTION.search(asked)
    named = (
        environment.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        or (by_form and by_form[1].decode())
        or f"{environment['REQUEST_METHOD']} {environment['PATH_INFO']}"
    )
    once = " If-None-Match" if "HTTP_IF_NONE_MATCH" in environment else ""
    call = f"{service_of(environment)} {named} {number}{once}"
    return Answered(call, answer.decode(errors="replace"))
