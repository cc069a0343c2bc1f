"""Systems Manager: commands, their invocations, and change calendars.

Shape: Systems Manager user guide, "Amazon EventBridge event examples". A command's event holds
its parameters in clear text: they are not read.
"""

from typing import Literal

import msgspec

from firstline.errors import InvalidInput
from firstline.signal import Signal, SignalKind
from firstline.signals.sources import eventbridge
from firstline.signals.sources.eventbridge import Envelope, decode, make_signal, parse_instant

CALENDAR = "change calendar"
"""The subject of a calendar's signal; a command's is its document."""


class _Command(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    command_id: eventbridge.Id
    document_name: eventbridge.Name
    status: eventbridge.Name
    instance_id: eventbridge.Instance | None = None


class _Calendar(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    state: Literal["OPEN", "CLOSED"]
    at_time: str


def command(envelope: Envelope) -> Signal:
    """The status of a command, or of it on one instance; raises `InvalidInput`."""
    event = decode(envelope.detail, _Command)
    key = ("command", event.command_id, event.instance_id or "-", event.status)
    where = {"InstanceId": event.instance_id} if event.instance_id else {}
    kind = SignalKind.COMMAND
    return make_signal(envelope, kind, key, event.document_name, event.status, dimensions=where)


def calendar(envelope: Envelope) -> Signal:
    """A calendar opened or closed, sent up to 15 minutes late; raises `InvalidInput`."""
    event = decode(envelope.detail, _Calendar)
    at = parse_instant(event.at_time)
    if len(envelope.resources) != 1:
        raise InvalidInput("a calendar's event that does not name its one calendar")
    key = ("calendar", envelope.resources[0], event.state, at.isoformat())
    named = {"Name": envelope.resources[0]}
    kind = SignalKind.CALENDAR
    return make_signal(envelope, kind, key, CALENDAR, event.state, at=at, dimensions=named)
