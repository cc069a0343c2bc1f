"""SSM's results: one host's part of a command, as an `Answer`.

Text from a host stops here: a report has words and numbers from the script's own lists, a result is
a known word, and everything else is dropped.
"""

from typing import TYPE_CHECKING, Literal

import msgspec

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.remediation.execution import Answer, Answered, Pending

if TYPE_CHECKING:
    from mypy_boto3_ssm.type_defs import CommandInvocationTypeDef

OUTPUT_MAX = 2500
"""The characters of a plugin's output in ListCommandInvocations."""
ENDED = frozenset({"Success", "Cancelled", "TimedOut", "Failed"})
"""The final statuses; any other one is pending."""
DETAILS = frozenset(
    {
        "AccessDenied",
        "Cancelled",
        "DeliveryTimedOut",
        "ExecutionTimedOut",
        "Failed",
        "InvalidPlatform",
        "RateExceeded",
        "Success",
        "Terminated",
        "TimedOut",
        "Undeliverable",
    }
)
"""SSM's own detailed statuses (Systems Manager guide, "Understanding command statuses")."""


class FixResult(msgspec.Struct, frozen=True):
    """The line that a fix's script prints."""

    schema: Literal[1]
    result: Literal[
        "restarted",
        "refused-late",
        "refused-repeat",
        "refused-input",
        "refused-job",
        "masked",
        "bad-setting",
        "not-found",
        "failed",
        "parent-failed",
        "timed-out",
    ]


REFUSED = frozenset(
    {"refused-late", "refused-input", "refused-job", "masked", "bad-setting", "not-found"}
)
"""Results without an effect; ``refused-repeat`` is none, since the first delivery had one."""


def parse_answer(invocation: "CommandInvocationTypeDef", *, look: bool) -> Answer:
    """The answer of one host to a look, or else to a fix.

    ``detail`` is SSM's status, and for a fix also the script's result: ``Failed: refused-late``.
    """
    status = invocation["Status"]
    if status not in ENDED:
        return Pending()
    status_word = _status_word(invocation)
    success = status == "Success"
    if look:
        report = (
            _parse_output(invocation, HostReport)
            if success
            else Unknown(f"the inspection ended as {status_word}")
        )
        return Answered(success=success, detail=status_word, report=report)
    result = _parse_output(invocation, FixResult)
    detail = status_word if isinstance(result, Unknown) else f"{status_word}: {result.result}"
    refused = isinstance(result, FixResult) and result.result in REFUSED
    nothing = Unknown("a fix reports nothing")
    return Answered(success=success, detail=detail, report=nothing, refused=refused)


def _status_word(invocation: "CommandInvocationTypeDef") -> str:
    details = invocation.get("StatusDetails", "").replace(" ", "")
    return details if details in DETAILS else invocation["Status"]


def _parse_output[T](invocation: "CommandInvocationTypeDef", type_: type[T]) -> T | Unknown:
    """The first line that the document's one step printed."""
    match invocation.get("CommandPlugins", []):
        case [plugin]:
            output = plugin.get("Output", "")
        case plugins:
            return Unknown(f"the command shows {len(plugins)} steps instead of one")
    if len(output) > OUTPUT_MAX:
        return Unknown("the host printed more than its script can")
    try:
        return msgspec.json.decode(output.partition("\n")[0], type=type_)
    except (ValueError, RecursionError):
        return Unknown("the host did not print what its script prints")
