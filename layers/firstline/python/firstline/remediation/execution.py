"""Execution: what is asked of hosts and of the group, and what is known to have come of it."""

from datetime import datetime, timedelta

import msgspec

from firstline.diagnosis.evidence import HostReport, Unknown
from firstline.ids import CommandId, FixTarget, IncidentId, InstanceId, Token
from firstline.incidents.incident import Attempt

CLOCKS_APART = timedelta(seconds=60)
"""A command is looked for from so long before its intent: the clocks of two machines differ, and
one that is overlooked would be sent again."""


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """The command was accepted."""

    command: CommandId


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The command was refused, so nothing was sent."""

    why: str


class Unsettled(msgspec.Struct, frozen=True, tag="unsettled"):
    """Nobody knows whether the command was sent: to be settled by looking, never by resending."""

    why: str


type Sending = Sent | Refused | Unsettled


class Pending(msgspec.Struct, frozen=True, tag="pending"):
    """The host has not answered yet."""


class Answered(msgspec.Struct, frozen=True, tag="answered", omit_defaults=True):
    """The host's answer: whether the tool calls it a success, its detail, and a look's report.

    A fix that its host ``refused`` has done nothing there.
    """

    success: bool
    detail: str
    report: HostReport | Unknown
    refused: bool = False


type Answer = Pending | Answered


class LookOrder(msgspec.Struct, frozen=True, kw_only=True):
    """``look_host`` on explicit hosts; parameters are the profile's names."""

    token: Token
    targets: tuple[InstanceId, ...]


class FixOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One fix with one target. A script refuses the token twice and after ``not_after``.

    ``parameters`` are the tool's beside those that follow from the profile.
    """

    token: Token
    incident: IncidentId
    action: str
    target: FixTarget
    not_after: datetime
    parameters: dict[str, str] = {}


def ordered(attempt: Attempt, incident: IncidentId) -> FixOrder:
    """What is to be sent for *attempt* of *incident*, or was."""
    return FixOrder(
        token=attempt.token,
        incident=incident,
        action=attempt.action,
        target=attempt.target,
        not_after=attempt.not_after,
        parameters=attempt.parameters,
    )
