"""PagerDuty's side of a page: which events it takes, and whom they notify; no HTTP here.

https://developer.pagerduty.com/docs/events-api-v2-overview and PagerDuty's own refusals. Where
they are vague the model is strict: what passes here passes there.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from firstline.notifications.delivery import Accepted, BadBody

_BODY_BYTES_MAX = 512 * 1024

type _Https = Annotated[str, Meta(pattern="^https://")]
type _Words = Annotated[str, Meta(min_length=1)]


class _Payload(msgspec.Struct):
    summary: Annotated[_Words, Meta(max_length=1024)]
    source: _Words
    severity: Literal["critical", "error", "warning", "info"]
    timestamp: Annotated[datetime, Meta(tz=True)] | UnsetType = UNSET


class _Link(msgspec.Struct):
    href: _Https


class _Image(msgspec.Struct):
    src: _Https
    href: _Https | UnsetType = UNSET


class _Event(msgspec.Struct):
    """The documented rules on single fields; many of them are not in the published schema."""

    routing_key: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{32}\Z")]
    event_action: Literal["trigger", "acknowledge", "resolve"]
    dedup_key: Annotated[_Words, Meta(max_length=255)] | UnsetType = UNSET
    payload: _Payload | UnsetType = UNSET
    links: tuple[_Link, ...] = ()
    images: tuple[_Image, ...] = ()


class State(StrEnum):
    """Where an alert stands."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Alert(msgspec.Struct):
    """One ``dedup_key``: its state now, and how often somebody was notified under it."""

    state: State
    notifications: int = 1


class _ChangePayload(msgspec.Struct):
    summary: Annotated[_Words, Meta(max_length=1024)]
    source: _Words
    timestamp: Annotated[datetime, Meta(tz=True)]


class _Change(msgspec.Struct):
    """A change event: no severity, no key, and nobody is notified."""

    routing_key: Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{32}\Z")]
    payload: _ChangePayload


class Received(msgspec.Struct, frozen=True):
    """One accepted event, in the order of acceptance; ``body`` has lost its routing key.

    One that ``notified`` opened its alert, or opened it again.
    """

    at: datetime
    action: Literal["trigger", "acknowledge", "resolve"]
    key: str
    body: dict[str, object]
    notified: bool = False


class Alerts:
    """The alerts of one integration, by ``dedup_key``, and the events that made them.

    A trigger notifies when its key is new or resolved, and folds in when it is open or
    acknowledged. An acknowledgement or a resolve of nothing is accepted and does nothing.
    """

    def __init__(self) -> None:
        self.by_key: dict[str, Alert] = {}
        self.received: list[Received] = []
        self.changes: list[dict[str, object]] = []

    def receive(self, body: dict[str, object], at: datetime) -> Accepted | BadBody:
        """Take *body*, the whole of it with its ``routing_key``, if it keeps the rules."""
        event = _read(body)
        if isinstance(event, BadBody):
            return event
        key = event.dedup_key or f"{len(self.received):032x}"
        notified = False
        match event.event_action:
            case "trigger":
                notified = self._trigger(key)
            case "acknowledge":
                self.acknowledge(key)
            case "resolve":
                self.resolve(key)
        shown = {name: value for name, value in body.items() if name != "routing_key"}
        self.received.append(Received(at, event.event_action, key, shown, notified))
        return Accepted()

    def change(self, body: dict[str, object]) -> Accepted | BadBody:
        """Take a change event; nobody is notified."""
        try:
            msgspec.convert(body, type=_Change)
        except msgspec.ValidationError as error:
            return BadBody(str(error))
        self.changes.append({name: each for name, each in body.items() if name != "routing_key"})
        return Accepted()

    def acknowledge(self, key: str) -> None:
        """Somebody has taken the alert: as an event, or in PagerDuty itself."""
        alert = self.by_key.get(key)
        if alert and alert.state is State.OPEN:
            alert.state = State.ACKNOWLEDGED

    def resolve(self, key: str) -> None:
        """The alert has ended: as an event, or in PagerDuty itself."""
        alert = self.by_key.get(key)
        if alert:
            alert.state = State.RESOLVED

    def _trigger(self, key: str) -> bool:
        """Whether it notified: an alert that stands takes it in."""
        alert = self.by_key.get(key)
        if alert is None:
            self.by_key[key] = Alert(State.OPEN)
        elif alert.state is State.RESOLVED:
            alert.state = State.OPEN
            alert.notifications += 1
        else:
            return False
        return True


def _read(body: dict[str, object]) -> _Event | BadBody:
    try:
        size = len(msgspec.json.encode(body))
        event = msgspec.convert(body, type=_Event)
    except msgspec.ValidationError as error:
        return BadBody(str(error))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return BadBody(f"the body cannot be written as JSON: {type(error).__name__}")
    if size > _BODY_BYTES_MAX:
        return BadBody(f"the body has {size} bytes, more than {_BODY_BYTES_MAX}")
    if event.event_action == "trigger" and event.payload is UNSET:
        return BadBody("a trigger needs a payload")
    if event.event_action != "trigger" and event.dedup_key is UNSET:
        return BadBody(f"{event.event_action} needs a dedup_key")
    return event
