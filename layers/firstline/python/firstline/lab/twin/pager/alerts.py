"""PagerDuty's side of a page: which events it takes, and whom they notify; no HTTP here.

https://developer.pagerduty.com/docs/events-api-v2-overview and PagerDuty's own refusals. Where
they are vague the model is strict: what passes here passes there.

An event's action decides by the alert that is open under its ``dedup_key``:

    trigger      none is open: a new alert, with an incident of its own, which notifies
                 one is open or acknowledged: a line of its log, which notifies no one
    acknowledge  one is open: acknowledged; none: dropped
    resolve      one is open or acknowledged: resolved, for good; none: dropped

A change event stands beside the incidents of the service, and a note in the log of one: neither
notifies anyone.
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
    """Where an alert stands, and the incident that it opened."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Logged(msgspec.Struct, frozen=True):
    """One line of an incident's log; ``text`` is a trigger's summary, or a note's content."""

    at: datetime
    what: Literal["trigger", "acknowledge", "resolve", "note"]
    text: str = ""


class Alert(msgspec.Struct):
    """An alert and the incident that it opened, which PagerDuty knows by ``id``.

    ``notifications`` are those that went out for this incident, not for its key.
    """

    id: str
    key: str
    state: State = State.OPEN
    notifications: int = 1
    log: list[Logged] = []

    @property
    def notes(self) -> list[str]:
        """The notes on the incident, oldest first."""
        return [each.text for each in self.log if each.what == "note"]


class _ChangePayload(msgspec.Struct):
    summary: Annotated[_Words, Meta(max_length=1024)]
    source: _Words
    timestamp: Annotated[datetime, Meta(tz=True)]


class _Change(msgspec.Struct):
    """A change event: no severity and no key. A ruleset's key, which begins with R, takes none."""

    routing_key: Annotated[str, Meta(pattern=r"^[0-9A-QS-Za-z][0-9A-Za-z]{31}\Z")]
    payload: _ChangePayload
    links: tuple[_Link, ...] = ()


class Received(msgspec.Struct, frozen=True):
    """One accepted event, in the order of acceptance; ``body`` has lost its routing key.

    One that ``notified`` opened its alert, or opened it again.
    """

    at: datetime
    action: Literal["trigger", "acknowledge", "resolve"]
    key: str
    body: dict[str, object]
    notified: bool = False


class Changed(msgspec.Struct, frozen=True):
    """One accepted change event; ``body`` has lost its routing key."""

    at: datetime
    body: dict[str, object]


class Alerts:
    """The alerts of one integration in the order of opening, and the events that made them."""

    def __init__(self) -> None:
        self.opened: list[Alert] = []
        self.received: list[Received] = []
        self.changes: list[Changed] = []

    @property
    def by_key(self) -> dict[str, Alert]:
        """The last alert of each ``dedup_key``: an earlier one of the same key is resolved."""
        return {each.key: each for each in self.opened}

    def notified(self, key: str) -> int:
        """How many notifications went out for all incidents of *key*."""
        return sum(each.notifications for each in self.opened if each.key == key)

    def receive(self, body: dict[str, object], at: datetime) -> Accepted | BadBody:
        """Take *body*, the whole of it with its ``routing_key``, if it keeps the rules."""
        event = _read(body)
        if isinstance(event, BadBody):
            return event
        key = event.dedup_key or f"{len(self.received):032x}"
        notified = False
        match event.event_action:
            case "trigger":
                payload = event.payload
                summary = payload.summary if isinstance(payload, _Payload) else ""
                notified = self._trigger(key, summary, at)
            case "acknowledge":
                self.acknowledge(key, at)
            case "resolve":
                self.resolve(key, at)
        received = Received(at, event.event_action, key, _shown(body), notified)
        self.received.append(received)
        return Accepted()

    def change(self, body: dict[str, object], at: datetime) -> Accepted | BadBody:
        """Take a change event."""
        try:
            msgspec.convert(body, type=_Change)
        except msgspec.ValidationError as error:
            return BadBody(str(error))
        self.changes.append(Changed(at, _shown(body)))
        return Accepted()

    def note(self, incident: str, content: str, at: datetime) -> bool:
        """Put a note on *incident*, also on one that is resolved; False where there is none."""
        found = next((each for each in self.opened if each.id == incident), None)
        if found is not None:
            found.log.append(Logged(at, "note", content))
        return found is not None

    def acknowledge(self, key: str, at: datetime) -> None:
        """A person has taken the alert: as an event, or in PagerDuty itself."""
        alert = self._open(key)
        if alert is not None and alert.state is State.OPEN:
            alert.state = State.ACKNOWLEDGED
            alert.log.append(Logged(at, "acknowledge"))

    def resolve(self, key: str, at: datetime) -> None:
        """The alert has ended: as an event, or in PagerDuty itself."""
        alert = self._open(key)
        if alert is not None:
            alert.state = State.RESOLVED
            alert.log.append(Logged(at, "resolve"))

    def _trigger(self, key: str, summary: str, at: datetime) -> bool:
        """Whether it notified: an alert that stands takes it in."""
        alert = self._open(key)
        opens = alert is None
        if alert is None:
            alert = Alert(f"Q{len(self.opened) + 1:013}", key)
            self.opened.append(alert)
        alert.log.append(Logged(at, "trigger", summary))
        return opens

    def _open(self, key: str) -> Alert | None:
        """The alert of *key* that is not resolved: there is at most one."""
        alert = self.by_key.get(key)
        return None if alert is None or alert.state is State.RESOLVED else alert


def _shown(body: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in body.items() if name != "routing_key"}


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
