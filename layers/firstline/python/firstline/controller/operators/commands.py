"""Operator commands: the requests that a person may send, one JSON document each.

A document does not name its sender: the function takes the caller from IAM alone.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from firstline.actions.catalogue import FIXES
from firstline.diagnosis.evidence import Unknown
from firstline.errors import InvalidInput
from firstline.schema_1 import COMMAND, upgrade
from firstline.signal import Condition

URL_OUTPUT = "OperatorUrl"
"""The app stack's output with the function's URL."""
NOT_A_COMMAND = "not an operator command"
"""The beginning of the answer to a document of no known command."""
REASON_MAX = 200
Incident = Annotated[str, msgspec.Meta(pattern=r"^inc-[0-9a-f]{20}\Z")]
Plan = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8,64}\Z")]
Reason = Annotated[str, msgspec.Meta(max_length=REASON_MAX, pattern=r"(?a)^[\w .,:;/=+@()#'-]*\Z")]
Why = Annotated[Reason, msgspec.Meta(min_length=1)]
_SCOPE = rf"^(everything|inc-[0-9a-f]{{20}}|{'|'.join(map(str, Condition))})\Z"
Scope = Annotated[str, msgspec.Meta(pattern=_SCOPE)]
_ALARM = r"^arn:aws:cloudwatch:[a-z0-9-]+:[0-9]{12}:alarm:.+\Z"
Alarm = Annotated[str, msgspec.Meta(max_length=400, pattern=_ALARM)]
Action = Annotated[str, msgspec.Meta(pattern=rf"^({'|'.join(FIXES)})\Z")]


class Command(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command of the document; ``command`` names which one."""


class Approve(Command, frozen=True, kw_only=True, tag_field="command", tag="approve"):
    """Allow the proposed plan whose hash begins so, once."""

    incident: Incident
    plan: Plan
    why: Reason = ""


class Deny(Command, frozen=True, kw_only=True, tag_field="command", tag="deny"):
    """Deny it: the incident is escalated."""

    incident: Incident
    plan: Plan
    why: Why


class PauseFixes(Command, frozen=True, kw_only=True, tag_field="command", tag="pause"):
    """Pause the fixes of everything, a condition or one incident, until ``until``."""

    scope: Scope
    why: Why
    until: Annotated[datetime, msgspec.Meta(tz=True)]


class Resume(Command, frozen=True, kw_only=True, tag_field="command", tag="resume"):
    """End the pause of this scope."""

    scope: Scope
    why: Why


class Promote(Command, frozen=True, kw_only=True, tag_field="command", tag="promote"):
    """Reinstate a demoted action."""

    action: Action
    why: Why


class AnnounceDrill(Command, frozen=True, kw_only=True, tag_field="command", tag="drill"):
    """Run the incident that this alarm opens before ``until`` in dry-run mode."""

    alarm: Alarm
    until: Annotated[datetime, msgspec.Meta(tz=True)]


type OperatorCommand = Approve | Deny | PauseFixes | Resume | Promote | AnnounceDrill


class FixInProgress(msgspec.Struct, frozen=True, kw_only=True, tag="under-way"):
    """A fix that was committed before a pause: its host may change before ``until``.

    ``target`` is the host, or the group; ``alive`` are those of its hosts that were not dead.
    """

    action: str
    target: str
    alive: tuple[str, ...]
    incident: str
    until: datetime


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an operator's command.

    ``notified`` of a pause is true if PagerDuty accepted its alert. ``under_way`` is a fix that the
    pause could not stop, Unknown if it cannot be read. ``marker`` is the text that the state reason
    of a drill's alarm must contain.
    """

    command: str
    by: str
    incident: str | None = None
    action: str | None = None
    targets: tuple[str, ...] = ()
    plan: str | None = None
    scope: str | None = None
    until: datetime | None = None
    notified: bool | None = None
    under_way: FixInProgress | Unknown | None = None
    marker: str | None = None


def parse_command(body: bytes) -> OperatorCommand:
    """The command in *body*; raises `InvalidInput` with one line, which repeats no input.

    An older command line names its command ``lever``: a pause must stop fixes whatever sends it.
    """
    try:
        document = msgspec.json.decode(body)
        if isinstance(document, dict):
            upgrade(document, COMMAND)
        command: OperatorCommand = msgspec.convert(document, type=OperatorCommand)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = str(error)
    else:
        return command
    for field, hint in _HINTS.items():
        if f"$.{field}" in message:
            raise InvalidInput(f"{field}: {hint}")
    raise InvalidInput(
        f"{NOT_A_COMMAND}: approve, deny, pause, resume, promote or drill, each with its own fields"
    )


_HINTS = {
    "alarm": "give the ARN of an alarm",
    "action": f"give one of {', '.join(FIXES)}",
    "incident": "give an incident's id, inc- and 20 hexadecimal digits",
    "plan": "give the first 8 or more hexadecimal digits of the plan's hash",
    "scope": f"give everything, an incident's id, or one of {', '.join(map(str, Condition))}",
    "why": f"give a reason of 1 to {REASON_MAX} characters: letters, digits and . , : ; / = + @ #",
    "until": "give an instant with its time zone, such as 2026-03-11T04:18:43Z",
}
