"""The EventBridge envelope, and which parser its detail belongs to.

`parse` never raises: what cannot be understood becomes a signal that says so, for a malformed
event of our own account must not be silent.
"""

import copy
from datetime import datetime
from typing import Annotated

import msgspec

from firstline.errors import Malformed
from firstline.ids import SignalKey, digest
from firstline.settings import Home
from firstline.signals import Mark, Signal
from firstline.sources import cloudwatch

MALFORMED = "malformed"
SIZE_MAX = 256 * 1024


class Envelope(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What EventBridge puts around each event (``source`` and ``account`` are its own word)."""

    source: str
    detail_type: str
    account: str
    region: str
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    detail: msgspec.Raw
    resources: tuple[str, ...] = ()
    replay_name: str | None = None


_decoder = msgspec.json.Decoder(Envelope)


def parse(body: bytes, home: Home, received_at: datetime) -> Signal:
    """The signal in *body*; one that cannot be read is marked `Mark.MALFORMED`.

    ``received_at`` is the instant of a signal that does not tell its own.
    """
    try:
        envelope = _decode(body)
    except Malformed:
        return _malformed(body, home, received_at)
    signal = _read(envelope, body, home, received_at)
    return _replayed(signal, body) if envelope.replay_name else signal


def _read(envelope: Envelope, body: bytes, home: Home, received_at: datetime) -> Signal:
    """What the parser of its source makes of it; what is not from home is not looked into."""
    if (envelope.account, envelope.region) != (home.account, home.region):
        return _unread(envelope, body)
    if (envelope.source, envelope.detail_type) != (cloudwatch.SOURCE, cloudwatch.STATE_CHANGE):
        return _unread(envelope, body)
    try:
        return cloudwatch.state_change(envelope.detail, envelope.resources, home)
    except Malformed:
        return _malformed(body, home, received_at)


def _decode(body: bytes) -> Envelope:
    if len(body) > SIZE_MAX:
        message = f"the event is larger than {SIZE_MAX} bytes"
        raise Malformed(message)
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        message = f"not an EventBridge event: {error}"
        raise Malformed(message) from error


def _unread(envelope: Envelope, body: bytes) -> Signal:
    """A signal that no parser here reads: another account's, another Region's or source's."""
    return Signal(
        key=SignalKey(f"event|{digest(body)}"),
        source=envelope.source,
        subject=envelope.detail_type,
        state="",
        at=envelope.time,
        account=envelope.account,
        region=envelope.region,
    )


def _malformed(body: bytes, home: Home, received_at: datetime) -> Signal:
    """Nothing of the event's own words goes on: they may be anything, a secret among them."""
    return Signal(
        key=SignalKey(f"malformed|{digest(body)}"),
        source=MALFORMED,
        subject="an unreadable event",
        state="",
        at=received_at,
        account=home.account,
        region=home.region,
        marks=(Mark.MALFORMED,),
    )


def _replayed(signal: Signal, body: bytes) -> Signal:
    """One from an archive has a key of its own, so that it never hides the first delivery."""
    key = SignalKey(f"replayed|{digest(body)}")
    return copy.replace(signal, key=key, marks=(*signal.marks, Mark.REPLAYED))
