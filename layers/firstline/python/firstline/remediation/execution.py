"""Execution: what is asked of hosts and of the group, and what is known to have come of it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from firstline.actions.cancel_refresh import REFRESH_ID
from firstline.diagnosis.evidence import HostReport, Refreshes, Unknown
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


class Another(msgspec.Struct, frozen=True, tag="another"):
    """A search found something of the kind that began in that time, and that is not ours."""

    command: CommandId


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


def withheld(order: FixOrder, refreshes: Refreshes) -> str | None:
    """Why a cancel is not sent: the refresh that it means is not the one that goes on now."""
    active = tuple(each.id for each in refreshes.active())
    if active == (order.parameters[REFRESH_ID],):
        return None
    going_on = ", ".join(active) or "no refresh"
    return f"{order.parameters[REFRESH_ID]} is to be cancelled, and {going_on} goes on"


def cancelled(order: FixOrder, refreshes: Refreshes) -> CommandId | None:
    """The refresh that a cancel means, once it is listed as one that replaces nothing more."""
    meant = order.parameters.get(REFRESH_ID)
    stopped = (each.id for each in refreshes.known if each.id == meant and each.stopped)
    return next(map(CommandId, stopped), None)


class Begun(NamedTuple):
    """A refresh of the group; ``ours`` says that it has every preference that an order asks for."""

    id: CommandId
    at: datetime | None  # None while it is pending
    ours: bool


def refreshed(
    order: FixOrder, since: datetime, listed: Iterable[Begun]
) -> CommandId | Another | None:
    """Which of the refreshes *listed*, the latest first, *order* began; `Another` that began since.

    Ours has our preferences, and began between its intent and the last instant at which it may be
    sent, or a little beside. Any other that began since may have kept ours from being taken.
    """
    new = [each for each in listed if each.at is None or each.at >= since - CLOCKS_APART]
    until = order.not_after + CLOCKS_APART
    for each in new:
        if each.ours and (each.at is None or each.at <= until):
            return each.id
    return Another(new[0].id) if new else None


def strayed(attempt: Attempt, command: CommandId) -> bool:
    """Whether the tool's answer names another refresh than the one that *attempt* means."""
    return attempt.parameters.get(REFRESH_ID, command) != command


def astray(attempt: Attempt) -> str:
    """What a person must know of an *attempt* that met another refresh than its own."""
    if meant := attempt.parameters.get(REFRESH_ID):
        return f"{attempt.action} meant {meant}, and cancelled {attempt.command} instead"
    return (
        f"whether {attempt.action} was carried out is not known: {attempt.command} began since,"
        " and is not as ours would be"
    )
