"""Execution: orders to hosts and to the group, and their known results."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from firstline.actions.cancel_refresh import REFRESH_ID
from firstline.diagnosis.evidence import HostReport, Refreshes, Unknown
from firstline.ids import CommandId, FixTarget, IncidentId, InstanceId, Token
from firstline.incidents.incident import Attempt

COMMAND_SEARCH_MARGIN = timedelta(seconds=60)
"""The search for a command begins so long before its intent: the clocks of two machines differ, and
an overlooked command would be sent again."""


class Sent(msgspec.Struct, frozen=True, tag="sent"):
    """The command was accepted."""

    command: CommandId


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The command was refused, so nothing was sent."""

    why: str


class Unsettled(msgspec.Struct, frozen=True, tag="unsettled"):
    """The command may or may not have been sent: settle it by a search, never by resending."""

    why: str


type Sending = Sent | Refused | Unsettled


class OtherRefresh(msgspec.Struct, frozen=True, tag="another"):
    """A search found a refresh that began in that time, and that is not firstline's."""

    command: CommandId


class Pending(msgspec.Struct, frozen=True, tag="pending"):
    """The host has not answered yet."""


class Answered(msgspec.Struct, frozen=True, tag="answered", omit_defaults=True):
    """The host's answer: the tool's success, its detail, and a look's report.

    A fix that its host ``refused`` did nothing there.
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
    """One fix with one target. The script refuses a token twice, and after ``not_after``.

    ``parameters`` are the tool's, in addition to those that follow from the profile.
    """

    token: Token
    incident: IncidentId
    action: str
    target: FixTarget
    not_after: datetime
    parameters: dict[str, str] = {}


def fix_order(attempt: Attempt, incident: IncidentId) -> FixOrder:
    """The order for *attempt* of *incident*."""
    return FixOrder(
        token=attempt.token,
        incident=incident,
        action=attempt.action,
        target=attempt.target,
        not_after=attempt.not_after,
        parameters=attempt.parameters,
    )


# CancelInstanceRefresh takes no id. The plan therefore names the refresh. The cancel is refused
# unless that refresh is the active one, and only the end of that refresh confirms the cancel. If
# the answer names another one, the escalation names both. Some milliseconds remain between the last
# read and the call, in which a person may end our refresh and begin another.
def cancel_refusal(order: FixOrder, refreshes: Refreshes) -> str | None:
    """The reason not to send a cancel: another refresh is active than the intended one."""
    active = tuple(each.id for each in refreshes.active())
    if active == (order.parameters[REFRESH_ID],):
        return None
    going_on = ", ".join(active) or "no refresh"
    return f"the order cancels {order.parameters[REFRESH_ID]}, but {going_on} is in progress"


def cancelled_refresh(order: FixOrder, refreshes: Refreshes) -> CommandId | None:
    """The intended refresh of a cancel, once it replaces no further instance."""
    intended = order.parameters.get(REFRESH_ID)
    stopped = (each.id for each in refreshes.known if each.id == intended and each.stopped)
    return next(map(CommandId, stopped), None)


class ListedRefresh(NamedTuple):
    """A refresh of the group; ``ours`` is true if it has every preference of an order."""

    id: CommandId
    at: datetime | None  # None while it is pending
    ours: bool


# Auto Scaling's calls take no client token. A refresh whose answer was lost is therefore ours only
# if every preference is as sent and it started within the order's time. Any other refresh that
# started since ends the fix as `another`, and the incident is escalated.
def find_refresh(
    order: FixOrder, since: datetime, listed: Iterable[ListedRefresh]
) -> CommandId | OtherRefresh | None:
    """The refresh that *order* began, from *listed*, the latest first; else an `OtherRefresh`.

    Ours has our preferences, and began between its intent and the last instant at which it may
    be sent, within a margin. Another one that began since may have prevented ours.
    """
    new = [each for each in listed if each.at is None or each.at >= since - COMMAND_SEARCH_MARGIN]
    until = order.not_after + COMMAND_SEARCH_MARGIN
    for each in new:
        if each.ours and (each.at is None or each.at <= until):
            return each.id
    return OtherRefresh(new[0].id) if new else None


def is_wrong_refresh(attempt: Attempt, command: CommandId) -> bool:
    """True if the tool's answer names another refresh than *attempt* intended."""
    return attempt.parameters.get(REFRESH_ID, command) != command


def describe_wrong_refresh(attempt: Attempt) -> str:
    """The facts for a person about an *attempt* that met another refresh than its own."""
    if intended := attempt.parameters.get(REFRESH_ID):
        return f"{attempt.action} targeted {intended} but cancelled {attempt.command}"
    return (
        f"cannot tell whether {attempt.action} ran: {attempt.command} began since,"
        " with other preferences than the order's"
    )
