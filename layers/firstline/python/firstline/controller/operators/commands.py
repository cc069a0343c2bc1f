"""Levers: what a person may ask of the deployed system, as one JSON document each.

Nothing here says who asks: the function that takes it knows that from IAM, and from nobody else.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from firstline.actions.catalogue import FIXES
from firstline.diagnosis.evidence import Unknown
from firstline.errors import InvalidInput
from firstline.signal import Condition

OUTPUT = "OperatorUrl"
"""The app stack's output that holds the function's URL."""
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


class Ordered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the document; ``lever`` names which it is."""


class Approve(Ordered, frozen=True, kw_only=True, tag_field="lever", tag="approve"):
    """Allow the proposed plan whose hash begins so, once."""

    incident: Incident
    plan: Plan
    why: Reason = ""


class Deny(Ordered, frozen=True, kw_only=True, tag_field="lever", tag="deny"):
    """Refuse it: the incident is handed over."""

    incident: Incident
    plan: Plan
    why: Why


class PauseFixes(Ordered, frozen=True, kw_only=True, tag_field="lever", tag="pause"):
    """No fixes of everything, a condition or one incident, before ``until``."""

    scope: Scope
    why: Why
    until: Annotated[datetime, msgspec.Meta(tz=True)]


class Resume(Ordered, frozen=True, kw_only=True, tag_field="lever", tag="resume"):
    """End the pause of this scope."""

    scope: Scope
    why: Why


class Promote(Ordered, frozen=True, kw_only=True, tag_field="lever", tag="promote"):
    """Let an action that was demoted go by itself again."""

    action: Action
    why: Why


class AnnounceDrill(Ordered, frozen=True, kw_only=True, tag_field="lever", tag="drill"):
    """Only observe the incident that this alarm is about to open on purpose, before ``until``."""

    alarm: Alarm
    until: Annotated[datetime, msgspec.Meta(tz=True)]


type OperatorCommand = Approve | Deny | PauseFixes | Resume | Promote | AnnounceDrill


class UnderWay(msgspec.Struct, frozen=True, kw_only=True, tag="under-way"):
    """A fix that was committed before a pause: its host may change before ``until``.

    ``target`` is the host, or the group; ``alive`` are those hosts of it that were not dead.
    """

    action: str
    target: str
    alive: tuple[str, ...]
    incident: str
    until: datetime


class CommandResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator's command did, by whom. A pause's ``told``: PagerDuty has its alert already.

    A pause's ``under_way`` is the fix that it came too late for, Unknown where it cannot be read.
    ``word`` is what a drill must be rung with.
    """

    lever: str
    by: str
    incident: str | None = None
    action: str | None = None
    targets: tuple[str, ...] = ()
    plan: str | None = None
    scope: str | None = None
    until: datetime | None = None
    told: bool | None = None
    under_way: UnderWay | Unknown | None = None
    word: str | None = None


def read(body: bytes) -> OperatorCommand:
    """The lever that *body* asks for; raises `InvalidInput` with one line, and repeats nothing."""
    try:
        return _LEVERS.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = str(error)
    for field, hint in _HINTS.items():
        if f"$.{field}" in message:
            raise InvalidInput(f"{field}: {hint}")
    raise InvalidInput(
        "this is no lever: approve, deny, pause, resume, promote or drill, each with its own fields"
    )


_LEVERS: msgspec.json.Decoder[OperatorCommand] = msgspec.json.Decoder(OperatorCommand)
_HINTS = {
    "alarm": "give the ARN of an alarm",
    "action": f"give one of {', '.join(FIXES)}",
    "incident": "give an incident's id, inc- and 20 hexadecimal digits",
    "plan": "give the first 8 or more hexadecimal digits of the plan's hash",
    "scope": f"give everything, an incident's id, or one of {', '.join(map(str, Condition))}",
    "why": f"give a reason of 1 to {REASON_MAX} characters: letters, digits and . , : ; / = + @ #",
    "until": "give an instant with its time zone, such as 2026-03-11T04:18:43Z",
}
